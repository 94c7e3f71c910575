//! `/v1/keys`: the management of API keys.

use actix_web::web::Data;
use actix_web::{HttpRequest, delete, get, patch, post};
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use serde_json::{Map, Value};
use utoipa_actix_web::service_config::ServiceConfig;

use super::issued_key::IssuedKey;
use super::lifecycle::{self, NewRotation, database_time};
use super::model::{ApiKey, KeyPatch, KeyState, NewKey, Place, constraint_problem};
use crate::access::audit::AuditAction;
use crate::access::extractors::Admin;
use crate::db::Database;
use crate::http::id_or_slug::ResourcePath;
use crate::http::json_body::{Body, JSON};
use crate::http::one::GetParameters;
use crate::http::page::Page;
use crate::http::patch_body::PatchBody;
use crate::http::preconditions::{Preconditions, Version};
use crate::http::query::{Filter, List};
use crate::http::resource_response::{NoContent, ResourceResponse};
use crate::http::responses::Conflict;
use crate::http::validation::{SchemaValidator, is_no_op, merge};
use crate::http::values::parse_timestamp;
use crate::idempotency::{Created, IdempotencyKey};
use crate::problem::{OnConstraint, Problem};
use crate::query_parameters;
use uuid::Uuid;

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
/// Newest first, without their tokens.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])), params(List<KeyFilter>))]
#[get("/v1/keys")]
async fn list_keys(
    db: Data<Database>,
    _admin: Admin,
    list: List<KeyFilter>,
) -> Result<Page<ApiKey>, Problem> {
    let cursor = list.cursor::<Place>()?;
    let state = list.filter.state;
    let mut conn = db.connection().await?;
    let rows = ApiKey::page(&mut conn, state, cursor.as_ref(), list.rows()).await?;
    let total = match list.counts() {
        true => Some(ApiKey::count(&mut conn, state).await?),
        false => None,
    };
    let place = |key: &ApiKey| (Some(key.created_at), key.id);
    let page = list.page("key", rows, cursor.as_ref(), place);
    Ok(page.with_total(total))
}

/// Create a key
///
/// The response has the key itself, only this once: it is stored as a hash and can't be shown again.
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
        Err(problem) => return Err(with_expiry_fault(&db, &document, problem).await),
    };
    let actor = admin.actor();
    let request = key
        .request(actor.caller.account(), digest)
        .encrypted_for(&request);
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let create = async |conn: &mut AsyncPgConnection| {
            new.check_expiry(database_time(conn).await?)?;
            let (key, token) =
                ApiKey::insert(conn, Uuid::now_v7(), &new, actor.caller.key_id, None).await?;
            key.record(conn, AuditAction::Created, actor).await?;
            Ok(ResourceResponse::created(IssuedKey::new(key, &token)))
        };
        request.run(conn, create).await
    })
    .await
    .on_constraint(constraint_problem)
}

/// Get a key
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    params(("id" = uuid::Uuid, Path, description = "The key's id."), GetParameters<ApiKey>))]
#[get("/v1/keys/{id}")]
async fn get_key(
    db: Data<Database>,
    _admin: Admin,
    path: ResourcePath,
    one: GetParameters<ApiKey>,
) -> Result<ResourceResponse<ApiKey>, Problem> {
    let id = path.id().ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    let key = ApiKey::find(&mut conn, id).await?;
    let response = ResourceResponse::ok(key.ok_or(Problem::NotFound)?);
    Ok(response.with_fields(one.fields))
}

/// Change a key
///
/// A JSON Merge Patch (RFC 7396): `null` clears a field, absent fields stay. New scopes take effect at once. A revoked or
/// expired key can't be changed; the last key with the scope `admin` and without an expiry keeps both.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    request_body(content = KeyPatch, content_type = "application/merge-patch+json"),
    params(("id" = uuid::Uuid, Path, description = "The key's id."), PatchBody),
    responses(Conflict))]
#[patch("/v1/keys/{id}")]
async fn update_key(
    db: Data<Database>,
    admin: Admin,
    path: ResourcePath,
    preconditions: Preconditions,
    body: PatchBody,
) -> Result<ResourceResponse<ApiKey>, Problem> {
    let id = path.id().ok_or(Problem::NotFound)?;
    let mut patch = body.read::<NewKey, _>(Ok).await?;
    if let Err(problem) = SchemaValidator::of_written::<KeyPatch, ApiKey>().check(&mut patch) {
        return Err(with_expiry_fault(&db, &patch, problem).await);
    }
    let patch = match patch {
        Value::Object(patch) => patch,
        _ => Map::new(),
    };
    let mut conn = db.connection().await?;
    let changed = conn
        .write(async |conn| {
            let key = ApiKey::lock(conn, id).await?;
            check(&preconditions, &key)?;
            key.check_active(database_time(conn).await?)?;
            let before = serde_json::to_value(&key).map_err(Problem::internal)?;
            let before = before.as_object().cloned().unwrap_or_default();
            let mut patched = before.clone();
            merge(&mut patched, patch);
            if is_no_op(&before, &patched) {
                return Ok::<ApiKey, Problem>(key);
            }
            let new = SchemaValidator::of_written::<NewKey, ApiKey>().read(patched.into())?;
            let changed = key.update(conn, &new).await?;
            let actor = admin.actor();
            changed.record(conn, AuditAction::Updated, actor).await?;
            Ok(changed)
        })
        .await
        .on_constraint(constraint_problem)?;
    Ok(ResourceResponse::ok(changed))
}

/// Revoke a key
///
/// Permanently, and at once on every node. Revoking a key again changes nothing. Refused with a 409 for the last key that has
/// the scope `admin` and no expiry.
#[utoipa::path(tag = "Keys", security(("key" = ["admin"])),
    params(("id" = uuid::Uuid, Path, description = "The key's id.")),
    responses(Conflict))]
#[delete("/v1/keys/{id}")]
async fn revoke_key(
    db: Data<Database>,
    admin: Admin,
    path: ResourcePath,
    preconditions: Preconditions,
) -> Result<NoContent, Problem> {
    let id = path.id().ok_or(Problem::NotFound)?;
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let key = ApiKey::lock(conn, id).await?;
        check(&preconditions, &key)?;
        if let Some(revoked) = key.revoke_locked(conn).await? {
            let actor = admin.actor();
            revoked.record(conn, AuditAction::Revoked, actor).await?;
        }
        Ok::<(), Problem>(())
    })
    .await
    .on_constraint(constraint_problem)?;
    Ok(NoContent)
}

/// Rotate a key
///
/// Creates a successor with the same name, scopes and length of validity. The old key stays valid for `overlap` seconds, so that
/// its users can change over; without a body, for one day. The response has the new key itself, only this once.
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
    let path = ResourcePath::before(&request, "/rotate");
    let id = path.and_then(|it| it.id()).ok_or(Problem::NotFound)?;
    let (document, digest) = body.read_or_empty(JSON).await?;
    let rotation: NewRotation = SchemaValidator::of::<NewRotation>().read(document)?;
    let actor = admin.actor();
    let request = key
        .request(actor.caller.account(), digest)
        .encrypted_for(&request);
    let mut conn = db.connection().await?;
    conn.write(async |conn| {
        let create = async |conn: &mut AsyncPgConnection| {
            let key = ApiKey::lock(conn, id).await?;
            let rotated = key
                .rotate(conn, rotation.overlap, actor.caller.key_id)
                .await?;
            let (old, new) = (&rotated.old, &rotated.successor);
            old.record(conn, AuditAction::Rotated, actor).await?;
            new.record(conn, AuditAction::Created, actor).await?;
            let issued = IssuedKey::new(rotated.successor, &rotated.token);
            Ok(ResourceResponse::created(issued))
        };
        request.run(conn, create).await
    })
    .await
    .on_constraint(constraint_problem)
}

query_parameters! {
    /// The filters of a list of keys.
    pub struct KeyFilter {
        /// Keys in this state.
        pub state: Option<KeyState>,
    }
}

impl Filter for KeyFilter {
    type Item = ApiKey;
}

/// The faults of a body, and that of an expiry in the past, which only the database's clock can find.
async fn with_expiry_fault(db: &Database, document: &Value, problem: Problem) -> Problem {
    let end = document["expires_at"].as_str();
    match (problem, end.and_then(|end| parse_timestamp(end).ok())) {
        (Problem::Invalid(mut faults), Some(end)) => match time(db).await {
            Ok(at) => {
                faults.extend(lifecycle::expiry_fault(end, at));
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
    Ok(database_time(&mut conn).await?)
}

/// Checks the preconditions of a change to a locked key.
fn check(preconditions: &Preconditions, key: &ApiKey) -> Result<(), Problem> {
    preconditions
        .check(Some((Version::of(key.id, key.version), key.updated_at)))
        .map_err(|failure| failure.problem(Some((key.id, key.version, key))))
}
