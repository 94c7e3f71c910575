//! The limit of open files: every connection is one. Beyond it, the kernel refuses connections, health checks included.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::admission::RESERVE;

/// Files that are open beside connections.
const OTHER_FILES: u64 = 64;

/// Raises the limit of open files as far as the system allows, and returns how many of the wanted connections it has room
/// for. `others` is the number of other files.
pub fn connections(wanted: u32, others: usize) -> u32 {
    let limit = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        },
        Err(_) => return wanted,
    };
    let connections = allowed(wanted, limit, others);
    if connections < wanted {
        log::info!("limited to {connections} connections by the limit of {limit} open files");
    }
    connections
}

fn allowed(wanted: u32, files: u64, others: usize) -> u32 {
    let others = OTHER_FILES + 2 * RESERVE as u64 + others as u64;
    let rest = files.saturating_sub(others).max(1);
    u32::try_from(rest).unwrap_or(u32::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn connections_are_limited_by_open_files() {
        assert_eq!(allowed(20_000, 1 << 20, 100), 20_000);
        assert_eq!(allowed(20_000, u64::MAX, 100), 20_000);
        assert_eq!(allowed(20_000, 1024, 36), 1024 - 64 - 256 - 36);
        assert_eq!(allowed(20_000, 100, 36), 1);
    }
}
