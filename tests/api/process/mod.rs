//! The program as a process: startup, shutdown, crashes, logging, commands.

mod cli;
mod configuration;
mod crashes;
mod database;
mod logging;
mod shutdown;
mod startup;

use serde_json::{Value, json};

use crate::support::server_process::ServerProcess;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(server: &ServerProcess, key: &str, title: &str) -> reqwest::Result<(u16, Value)> {
    let response = client()
        .post(format!("{}/v1/headlines", server.base))
        .bearer_auth(key)
        .json(&json!({"title": title, "language": "fr", "status": "published"}))
        .send()
        .await?;
    let status = response.status().as_u16();
    Ok((status, response.json().await.unwrap_or_default()))
}
