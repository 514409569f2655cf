//! One connection, from handshake to close: speaks HTTP/2 or HTTP/1.1 as the handshake agreed
//! (never by looking at the first bytes, for which there would be no time limit), and hands each
//! request to the router.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::Version;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::service::Service;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::task::TaskTracker;

use crate::http::Peer;
use crate::server::exchange::Exchanges;
use crate::server::exchange::Watched;
use crate::server::http1;
use crate::server::http2;
use crate::server::limits::Limits;
use crate::server::shutdown::Shutdown;
use crate::server::stream;
use crate::server::stream::Guarded;
use crate::server::watch;
use crate::telemetry::measures;
use crate::tls::acceptor::CHALLENGE_PROTOCOL;

/// What every connection shares.
pub(super) struct Shared {
    pub(super) acceptor: TlsAcceptor,
    pub(super) router: Router,
    pub(super) limits: Limits,
    pub(super) tasks: TaskTracker,
    pub(super) shutdown: Shutdown,
}

/// Serves one accepted stream until either side ends it.
pub(super) async fn serve<S>(stream: S, peer: Peer, shared: Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let serving = async {
        let Some(stream) = handshake(stream, peer, &shared).await else { return };
        // An authority that looked at a challenge has seen what it came for.
        if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) {
            return;
        }
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2".as_slice());
        if is_http2 {
            http2::serve(stream, peer, &shared).await;
        } else {
            http1::serve(stream, peer, &shared).await;
        }
    };
    tokio::select! {
        biased;
        () = shared.shutdown.abandoned() => {}
        () = serving => {}
    }
}

/// `None` when it failed or took too long. A stop does not end it: the client was taken, and whoever
/// was taken gets an answer, so that a restart behind a socket that stays open is not seen.
async fn handshake<S>(stream: S, peer: Peer, shared: &Shared) -> Option<TlsStream<Guarded<S>>>
where
    S: AsyncRead + AsyncWrite,
{
    let guarded = stream::guard(stream, shared.limits.write_stall);
    let accepting = timeout(shared.limits.handshake, shared.acceptor.accept(guarded));
    let outcome = tokio::select! {
        biased;
        outcome = accepting => outcome,
        () = stopped_long_ago(&shared.shutdown) => return None,
    };
    match outcome {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            measures::HANDSHAKES_FAILED.of("failed").count();
            tracing::debug!(peer = %peer.0, %error, "TLS handshake failed");
            None
        }
        Err(_) => {
            measures::HANDSHAKES_FAILED.of("timeout").count();
            tracing::debug!(peer = %peer.0, "TLS handshake took too long");
            None
        }
    }
}

/// Resolves once the server has been stopping for as long as a client may say nothing then.
async fn stopped_long_ago(shutdown: &Shutdown) {
    shutdown.begun().await;
    tokio::time::sleep(watch::FIRST_WORD).await;
}

/// Carries a connection's requests to the router.
pub(super) struct ToRouter {
    router: Router,
    peer: Peer,
    exchanges: Arc<Exchanges>,
    shutdown: Shutdown,
}

impl ToRouter {
    pub(super) fn new(shared: &Shared, peer: Peer, exchanges: &Arc<Exchanges>) -> Self {
        Self {
            router: shared.router.clone(),
            peer,
            exchanges: Arc::clone(exchanges),
            shutdown: shared.shutdown.clone(),
        }
    }
}

impl Service<Request<Incoming>> for ToRouter {
    type Response = Response<Watched<Body>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let exchange = self.exchanges.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        let last = request.version() <= Version::HTTP_11 && self.shutdown.is_begun();
        let answer = tower::Service::call(&mut self.router.clone(), request);
        Box::pin(async move {
            let mut answer = answer.await?;
            if last {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(answer.map(|body| Watched::new(body, exchange)))
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use axum::routing::post;
    use bytes::Bytes;
    use std::time::Duration;
    use tokio::io::AsyncReadExt as _;
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::server::harness;
    use crate::server::harness::Line;

    const HTTP1: &[u8] = b"http/1.1";
    const WIDE: u32 = 1024 * 1024;

    fn router() -> Router {
        Router::new()
            .route("/", get(|| async { "home" }))
            .route("/large", get(|| async { vec![b'x'; 8 * 1024 * 1024] }))
            .route("/echo", post(|body: Bytes| async move { body }))
            .route(
                "/peer",
                get(|request: axum::extract::Request| async move {
                    request.extensions().get::<Peer>().unwrap().0.to_string()
                }),
            )
    }

    fn line() -> Line {
        Line::open(router(), 64 * 1024)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_shakes_hands_is_cut_after_ten_seconds() {
        let mut line = line();
        let _held = line.near.take();
        assert_eq!(line.seconds().await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_asks_nothing_over_http1_is_cut_after_ten_seconds() {
        let mut line = line();
        let _held = line.connect(HTTP1).await;
        assert_eq!(line.seconds().await, 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_over_http2_is_cut() {
        let mut line = line();
        let _held = line.connect(b"h2").await;
        let seconds = line.seconds().await;
        assert!((10..20).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_drips_is_cut_after_ten_seconds() {
        let mut line = line();
        let mut stream = line.connect(HTTP1).await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\nX: ").await;
        let dripping = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if stream.write_all(b"x").await.is_err() || stream.flush().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = dripping => {}
            seconds = line.seconds() => assert_eq!(seconds, 10),
        }
    }

    /// A client that has had one answer.
    async fn served(line: &mut Line) -> impl AsyncRead + AsyncWrite + Unpin + use<> {
        let mut stream = line.connect(HTTP1).await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let mut answer = Vec::new();
        while !answer.ends_with(b"home") {
            stream.read_buf(&mut answer).await.unwrap();
        }
        stream
    }

    #[tokio::test(start_paused = true)]
    async fn a_kept_http1_connection_waits_a_minute_for_its_next_request_and_is_then_closed() {
        let mut line = line();
        let mut stream = served(&mut line).await;
        tokio::time::sleep(Duration::from_secs(50)).await;
        harness::send(&mut stream, "GET /peer HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.ends_with("192.0.2.7:4242"), "{answer}");
        drop(stream);
        assert_eq!(line.seconds().await, 110);
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_head_that_drips_is_cut_after_ten_seconds_however_late_it_began() {
        let mut line = line();
        let mut stream = served(&mut line).await;
        tokio::time::sleep(Duration::from_secs(40)).await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\nX: ").await;
        let dripping = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if stream.write_all(b"x").await.is_err() || stream.flush().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::select! {
            () = dripping => {}
            seconds = line.seconds() => assert_eq!(seconds, 50),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_answered_408_and_closed() {
        let mut line = line();
        let mut stream = line.connect(HTTP1).await;
        let head = "POST /echo HTTP/1.1\r\nHost: auth.example\r\nContent-Length: 10\r\n\r\n12345";
        harness::send(&mut stream, head).await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("connection: close") && answer.contains("x-frame-options: DENY"));
        drop(stream);
        assert_eq!(line.seconds().await, 30);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_before_the_body_says_that_it_is_the_last_and_one_behind_it_does_not() {
        for (path, status, body, is_last) in
            [("/nowhere", "404", "", true), ("/echo", "200", "12345", false)]
        {
            let mut line = line();
            let mut stream = line.connect(HTTP1).await;
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: auth.example\r\nContent-Length: 5\r\n\r\n{body}"
            );
            harness::send(&mut stream, &head).await;
            let answer = harness::rest(&mut stream).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert_eq!(answer.contains("connection: close"), is_last, "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_still_sending_sees_why_it_was_refused() {
        let mut line = line();
        let stream = line.connect(HTTP1).await;
        let (mut read, mut write) = tokio::io::split(stream);
        let size = 512 * 1024;
        let head =
            format!("POST /echo HTTP/1.1\r\nHost: auth.example\r\nContent-Length: {size}\r\n\r\n");
        harness::send(&mut write, &head).await;
        let body = "x".repeat(size);
        let sending = harness::send(&mut write, &body);
        let (answer, ()) = tokio::join!(harness::rest(&mut read), sending);
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }

    #[tokio::test]
    async fn a_refused_body_is_read_to_its_end_over_http2_so_that_no_reset_hides_the_answer() {
        let mut line = line();
        let mut client = line.http2(WIDE).await;
        let request = Request::post("https://auth.example/echo")
            .body(Body::from(vec![b'x'; 512 * 1024]))
            .unwrap();
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 413);
        assert!(harness::text(answer).await.contains("too large"));
    }

    #[tokio::test]
    async fn a_strange_target_is_answered() {
        for (line_of_request, status) in [
            ("OPTIONS *", "404"),
            ("CONNECT auth.example:443", "404"),
            ("GET http://auth.example//..//%00", "404"),
            ("GET http://x@auth.example/", "421"),
            ("BREW /", "405"),
        ] {
            let mut line = line();
            let mut stream = line.connect(HTTP1).await;
            let head = format!(
                "{line_of_request} HTTP/1.1\r\nHost: auth.example\r\nConnection: close\r\n\r\n"
            );
            harness::send(&mut stream, &head).await;
            let answer = harness::rest(&mut stream).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{line_of_request} {answer}"
            );
            assert!(answer.contains("x-frame-options: DENY"), "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_over_http1_is_cut() {
        let mut line = line();
        let mut stream = line.connect(HTTP1).await;
        harness::send(&mut stream, "GET /large HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let seconds = line.seconds().await;
        assert!((30..=38).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_keeps_a_stream_shut_over_http2_is_cut() {
        let mut line = line();
        let mut client = line.http2(1).await;
        let answer = client.send_request(harness::get("/large")).await.unwrap();
        assert_eq!(answer.status(), 200);
        let seconds = line.seconds().await;
        assert!((30..=38).contains(&seconds), "{seconds}");
        drop(answer);
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_connection_without_requests_is_closed_after_a_minute() {
        let mut line = line();
        let mut client = line.http2(WIDE).await;
        let answer = client.send_request(harness::get("/")).await.unwrap();
        assert_eq!(harness::text(answer).await, "home");
        let seconds = line.seconds().await;
        assert!((60..=68).contains(&seconds), "{seconds}");
    }

    #[tokio::test]
    async fn a_request_knows_its_peer() {
        let mut line = line();
        let mut client = line.http2(WIDE).await;
        let answer = client.send_request(harness::get("/peer")).await.unwrap();
        assert_eq!(harness::text(answer).await, "192.0.2.7:4242");
    }

    #[tokio::test]
    async fn an_http2_request_for_another_name_is_misdirected() {
        let mut line = line();
        let mut client = line.http2(WIDE).await;
        let request = Request::builder().uri("https://evil.example/").body(Body::empty()).unwrap();
        assert_eq!(client.send_request(request).await.unwrap().status(), 421);
    }

    #[tokio::test]
    async fn a_head_over_the_limit_gets_a_full_answer_on_both_protocols() {
        let cookie = "c".repeat(20 * 1024);
        let mut line = line();
        let mut stream = line.connect(HTTP1).await;
        let head = format!(
            "GET / HTTP/1.1\r\nHost: auth.example\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n"
        );
        harness::send(&mut stream, &head).await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        assert!(answer.contains("x-request-id: req_"), "{answer}");

        let mut line = Line::open(router(), 64 * 1024);
        let mut client = line.http2(WIDE).await;
        let mut request = harness::get("/");
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let answer = client.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 431);
        assert!(answer.headers().contains_key("x-request-id"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_closes_connections_that_wait_for_a_request() {
        let mut http1 = line();
        let mut stream = http1.connect(HTTP1).await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        http1.shutdown.begin();
        harness::rest(&mut stream).await;
        drop(stream);
        assert_eq!(http1.seconds().await, 0);

        let mut http2 = line();
        let mut client = http2.http2(WIDE).await;
        client.send_request(harness::get("/")).await.unwrap();
        http2.shutdown.begin();
        assert_eq!(http2.seconds().await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_serves_who_was_accepted_before_it() {
        let mut shaking = line();
        let near = shaking.near.take().unwrap();
        shaking.shutdown.begin();
        shaking.near = Some(near);
        let mut stream = shaking.connect(HTTP1).await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("home"), "{answer}");

        let mut asking = line();
        let mut stream = asking.connect(HTTP1).await;
        asking.shutdown.begin();
        tokio::task::yield_now().await;
        harness::send(&mut stream, "GET / HTTP/1.1\r\nHost: auth.example\r\n\r\n").await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("home"), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_who_says_nothing() {
        let mut silent = line();
        let _held = silent.near.take();
        silent.shutdown.begin();
        assert_eq!(silent.seconds().await, 2);

        let mut shaken = line();
        let _held = shaken.connect(HTTP1).await;
        shaken.shutdown.begin();
        let seconds = shaken.seconds().await;
        assert!((2..=3).contains(&seconds), "{seconds}");
    }
}
