//! The lock on the data folder: one process at a time uses it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::Error;

/// The exclusive use of a data folder.
pub struct DataDirLock {
    // The lock lives as long as the open file; the system releases it even after `kill -9`.
    _file: File,
}

/// The process that holds the lock.
#[derive(Debug)]
pub struct LockHolder {
    /// The command and its process id, for instance `serve 4711`.
    pub command: String,
}

impl DataDirLock {
    /// Locks the data folder, creating it if it does not exist.
    ///
    /// # Errors
    /// `Ok(Err(_))` if another process holds the lock.
    pub fn take(data_dir: &Path, command: &str) -> Result<Result<Self, LockHolder>, Error> {
        let name = data_dir.display();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|error| format!("the data folder {name} can't be created: {error}"))?;
        let path = data_dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| format!("{} can't be opened: {error}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.write_all(format!("{command} {}\n", std::process::id()).as_bytes())?;
                Ok(Ok(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.rewind()?;
                file.read_to_string(&mut holder)?;
                Ok(Err(LockHolder {
                    command: holder.trim().to_owned(),
                }))
            }
            Err(TryLockError::Error(error)) => {
                Err(format!("{} can't be locked: {error}", path.display()).into())
            }
        }
    }
}
