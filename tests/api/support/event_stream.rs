//! Reads server-sent events.

use std::time::Duration;

use serde_json::Value;

use super::Request;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open stream.
pub struct EventStream {
    response: reqwest::Response,
    buffer: Vec<u8>,
    /// The last place, as a browser keeps it.
    pub last_id: String,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerEvent {
    pub name: String,
    pub id: Option<String>,
    pub data: Value,
}

impl EventStream {
    /// Opens the stream and checks its headers.
    pub async fn open(request: Request) -> Self {
        let response = request.0.send().await.expect("the server responds");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        assert!(!response.headers().contains_key("content-encoding"));
        Self {
            response,
            buffer: Vec::new(),
            last_id: String::new(),
        }
    }

    /// The same, once it has said where it is: what is written from now on comes through it.
    pub async fn open_now(request: Request) -> Self {
        let mut stream = Self::open(request).await;
        while stream.last_id.is_empty() {
            assert_eq!(stream.frame().await, Some(None));
        }
        stream
    }

    /// The next event; none at the end of the stream.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        let event = async {
            loop {
                if let Some(event) = self.frame().await? {
                    return Some(event);
                }
            }
        };
        // Heartbeats alone are not what a test waits for.
        tokio::time::timeout(PATIENCE, event)
            .await
            .expect("an event comes")
    }

    /// The next events.
    pub async fn take(&mut self, count: usize) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.next().await.expect("the stream goes on"));
        }
        events
    }

    /// The next block of lines, if it is an event.
    async fn frame(&mut self) -> Option<Option<ServerEvent>> {
        let end = loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                break end;
            }
            let chunk = self.response.chunk().await.ok()??;
            self.buffer.extend_from_slice(&chunk);
        };
        let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
        let block = String::from_utf8(block).expect("UTF-8");
        let field = |name: &str| {
            let line = block
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.map(str::to_owned)
        };
        let id = field("id");
        if let Some(id) = &id {
            self.last_id.clone_from(id);
        }
        let event = field("event").map(|name| ServerEvent {
            name,
            id,
            data: serde_json::from_str(&field("data").expect("an event has data")).expect("JSON"),
        });
        Some(event)
    }
}
