//! Tokens that must be rejected, and claims that must grant no scopes.

use ring::hmac;
use serde_json::{Value, json};

use crate::support::identity_provider::{
    AUDIENCE, ISSUER, IdentityProvider, Signer, base64url, claims, signing_input,
};
use crate::support::{path_of, with};

#[actix_web::test]
async fn forged_and_invalid_tokens_are_rejected() {
    let (rsa, ec, ed) = (Signer::rsa("r"), Signer::ec("c"), Signer::ed("d"));
    let stranger = Signer::ed("thief");
    let other_provider = IdentityProvider::start(&[&stranger]).await;
    let provider = IdentityProvider::start(&[]).await;
    let mut keys = json!({"keys": [rsa.jwk(), ec.jwk(), ed.jwk()]});
    let list = keys["keys"].as_array_mut().unwrap();
    list.push(with(
        stranger.jwk(),
        json!({"kid": "for encryption", "use": "enc"}),
    ));
    list.push(json!({"kty": "oct", "kid": "secret", "k": base64url("secret"), "alg": "HS256"}));
    provider.respond_with(200, keys.to_string());
    let app = provider.start_app(&[]).await;
    let valid_claims = claims(json!({"scope": "admin"}));
    app.get("/v1/keys")
        .key(&rsa.token(&valid_claims))
        .await
        .ok();

    let now = chrono::Utc::now().timestamp();
    let header = |more: Value| with(ed.header(), more);
    let with_header = |more: Value| ed.token_with_header(&header(more), &valid_claims);
    let with_claims = |more: Value| ed.token(&with(valid_claims.clone(), more));
    let without = |name: &str| {
        let mut claims = valid_claims.clone();
        claims.as_object_mut().unwrap().shift_remove(name);
        ed.token(&claims)
    };
    let hs256 = |secret: &[u8], kid: &str| {
        let message = signing_input(&json!({"alg": "HS256", "kid": kid}), &valid_claims);
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, secret),
            message.as_bytes(),
        );
        format!("{message}.{}", base64url(tag))
    };
    let valid = ed.token(&valid_claims);
    let (unsigned, signature) = valid.rsplit_once('.').unwrap();
    let jwk = rsa.jwk();
    let text = |name: &str| jwk[name].as_str().unwrap().to_owned();
    let mut invalid_tokens = vec![
        // Algorithms.
        format!(
            "{}.",
            signing_input(&json!({"alg": "none", "kid": "d"}), &valid_claims)
        ),
        format!("{}.", signing_input(&json!({"alg": "None"}), &valid_claims)),
        format!(
            "{}.{signature}",
            signing_input(&json!({"alg": "none", "kid": "d"}), &valid_claims)
        ),
        hs256(b"secret", "secret"),
        hs256(b"", "d"),
        hs256(text("n").as_bytes(), "r"),
        hs256(jwk.to_string().as_bytes(), "r"),
        rsa.token_with_header(&json!({"alg": "RS384", "kid": "r"}), &valid_claims),
        rsa.token_with_header(&json!({"alg": "PS256", "kid": "r"}), &valid_claims),
        rsa.token_with_header(&json!({"alg": "ES256", "kid": "r"}), &valid_claims),
        ed.token_with_header(&json!({"alg": "EdDSA", "kid": "c"}), &valid_claims),
        ed.token_with_header(&json!({"alg": "RS256", "kid": "d"}), &valid_claims),
        // Keys.
        ed.token_with_header(&json!({"alg": "EdDSA"}), &valid_claims),
        with_header(json!({"kid": "r"})),
        with_header(json!({"kid": "nobody's"})),
        with_header(json!({"kid": ""})),
        with_header(json!({"kid": "k".repeat(5000)})),
        with_header(json!({"kid": "../../etc/passwd"})),
        stranger.token(&valid_claims),
        stranger.token_with_header(&header(json!({})), &valid_claims),
        stranger.token_with_header(&header(json!({"kid": "for encryption"})), &valid_claims),
        stranger.token_with_header(&header(json!({"jwk": stranger.jwk()})), &valid_claims),
        stranger.token_with_header(
            &header(json!({"kid": "thief", "jku": other_provider.url()})),
            &valid_claims,
        ),
        stranger.token_with_header(
            &header(json!({"kid": "thief", "x5u": other_provider.url()})),
            &valid_claims,
        ),
        // Critical headers.
        with_header(json!({"crit": ["exp"]})),
        with_header(json!({"crit": []})),
        with_header(json!({"crit": ["b64"], "b64": false})),
        // Signatures.
        format!("{unsigned}."),
        unsigned.to_owned(),
        format!("{unsigned}.{}", base64url([0; 64])),
        format!(
            "{}.{}",
            signing_input(&ec.header(), &valid_claims),
            base64url([0; 64])
        ),
        format!("{valid}="),
        format!("{valid}."),
        format!("{valid}.x"),
        format!(".{valid}"),
        format!(
            "{}.{signature}",
            signing_input(
                &ed.header(),
                &with(valid_claims.clone(), json!({"sub": "other"}))
            )
        ),
        // Claims.
        with_claims(json!({"exp": now - 31})),
        with_claims(json!({"exp": 0})),
        with_claims(json!({"exp": (now + 3600).to_string()})),
        with_claims(json!({"exp": null})),
        with_claims(json!({"exp": -1})),
        with_claims(json!({"nbf": now + 3600})),
        with_claims(json!({"nbf": "tomorrow"})),
        with_claims(json!({"iss": "https://id.example"})),
        with_claims(json!({"iss": [ISSUER]})),
        with_claims(json!({"iss": [ISSUER, "https://other.example/"]})),
        with_claims(json!({"aud": "another"})),
        with_claims(json!({"aud": ["another", "https://news.example/"]})),
        with_claims(json!({"aud": []})),
        with_claims(json!({"aud": null})),
        with_claims(json!({"sub": ""})),
        with_claims(json!({"sub": " "})),
        with_claims(json!({"sub": "two\nlines"})),
        with_claims(json!({"sub": 1})),
        with_claims(json!({"sub": "s".repeat(256)})),
        with_claims(json!({"padding": "p".repeat(9000)})),
        "..".into(),
        "a.b.c".into(),
        "e30.e30.".into(),
    ];
    invalid_tokens.extend(["exp", "iss", "aud", "sub"].map(without));
    let refused = app
        .get("/v1/me")
        .key("mnc_x")
        .await
        .problem(401, "unauthorized");
    for invalid_token in &invalid_tokens {
        let response = app.get("/v1/me").key(invalid_token).await;
        assert_eq!(response.status, 401, "{invalid_token}: {response:?}");
        let problem = response.problem(401, "unauthorized");
        assert_eq!(problem["detail"], refused["detail"]);
    }
    assert_eq!(
        other_provider.request_count(),
        0,
        "URLs in a token are never requested"
    );

    let now = chrono::Utc::now().timestamp();
    for valid in [
        with_claims(json!({"exp": now - 5})),
        with_claims(json!({"exp": now as f64 + 3600.5})),
        with_claims(json!({"exp": 99_999_999_999_999_i64})),
        with_claims(json!({"nbf": now + 5})),
        with_claims(json!({"aud": ["another", AUDIENCE]})),
        with_header(json!({"typ": "at+jwt"})),
    ] {
        app.get("/v1/me").key(&valid).await.ok();
    }
}

#[actix_web::test]
async fn scopes_are_read_only_from_the_configured_claim() {
    let signer = Signer::ed("d");
    let provider = IdentityProvider::start(&[&signer]).await;
    let app = provider
        .start_app(&["--jwt-scopes-claim", "https://news.example/claims.scopes"])
        .await;
    let scopes = async |more: Value| {
        let token = signer.token(&claims(more));
        app.get("/v1/me").key(&token).await.ok()["scopes"].clone()
    };
    let right = json!({"https://news.example/claims": {"scopes": ["read", "early"]}});
    assert_eq!(scopes(right).await, json!(["read", "early"]));
    for wrong in [
        json!({"scope": "admin", "scopes": ["admin"], "scp": "admin", "roles": ["admin"], "admin": true}),
        json!({"https://news.example/claims": {"scopes": ["ADMIN", "admin ", "*", "admin,write", 1, {"admin": true}, ["admin"]]}}),
        json!({"https://news.example/claims": {"scopes": {"admin": true}}}),
        json!({"https://news.example/claims": ["admin"]}),
        json!({"https://news.example/claims": null}),
    ] {
        assert_eq!(scopes(wrong).await, json!([]));
    }
    // A token without scopes is valid and sees what the public sees.
    let draft = app.headline("x", json!({"status": "draft"})).await;
    let token = signer.token(&claims(json!({})));
    let path = path_of("headlines", &draft);
    app.get(&path).key(&token).await.problem(404, "not-found");
    app.get("/v1/headlines").key(&token).await.ok();
}
