//! The command `phi-pre`, and the generator and checker of the test vectors.
//!
//! The command uses the library [`phi_pre`]; `phi-pre --help` lists the subcommands. This library target exists for the
//! tests of the package and for the Python package. Of its items, only [`run`] and [`vectors`] are meant for other users.
//!
//! | file | what |
//! |---|---|
//! | `command` | the arguments, and which function each subcommand calls |
//! | `demo`, `bench` | the paper's flow on real files; the throughput of every engine |
//! | `msp`, `chaincode`, `fabric` | authorities in folders; the contract as chaincode of Hyperledger Fabric; the description of a network |
//! | `tools`, `bulk`, `proof`, `verify`, `keyfile` | one step of the scheme on a file; jobs over folders and stores; proofs of re-encryption; key files |
//! | `ledger`, `vector_files` | a ledger on the disk; the files of test vectors |
//! | `page` | a report as one HTML file |
//! | `output`, `signals` | printed lines, errors, progress; what is removed before a signal ends the process |
//! | `system` | randomness, the clock, the engine and the threads |
//! | [`vectors`] | the test vectors themselves |

#![warn(clippy::print_stdout, clippy::print_stderr)] // `output` alone prints

#[macro_use]
mod output;
mod bench;
mod bulk;
#[cfg(feature = "fabric")]
mod chaincode;
mod command;
mod demo;
#[cfg(feature = "fabric")]
mod fabric;
mod keyfile;
mod ledger;
mod msp;
mod page;
mod proof;
mod signals;
mod system;
mod tools;
mod vector_files;
pub mod vectors;
mod verify;

pub use command::run;
#[doc(hidden)]
pub use demo::{Kept as DemoKept, Setting as DemoSetting, run as demo};
#[doc(hidden)]
pub use keyfile::{Kind as KeyFile, parse as parse_key_file, text as key_file_text};
