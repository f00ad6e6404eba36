//! Compares two runs of an operation step by step: the program counters, and the addresses of all operands in memory.
//!
//! Both runs are children of the same process, so that their memory is laid out alike. A child stops before and after the
//! operation; between the stops it is stepped by ptrace, one instruction at a time. This needs no knowledge of the
//! instructions' results, so it works for the lanes, whose AVX-512 instructions valgrind does not know.
#![allow(unsafe_code)] // fork: see `child`

use iced_x86::{Decoder, DecoderOptions, InstructionInfoFactory, Register, UsedMemory};
use nix::libc::user_regs_struct;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;

/// A run: the number of its instructions, a hash of its program counters, and a hash of its addresses as well.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Trace {
    pub(crate) steps: u64,
    counters: u64,
    addresses: u64,
}

/// Runs `operation` in two children, the first after `choose(0)` and the second after `choose(1)`, and traces both. The
/// children are made first, so that their memory is the same; the secret that `choose` puts in place may differ alone.
pub(crate) fn traces(choose: &dyn Fn(usize), operation: &dyn Fn()) -> [Trace; 2] {
    // On one core a step takes a fifth of the time.
    let mut core = CpuSet::new();
    core.set(0).unwrap();
    let _ = sched_setaffinity(Pid::from_raw(0), &core);
    [0, 1].map(|secret| child(secret, choose, operation)).map(trace)
}

fn trace(child: Pid) -> Trace {
    wait_for(child, Signal::SIGSTOP);
    let mut decoded = HashMap::new();
    let (mut counters, mut addresses, mut steps) = (DefaultHasher::new(), DefaultHasher::new(), 0);
    loop {
        ptrace::step(child, None).unwrap();
        match waitpid(child, None).unwrap() {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
            WaitStatus::Stopped(_, Signal::SIGSTOP) => break,
            other => panic!("{other:?}"),
        }
        let registers = ptrace::getregs(child).unwrap();
        let operands = decoded.entry(registers.rip).or_insert_with(|| operands(child, registers.rip));
        counters.write_u64(registers.rip);
        for operand in operands {
            let address = operand.virtual_address(0, |register, _, _| value(&registers, register));
            addresses.write_u64(address.unwrap_or_else(|| panic!("an address of {operand:?}")));
        }
        steps += 1;
    }
    ptrace::kill(child).unwrap();
    waitpid(child, None).unwrap();
    Trace { steps, counters: counters.finish(), addresses: addresses.finish() }
}

#[inline(never)]
fn child(secret: usize, choose: &dyn Fn(usize), operation: &dyn Fn()) -> Pid {
    // SAFETY: this process has one thread, so the child has all of it; the child never returns.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            choose(secret);
            ptrace::traceme().unwrap();
            raise(Signal::SIGSTOP).unwrap();
            operation();
            raise(Signal::SIGSTOP).unwrap();
            std::process::exit(0)
        }
    }
}

fn wait_for(child: Pid, signal: Signal) {
    let status = waitpid(child, None).unwrap();
    assert_eq!(status, WaitStatus::Stopped(child, signal));
}

/// The operands in memory of the instruction at `address`.
fn operands(child: Pid, address: u64) -> Vec<UsedMemory> {
    let words = [0, 8].map(|offset| ptrace::read(child, (address + offset) as ptrace::AddressType).unwrap());
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let instruction = Decoder::with_ip(64, &bytes, address, DecoderOptions::NONE).decode();
    assert!(!instruction.is_invalid(), "{bytes:x?}");
    InstructionInfoFactory::new().info(&instruction).used_memory().to_vec()
}

/// The value of a register in an address. A vector register there would be a gather.
fn value(registers: &user_regs_struct, register: Register) -> Option<u64> {
    Some(match register.full_register() {
        Register::RAX => registers.rax,
        Register::RBX => registers.rbx,
        Register::RCX => registers.rcx,
        Register::RDX => registers.rdx,
        Register::RSI => registers.rsi,
        Register::RDI => registers.rdi,
        Register::RBP => registers.rbp,
        Register::RSP => registers.rsp,
        Register::R8 => registers.r8,
        Register::R9 => registers.r9,
        Register::R10 => registers.r10,
        Register::R11 => registers.r11,
        Register::R12 => registers.r12,
        Register::R13 => registers.r13,
        Register::R14 => registers.r14,
        Register::R15 => registers.r15,
        Register::FS => registers.fs_base,
        Register::GS => registers.gs_base,
        Register::CS | Register::DS | Register::ES | Register::SS => 0,
        _ => return None,
    })
}
