//! `gatepost`: the station and its tools. Everything is in the library, where tests reach it; this is its door.

fn main() -> std::process::ExitCode {
    gatepost_daemon::commands::main(std::env::args_os())
}
