//! Reads the command line, starts the logger, runs one command.

use std::io::Write;
use std::process::ExitCode;

use manchette::cli;
use manchette::logging;

/// Faster than that of the C library where several threads allocate.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::parse();
    logging::start(cli.config.log_format);
    let done = cli::run(cli);
    logging::flush();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut message = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                message = format!("{message}: {deeper}");
                cause = deeper.source();
            }
            let _ = writeln!(std::io::stderr(), "manchette: {message}");
            cli::exit_status(&error)
        }
    }
}
