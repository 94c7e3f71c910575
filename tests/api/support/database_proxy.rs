//! A proxy between a server and its database, which a test can stall or disconnect.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};

use manchette::db::ConnectOptions;

use super::cluster;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// Data is neither forwarded nor refused.
    Stalled,
    /// Connections are closed.
    Disconnected,
}

pub struct DatabaseProxy {
    shared: Arc<Shared>,
    _folder: tempfile::TempDir,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    streams: Mutex<Vec<UnixStream>>,
    postgres: PathBuf,
}

impl DatabaseProxy {
    /// Creates a database and a proxy for it; returns the address of the proxy.
    pub async fn to_new_database() -> (Self, ConnectOptions) {
        let folder = tempfile::tempdir().expect("the directory is created");
        let (address, postgres) = cluster::new_database_behind(folder.path()).await;
        let listener =
            UnixListener::bind(folder.path().join(cluster::SOCKET)).expect("the socket is created");
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Open),
            changed: Condvar::new(),
            streams: Mutex::default(),
            postgres,
        });
        let proxy = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let proxy = proxy.clone();
                std::thread::spawn(move || proxy.serve(client));
            }
        });
        let proxy = Self {
            shared,
            _folder: folder,
        };
        (proxy, address)
    }

    /// From now on nothing is forwarded, on old connections and new ones.
    pub fn stall(&self) {
        self.set(State::Stalled);
    }

    /// Closes every connection, and new ones too.
    pub fn disconnect(&self) {
        self.set(State::Disconnected);
        self.drop_connections();
    }

    /// Works again; stalled data is delivered.
    pub fn resume(&self) {
        self.set(State::Open);
    }

    /// Closes every connection; new ones work.
    pub fn drop_connections(&self) {
        let mut streams = self.shared.streams.lock().expect("not poisoned");
        for stream in streams.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn set(&self, state: State) {
        *self.shared.state.lock().expect("not poisoned") = state;
        self.shared.changed.notify_all();
    }
}

impl Drop for DatabaseProxy {
    fn drop(&mut self) {
        self.disconnect();
    }
}

impl Shared {
    /// Waits while the proxy is stalled; false if it is disconnected then.
    fn is_open(&self) -> bool {
        let state = self.state.lock().expect("not poisoned");
        let state = self
            .changed
            .wait_while(state, |state| *state == State::Stalled);
        *state.expect("not poisoned") == State::Open
    }

    fn serve(self: Arc<Self>, client: UnixStream) {
        if !self.is_open() {
            return;
        }
        let Ok(server) = UnixStream::connect(&self.postgres) else {
            return;
        };
        let clone = |stream: &UnixStream| stream.try_clone().expect("the stream is cloned");
        self.streams
            .lock()
            .expect("not poisoned")
            .extend([clone(&client), clone(&server)]);
        let (from, to) = (clone(&server), clone(&client));
        let proxy = self.clone();
        std::thread::spawn(move || proxy.copy(from, to));
        self.copy(client, server);
    }

    fn copy(&self, mut from: UnixStream, mut to: UnixStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if !self.is_open() || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
