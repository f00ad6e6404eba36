//! The command `phi-pre`: see `phi-pre --help`.

fn main() -> std::process::ExitCode {
    phi_pre_cli::run()
}
