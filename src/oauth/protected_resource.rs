//! Protected-resource metadata (RFC 9728): where the authorization server of a surface is, and what
//! its calls need. Told of every company that could be, so that it tells of none whether it is.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::Extensions;
use http::Uri;
use http::header::CACHE_CONTROL;
use serde::Serialize;

use crate::domain::resource::METADATA_PREFIX;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeName;
use crate::oauth::OauthState;
use crate::oauth::nothing_known;

/// Answers the document of the resource whose path stands behind the well-known name, byte for byte.
pub(super) async fn answer(
    State(state): State<OauthState>,
    uri: Uri,
    extensions: Extensions,
) -> Response {
    let path = uri.path().strip_prefix(METADATA_PREFIX).unwrap_or_default();
    let Some(resource) = Resource::parse("", path) else { return nothing_known(extensions).await };
    let Some(scopes) = state.surfaces.of(&resource) else { return nothing_known(extensions).await };
    let issuer = state.ops.settings().issuer.as_str();
    let document = Document {
        resource: resource.url(issuer),
        resource_name: name(&resource),
        authorization_servers: [issuer],
        bearer_methods_supported: ["header"],
        scopes_supported: scopes.iter().map(ScopeName::as_str).collect(),
    };
    ([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

/// RFC 9728 section 2. No member is empty: clients stumble over that.
#[derive(Serialize)]
struct Document<'a> {
    resource: String,
    resource_name: String,
    authorization_servers: [&'a str; 1],
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scopes_supported: Vec<&'a str>,
}

/// For people; of a company only what the address says already.
fn name(resource: &Resource) -> String {
    match resource {
        Resource::Api | Resource::ApiOf(_) => "API".to_owned(),
        Resource::Mcp(slug) => format!("MCP server of {slug}"),
    }
}
