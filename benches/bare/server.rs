//! A minimal server that returns the bytes of one file from memory, as JSON: the baseline of the benchmarks.
//! The headers are lines of another file, `name: value`.
//!
//! `bare PORT FILE WORKERS STATUS HEADERS`

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};

struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

async fn answer(answer: Data<Answer>) -> HttpResponse {
    let mut response = HttpResponse::build(answer.status);
    for (name, value) in &answer.headers {
        response.append_header((name.clone(), value.clone()));
    }
    response.body(answer.body.clone())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: bare PORT FILE WORKERS STATUS HEADERS")
    };
    let port: u16 = next()?.parse()?;
    let body = std::fs::read(next()?)?.into();
    let workers = next()?.parse()?;
    let status = next()?.parse()?;
    let lines = std::fs::read_to_string(next()?)?;
    let mut headers = Vec::new();
    for line in lines.lines() {
        let (name, value) = line.split_once(": ").ok_or("a header is `name: value`")?;
        headers.push((name.parse()?, value.parse()?));
    }
    let data = Data::new(Answer {
        status,
        headers,
        body,
    });
    HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .default_service(web::to(answer))
    })
    .workers(workers)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}
