//! `/v1/keys`: those who may do everything make keys, look at them, and take them away.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, delete, get, patch, post};
use chrono::{DateTime, Utc};
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::api_keys::Token;
use crate::access::api_keys::model::{
    self, ApiKey, KeyPatch, KeyState, NewKey, NewRotation, Place,
};
use crate::access::audit::{self, AuditAction};
use crate::access::extractors::Admin;
use crate::db::{Database, Fragment, Statement};
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::{Body, JSON, MERGE_PATCH};
use crate::http::one::One;
use crate::http::page::Page;
use crate::http::preconditions::{Preconditions, Version};
use crate::http::query::{Filter, List, MOST_COUNTED};
use crate::http::resource_response::{NoContent, Representation, ResourceResponse};
use crate::http::responses::Conflict;
use crate::http::validation::{SchemaValidator, merge};
use crate::http::values::parse_timestamp;
use crate::idempotency::{Created, IdempotencyKey};
use crate::problem::{OnConstraint, Problem};
use crate::query_parameters;

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_keys)
        .service(create_key)
        .service(get_key)
        .service(update_key)
        .service(revoke_key)
        .service(rotate_key);
}

/// List keys
///
/// The newest first. What could be used as a key is not there.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])), params(List<KeyFilter>))]
#[get("/v1/keys")]
async fn list_keys(
    db: Data<Database>,
    _admin: Admin,
    list: List<KeyFilter>,
) -> Result<Page<ApiKey>, Problem> {
    let cursor = list.cursor::<Place>()?;
    let condition = model::condition(list.filter.state);
    let mut conn = db.connection().await?;
    let rows = ApiKey::page(&mut conn, &condition, cursor.as_ref(), list.rows()).await?;
    let total = if list.counts() {
        let sql = Fragment::new("SELECT count(*) FROM (SELECT FROM api_keys WHERE ")
            .append(&condition)
            .sql(" LIMIT ")
            .number(MOST_COUNTED + 1)
            .sql(") AS counted");
        Some(Statement::<BigInt>::new(sql).get_result(&mut conn).await?)
    } else {
        None
    };
    let place = |key: &ApiKey| (Some(key.created_at), key.id);
    let page = list.page("key", rows, cursor.as_ref(), place);
    Ok(page.with_total(total))
}

/// Make a key
///
/// The answer has the key itself, this once: it is kept as a hash and can't be shown again.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])), request_body = NewKey)]
#[post("/v1/keys")]
async fn create_key(
    db: Data<Database>,
    admin: Admin,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body,
) -> Result<Created<IssuedKey>, Problem> {
    let (document, digest) = body.read(JSON).await?;
    let new: NewKey = match SchemaValidator::of_written::<NewKey, ApiKey>().read(document.clone()) {
        Ok(new) => new,
        Err(problem) => return Err(with_past_end(&db, &document, problem).await),
    };
    let by = admin.by();
    let request = key
        .request(by.caller.account(), digest)
        .encrypted_for(&request);
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let create = async |conn: &mut AsyncPgConnection| {
            new.must_end_later(model::time(conn).await?)?;
            let (key, token) = ApiKey::insert(conn, &new, by.caller.key_id, None).await?;
            audit::done_to_key(conn, AuditAction::Created, &key, StatusCode::CREATED, by).await?;
            Ok(ResourceResponse::created(IssuedKey::new(key, &token)))
        };
        request.run(conn, create).await
    })
    .await
    .on_constraint(model::constraint_problem)
}

/// Get a key
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    params(("id" = uuid::Uuid, Path, description = "The key's id."), One<ApiKey>))]
#[get("/v1/keys/{id}")]
async fn get_key(
    db: Data<Database>,
    _admin: Admin,
    address: ResourcePath,
    one: One<ApiKey>,
) -> Result<ResourceResponse<ApiKey>, Problem> {
    let id = address.id().ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    let key = ApiKey::find(&mut conn, id).await?;
    let response = ResourceResponse::ok(key.ok_or(Problem::NotFound)?);
    Ok(response.with_fields(one.fields))
}

/// Change a key
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, what is left out stays. What a key no longer allows is refused at
/// once. A key that was revoked or has expired can't be changed; the last with the scope `admin` and without an end keeps both.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    request_body(content = KeyPatch, content_type = "application/merge-patch+json"),
    params(("id" = uuid::Uuid, Path, description = "The key's id.")),
    responses(Conflict))]
#[patch("/v1/keys/{id}")]
async fn update_key(
    db: Data<Database>,
    admin: Admin,
    address: ResourcePath,
    conditions: Preconditions,
    body: Body,
) -> Result<ResourceResponse<ApiKey>, Problem> {
    let id = address.id().ok_or(Problem::NotFound)?;
    let mut patch = body.json(MERGE_PATCH).await?;
    if let Err(problem) = SchemaValidator::of_written::<KeyPatch, ApiKey>().check(&mut patch) {
        return Err(with_past_end(&db, &patch, problem).await);
    }
    let patch = match patch {
        Value::Object(patch) => patch,
        _ => Map::new(),
    };
    let mut conn = db.connection().await?;
    let changed = conn
        .write(async |conn| {
            let key = ApiKey::lock(conn, id).await?;
            check(&conditions, &key)?;
            key.must_be_good(model::time(conn).await?)?;
            let before = serde_json::to_value(&key).map_err(Problem::internal)?;
            let mut document = before.clone();
            if let Some(document) = document.as_object_mut() {
                merge(document, patch);
            }
            // What is cleared is absent, and what is absent is null.
            if document.get("expires_at").is_none() {
                document["expires_at"] = Value::Null;
            }
            if document == before {
                return Ok::<ApiKey, Problem>(key);
            }
            let new: NewKey = SchemaValidator::of_written::<NewKey, ApiKey>().read(document)?;
            let changed = key.update(conn, &new).await?;
            let (action, by) = (AuditAction::Updated, admin.by());
            audit::done_to_key(conn, action, &changed, StatusCode::OK, by).await?;
            Ok(changed)
        })
        .await
        .on_constraint(model::constraint_problem)?;
    Ok(ResourceResponse::ok(changed))
}

/// Revoke a key
///
/// For good, and at once on every node. Revoking it again changes nothing. Refused with a 409 for the last key that has the
/// scope `admin` and no end.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    params(("id" = uuid::Uuid, Path, description = "The key's id.")),
    responses(Conflict))]
#[delete("/v1/keys/{id}")]
async fn revoke_key(
    db: Data<Database>,
    admin: Admin,
    address: ResourcePath,
    conditions: Preconditions,
) -> Result<NoContent, Problem> {
    let id = address.id().ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let key = ApiKey::lock(conn, id).await?;
        check(&conditions, &key)?;
        if let Some(ended) = key.end(conn).await? {
            let (action, by) = (AuditAction::Revoked, admin.by());
            audit::done_to_key(conn, action, &ended, StatusCode::NO_CONTENT, by).await?;
        }
        Ok::<(), Problem>(())
    })
    .await
    .on_constraint(model::constraint_problem)?;
    Ok(NoContent)
}

/// Rotate a key
///
/// Makes a successor with the same name, the same scopes, and as long a life as this one was given. This one stays good for
/// `overlap` seconds more, so that nobody who uses it is refused meanwhile; without a body, for a day. The answer has the new
/// key itself, this once.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])), request_body = NewRotation,
    params(("id" = uuid::Uuid, Path, description = "The key's id.")))]
#[post("/v1/keys/{id}/rotate")]
async fn rotate_key(
    db: Data<Database>,
    admin: Admin,
    key: IdempotencyKey,
    request: HttpRequest,
    body: Body,
) -> Result<Created<IssuedKey>, Problem> {
    let address = ResourcePath::before(&request, "/rotate");
    let id = address.and_then(|it| it.id()).ok_or(Problem::NotFound)?;
    let (document, digest) = body.read_or_empty(JSON).await?;
    let rotation: NewRotation = SchemaValidator::of::<NewRotation>().read(document)?;
    let by = admin.by();
    let request = key
        .request(by.caller.account(), digest)
        .encrypted_for(&request);
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let create = async |conn: &mut AsyncPgConnection| {
            let key = ApiKey::lock(conn, id).await?;
            let rotated = key.rotate(conn, rotation.overlap, by.caller.key_id).await?;
            let (old, new) = (&rotated.old, &rotated.successor);
            audit::done_to_key(conn, AuditAction::Rotated, old, StatusCode::CREATED, by).await?;
            audit::done_to_key(conn, AuditAction::Created, new, StatusCode::CREATED, by).await?;
            let issued = IssuedKey::new(rotated.successor, &rotated.token);
            Ok(ResourceResponse::created(issued))
        };
        request.run(conn, create).await
    })
    .await
    .on_constraint(model::constraint_problem)
}

query_parameters! {
    /// The filters of a list of keys.
    pub struct KeyFilter {
        /// Those that are so now.
        pub state: Option<KeyState>,
    }
}

impl Filter for KeyFilter {
    type Item = ApiKey;
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "key": "mnc_kY3vQ8ZrW1nB5tL0aHc7dEs2fUg9iXj4mOp6qRyTzVw1x2b",
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41", "name": "newsroom", "prefix": "mnc_kY3vQ8Zr", "scopes": ["publish", "write"],
    "expires_at": "2027-11-23T14:00:00Z", "last_used_at": null, "revoked_at": null, "rotated_from": null,
    "created_by": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d40",
    "created_at": "2026-11-23T14:00:00Z", "updated_at": "2026-11-23T14:00:00Z", "version": 1,
}))]
struct IssuedKey {
    /// The key itself: what stands behind `Bearer`. Shown this once.
    #[schema(pattern = "^mnc_[0-9A-Za-z]{47}$")]
    key: String,
    #[serde(flatten)]
    of: ApiKey,
}

impl IssuedKey {
    fn new(of: ApiKey, token: &Token) -> Self {
        let key = token.reveal().to_owned();
        Self { key, of }
    }
}

impl Representation for IssuedKey {
    const CACHEABLE: bool = false;

    fn version_tag(&self) -> Option<Version> {
        self.of.version_tag()
    }

    fn location(&self) -> Option<String> {
        self.of.location()
    }
}

/// A document's faults and, where that is one more, that the end in it has come already: the database's clock decides, so it
/// can't be among the others from the beginning.
async fn with_past_end(db: &Database, document: &Value, problem: Problem) -> Problem {
    let end = document["expires_at"].as_str();
    match (problem, end.and_then(|end| parse_timestamp(end).ok())) {
        (Problem::Invalid(mut faults), Some(end)) => match time(db).await {
            Ok(at) => {
                faults.extend(model::past_end(end, at));
                faults.sort();
                Problem::Invalid(faults)
            }
            Err(problem) => problem,
        },
        (problem, _) => problem,
    }
}

async fn time(db: &Database) -> Result<DateTime<Utc>, Problem> {
    let mut conn = db.connection().await?;
    Ok(model::time(&mut conn).await?)
}

/// Checks what the client says must hold of a key that is locked.
fn check(conditions: &Preconditions, key: &ApiKey) -> Result<(), Problem> {
    conditions
        .check(Some((Version::of(key.id, key.version), key.updated_at)))
        .map_err(|unmet| unmet.problem(Some((key.id, key.version, key))))
}
