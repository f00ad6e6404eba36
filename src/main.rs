//! The `phi-pre` command: see `phi-pre --help`.

fn main() -> std::process::ExitCode {
    phi_pre::cli::run()
}
