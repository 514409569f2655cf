//! What the gateway answers itself, since only it knows: who a token is, and which companies it
//! reaches.

use axum::Json;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use serde_json::Value;
use serde_json::json;

use crate::domain::company::Company;
use crate::domain::gate::PlaceFacts;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Fault;

/// `GET /me`: the person, the company or firm, and what the token allows now. Needs no scope.
pub(super) fn me(ops: &Ops, live: &LiveToken, effective: &ScopeSet) -> Response {
    let scopes: Vec<String> =
        ops.catalogue().maximal(effective).iter().map(ToString::to_string).collect();
    let user = live
        .user()
        .filter(|_| !live.of_client)
        .map(|user| json!({"id": user.id, "email": user.email.as_str(), "name": user.name}));
    let (company, firm) = match live.place() {
        PlaceFacts::Company(company) => (Some(describe(company)), None),
        PlaceFacts::Firm(firm) => {
            let firm = json!({"id": firm.id, "slug": firm.slug.as_str(), "name": firm.name});
            (None, Some(firm))
        }
        PlaceFacts::Gone => (None, None),
    };
    let app = json!({"client_id": live.app().client_id(), "name": live.app().name});
    answer(json!({
        "user": user, "company": company, "firm": firm, "app": app, "scopes": scopes,
    }))
}

/// `GET /companies`: the companies that the token reaches.
pub(super) fn companies(ops: &Ops, live: &LiveToken) -> Result<Response, Fault> {
    let reached = ops.companies_reached(live)?;
    let items: Vec<Value> = reached.iter().map(describe).collect();
    Ok(answer(json!({"items": items, "has_more": false, "next_cursor": null})))
}

fn describe(company: &Company) -> Value {
    json!({
        "id": company.id,
        "slug": company.slug.as_str(),
        "name": company.name,
        "environment": company.environment,
    })
}

fn answer(body: Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// What the gateway answers itself: method, path below the surface, and the scope that a call needs.
pub const ROUTES: &[(&str, &str, Option<&str>)] =
    &[("GET", "/me", None), ("GET", "/companies", Some("companies:readonly"))];

/// Whether the gateway answers this path itself.
pub(super) fn is_own(path: &str) -> bool {
    ROUTES.iter().any(|(_, own, _)| *own == path)
}

/// The scope that it needs.
pub(super) fn scope(path: &str) -> Option<ScopeName> {
    let (_, _, scope) = ROUTES.iter().find(|(_, own, _)| *own == path)?;
    scope.and_then(|scope| scope.parse().ok())
}
