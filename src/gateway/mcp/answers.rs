//! What the MCP server answers, on its way back.

use axum::body::Body;
use axum::body::to_bytes;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;

use crate::gateway::identify::For;
use crate::gateway::mcp::McpState;
use crate::gateway::mcp::Passed;
use crate::gateway::mcp::listing::Visible;
use crate::gateway::mcp::message::Message;
use crate::gateway::mcp::needs;
use crate::gateway::mcp::refusal;
use crate::gateway::mcp::session::Owner;
use crate::gateway::mcp::stream;
use crate::gateway::mcp::stream::Sight;
use crate::gateway::mcp::stream::Watch;

/// The longest list that is held to take something out of it.
const LONGEST_LIST: usize = 4 * 1024 * 1024;

impl Passed {
    /// Forwards, and answers with what came back.
    pub(super) async fn forward(self, state: &McpState) -> Response {
        let Self { permitted, company, live, token, message, needed } = self;
        let id = message.as_ref().and_then(Message::id);
        let lists = lists(message.as_ref());
        let mut response = (state.upstream)(permitted).await;
        let owner = Owner { ops: &state.ops, live: &live, company: company.id };
        owner.close(response.headers_mut());
        if lists && is_encoded(response.headers()) {
            return refusal::not_understood(id);
        }
        let grantable = || state.ops.could_have(&live).unwrap_or_default();
        if is(response.headers(), "text/event-stream") {
            let watch =
                Watch { ops: state.ops.clone(), token, surface: For::Mcp(company.id), needed };
            let sight =
                lists.then(|| Sight { surface: state.surface.clone(), grantable: grantable() });
            response.headers_mut().remove(CONTENT_LENGTH);
            let every = state.limits.look;
            return response.map(|body| stream::watched(body, watch, sight, every));
        }
        if lists && message.is_some() && response.status().is_success() {
            let visible = Visible { surface: &state.surface, grantable: &grantable() };
            return narrowed(response, &visible)
                .await
                .unwrap_or_else(|| refusal::not_understood(id));
        }
        response
    }
}

/// Whether the answer may hold lists: of a request for one, and of a stream that may repeat answers
/// to such requests.
fn lists(message: Option<&Message>) -> bool {
    message.is_none_or(|message| message.method().is_some_and(|it| needs::LISTS.contains(&it)))
}

async fn narrowed(response: Response, visible: &Visible<'_>) -> Option<Response> {
    if !is(response.headers(), "application/json") {
        return None;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, LONGEST_LIST).await.ok()?;
    let body = match visible.narrow(&body).ok()? {
        Some(less) => less.into(),
        None => body,
    };
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Some(Response::from_parts(parts, Body::from(body)))
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers.get_all(CONTENT_ENCODING).iter().any(|coding| coding != "identity")
}
