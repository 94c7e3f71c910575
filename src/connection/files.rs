//! How many files the process may have open: every connection is one. Where it may have no more, the kernel refuses whoever
//! comes, those too who ask for the server's health.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::admission::RESERVE;

/// What is open beside connections, whatever happens.
const SIBLING_LOCK: u64 = 64;

/// Asks for as many as the system lets the process have, and says how many connections may be open then, of those that are
/// wanted. `others` is what else will be open.
pub fn connections(wanted: u32, others: usize) -> u32 {
    let may = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((soft, hard)) => match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        },
        Err(_) => return wanted,
    };
    let connections = allowed(wanted, may, others);
    if connections < wanted {
        log::info!("at most {connections} connections, as {may} files may be open");
    }
    connections
}

fn allowed(wanted: u32, files: u64, others: usize) -> u32 {
    let others = SIBLING_LOCK + 2 * RESERVE as u64 + others as u64;
    let rest = files.saturating_sub(others).max(1);
    u32::try_from(rest).unwrap_or(u32::MAX).min(wanted)
}

#[cfg(test)]
mod tests {
    use super::allowed;

    #[test]
    fn there_are_never_more_connections_than_files() {
        assert_eq!(allowed(20_000, 1 << 20, 100), 20_000);
        assert_eq!(allowed(20_000, u64::MAX, 100), 20_000);
        assert_eq!(allowed(20_000, 1024, 36), 1024 - 64 - 256 - 36);
        assert_eq!(allowed(20_000, 100, 36), 1);
    }
}
