//! Writes log lines on a thread of its own, so that a slow reader of the log holds up no request.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many bytes may wait to be written.
const WAITING: usize = 4 << 20;
/// How long lines are gathered for one write.
const GATHERED: Duration = Duration::from_millis(5);

thread_local! {
    /// Whether the line that this thread is about to write may be dropped.
    static MAY_DROP: Cell<bool> = const { Cell::new(false) };
}

/// Runs `write`, whose lines are dropped rather than waited for if too much waits to be written.
pub fn droppable(write: impl FnOnce()) {
    MAY_DROP.set(true);
    write();
    MAY_DROP.set(false);
}

/// Gives lines to the thread that writes them.
#[derive(Clone)]
pub struct LineWriter(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to write.
    filled: Condvar,
    /// Everything that was there is written.
    written: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<u8>,
    /// Lines that were dropped since the last report.
    dropped: u64,
    /// Whether the thread is writing.
    is_writing: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No panic can come between the changes of its fields.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(condvar: &Condvar, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

impl LineWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where there can be no further thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || run(&of_thread, out))?;
        Ok(Self(shared))
    }

    /// Waits until all lines are written.
    pub fn wait(&self) {
        let mut state = self.0.lock();
        while state.is_writing || !state.lines.is_empty() {
            state = wait(&self.0.written, state);
        }
    }
}

impl Write for LineWriter {
    /// Takes whole lines.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        while state.lines.len() + line.len() > WAITING && !state.lines.is_empty() {
            if MAY_DROP.get() {
                state.dropped += 1;
                return Ok(line.len());
            }
            state = wait(&self.0.written, state);
        }
        if state.lines.is_empty() {
            self.0.filled.notify_one();
        }
        state.lines.extend_from_slice(line);
        Ok(line.len())
    }

    /// Does nothing: the logger calls it after each line.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn run(shared: &Shared, mut out: impl Write) {
    let mut lines = Vec::new();
    loop {
        let mut state = shared.lock();
        while state.lines.is_empty() {
            state = wait(&shared.filled, state);
        }
        drop(state);
        std::thread::sleep(GATHERED);
        let mut state = shared.lock();
        std::mem::swap(&mut lines, &mut state.lines);
        let dropped = std::mem::take(&mut state.dropped);
        state.is_writing = true;
        drop(state);
        // A line that can't be written is lost; nothing else fails.
        let _ = out.write_all(&lines).and_then(|()| out.flush());
        lines.clear();
        shared.lock().is_writing = false;
        shared.written.notify_all();
        if dropped > 0 {
            // This thread must not wait for itself.
            droppable(|| {
                log::warn!(
                    "{dropped} lines for requests were dropped: the log is written too slowly"
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells when it is to write, and passes on what is written once it is allowed to.
    struct Slow {
        asked: Sender<()>,
        allowed: Receiver<()>,
        written: Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.asked.send(());
            let _ = self.allowed.recv();
            let _ = self.written.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_gathered_dropped_and_counted_while_the_log_is_slow() {
        let ((ask, asked), (allow, allowed), (written, lines)) = (channel(), channel(), channel());
        let slow = Slow {
            asked: ask,
            allowed,
            written,
        };
        let mut writer = LineWriter::start(slow).unwrap();
        // The first keeps the thread busy; the others wait.
        writer.write_all(b"first\n").unwrap();
        asked.recv().unwrap();
        let line = [b'x'; 1 << 10];
        droppable(|| {
            for _ in 0..WAITING / line.len() + 100 {
                writer.write_all(&line).unwrap();
            }
        });
        assert_eq!(writer.0.lock().dropped, 100);
        drop(allow);
        writer.wait();
        let written: Vec<u8> = lines.try_iter().flatten().collect();
        assert_eq!(written.len(), b"first\n".len() + WAITING);
    }
}
