//! What the gateway answers itself, since only it knows: who a token is, and which companies it
//! reaches.

use axum::Json;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::base::id::ConnectionId;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::gate::PlaceFacts;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::gateway::answer::refuse;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::ops::reached_companies::NotACursor;

/// `GET /me`: the person, the company or firm, and what the token allows now. Needs no scope.
pub(super) fn me(ops: &Ops, live: &LiveToken, effective: &ScopeSet) -> Response {
    let user = live
        .user()
        .filter(|_| !live.of_client)
        .map(|user| json!({"id": user.id, "email": user.email.as_str(), "name": user.name}));
    let (company, firm) = match live.place() {
        PlaceFacts::Company(company) => (Some(describe(company)), None),
        PlaceFacts::Firm(firm) => (None, Some(describe_firm(firm))),
        PlaceFacts::Gone => (None, None),
    };
    let app = json!({"client_id": live.app().client_id(), "name": live.app().name});
    answer(json!({
        "user": user, "company": company, "firm": firm, "app": app,
        "scopes": scopes(ops, effective),
    }))
}

const COMPANIES_SCOPE: &str = "companies:readonly";

/// As many companies as one answer lists.
const MOST: usize = 100;

/// `GET /companies`: the companies that the token reaches, in pages by `limit` and `cursor`.
pub(super) fn companies(
    ops: &Ops,
    live: &LiveToken,
    query: Option<&str>,
) -> Result<Response, Fault> {
    let Some((limit, cursor)) = page(query) else { return Ok(not_a_page()) };
    let reached = match ops.companies_reached(live, limit, cursor.as_deref()) {
        Ok(reached) => reached,
        Err(Failure::Refused(NotACursor)) => return Ok(not_a_page()),
        Err(Failure::Fault(fault)) => return Err(fault),
    };
    let items: Vec<Value> = reached.companies.iter().map(describe).collect();
    Ok(list(&items, reached.next_cursor.as_deref()))
}

fn page(query: Option<&str>) -> Option<(usize, Option<String>)> {
    let query = Parameters::of_query(query);
    let limit = query.text("limit").ok()?;
    let limit = limit.map_or(Some(MOST), |limit| limit.parse().ok())?;
    let cursor = query.text("cursor").ok()?;
    (1..=MOST).contains(&limit).then_some((limit, cursor))
}

fn not_a_page() -> Response {
    let message = "limit is 1 to 100, and cursor what next_cursor was in an answer to this token.";
    refuse(StatusCode::BAD_REQUEST, "invalid_request", message)
}

/// One place that a token reaches.
#[derive(Serialize)]
struct Reached {
    #[serde(flatten)]
    place: Value,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection_id: Option<ConnectionId>,
    client_id: String,
    client_name: String,
    scopes: Vec<String>,
    resources: Vec<String>,
    created_at: String,
}

/// `GET /connections`: what the token reaches: its company, or its firm and, with the scope that
/// `/companies` takes, the firm's companies behind it, in pages like there.
pub(super) fn connections(
    ops: &Ops,
    live: &LiveToken,
    effective: &ScopeSet,
    query: Option<&str>,
) -> Result<Response, Fault> {
    let Some((limit, cursor)) = page(query) else { return Ok(not_a_page()) };
    let mut places = Vec::new();
    let mut next = None;
    match live.place() {
        PlaceFacts::Company(company) => places.push(("company", describe(company))),
        PlaceFacts::Firm(firm) => {
            places.extend(cursor.is_none().then(|| ("firm", describe_firm(firm))));
            if COMPANIES_SCOPE.parse().is_ok_and(|scope| effective.contains(&scope)) {
                let reached = match ops.companies_reached(live, limit, cursor.as_deref()) {
                    Ok(reached) => reached,
                    Err(Failure::Refused(NotACursor)) => return Ok(not_a_page()),
                    Err(Failure::Fault(fault)) => return Err(fault),
                };
                let companies = reached.companies.iter();
                places.extend(companies.map(|company| ("company", describe(company))));
                next = reached.next_cursor;
            }
        }
        PlaceFacts::Gone => {}
    }
    let connection = live.connection.as_deref();
    let since = connection.map_or(live.app().created_at, |connection| connection.consented_at);
    let resources = ops.audience_urls(live.token.audience)?;
    let reached = |(r#type, place)| {
        json!(Reached {
            place,
            r#type,
            connection_id: connection.map(|connection| connection.id),
            client_id: live.app().client_id(),
            client_name: live.app().name.clone(),
            scopes: scopes(ops, effective),
            resources: resources.clone(),
            created_at: since.rfc3339(),
        })
    };
    let items: Vec<Value> = places.into_iter().map(reached).collect();
    Ok(list(&items, next.as_deref()))
}

fn list(items: &[Value], next: Option<&str>) -> Response {
    answer(json!({"items": items, "has_more": next.is_some(), "next_cursor": next}))
}

fn scopes(ops: &Ops, effective: &ScopeSet) -> Vec<String> {
    ops.catalogue().maximal(effective).iter().map(ToString::to_string).collect()
}

fn describe_firm(firm: &Firm) -> Value {
    json!({
        "id": firm.id,
        "slug": firm.slug.as_str(),
        "name": firm.name,
        "environment": firm.environment,
    })
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

/// What the gateway answers itself below the API: method, path, and the scope that a call needs.
pub const ROUTES: &[(&str, &str, Option<&str>)] =
    &[("GET", "/me", None), ("GET", "/companies", Some(COMPANIES_SCOPE))];

/// One of them, or `/connections` beside the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Own {
    /// Who calls.
    Me,
    /// The companies that the token reaches.
    Companies,
    /// What the token is for.
    Connections,
}

impl Own {
    /// What stands at this path; `rest` is the part below the API and the company.
    pub(super) fn at(path: &str, rest: &str) -> Option<Self> {
        match (path, rest) {
            (paths::CONNECTIONS, _) => Some(Self::Connections),
            (_, "/me") => Some(Self::Me),
            (_, "/companies") => Some(Self::Companies),
            _ => None,
        }
    }

    /// The scope that a call needs.
    pub(super) fn scope(self) -> Option<ScopeName> {
        match self {
            Self::Companies => COMPANIES_SCOPE.parse().ok(),
            Self::Me | Self::Connections => None,
        }
    }
}
