//! The one order in which every request passes the middleware, whatever its route.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::response::Response;
use tower::Service;
use url::Url;

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::base::id::RequestId;
use crate::http::access_log::AccessLog;
use crate::http::access_log::Line;
use crate::http::authority::Authority;
use crate::http::forwarded::Forwarded;
use crate::http::limits::RequestLimits;
use crate::http::panics;
use crate::http::request_id;
use crate::http::request_id::RequestIds;
use crate::http::security::Policy;
use crate::server::health;

/// What the middleware needs to know.
#[derive(Clone)]
pub struct LayerContext {
    /// The one origin that is served.
    pub issuer: Url,
    /// The time of identifiers and log lines.
    pub clock: Arc<dyn Clock>,
    /// The randomness of identifiers.
    pub entropy: Arc<dyn Entropy>,
    /// The bounds of one request.
    pub limits: RequestLimits,
    /// Notes who sends headers that only a trusted proxy may set.
    pub forwarded: Arc<Forwarded>,
}

/// Wraps the whole `router`, its fallbacks included. It must be complete: a route added to the
/// result would be served bare.
pub fn layers(router: Router, context: LayerContext) -> Router {
    let LayerContext { issuer, clock, entropy, limits, forwarded } = context;
    let order = Arc::new(Order {
        log: AccessLog { clock: Arc::clone(&clock), quiet: health::PATHS },
        ids: RequestIds::new(clock, entropy),
        policy: Policy::of_issuer(&issuer),
        authority: Authority::of_issuer(&issuer, health::PATHS),
        limits,
        forwarded,
    });
    let wrap = tower::layer::layer_fn(move |inner| Layered { order: Arc::clone(&order), inner });
    router.layer(DefaultBodyLimit::disable()).layer(wrap)
}

/// All of the middleware, as one service: a service for each would be cloned and boxed, with
/// everything inside it, for every request.
struct Order {
    ids: RequestIds,
    log: AccessLog,
    policy: Policy,
    authority: Authority,
    limits: RequestLimits,
    forwarded: Arc<Forwarded>,
}

impl Order {
    /// Outermost first: identifier, log line, security headers, panics, host, size of the head, size
    /// of the body. Security headers stand outside the panic catch, so that a 500 has them too. No
    /// proxy is trusted: `Forwarded` and `X-Forwarded-*` are believed nowhere; that they come is counted.
    ///
    /// What is inside is called here and now, so that it need not be copied to be called later.
    fn pass<S: Inner>(self: Arc<Self>, mut request: Request, inner: &mut S) -> Passing {
        self.forwarded.look(&request);
        let id = self.ids.assign(&mut request);
        let line = Line::begin(self.log.clone(), &request, id);
        let refusal = self.authority.refuse(&request, id);
        if let Some(refusal) = refusal.or_else(|| self.limits.refuse_head(&request, id)) {
            return Box::pin(std::future::ready(Ok(self.leave(id, line, refusal))));
        }
        let (request, body) = self.limits.bound_body(request);
        let answering = panics::begin(|| inner.call(request));
        Box::pin(async move {
            let response = panics::catch(id, answering).await;
            Ok(self.leave(id, line, body.judge(response, id)))
        })
    }

    fn leave(&self, id: RequestId, mut line: Line, mut response: Response) -> Response {
        self.policy.protect(&mut response);
        line.answered(response.status());
        request_id::show(id, &mut response);
        response
    }
}

/// A request on its way.
type Passing = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// What is inside: a route, or a fallback.
trait Inner: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static> {}

impl<S> Inner for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
{
}

#[derive(Clone)]
struct Layered<S> {
    order: Arc<Order>,
    inner: S,
}

impl<S: Inner> Service<Request> for Layered<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Passing;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Passing {
        Arc::clone(&self.order).pass(request, &mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use axum::routing::post;
    use bytes::Bytes;
    use http::Request;
    use http::StatusCode;
    use http::request::Builder;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::base::id::RequestId;
    use crate::http::Peer;
    use crate::http::request_body;
    use crate::server::harness;

    fn site() -> Router {
        let small = from_fn_with_state(4_u64, request_body::limit_body);
        let large = from_fn_with_state(1024 * 1024_u64, request_body::limit_body);
        let echo = || post(|body: Bytes| async move { body });
        let router = Router::new()
            .route("/", get(|| async { "home" }))
            .route("/echo", echo())
            .route("/small", echo().layer(small))
            .route("/large", echo().layer(large))
            .route("/broken", get(|| async { harness::broken() }))
            .route("/peer", get(peer))
            .merge(health::routes(Arc::new(|| false)));
        harness::layered(router)
    }

    async fn peer(request: axum::extract::Request) -> String {
        format!("{:?}", request.extensions().get::<Peer>())
    }

    fn to(target: &str) -> Builder {
        Request::builder().uri(target).header("host", "auth.example")
    }

    async fn answer(request: Builder, body: impl Into<Body>) -> Response {
        site().oneshot(request.body(body.into()).unwrap()).await.unwrap()
    }

    async fn text(response: Response) -> String {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn bytes(count: usize) -> Vec<u8> {
        vec![b'x'; count]
    }

    #[track_caller]
    fn assert_protected(response: &Response) {
        let headers = response.headers();
        let shown = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(shown("strict-transport-security"), Some("max-age=31536000"));
        assert!(shown("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert_eq!(shown("x-content-type-options"), Some("nosniff"));
        assert_eq!(shown("x-frame-options"), Some("DENY"));
        assert_eq!(shown("referrer-policy"), Some("no-referrer"));
        assert_eq!(shown("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(shown("cross-origin-resource-policy"), Some("same-origin"));
        assert!(shown("permissions-policy").unwrap().contains("camera=()"));
        assert_eq!(shown("cache-control"), Some("no-store"));
        assert!(shown("x-request-id").unwrap().parse::<RequestId>().is_ok());
    }

    #[tokio::test]
    async fn every_answer_has_every_header() {
        let long = format!("/?{}", "q".repeat(8 * 1024));
        let many = (0..120).fold(to("/"), |request, n| request.header("x-n", n));
        let cases = [
            (200, answer(to("/"), "").await),
            (404, answer(to("/nowhere"), "").await),
            (405, answer(to("/").method("DELETE"), "").await),
            (413, answer(to("/echo").method("POST"), bytes(64 * 1024 + 1)).await),
            (414, answer(to(&long), "").await),
            (421, answer(Request::builder().uri("/").header("host", "evil.example"), "").await),
            (400, answer(Request::builder().uri("/"), "").await),
            (431, answer(to("/").header("cookie", "c".repeat(16 * 1024)), "").await),
            (431, answer(many, "").await),
            (500, answer(to("/broken"), "").await),
            (503, answer(to("/readyz"), "").await),
        ];
        for (expected, response) in cases {
            assert_eq!(response.status(), expected);
            assert_protected(&response);
        }
    }

    #[tokio::test]
    async fn a_refusal_is_a_sentence_with_the_reference_of_its_request() {
        let response = answer(to("/broken"), "").await;
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
        let text = text(response).await;
        assert!(text.ends_with(&format!("\nReference: {id}\n")), "{text}");
        assert!(!text.contains("on purpose"), "{text}");
    }

    #[tokio::test]
    async fn the_request_id_is_ours_whatever_the_client_sends() {
        let response = answer(to("/").header("x-request-id", "mine"), "").await;
        assert_ne!(response.headers()["x-request-id"], "mine");
    }

    #[tokio::test]
    async fn forwarded_headers_change_nothing() {
        let request = || to("/peer").header("x-forwarded-for", "1.2.3.4");
        let response = answer(request().header("forwarded", "for=1.2.3.4;host=x"), "").await;
        assert_eq!(text(response).await, "None");
        let misdirected = Request::builder()
            .uri("/")
            .header("host", "evil.example")
            .header("x-forwarded-host", "auth.example");
        assert_eq!(answer(misdirected, "").await.status(), StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(
            answer(to("/").header("x-forwarded-host", "evil.example"), "").await.status(),
            StatusCode::OK
        );
    }

    #[tokio::test]
    async fn forwarded_headers_from_an_untrusted_proxy_are_counted() {
        let forwarded = Arc::new(Forwarded::default());
        let (router, mut context) = (Router::new(), harness::context());
        context.forwarded = Arc::clone(&forwarded);
        let mut request = to("/nowhere").header("x-forwarded-for", "1.2.3.4");
        let from = "10.0.0.5:1".parse().unwrap();
        request.extensions_mut().unwrap().insert(Peer::at(from));
        layers(router, context).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(forwarded.seen().from, Some(from.ip()));
    }

    #[tokio::test]
    async fn health_is_answered_under_any_name() {
        let request = Request::builder().uri("/healthz").header("host", "10.0.0.1:8443");
        assert_eq!(answer(request, "").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_body_of_exactly_its_limit_is_taken() {
        let response = answer(to("/echo").method("POST"), bytes(64 * 1024)).await;
        assert_eq!(response.status(), StatusCode::OK);
        let response = answer(to("/").header("cookie", "c".repeat(15 * 1024)), "").await;
        assert_eq!(response.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_route_may_have_its_own_body_limit() {
        let status = async |path: &str, count| {
            answer(to(path).method("POST"), bytes(count)).await.status().as_u16()
        };
        assert_eq!(status("/small", 4).await, 200);
        assert_eq!(status("/small", 5).await, 413);
        assert_eq!(status("/large", 1024 * 1024).await, 200);
        assert_eq!(status("/large", 1024 * 1024 + 1).await, 413);
    }

    #[tokio::test]
    async fn a_body_without_a_declared_length_is_counted() {
        let chunks = (0..9).map(|_| Ok::<_, std::io::Error>(Bytes::from(bytes(8 * 1024))));
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        let response = answer(to("/echo").method("POST"), body).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_cut() {
        let begun = tokio::time::Instant::now();
        let body = Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        let response = answer(to("/echo").method("POST"), body).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_protected(&response);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_cut_as_well() {
        let begun = tokio::time::Instant::now();
        let drops = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(std::time::Duration::from_secs(7)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"x")), ()))
        });
        let response = answer(to("/echo").method("POST"), Body::from_stream(drops)).await;
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(begun.elapsed().as_secs(), 30);
    }
}
