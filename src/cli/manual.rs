//! `manchette completions` and `manchette man`: made from the command line's definition.

use std::path::Path;

use clap_complete::Shell;
use clap_mangen::Man;

use super::{Error, command, print};

/// Prints the completion script of a shell.
pub fn completions(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "manchette", &mut script);
    print(&String::from_utf8(script)?)
}

/// Prints the manual page, or writes a page for each command to the folder.
pub fn pages(folder: Option<&Path>) -> Result<(), Error> {
    if let Some(folder) = folder {
        return clap_mangen::generate_to(command(), folder)
            .map_err(|error| format!("{} can't be written: {error}", folder.display()).into());
    }
    let mut page = Vec::new();
    Man::new(command()).render(&mut page)?;
    print(&String::from_utf8(page)?)
}
