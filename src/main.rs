//! Reads the command line, starts the logger, runs one command.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use manchette::cli::{self, Cli};
use manchette::logging;

fn main() -> ExitCode {
    let line = Cli::parse();
    logging::start(line.config.log_format);
    match cli::run(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut words = error.to_string();
            let mut cause = error.source();
            while let Some(deeper) = cause {
                words = format!("{words}: {deeper}");
                cause = deeper.source();
            }
            let _ = writeln!(std::io::stderr(), "manchette: {words}");
            ExitCode::FAILURE
        }
    }
}
