//! `GET /forward-auth`: a proxy asks whether a request that it holds may proceed. The answer is the
//! gateway's own: the request is put together as it would have come here, and goes through the same
//! guard.
//!
//! nginx says what it holds in `X-Original-Method` and `X-Original-URI`, Caddy and Traefik in
//! `X-Forwarded-Method` and `X-Forwarded-Uri`. Either is believed only from a trusted proxy, by the
//! address of its connection; what is missing, doubled or contradictory is refused.

use std::net::IpAddr;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::Uri;
use http::header::CACHE_CONTROL;

use crate::domain::network::Network;
use crate::domain::resource::API_PATH;
use crate::gateway::GatewayState;
use crate::gateway::answer;
use crate::gateway::guard;
use crate::gateway::guard::Checked;
use crate::gateway::rates;
use crate::http::Peer;

/// Whom to answer, and about which addresses.
#[derive(Clone, Debug, Default)]
pub struct ForwardAuth {
    /// The networks of the proxies that are believed.
    pub proxies: Vec<Network>,
    /// What stands before the path of a route.
    pub prefix: String,
}

impl ForwardAuth {
    fn trusts(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address.to_canonical()))
    }

    /// The path as it would be below the surface.
    fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.prefix).filter(|below| below.is_empty() || below.starts_with('/'))
    }

    /// Where the original request came from: the last address in `X-Forwarded-For` that is no trusted
    /// proxy's. What cannot be read ends the search: nobody gets another's address by writing nonsense.
    fn client(&self, peer: Peer, headers: &HeaderMap) -> Peer {
        let lines: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        let hops = lines.iter().rev().flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
        let mut client = peer;
        for hop in hops {
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            client = Peer::at(SocketAddr::new(address, 0));
            if !self.trusts(client.ip()) {
                break;
            }
        }
        client
    }
}

/// What the proxy holds.
struct Original {
    method: Method,
    uri: Uri,
    /// Whether the proxy passes on whatever is answered. nginx knows 401 and 403; anything else that is
    /// no success is a failure to it.
    passes_on: bool,
}

/// Why there is no answer to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Unclear {
    #[error("the original method or URI is missing")]
    Missing,
    #[error("a header of the original request stands twice")]
    Twice,
    #[error("X-Original-* and X-Forwarded-* contradict each other")]
    Contradictory,
    #[error("the original method or URI cannot be read")]
    Unreadable,
    #[error("the original URI is not below forward_auth.prefix")]
    Elsewhere,
}

/// Answers 204 with who calls, 401 with the challenge, or 403.
pub(super) async fn answer(State(state): State<GatewayState>, request: Request) -> Response {
    let Some(peer) = request.extensions().get::<Peer>().copied() else { return denied() };
    if !state.forward_auth.trusts(peer.ip()) {
        tracing::warn!(
            address = %peer.ip(),
            "/forward-auth was asked by an address that is not trusted; if it is your proxy, add it to server.trusted_proxies",
        );
        return denied();
    }
    let original = match Original::read(request.headers()) {
        Ok(original) => original,
        Err(why) => return unclear(why),
    };
    let passes_on = original.passes_on;
    let held = match original.held(&state.forward_auth, peer, request) {
        Ok(held) => held,
        Err(why) => return unclear(why),
    };
    let response = ask(&state, held).await;
    if passes_on { response } else { for_nginx(response) }
}

fn unclear(why: Unclear) -> Response {
    tracing::warn!(%why, "/forward-auth could not be answered; see docs/checking-for-yourself.md");
    denied()
}

/// The guard's answer to a request that would have come here.
async fn ask(state: &GatewayState, held: Request) -> Response {
    let mut allowance = None;
    let mut response = match guard::check(state, held, &mut allowance).await {
        Ok(Checked::Permitted(permitted)) => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            permitted.identity().write(response.headers_mut());
            response
        }
        // What the gateway answers itself, no upstream can: it is no route.
        Ok(Checked::Own(_)) => answer::no_such_address(),
        Err(refused) => *refused,
    };
    if let Some(allowance) = allowance {
        rates::tell(allowance, state.ops.now(), response.headers_mut());
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn denied() -> Response {
    answer::refuse(StatusCode::FORBIDDEN, "forbidden", "This request may not proceed.")
}

fn for_nginx(mut response: Response) -> Response {
    let known = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    if response.status().is_client_error() && !known {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    response
}

impl Original {
    fn read(headers: &HeaderMap) -> Result<Self, Unclear> {
        let original = Named::read(headers, "x-original-method", "x-original-uri")?;
        let forwarded = Named::read(headers, "x-forwarded-method", "x-forwarded-uri")?;
        let (whole, other) =
            if original.is_whole() { (original, forwarded) } else { (forwarded, original) };
        let (Some(method), Some(uri)) = (whole.method, whole.uri) else {
            return Err(Unclear::Missing);
        };
        if other.method.is_some_and(|other| other != method)
            || other.uri.is_some_and(|other| other != uri)
        {
            return Err(Unclear::Contradictory);
        }
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| Unclear::Unreadable)?;
        let text = uri.to_str().map_err(|_| Unclear::Unreadable)?;
        // What a fragment is to one reader is a part of the path to another.
        if !text.starts_with('/') || text.contains('#') {
            return Err(Unclear::Unreadable);
        }
        let uri = text.parse().map_err(|_| Unclear::Unreadable)?;
        Ok(Self { method, uri, passes_on: !original.is_whole() })
    }

    /// The request as it would have come here: the same headers, without what was said about it.
    fn held(self, about: &ForwardAuth, peer: Peer, question: Request) -> Result<Request, Unclear> {
        let below = about.below(self.uri.path()).ok_or(Unclear::Elsewhere)?;
        let query = self.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let uri = format!("{API_PATH}{below}{query}");
        let (asked, _) = question.into_parts();
        let client = about.client(peer, &asked.headers);
        let mut held = Request::new(Body::empty());
        *held.method_mut() = self.method;
        *held.uri_mut() = uri.parse().map_err(|_| Unclear::Unreadable)?;
        *held.headers_mut() = asked.headers;
        *held.extensions_mut() = asked.extensions;
        held.extensions_mut().insert(client);
        Ok(held)
    }
}

/// One way of naming what is held.
#[derive(Clone, Copy)]
struct Named<'a> {
    method: Option<&'a HeaderValue>,
    uri: Option<&'a HeaderValue>,
}

impl<'a> Named<'a> {
    fn read(headers: &'a HeaderMap, method: &str, uri: &str) -> Result<Self, Unclear> {
        Ok(Self { method: one(headers, method)?, uri: one(headers, uri)? })
    }

    const fn is_whole(&self) -> bool {
        self.method.is_some() && self.uri.is_some()
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Unclear> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next();
    if lines.next().is_some() { Err(Unclear::Twice) } else { Ok(first) }
}
