//! A database that can't be reached, or refuses the user.

use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};

use crate::support::server_process::{manchette, stderr, temp_dir};

#[actix_web::test]
async fn an_unreachable_database_is_named_and_ends_the_command_with_a_status_of_its_own() {
    let data = temp_dir();
    // A port that nobody listens on: it is closed at once.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = closed.unwrap().port();
    for command in ["serve", "migrate", "demo"] {
        let output = manchette(data.path(), &[command, "--database-wait", "0"])
            .args(["--listen", "127.0.0.1:0"])
            .env(
                "DATABASE_URL",
                format!("postgres://me:hush@127.0.0.1:{port}/news"),
            )
            .output()
            .unwrap();
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(3), "{message}");
        let target = format!("host 127.0.0.1, port {port}, user me, database news");
        for part in [&target, "onnection refused", "--database-wait"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert!(!message.contains("hush"));
    }
}

#[actix_web::test]
async fn the_password_can_be_read_from_a_file_as_it_is() {
    let data = temp_dir();
    let file = data.path().join("password");
    std::fs::write(&file, "p@ss/w%rd:?\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = std::thread::spawn(move || refuse(listener.accept().unwrap().0).unwrap());
    let run = |url: String| {
        let output = manchette(data.path(), &["migrate"])
            .env("DATABASE_URL", url)
            .env("MANCHETTE_DATABASE_PASSWORD_FILE", &file)
            .output()
            .unwrap();
        (output.status.code(), stderr(&output))
    };
    let (status, message) = run(format!(
        "postgres://me@127.0.0.1:{port}/news?sslmode=disable"
    ));
    assert_eq!(received.join().unwrap(), "p@ss/w%rd:?");
    // A wrong password does not become right by waiting.
    assert_eq!(status, Some(3), "{message}");
    assert!(
        message.contains("no entry for you") && message.contains("DATABASE_URL"),
        "{message}"
    );
    let (status, message) = run(format!("postgres://me:another@127.0.0.1:{port}/news"));
    assert_eq!(status, Some(1), "{message}");
    assert!(message.contains("have a password"), "{message}");
}

/// Asks for a password as Postgres does, refuses it, and returns it.
fn refuse(mut client: TcpStream) -> Result<String> {
    let mut startup = [0; 4];
    client.read_exact(&mut startup)?;
    read_rest(&mut client, startup)?;
    // AuthenticationCleartextPassword.
    client.write_all(&[b'R', 0, 0, 0, 8, 0, 0, 0, 3])?;
    let mut head = [0; 5];
    client.read_exact(&mut head)?;
    let password = read_rest(&mut client, [head[1], head[2], head[3], head[4]])?;
    let fields = b"SFATAL\0VFATAL\0C28P01\0Mno entry for you\0\0";
    client.write_all(b"E")?;
    client.write_all(&(fields.len() as u32 + 4).to_be_bytes())?;
    client.write_all(fields)?;
    let text = String::from_utf8_lossy(&password);
    Ok(text.trim_end_matches('\0').to_owned())
}

/// The rest of a message after its length, which counts itself.
fn read_rest(client: &mut TcpStream, length: [u8; 4]) -> Result<Vec<u8>> {
    let mut rest = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut rest)?;
    Ok(rest)
}
