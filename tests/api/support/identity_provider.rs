//! An identity provider: it signs JWTs, and serves the keys to check them with.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use serde_json::{Value, json};

use super::{TestApp, with};

pub const ISSUER: &str = "https://id.example/";
pub const AUDIENCE: &str = "https://news.example/api";

/// A key that only signs in these tests.
const RSA: &[u8] = include_bytes!("rsa.pk8");

/// A key that signs, and its name.
pub struct Signer {
    pub kid: String,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub fn rsa(kid: &str) -> Self {
        let pair = RsaKeyPair::from_pkcs8(RSA).expect("it is a key");
        Self::new(kid, Pair::Rsa(pair))
    }

    pub fn ec(kid: &str) -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("a key is made");
        let pair = EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).expect("it is a key");
        Self::new(kid, Pair::Ec(pair))
    }

    pub fn ed(kid: &str) -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key is made");
        let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).expect("it is a key");
        Self::new(kid, Pair::Ed(pair))
    }

    fn new(kid: &str, pair: Pair) -> Self {
        let kid = kid.to_owned();
        Self { kid, pair }
    }

    pub fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    /// The public half.
    pub fn jwk(&self) -> Value {
        let key = match &self.pair {
            Pair::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "n": encode(public.n), "e": encode(public.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key())})
            }
        };
        with(
            key,
            json!({"kid": self.kid, "use": "sig", "alg": self.algorithm()}),
        )
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("it signs");
                signature
            }
            Pair::Ec(pair) => pair
                .sign(&random, message)
                .expect("it signs")
                .as_ref()
                .into(),
            Pair::Ed(pair) => pair.sign(message).as_ref().into(),
        }
    }

    pub fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.kid})
    }

    /// A token that says this.
    pub fn token(&self, claims: &Value) -> String {
        self.token_so(&self.header(), claims)
    }

    /// A token with a header of its own.
    pub fn token_so(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = encode(self.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(bytes)
}

/// What is signed of a token.
pub fn message(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        encode(header.to_string()),
        encode(claims.to_string())
    )
}

/// What a good token says; `more` adds to it or changes it.
pub fn claims(more: Value) -> Value {
    let now = chrono::Utc::now().timestamp();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "iat": now, "exp": now + 3600, "scope": "openid read",
    });
    with(claims, more)
}

/// A provider that serves its keys.
pub struct Provider {
    pub at: SocketAddr,
    shared: Arc<Mutex<Served>>,
    handle: ServerHandle,
}

struct Served {
    status: u16,
    body: Vec<u8>,
    delay: Duration,
    asked: usize,
}

impl Provider {
    pub async fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let at = listener.local_addr().expect("it listens");
        let shared = Arc::new(Mutex::new(Served {
            status: 200,
            body: set(signers),
            delay: Duration::ZERO,
            asked: 0,
        }));
        let data = web::Data::from(shared.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("it listens")
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { at, shared, handle }
    }

    /// Serves these keys from now on.
    pub fn publish(&self, signers: &[&Signer]) {
        self.answer(200, set(signers));
    }

    pub fn answer(&self, status: u16, body: impl Into<Vec<u8>>) {
        let mut served = self.shared.lock().expect("nobody panicked");
        served.status = status;
        served.body = body.into();
    }

    pub fn slow_down(&self, delay: Duration) {
        self.shared.lock().expect("nobody panicked").delay = delay;
    }

    /// How many times it was asked.
    pub fn asked(&self) -> usize {
        self.shared.lock().expect("nobody panicked").asked
    }

    pub fn url(&self) -> String {
        format!("http://{}/keys", self.at)
    }

    /// A server that trusts this provider.
    pub async fn app(&self, settings: &[&str]) -> TestApp {
        let url = self.url();
        let mut all = vec![
            "--jwt-issuer",
            ISSUER,
            "--jwt-audience",
            AUDIENCE,
            "--jwt-jwks-url",
            &url,
        ];
        all.extend(settings);
        TestApp::start_with(&all).await
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

pub fn set(signers: &[&Signer]) -> Vec<u8> {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({"keys": keys}).to_string().into_bytes()
}

async fn answer(shared: web::Data<Mutex<Served>>) -> HttpResponse {
    let (status, body, delay) = {
        let mut served = shared.lock().expect("nobody panicked");
        served.asked += 1;
        (served.status, served.body.clone(), served.delay)
    };
    actix_web::rt::time::sleep(delay).await;
    let status = status.try_into().expect("it is a status");
    let mut response = HttpResponse::build(status);
    if status == 302 {
        response.insert_header(("Location", "/elsewhere"));
    }
    response.body(body)
}
