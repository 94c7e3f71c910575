//! An identity provider: it signs JWTs and serves the keys to verify them.

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

/// A private key for these tests only.
const RSA: &[u8] = include_bytes!("rsa.pk8");

/// A private key with its key ID.
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
        let pair = RsaKeyPair::from_pkcs8(RSA).expect("a valid key");
        Self::new(kid, Pair::Rsa(pair))
    }

    pub fn ec(kid: &str) -> Self {
        let (random, kind) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).expect("the key is generated");
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).expect("a valid key");
        Self::new(kid, Pair::Ec(pair))
    }

    pub fn ed(kid: &str) -> Self {
        let document =
            Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the key is generated");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a valid key");
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

    /// The public key.
    pub fn jwk(&self) -> Value {
        let key = match &self.pair {
            Pair::Rsa(pair) => {
                let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({"kty": "RSA", "n": base64url(public.n), "e": base64url(public.e)})
            }
            Pair::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": base64url(&point[1..33]), "y": base64url(&point[33..])})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key())})
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
                    .expect("signing succeeds");
                signature
            }
            Pair::Ec(pair) => pair
                .sign(&random, message)
                .expect("signing succeeds")
                .as_ref()
                .into(),
            Pair::Ed(pair) => pair.sign(message).as_ref().into(),
        }
    }

    pub fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.kid})
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with_header(&self.header(), claims)
    }

    /// A token with this header.
    pub fn token_with_header(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let signature = base64url(self.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    BASE64.encode(bytes)
}

/// The part of a token that is signed.
pub fn signing_input(header: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        base64url(header.to_string()),
        base64url(claims.to_string())
    )
}

/// Claims of a valid token; `more` adds claims or changes them.
pub fn claims(more: Value) -> Value {
    let now = chrono::Utc::now().timestamp();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "desk", "iat": now, "exp": now + 3600, "scope": "openid read",
    });
    with(claims, more)
}

/// A server for the JWKS.
pub struct IdentityProvider {
    pub addr: SocketAddr,
    shared: Arc<Mutex<State>>,
    handle: ServerHandle,
}

struct State {
    status: u16,
    body: Vec<u8>,
    delay: Duration,
    request_count: usize,
}

impl IdentityProvider {
    pub async fn start(signers: &[&Signer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("the listener works");
        let shared = Arc::new(Mutex::new(State {
            status: 200,
            body: jwks(signers),
            delay: Duration::ZERO,
            request_count: 0,
        }));
        let data = web::Data::from(shared.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(serve))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("the listener works")
        .run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self {
            addr,
            shared,
            handle,
        }
    }

    /// Serves these keys from now on.
    pub fn publish(&self, signers: &[&Signer]) {
        self.respond_with(200, jwks(signers));
    }

    /// Serves this response from now on.
    pub fn respond_with(&self, status: u16, body: impl Into<Vec<u8>>) {
        let mut state = self.shared.lock().expect("not poisoned");
        state.status = status;
        state.body = body.into();
    }

    pub fn delay_responses(&self, delay: Duration) {
        self.shared.lock().expect("not poisoned").delay = delay;
    }

    /// The number of requests for the JWKS so far.
    pub fn request_count(&self) -> usize {
        self.shared.lock().expect("not poisoned").request_count
    }

    pub fn url(&self) -> String {
        format!("http://{}/keys", self.addr)
    }

    /// Starts a server that trusts this provider.
    pub async fn start_app(&self, settings: &[&str]) -> TestApp {
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

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// A JWKS document with the public keys.
pub fn jwks(signers: &[&Signer]) -> Vec<u8> {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    json!({"keys": keys}).to_string().into_bytes()
}

async fn serve(shared: web::Data<Mutex<State>>) -> HttpResponse {
    let (status, body, delay) = {
        let mut state = shared.lock().expect("not poisoned");
        state.request_count += 1;
        (state.status, state.body.clone(), state.delay)
    };
    actix_web::rt::time::sleep(delay).await;
    let status = status.try_into().expect("a valid status");
    let mut response = HttpResponse::build(status);
    if status == 302 {
        response.insert_header(("Location", "/elsewhere"));
    }
    response.body(body)
}
