//! What stands behind the gateway, over HTTP/1.1 and, if its address says so, TLS.
//!
//! A pool of connections, both bodies streamed, and a bound on every wait. There are no tasks:
//! whoever waits for an answer or reads it drives its connection, so that a caller who goes away
//! takes the connection with it, and a caller who reads slowly slows the upstream down. Nothing is
//! decided here: what comes in is sent, in a framing of our own.

mod answer;
mod dial;
mod fault;
mod headers;
mod line;
mod names;
mod pace;
mod pool;
mod trust;

use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use http::HeaderValue;
use http::Method;
use http::Request;
use http::Response;
use http::StatusCode;
use http::Uri;
use http::Version;
use http::header::HOST;
use http_body::Body as _;
use url::Url;

pub use crate::outbound::upstream::fault::NotUsable;
pub use crate::outbound::upstream::fault::UpstreamFault;

use crate::outbound::upstream::answer::Answer;
use crate::outbound::upstream::dial::Dialer;
use crate::outbound::upstream::line::Line;
use crate::outbound::upstream::line::Told;
use crate::outbound::upstream::pace::Pace;
use crate::outbound::upstream::pace::Sent;
use crate::outbound::upstream::pool::Place;
use crate::outbound::upstream::pool::Pool;

/// An upstream and how it is reached.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// Its address; what is sent is put below its path.
    pub url: Url,
    /// The certificate authorities that may vouch for it; none: those that this machine trusts.
    pub ca_file: Option<PathBuf>,
    /// Time to reach it, TLS included, and to wait for a connection.
    pub connect_timeout: Duration,
    /// Time until it begins to answer, once it has the request.
    pub response_timeout: Duration,
    /// How long either body may stand still.
    pub idle_timeout: Duration,
    /// Connections open at once; as many callers may wait for one.
    pub connections: usize,
    /// How long an unused connection is kept.
    pub keep: Duration,
}

/// A client of one upstream.
pub struct UpstreamClient {
    base: String,
    host: HeaderValue,
    origin: String,
    name: Arc<str>,
    dialer: Dialer,
    pool: Arc<Pool>,
    response_timeout: Duration,
    idle_timeout: Duration,
}

impl UpstreamClient {
    /// Reads what TLS needs; nothing is dialled yet.
    ///
    /// # Errors
    /// [`NotUsable`].
    pub fn new(settings: &UpstreamSettings) -> Result<Self, NotUsable> {
        let url = &settings.url;
        let host = url.host_str().ok_or(NotUsable::Address)?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self {
            base: url.path().trim_end_matches('/').to_owned(),
            host: HeaderValue::from_str(&authority).map_err(|_| NotUsable::Address)?,
            name: format!("{}://{authority}{}", url.scheme(), url.path()).into(),
            origin: format!("{}://{authority}", url.scheme()),
            dialer: Dialer::new(settings)?,
            pool: Pool::new(settings.connections, settings.connect_timeout, settings.keep),
            response_timeout: settings.response_timeout,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// Its address, for the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path of its address, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Whether it can be reached now, TLS included.
    ///
    /// # Errors
    /// Why not.
    pub async fn reach(&self) -> Result<(), UpstreamFault> {
        self.dialer.dial().await.map(drop)
    }

    /// Closes connections that were unused for too long.
    pub fn tidy(&self) {
        self.pool.tidy();
    }

    /// Sends a request and waits for the head of the answer. Its target is the address with `below` behind
    /// it: nothing, or a path and a query, whatever the request's own says. Headers between two neighbours go neither way (RFC 9110 section 7.6.1).
    ///
    /// A connection that was used before may turn out to be closed. Then the request is sent once
    /// more, over a new one, if it never went out, or if it has no body, changes nothing by being
    /// repeated, and not a byte was heard in answer to it (RFC 9112 section 9.3.1).
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(
        &self,
        below: &str,
        request: Request<Body>,
    ) -> Result<Response<Body>, UpstreamFault> {
        let request = self.prepared(below, request)?;
        let place = self.pool.place().await?;
        let (request, place) = match self.pool.unused().await {
            None => (request, place),
            Some(line) => {
                let copy = repeatable(&request);
                match (self.ask(line, request, place).await, copy) {
                    (Err(Failed::Unsent(request, place)), _) => (*request, place),
                    (Err(Failed::Unheard(_, place)), Some(copy)) => (copy, place),
                    (Err(Failed::Unheard(fault, _) | Failed::Fault(fault)), _) => {
                        return Err(fault);
                    }
                    (Ok(response), _) => return Ok(response),
                }
            }
        };
        let line = self.dialer.dial().await?;
        self.ask(line, request, place).await.map_err(|failed| match failed {
            Failed::Fault(fault) | Failed::Unheard(fault, _) => fault,
            Failed::Unsent(..) => UpstreamFault::Closed,
        })
    }

    /// As it goes out: to this host, in origin form, framed by what its body is.
    fn prepared(
        &self,
        below: &str,
        mut request: Request<Body>,
    ) -> Result<Request<Body>, UpstreamFault> {
        let has_path = !self.base.is_empty() || below.starts_with('/');
        let target = format!("{}{}{below}", self.base, if has_path { "" } else { "/" });
        *request.uri_mut() = Uri::try_from(target).map_err(|_| UpstreamFault::Target)?;
        *request.version_mut() = Version::HTTP_11;
        let (size, method) = (request.body().size_hint().exact(), request.method().clone());
        let headers = request.headers_mut();
        headers::strip_request(headers);
        headers::frame(headers, &method, size);
        headers.insert(HOST, self.host.clone());
        Ok(request)
    }

    /// One request over one connection.
    async fn ask(
        &self,
        mut line: Line,
        request: Request<Body>,
        place: Place,
    ) -> Result<Response<Body>, Failed> {
        let of_head = request.method() == Method::HEAD;
        let (request, mut pace) = Pace::follow(request, self.idle_timeout, self.response_timeout);
        let answer = match line.exchange(request, &mut pace).await {
            Told::Answer(answer) => answer,
            Told::Unsent(request) => {
                return Err(Failed::Unsent(Box::new(request.map(Sent::into_inner)), place));
            }
            Told::Unheard(fault) => return Err(Failed::Unheard(fault, place)),
            Told::Fault(fault) => return Err(Failed::Fault(fault)),
        };
        let (mut head, body) = answer.into_parts();
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failed::Fault(UpstreamFault::SwitchedProtocols));
        }
        let has_no_body = of_head || head.status == StatusCode::NOT_MODIFIED;
        headers::strip_response(&mut head.headers, has_no_body, body.size_hint().exact());
        head.version = Version::HTTP_11;
        head.extensions.clear();
        let held = (line, place);
        let mut body = Answer::new(body, held, &self.pool, &self.name, self.idle_timeout);
        poll_fn(|cx| {
            body.settle(cx);
            Poll::Ready(())
        })
        .await;
        Ok(Response::from_parts(head, Body::new(body)))
    }
}

/// Why one connection gave no answer.
enum Failed {
    /// The request never went out.
    Unsent(Box<Request<Body>>, Place),
    /// Not a byte was heard.
    Unheard(UpstreamFault, Place),
    /// Anything else.
    Fault(UpstreamFault),
}

/// The same request again, if repeating it changes nothing (RFC 9110 section 9.2.2) and there is no
/// body to repeat.
fn repeatable(request: &Request<Body>) -> Option<Request<Body>> {
    if !request.method().is_idempotent() || !request.body().is_end_stream() {
        return None;
    }
    let mut copy = Request::new(Body::empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}
