//! Creates headlines at a steady rate, over one connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;

const TIMEOUT: Duration = Duration::from_secs(60);

/// A headline that was created.
pub struct Created {
    pub id: Uuid,
    /// When the request was sent.
    pub sent: Instant,
    /// When the response was there.
    pub committed: Instant,
}

/// Creates `count` headlines, `rate` in each second. After a late response, those that are overdue follow at once.
pub fn create(port: u16, key: &str, count: u32, rate: u32) -> Result<Vec<Created>, Error> {
    let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let mut connection = BufReader::new(socket);
    let mut created = Vec::new();
    let start = Instant::now();
    for number in 0..count {
        let due = start + Duration::from_secs(1) * number / rate;
        sleep(due.saturating_duration_since(Instant::now()));
        let request = request(port, key, number);
        let sent = Instant::now();
        connection.get_mut().write_all(request.as_bytes())?;
        let body = response(&mut connection)?;
        let committed = Instant::now();
        let headline: Value = serde_json::from_slice(&body)?;
        let id = headline["id"].as_str().ok_or("a headline without an id")?;
        created.push(Created {
            id: id.parse()?,
            sent,
            committed,
        });
    }
    Ok(created)
}

fn request(port: u16, key: &str, number: u32) -> String {
    let headline = json!({
        "title": format!("Headline {number}: the first rains of the season revive the sowing"),
        "language": "en",
        "status": "published",
    });
    let body = headline.to_string();
    format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Reads a response, and returns its body.
///
/// # Errors
/// Where its status isn't 201.
fn response(connection: &mut impl BufRead) -> Result<Vec<u8>, Error> {
    let mut status = String::new();
    connection.read_line(&mut status)?;
    let mut length: usize = 0;
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err("the server closed the connection of the writer".into());
        }
        if line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    if !status.starts_with("HTTP/1.1 201 ") {
        let body = String::from_utf8_lossy(&body);
        return Err(format!("no headline was created: {status}{body}").into());
    }
    Ok(body)
}
