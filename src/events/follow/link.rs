//! The follower's connection, which listens to notifications and sends them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_postgres::{Client, Notification};

use crate::db::ConnectOptions;

/// The pause between two readings without a notification.
const PAUSE: Duration = Duration::from_millis(250);
/// The same where notifications don't arrive.
const PAUSE_WITHOUT_NOTIFICATIONS: Duration = Duration::from_millis(40);
/// How long a notification of our own may take to come back.
const ECHO: Duration = Duration::from_secs(1);

pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The follower's connection, which listens.
pub struct Link {
    pub client: Arc<Client>,
    notifications: mpsc::UnboundedReceiver<Notification>,
    /// When a notification of our own was sent that has not come back.
    echo_due: Option<Instant>,
    /// Whether notifications don't arrive, as through a pooler that gives each transaction another session.
    is_deaf: bool,
}

impl Link {
    pub async fn open(options: &ConnectOptions, node: &str) -> Result<Self, Error> {
        let (client, notifications) = options.listener().await?;
        client.batch_execute("LISTEN manchette_events").await?;
        let mut link = Self {
            client: Arc::new(client),
            notifications,
            echo_due: None,
            is_deaf: false,
        };
        link.notify(node);
        Ok(link)
    }

    /// Tells the other nodes that there is something to read, without waiting.
    pub fn notify(&mut self, node: &str) {
        let (client, sql) = (
            self.client.clone(),
            format!("NOTIFY manchette_events, '{node}'"),
        );
        tokio::spawn(async move {
            if let Err(error) = client.batch_execute(&sql).await {
                log::debug!("a notification was not sent: {error}");
            }
        });
        self.echo_due.get_or_insert_with(|| Instant::now() + ECHO);
    }

    /// Waits until there may be something to read: another node has said so, or the pause is over.
    ///
    /// # Errors
    /// Where the connection has ended.
    pub async fn wait(&mut self, node: &str) -> Result<(), Error> {
        if self.echo_due.is_some_and(|due| due < Instant::now()) && !self.is_deaf {
            self.is_deaf = true;
            log::warn!(
                "notifications of the database don't arrive: the log of changes is read more often"
            );
        }
        let pause = if self.is_deaf {
            PAUSE_WITHOUT_NOTIFICATIONS
        } else {
            PAUSE
        };
        let paused = tokio::time::sleep(pause);
        tokio::pin!(paused);
        loop {
            tokio::select! {
                () = &mut paused => return Ok(()),
                received = self.notifications.recv() => match received {
                    None => return Err("the connection has ended".into()),
                    Some(notification) if notification.payload() == node => {
                        self.echo_due = None;
                        self.is_deaf = false;
                    }
                    Some(_) => return Ok(()),
                },
            }
        }
    }
}
