//! A connection pooler in front of Postgres with the three modes of PgBouncer.

use std::io::{Read, Result, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use manchette::db::embedded::OWNER;

use super::cluster;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Session,
    Transaction,
    Statement,
}

pub struct Pooler {
    shared: Arc<Shared>,
    /// Its address, as a `DATABASE_URL`.
    pub url: String,
    _folder: tempfile::TempDir,
}

struct Shared {
    mode: Mutex<Mode>,
    /// Sessions without a client; the one used last is assigned next.
    idle: Mutex<Vec<UnixStream>>,
    postgres: PathBuf,
    database: String,
}

impl Pooler {
    /// A pooler for a database of `cluster::empty_database_url`.
    pub fn in_front_of(database_url: &str, mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("the directory is created");
        let (host, database) = database_url
            .rsplit_once('@')
            .and_then(|(_, rest)| rest.rsplit_once('/'))
            .expect("a URL of the cluster");
        let shared = Arc::new(Shared {
            mode: Mutex::new(mode),
            idle: Mutex::default(),
            postgres: PathBuf::from(host.replace("%2F", "/")).join(cluster::SOCKET),
            database: database.to_owned(),
        });
        let listener =
            UnixListener::bind(folder.path().join(cluster::SOCKET)).expect("the socket is created");
        let pooler = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let pooler = pooler.clone();
                // A client that disconnects ends its thread with an error, which is ignored.
                std::thread::spawn(move || pooler.serve(client));
            }
        });
        let host = folder.path().display().to_string().replace('/', "%2F");
        Self {
            shared,
            url: format!("postgres://{OWNER}@{host}/{database}"),
            _folder: folder,
        }
    }

    /// Changes the mode for all clients, as `RELOAD` does in PgBouncer.
    pub fn set_mode(&self, mode: Mode) {
        *self.shared.mode.lock().expect("not poisoned") = mode;
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().expect("not poisoned")
    }

    fn serve(&self, mut client: UnixStream) -> Result<()> {
        authenticate(&mut client)?;
        let mut server = None;
        let mut request = Vec::new();
        loop {
            let (kind, message) = receive(&mut client)?;
            request.extend(message);
            match kind {
                b'X' => return Ok(()),
                // All messages up to here are answered together.
                b'Q' | b'S' => {}
                _ => continue,
            }
            let mut session = match server.take() {
                Some(server) => server,
                None => self.session()?,
            };
            session.write_all(&std::mem::take(&mut request))?;
            let in_transaction = loop {
                let (kind, message) = receive(&mut session)?;
                client.write_all(&message)?;
                if kind == b'Z' {
                    break message.last() != Some(&b'I');
                }
            };
            match self.mode() {
                Mode::Statement if in_transaction => {
                    let error = b"SFATAL\0C08P01\0Mtransaction blocks not allowed in statement pooling mode\0\0";
                    return send(&mut client, b'E', error);
                }
                Mode::Transaction | Mode::Statement if !in_transaction => {
                    self.idle.lock().expect("not poisoned").push(session);
                }
                _ => server = Some(session),
            }
        }
    }

    fn session(&self) -> Result<UnixStream> {
        if let Some(idle) = self.idle.lock().expect("not poisoned").pop() {
            return Ok(idle);
        }
        let mut server = UnixStream::connect(&self.postgres)?;
        let parameters = format!("user\0{OWNER}\0database\0{}\0\0", self.database);
        let length = u32::try_from(parameters.len() + 8).expect("it fits");
        server.write_all(&length.to_be_bytes())?;
        server.write_all(&196_608_u32.to_be_bytes())?;
        server.write_all(parameters.as_bytes())?;
        while receive(&mut server)?.0 != b'Z' {}
        Ok(server)
    }
}

/// Completes the startup of a client without checking who it is.
fn authenticate(client: &mut UnixStream) -> Result<()> {
    loop {
        let mut head = [0; 8];
        client.read_exact(&mut head)?;
        let number =
            |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let mut rest = vec![0; number(0) as usize - 8];
        client.read_exact(&mut rest)?;
        match number(4) {
            // No encryption.
            80_877_103 => client.write_all(b"N")?,
            _ => break,
        }
    }
    send(client, b'R', &0_u32.to_be_bytes())?;
    for parameter in [
        "client_encoding\0UTF8\0",
        "server_version\x0015.0\0",
        "standard_conforming_strings\0on\0",
    ] {
        send(client, b'S', parameter.as_bytes())?;
    }
    send(client, b'K', &[0; 8])?;
    send(client, b'Z', b"I")
}

fn send(to: &mut UnixStream, kind: u8, body: &[u8]) -> Result<()> {
    let length = u32::try_from(body.len() + 4).expect("it fits");
    to.write_all(&[&[kind][..], &length.to_be_bytes(), body].concat())
}

/// The next message: its type byte and all of its bytes.
fn receive(from: &mut UnixStream) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head[1..].try_into().expect("four bytes"));
    let mut message = head.to_vec();
    message.resize(length as usize + 1, 0);
    from.read_exact(&mut message[5..])?;
    Ok((head[0], message))
}
