//! A minimal server that returns the bytes of one file from memory, as JSON: the baseline of the benchmarks.
//!
//! `bare PORT FILE WORKERS [STATUS]`

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpResponse, HttpServer};

struct Answer {
    status: StatusCode,
    body: Bytes,
}

async fn answer(answer: Data<Answer>) -> HttpResponse {
    HttpResponse::build(answer.status)
        .content_type("application/json")
        .body(answer.body.clone())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: bare PORT FILE WORKERS [STATUS]")
    };
    let port: u16 = next()?.parse()?;
    let body = std::fs::read(next()?)?.into();
    let workers = next()?.parse()?;
    let status = match next() {
        Ok(status) => status.parse()?,
        Err(_) => StatusCode::OK,
    };
    let data = Data::new(Answer { status, body });
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
