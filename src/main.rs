//! The `countersign` binary: starts the command line and nothing else.

fn main() -> std::process::ExitCode {
    countersign::cli::run()
}
