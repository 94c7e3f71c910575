//! A connection pooler before Postgres, which hands its sessions on as PgBouncer does: for a client's life, for a transaction,
//! or for a statement.

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
    /// Sessions that no client has: whoever comes next gets the one that was used last.
    idle: Mutex<Vec<UnixStream>>,
    postgres: PathBuf,
    database: String,
}

impl Pooler {
    /// A pooler before this database, which `cluster::empty_database_url` made.
    pub fn before(database_url: &str, mode: Mode) -> Self {
        let folder = tempfile::tempdir().expect("a folder is made");
        let (host, database) = database_url
            .rsplit_once('@')
            .and_then(|(_, rest)| rest.rsplit_once('/'))
            .expect("it is such an address");
        let shared = Arc::new(Shared {
            mode: Mutex::new(mode),
            idle: Mutex::default(),
            postgres: PathBuf::from(host.replace("%2F", "/")).join(cluster::SOCKET),
            database: database.to_owned(),
        });
        let listener =
            UnixListener::bind(folder.path().join(cluster::SOCKET)).expect("a socket is made");
        let pooler = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let pooler = pooler.clone();
                // A client that goes away ends in an error, like everything else.
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

    /// Changes the mode for everybody who is connected, as `RELOAD` does.
    pub fn set(&self, mode: Mode) {
        *self.shared.mode.lock().expect("no thread broke") = mode;
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().expect("no thread broke")
    }

    fn serve(&self, mut client: UnixStream) -> Result<()> {
        greet(&mut client)?;
        let mut server = None;
        let mut request = Vec::new();
        loop {
            let (kind, message) = receive(&mut client)?;
            request.extend(message);
            match kind {
                b'X' => return Ok(()),
                // What a client sends up to here is answered as one.
                b'Q' | b'S' => {}
                _ => continue,
            }
            let mut used = match server.take() {
                Some(server) => server,
                None => self.session()?,
            };
            used.write_all(&std::mem::take(&mut request))?;
            let in_transaction = loop {
                let (kind, message) = receive(&mut used)?;
                client.write_all(&message)?;
                if kind == b'Z' {
                    break message.last() != Some(&b'I');
                }
            };
            match self.mode() {
                Mode::Statement if in_transaction => {
                    let words = b"SFATAL\0C08P01\0Mtransaction blocks not allowed in statement pooling mode\0\0";
                    return send(&mut client, b'E', words);
                }
                Mode::Transaction | Mode::Statement if !in_transaction => {
                    self.idle.lock().expect("no thread broke").push(used);
                }
                _ => server = Some(used),
            }
        }
    }

    fn session(&self) -> Result<UnixStream> {
        if let Some(idle) = self.idle.lock().expect("no thread broke").pop() {
            return Ok(idle);
        }
        let mut server = UnixStream::connect(&self.postgres)?;
        let words = format!("user\0{OWNER}\0database\0{}\0\0", self.database);
        let length = u32::try_from(words.len() + 8).expect("it is short");
        server.write_all(&length.to_be_bytes())?;
        server.write_all(&196_608_u32.to_be_bytes())?;
        server.write_all(words.as_bytes())?;
        while receive(&mut server)?.0 != b'Z' {}
        Ok(server)
    }
}

/// Lets a client in, whoever it is.
fn greet(client: &mut UnixStream) -> Result<()> {
    loop {
        let mut head = [0; 8];
        client.read_exact(&mut head)?;
        let number = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().expect("four"));
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
    let length = u32::try_from(body.len() + 4).expect("it is short");
    to.write_all(&[&[kind][..], &length.to_be_bytes(), body].concat())
}

/// The next message: its kind, and the whole of it.
fn receive(from: &mut UnixStream) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let length = u32::from_be_bytes(head[1..].try_into().expect("four"));
    let mut message = head.to_vec();
    message.resize(length as usize + 1, 0);
    from.read_exact(&mut message[5..])?;
    Ok((head[0], message))
}
