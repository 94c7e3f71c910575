//! The line between a server and its database, for a test to hold or to cut.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use manchette::db::Address;

use super::cluster;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// What is sent is neither handed on nor refused.
    Held,
    /// Connections end.
    Cut,
}

pub struct Line {
    shared: Arc<Shared>,
    _folder: tempfile::TempDir,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    ends: Mutex<Vec<UnixStream>>,
    postgres: PathBuf,
}

impl Line {
    /// A line to a new database, and the address of its near end.
    pub async fn to_new_database() -> (Self, Address) {
        let folder = tempfile::tempdir().expect("a folder is made");
        let (address, postgres) = cluster::new_database_behind(folder.path()).await;
        let listener =
            UnixListener::bind(folder.path().join(cluster::SOCKET)).expect("a socket is made");
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Open),
            changed: Condvar::new(),
            ends: Mutex::default(),
            postgres,
        });
        let line = shared.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let line = line.clone();
                std::thread::spawn(move || line.carry(near));
            }
        });
        let line = Self {
            shared,
            _folder: folder,
        };
        (line, address)
    }

    /// Everything that is sent from now on gets no answer.
    pub fn hold(&self) {
        self.set(State::Held);
    }

    /// Every connection ends, and new ones too.
    pub fn cut(&self) {
        self.set(State::Cut);
        self.drop_connections();
    }

    /// It works again; what was held arrives.
    pub fn open(&self) {
        self.set(State::Open);
    }

    /// Every connection ends; new ones work.
    pub fn drop_connections(&self) {
        for end in self.shared.ends.lock().expect("no thread broke").drain(..) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    fn set(&self, state: State) {
        *self.shared.state.lock().expect("no thread broke") = state;
        self.shared.changed.notify_all();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.cut();
    }
}

impl Shared {
    /// Waits while the line is held, and says whether it is not cut.
    fn works(&self) -> bool {
        let state = self.state.lock().expect("no thread broke");
        let state = self
            .changed
            .wait_while(state, |state| *state == State::Held);
        *state.expect("no thread broke") == State::Open
    }

    fn carry(self: Arc<Self>, near: UnixStream) {
        if !self.works() {
            return;
        }
        let Ok(far) = UnixStream::connect(&self.postgres) else {
            return;
        };
        let copies = |stream: &UnixStream| stream.try_clone().expect("a stream is cloned");
        self.ends
            .lock()
            .expect("no thread broke")
            .extend([copies(&near), copies(&far)]);
        let back = (copies(&far), copies(&near));
        let line = self.clone();
        std::thread::spawn(move || line.copy(back.0, back.1));
        self.copy(near, far);
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if !self.works() || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
