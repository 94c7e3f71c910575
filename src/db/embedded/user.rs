//! The unprivileged user that runs Postgres when the server runs as root, and how its processes reach the cluster.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User, geteuid};

use super::Error;

/// The user that child processes run as: the server's own, or an unprivileged one if that is root, as which Postgres
/// refuses to run.
pub struct ProcessUser(Option<Unprivileged>);

struct Unprivileged {
    uid: u32,
    gid: u32,
    name: String,
}

impl ProcessUser {
    /// If the server runs as root: the owner of the cluster, else the user of the setting, else `postgres`, else `nobody`.
    pub fn choose(cluster: &Path, setting: Option<&str>) -> Result<Self, Error> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        let user = match fs::metadata(cluster) {
            Ok(metadata) if metadata.uid() != 0 => owner(cluster, metadata.uid())?,
            _ => match setting {
                Some(name) => User::from_name(name)?
                    .ok_or_else(|| format!("there is no user {name} on this machine"))?,
                None => User::from_name("postgres")?
                    .or(User::from_name("nobody")?)
                    .ok_or("Postgres can't run as root, and there is no user `postgres` or `nobody`: name one with --postgres-user")?,
            },
        };
        if user.uid.is_root() {
            return Err(
                "Postgres can't run as root: name another user with --postgres-user".into(),
            );
        }
        Ok(Self(Some(Unprivileged {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            name: user.name,
        })))
    }

    /// The users that may connect through the socket: the one that runs the server and the one that runs Postgres.
    pub fn names(&self) -> Vec<String> {
        let own = match User::from_uid(geteuid()) {
            Ok(Some(user)) => user.name,
            _ => geteuid().to_string(),
        };
        let other = self.0.iter().map(|user| user.name.clone());
        std::iter::once(own).chain(other).collect()
    }

    /// Makes the user the owner of a new folder.
    pub fn own(&self, folder: &Path) -> std::io::Result<()> {
        match &self.0 {
            Some(user) => chown(folder, Some(user.uid), Some(user.gid)),
            None => Ok(()),
        }
    }

    /// The path under which a child process reaches an open folder. An unprivileged one uses the inherited descriptor,
    /// because it may not enter a parent folder (`/root`, say).
    pub fn path_in_child(&self, folder: &Path, open: &File) -> PathBuf {
        if self.0.is_some() && Path::new("/proc/self/fd").exists() {
            format!("/proc/self/fd/{}", open.as_raw_fd()).into()
        } else {
            folder.to_owned()
        }
    }

    /// Runs a command as this user, with the folder's descriptor open.
    pub fn apply(&self, command: &mut Command, open: &File) {
        command.current_dir("/").env("LC_ALL", "C");
        if let Some(user) = &self.0 {
            command.uid(user.uid).gid(user.gid);
        }
        let folder = self.0.is_some().then(|| open.as_raw_fd());
        // SAFETY: between fork and exec only `fcntl` and `prctl` are called, which are async-signal-safe.
        #[expect(unsafe_code, reason = "no safe call sets these two flags in a child")]
        unsafe {
            command.pre_exec(move || prepare_child(folder));
        }
    }
}

fn owner(cluster: &Path, uid: u32) -> Result<User, Error> {
    User::from_uid(Uid::from_raw(uid))?.ok_or_else(|| {
        format!(
            "{} belongs to user {uid}, who is not on this machine",
            cluster.display()
        )
        .into()
    })
}

/// Keeps the folder's descriptor open in the child, and has the child stopped if the server dies.
fn prepare_child(folder: Option<RawFd>) -> std::io::Result<()> {
    if let Some(fd) = folder {
        // SAFETY: the descriptor belongs to the `File` that the parent holds until the child is spawned.
        #[expect(unsafe_code, reason = "`fcntl` takes a borrowed descriptor")]
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty()))?;
    }
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
    Ok(())
}
