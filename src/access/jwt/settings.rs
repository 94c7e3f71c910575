//! Settings of the trusted identity provider.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use hyper::Uri;

/// The settings of the identity provider.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "identity")]
#[command(next_help_heading = "Identity")]
pub struct IdentityProviderSettings {
    /// Accept JWTs of this issuer (`iss`) in place of API keys. Needs `--jwt-audience` and one of `--jwt-jwks-url` and
    /// `--jwt-jwks-file`. Tokens are signed with RS256, ES256 or EdDSA and have `exp`, `aud`, `sub` and `kid`.
    #[arg(long, env = "MANCHETTE_JWT_ISSUER", global = true)]
    pub jwt_issuer: Option<String>,

    /// The required audience: one of the `aud` of a JWT.
    #[arg(long, env = "MANCHETTE_JWT_AUDIENCE", global = true)]
    pub jwt_audience: Option<String>,

    /// URL of the provider's signing keys (a JWK Set, RFC 7517): `https`, or `http` to this machine.
    #[arg(long, env = "MANCHETTE_JWT_JWKS_URL", global = true)]
    pub jwt_jwks_url: Option<String>,

    /// File with the provider's signing keys, instead of a URL. It has to contain a usable key when the server starts.
    #[arg(long, env = "MANCHETTE_JWT_JWKS_FILE", global = true)]
    pub jwt_jwks_file: Option<PathBuf>,

    /// The claim with the scopes: a list, or a string separated by spaces. A point leads to a nested claim
    /// (`realm_access.roles`). Unknown scopes are ignored.
    #[arg(
        long,
        env = "MANCHETTE_JWT_SCOPES_CLAIM",
        default_value = "scope",
        global = true
    )]
    pub jwt_scopes_claim: String,

    /// Seconds after which the provider's keys are fetched again, and withdrawn keys are refused.
    #[arg(long, env = "MANCHETTE_JWT_KEYS_MAX_AGE", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400), global = true)]
    pub jwt_keys_max_age: u32,
}

/// A trusted provider: complete and consistent settings.
#[derive(Clone, Debug)]
pub struct Trust {
    pub issuer: String,
    pub audience: String,
    pub source: KeySource,
    pub scopes_claim: String,
    pub max_age: Duration,
}

/// The source of signing keys.
#[derive(Clone, Debug)]
pub enum KeySource {
    Url(Uri),
    File(PathBuf),
}

impl IdentityProviderSettings {
    /// The trusted provider; none where no issuer is set. An empty variable counts as not set.
    ///
    /// # Errors
    /// Where a setting is missing or invalid.
    pub fn trust(&self) -> Result<Option<Trust>, String> {
        let text = |value: &Option<String>| value.clone().filter(|text| !text.is_empty());
        let file = self.jwt_jwks_file.clone();
        let file = file.filter(|path| !path.as_os_str().is_empty());
        let (issuer, audience) = (text(&self.jwt_issuer), text(&self.jwt_audience));
        let url = text(&self.jwt_jwks_url);
        let Some(issuer) = issuer else {
            if audience.is_some() || url.is_some() || file.is_some() {
                return Err("settings for JWTs need `--jwt-issuer`".into());
            }
            return Ok(None);
        };
        let audience = audience.ok_or("`--jwt-issuer` needs `--jwt-audience`")?;
        let source = match (url, file) {
            (Some(url), None) => KeySource::Url(parse_url(&url)?),
            (None, Some(file)) => KeySource::File(file),
            _ => {
                return Err(
                    "`--jwt-issuer` needs one of `--jwt-jwks-url` and `--jwt-jwks-file`".into(),
                );
            }
        };
        if self.jwt_scopes_claim.is_empty() {
            return Err("`--jwt-scopes-claim` needs the name of a claim".into());
        }
        Ok(Some(Trust {
            issuer,
            audience,
            source,
            scopes_claim: self.jwt_scopes_claim.clone(),
            max_age: Duration::from_secs(self.jwt_keys_max_age.into()),
        }))
    }
}

/// A URL from which keys can be fetched without a third party replacing them.
fn parse_url(text: &str) -> Result<Uri, String> {
    let wrong = || {
        "`--jwt-jwks-url` needs an `https` address, or an `http` one on this machine, without a name or password"
            .to_owned()
    };
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(url::Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => return Err(wrong()),
    };
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
    if !safe || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong());
    }
    let mut url = url;
    url.set_fragment(None);
    url.as_str().parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fetched_over_https_or_locally() {
        for good in [
            "https://id.example/keys",
            "https://id.example:8443/keys?tenant=1",
            "http://127.0.0.1:8080/keys",
            "http://[::1]/keys",
            "http://localhost/keys",
        ] {
            assert!(parse_url(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "id.example",
            "http://id.example/keys",
            "http://localhost.example/keys",
            "http://10.0.0.1/keys",
            "ftp://localhost/keys",
            "file:///etc/passwd",
            "https://u:p@id.example/keys",
        ] {
            assert!(parse_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn inconsistent_settings_are_refused() {
        let all = IdentityProviderSettings {
            jwt_issuer: Some("https://id.example".into()),
            jwt_audience: Some("news".into()),
            jwt_jwks_url: Some("https://id.example/keys".into()),
            jwt_jwks_file: Some("".into()),
            jwt_scopes_claim: "scope".into(),
            jwt_keys_max_age: 300,
        };
        assert!(all.trust().unwrap().is_some());
        assert!(
            IdentityProviderSettings::default()
                .trust()
                .unwrap()
                .is_none()
        );
        for change in [
            |it: &mut IdentityProviderSettings| it.jwt_issuer = None,
            |it: &mut IdentityProviderSettings| it.jwt_issuer = Some("".into()),
            |it: &mut IdentityProviderSettings| it.jwt_audience = None,
            |it: &mut IdentityProviderSettings| it.jwt_jwks_url = None,
            |it: &mut IdentityProviderSettings| it.jwt_jwks_file = Some("keys.json".into()),
            |it: &mut IdentityProviderSettings| it.jwt_scopes_claim.clear(),
        ] {
            let mut some = all.clone();
            change(&mut some);
            assert!(some.trust().is_err(), "{some:?}");
        }
    }
}
