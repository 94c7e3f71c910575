//! Finds an installed Postgres.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::fetch;

/// The oldest Postgres that the schema works with.
pub const OLDEST: u32 = 14;

/// One installation: the folder that holds `initdb` and `postgres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    pub folder: PathBuf,
    pub major: u32,
}

impl Programs {
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The installation to use: the one of the setting, else the newest, or the one of the major version that created the
/// cluster. If none is installed, one that was fetched earlier, or is fetched now if the user asks for it.
///
/// # Errors
/// If there is none; the message says how to install one.
pub fn find(
    setting: Option<&Path>,
    may_fetch: bool,
    cluster: Option<u32>,
) -> Result<Programs, String> {
    if let Some(folder) = setting {
        return choose(&[working(folder)?], cluster);
    }
    choose(&installed(), cluster).or_else(|error| {
        if cluster.is_some_and(|major| major != fetch::MAJOR) {
            return Err(error);
        }
        match fetch::fetched() {
            Some(folder) => working(&folder),
            None if may_fetch => working(&fetch::fetch()?),
            None if fetch::is_possible() => Err(format!(
                "{error}\n\nOr run this again with --fetch-postgres: it fetches Postgres {} with npm ({} MB).",
                fetch::VERSION,
                fetch::MEGABYTES
            )),
            None => Err(error),
        }
    })
}

fn working(folder: &Path) -> Result<Programs, String> {
    inspect(folder).ok_or_else(|| {
        format!(
            "{} has no working `initdb` and `postgres`",
            folder.display()
        )
    })
}

fn choose(found: &[Programs], cluster: Option<u32>) -> Result<Programs, String> {
    let newest = found.iter().max_by_key(|programs| programs.major);
    match (cluster, newest) {
        (_, None) => Err(format!(
            "No Postgres is installed. {}",
            how_to_install(OLDEST.max(15))
        )),
        (Some(major), Some(_)) => found
            .iter()
            .find(|programs| programs.major == major)
            .cloned()
            .ok_or_else(|| {
                format!(
                    "The data folder was created by Postgres {major}, which is not installed. {}",
                    how_to_install(major)
                )
            }),
        (None, Some(newest)) if newest.major < OLDEST => Err(format!(
            "The newest installed Postgres is version {}; {OLDEST} or newer is needed. {}",
            newest.major,
            how_to_install(OLDEST)
        )),
        (None, Some(newest)) => Ok(newest.clone()),
    }
}

fn installed() -> Vec<Programs> {
    let mut folders: Vec<PathBuf> = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    // Debian, Red Hat (of postgresql.org, then their own), Alpine and Arch, Homebrew on either processor, Postgres.app.
    folders.extend(each_in("/usr/lib/postgresql", "", "bin"));
    folders.extend(each_in("/usr", "pgsql-", "bin"));
    folders.extend(
        [
            "/usr/bin",
            "/usr/local/pgsql/bin",
            "/usr/libexec/postgresql",
        ]
        .map(PathBuf::from),
    );
    folders.extend(each_in("/usr/libexec", "postgresql", ""));
    folders.extend(each_in("/opt/homebrew/opt", "postgresql", "bin"));
    folders.extend(each_in("/usr/local/opt", "postgresql", "bin"));
    folders.extend(each_in(
        "/Applications/Postgres.app/Contents/Versions",
        "",
        "bin",
    ));

    let mut seen = HashSet::new();
    folders
        .iter()
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .filter(|folder| seen.insert(folder.join("postgres").canonicalize().unwrap_or_default()))
        .filter_map(|folder| inspect(folder))
        .collect()
}

/// The folders that match `parent/start*/rest`.
fn each_in(parent: &str, start: &str, rest: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(start))
        .map(|entry| entry.path().join(rest))
        .collect()
}

fn inspect(folder: &Path) -> Option<Programs> {
    // Follows a link in the PATH to the folder of the other programs.
    let folder = folder
        .join("postgres")
        .canonicalize()
        .ok()?
        .parent()?
        .to_owned();
    folder.join("initdb").is_file().then_some(())?;
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let major = major(&String::from_utf8_lossy(&output.stdout))?;
    Some(Programs { folder, major })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` is 15; so are `15devel` and `15beta1`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().ok()
}

fn how_to_install(major: u32) -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    install_line(std::env::consts::OS, &release, major)
}

fn install_line(os: &str, release: &str, major: u32) -> String {
    let families: Vec<&str> = release
        .lines()
        .filter_map(|line| {
            line.strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
        })
        .flat_map(|value| value.trim_matches('"').split_whitespace())
        .collect();
    let is = |names: &[&str]| families.iter().any(|family| names.contains(family));
    let command = if os == "macos" {
        format!("brew install postgresql@{major}")
    } else if is(&["debian", "ubuntu"]) {
        "sudo apt-get install postgresql".to_owned()
    } else if is(&["fedora", "rhel", "centos"]) {
        "sudo dnf install postgresql-server postgresql-contrib".to_owned()
    } else if is(&["alpine"]) {
        format!("apk add postgresql{major} postgresql{major}-contrib")
    } else if is(&["arch"]) {
        "sudo pacman -S postgresql".to_owned()
    } else if is(&["suse", "opensuse"]) {
        "sudo zypper install postgresql-server postgresql-contrib".to_owned()
    } else {
        return format!(
            "Install Postgres {major} or newer with your system's packages, or pass its folder with --postgres-bin, \
             or use another server with DATABASE_URL."
        );
    };
    format!(
        "Run:\n\n    {command}\n\nor pass its folder with --postgres-bin, or use another server with DATABASE_URL."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(major: u32) -> Programs {
        Programs {
            folder: format!("/p/{major}").into(),
            major,
        }
    }

    #[test]
    fn the_newest_version_is_used_unless_the_cluster_needs_another() {
        let found = [at(15), at(17), at(14)];
        assert_eq!(choose(&found, None).unwrap().major, 17);
        assert_eq!(choose(&found, Some(14)).unwrap().major, 14);
        assert!(
            choose(&found, Some(16))
                .unwrap_err()
                .contains("created by Postgres 16")
        );
        assert!(choose(&[], None).unwrap_err().contains("No Postgres"));
        assert!(
            choose(&[at(12)], None)
                .unwrap_err()
                .contains("or newer is needed")
        );
    }

    #[test]
    fn the_major_version_is_parsed_from_the_version_output() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("something else"), None);
    }

    #[test]
    fn the_install_command_depends_on_the_system() {
        let line = |os, release| install_line(os, release, 17);
        assert!(line("linux", "ID=ubuntu\nID_LIKE=debian").contains("apt-get install postgresql"));
        assert!(
            line("linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"").contains("dnf install")
        );
        assert!(line("linux", "ID=alpine").contains("apk add postgresql17"));
        assert!(line("macos", "").contains("brew install postgresql@17"));
        assert!(line("linux", "").contains("your system's packages"));
    }
}
