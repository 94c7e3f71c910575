//! Progress of long work, as a bar on the terminal. Nothing is drawn if standard error is not a terminal.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

static BARS: OnceLock<MultiProgress> = OnceLock::new();
static ACTIVE: AtomicUsize = AtomicUsize::new(0);

/// A bar on the terminal. It disappears when dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar for work of a known number of steps.
    pub fn steps(label: &'static str, steps: usize) -> Self {
        let bar = ProgressBar::new(steps as u64);
        Self::show(
            bar,
            label,
            "{msg} [{bar:30}] {pos}/{len} ({elapsed}, {eta} left)",
        )
    }

    /// A bar for a known number of bytes.
    pub fn bytes(label: &'static str, bytes: u64) -> Self {
        Self::show(
            ProgressBar::new(bytes),
            label,
            "{msg} [{bar:30}] {bytes}/{total_bytes} ({elapsed})",
        )
    }

    /// A sign of life for work of unknown length.
    pub fn spinner(label: &'static str) -> Self {
        Self::show(
            ProgressBar::new_spinner(),
            label,
            "{spinner} {msg} ({elapsed})",
        )
    }

    fn show(bar: ProgressBar, label: &'static str, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).expect("the template is valid");
        ACTIVE.fetch_add(1, Ordering::Relaxed);
        let bar = BARS.get_or_init(MultiProgress::new).add(bar);
        bar.set_style(style.progress_chars("=> "));
        bar.set_message(label);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(bar)
    }

    /// One step is done.
    pub fn step(&self) {
        self.0.inc(1);
    }

    /// So many of the steps or bytes are done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
        ACTIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Writes to the terminal while no bar is drawn, so that a line of the log does not end up within a bar.
pub fn suspend<T>(write: impl FnOnce() -> T) -> T {
    match BARS.get() {
        Some(bars) if ACTIVE.load(Ordering::Relaxed) > 0 => bars.suspend(write),
        _ => write(),
    }
}
