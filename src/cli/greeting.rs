//! The startup message of `serve`: addresses, the key of the data folder, and commands to try.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anstyle::{AnsiColor, Style};

use crate::access::api_keys::Token;

/// The key in a data folder.
pub struct DataDirKey {
    pub file: PathBuf,
    /// `None` if it was revoked.
    pub token: Option<Token>,
}

const READY: Style = AnsiColor::Green.on_default().bold();
const URL: Style = AnsiColor::Cyan.on_default().underline();

/// The text that is printed once, when the server is ready, with colours for a terminal.
pub fn greeting(address: SocketAddr, has_front_page: bool, key: Option<&DataDirKey>) -> String {
    let base = base_url(address);
    let version = env!("CARGO_PKG_VERSION");
    let read = format!("curl '{base}/v1/headlines?limit=3'");
    let (keys, write) = match key {
        None => (
            "Keys       manchette keys create --name NAME --scope write --scope publish".to_owned(),
            None,
        ),
        Some(DataDirKey { file, token: None }) => {
            let file = file.display();
            (
                format!(
                    "Key        the one in {file} was revoked; create another with `manchette keys create`"
                ),
                None,
            )
        }
        Some(DataDirKey {
            file,
            token: Some(token),
        }) => {
            let (file, key) = (file.display(), token.reveal());
            (
                format!("Key        {key}\n             (with all scopes; stored in {file})"),
                Some(format!(
                    "curl -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \
                     -d '{{\"title\": \"Bonjour\", \"language\": \"fr\", \"status\": \"published\"}}' {base}/v1/headlines"
                )),
            )
        }
    };
    let front_page = match has_front_page {
        true => format!("  Front page {URL}{base}/{URL:#}\n"),
        false => String::new(),
    };
    let mut text = format!(
        "\n{READY}Manchette {version} is ready.{READY:#}\n\n  Listening  {address}\n{front_page}  Ticker     {URL}{base}/v1/headlines{URL:#}\n  \
         Docs       {URL}{base}/docs/{URL:#}\n  {keys}\n\nTry it:\n\n  {read}\n"
    );
    if let Some(write) = write {
        text.push_str(&format!("\n  {write}\n"));
    }
    text.push('\n');
    text
}

/// A URL that works on this machine, whatever address the server listens on.
pub fn base_url(address: SocketAddr) -> String {
    let host = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
        IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    format!("http://{host}:{}", address.port())
}
