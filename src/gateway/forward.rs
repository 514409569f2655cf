//! Permitted requests go on to an upstream, and its answers come back.

use std::sync::Arc;

use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Request;
use http::StatusCode;
use http::header::RETRY_AFTER;
use http::header::VIA;

use crate::base::id::RequestId;
use crate::domain::issuer::Issuer;
use crate::gateway::Permitted;
use crate::gateway::Upstream;
use crate::gateway::answer;
use crate::gateway::overlay;
use crate::http::Peer;
use crate::outbound::upstream::UpstreamClient;
use crate::outbound::upstream::UpstreamFault;
use crate::telemetry::measures;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// An upstream behind `client`, which is told that it is reached under `issuer`.
#[must_use]
pub fn to(client: Arc<UpstreamClient>, issuer: &Issuer) -> Upstream {
    let host = HeaderValue::from_str(issuer.authority()).ok();
    Arc::new(move |permitted| {
        let (client, host) = (Arc::clone(&client), host.clone());
        Box::pin(async move { pass(&client, host, permitted).await })
    })
}

async fn pass(
    client: &UpstreamClient,
    host: Option<HeaderValue>,
    permitted: Permitted,
) -> Response {
    let reference = permitted.reference();
    let outer = permitted.base().to_owned();
    let below = below(&permitted);
    match client.send(&below, outgoing(permitted, host)).await {
        Ok(mut response) => {
            let headers = response.headers_mut();
            overlay::apply(headers);
            overlay::relocate(headers, (client.origin(), client.base()), &outer);
            response
        }
        Err(fault) => failed(client, &fault, reference),
    }
}

/// What stands behind the upstream's address: the path below the surface, and the query.
fn below(permitted: &Permitted) -> String {
    let path = permitted.path();
    match permitted.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// The request as it goes on, with what only we may say.
fn outgoing(permitted: Permitted, host: Option<HeaderValue>) -> Request<axum::body::Body> {
    let mut request = permitted.into_request();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip().to_string());
    request.extensions_mut().clear();
    let headers = request.headers_mut();
    say(headers, FORWARDED_FOR, peer);
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
    if let Some(host) = host {
        headers.insert(FORWARDED_HOST, host);
    }
    // A gateway that forwards says so (RFC 9110 section 7.6.3).
    headers.append(VIA, HeaderValue::from_static("1.1 countersign"));
    request
}

fn say(headers: &mut HeaderMap, name: HeaderName, value: Option<String>) {
    headers.remove(&name);
    if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
        headers.insert(name, value);
    }
}

/// The caller learns which kind of trouble it is; the exact cause is for the log.
fn failed(
    client: &UpstreamClient,
    fault: &UpstreamFault,
    reference: Option<RequestId>,
) -> Response {
    measures::UPSTREAM_FAILURES.of(fault.word()).count();
    let reference = reference.map(|reference| reference.to_string()).unwrap_or_default();
    tracing::warn!(upstream = client.name(), cause = %fault, reference, "a call could not be passed on");
    match fault {
        UpstreamFault::Busy => {
            let message = "The service has more calls than it takes. Try again shortly.";
            let mut response =
                answer::refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
        UpstreamFault::ConnectTimedOut(_)
        | UpstreamFault::RequestStalled(_)
        | UpstreamFault::AnswerTimedOut(_)
        | UpstreamFault::AnswerStalled(_) => {
            let message = "The service behind this address did not answer in time.";
            answer::refuse(StatusCode::GATEWAY_TIMEOUT, "gateway_timeout", message)
        }
        UpstreamFault::RequestBody(_) | UpstreamFault::Target => {
            let message = "The request did not arrive whole.";
            answer::refuse(StatusCode::BAD_REQUEST, "invalid_request", message)
        }
        UpstreamFault::Name(_)
        | UpstreamFault::Connect(_)
        | UpstreamFault::Tls(_)
        | UpstreamFault::Closed
        | UpstreamFault::Broken(_)
        | UpstreamFault::SwitchedProtocols => {
            let message =
                "The service behind this address could not be reached, or its answer is broken.";
            answer::refuse(StatusCode::BAD_GATEWAY, "bad_gateway", message)
        }
    }
}
