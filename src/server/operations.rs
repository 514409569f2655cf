//! The listener for those who run the server: metrics and health, apart from the public one.
//!
//! It speaks plain HTTP/1.1, so its address is on this machine or in a private network. One request a
//! connection, few at a time, none for long: whoever watches must not be able to hold the server up.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use http::header::HOST;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::http::plain;
use crate::server::shutdown::Shutdown;

/// Connections at a time; further ones wait to be accepted.
const CONNECTIONS: usize = 16;
/// From the connection to the last byte of the answer.
const WHOLE: Duration = Duration::from_secs(10);
/// After accepting has failed.
const PAUSE: Duration = Duration::from_millis(100);
const HEAD_BYTES: usize = 16 * 1024;

/// What is served to operators.
pub struct Operations {
    /// A socket that is bound and listening.
    pub listener: TcpListener,
    /// What is served.
    pub router: Router,
    /// Names that it answers to, beside addresses and `localhost`. A web page that has its own name lead
    /// to this machine reads nothing.
    pub names: Vec<String>,
}

impl Operations {
    /// Serves until the server stops.
    pub async fn run(self, shutdown: Shutdown) {
        let Self { listener, router, names } = self;
        let (places, tasks) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
        let names: Arc<[String]> = names.into();
        loop {
            let place = Arc::clone(&places).acquire_owned().await;
            let accepted = tokio::select! {
                () = shutdown.begun() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let answering = serve(stream, router.clone(), Arc::clone(&names));
                    tasks.spawn(async move {
                        // One that takes too long is cut.
                        let _ = timeout(WHOLE, answering).await;
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        tasks.close();
        tasks.wait().await;
    }
}

async fn serve(stream: TcpStream, router: Router, names: Arc<[String]>) {
    let answer = service_fn(move |request: http::Request<Incoming>| {
        let (router, request) = (router.clone(), request.map(Body::new));
        let known = is_for_us(&request, &names);
        async move {
            if known {
                return router.oneshot(request).await;
            }
            let sentence = "This listener does not answer under that name. Use its address.";
            Ok::<_, Infallible>(plain::answer(StatusCode::MISDIRECTED_REQUEST, sentence, None))
        }
    });
    // What a broken connection means is the affair of whoever asked.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(WHOLE)
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

fn is_for_us(request: &Request, names: &[String]) -> bool {
    let mut lines = request.headers().get_all(HOST).iter();
    let (Some(only), None) = (lines.next(), lines.next()) else { return false };
    let given = only.to_str().ok().and_then(|text| text.parse::<http::uri::Authority>().ok());
    given.is_some_and(|given| {
        let host = given.host().trim_start_matches('[').trim_end_matches(']');
        host.parse::<std::net::IpAddr>().is_ok()
            || host.eq_ignore_ascii_case("localhost")
            || names.iter().any(|name| name.eq_ignore_ascii_case(host))
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::AsyncWriteExt as _;

    use super::*;
    use crate::server::harness;

    async fn asked(request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/metrics", get(|| async { "numbers" }));
        let names = vec![String::from("auth.example")];
        let shutdown = Shutdown::new();
        let running = Operations { listener, router, names }.run(shutdown.clone());
        let asking = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = harness::rest(&mut stream).await;
            shutdown.begin();
            answer
        };
        tokio::join!(asking, running).0
    }

    fn get_from(host: &str) -> String {
        format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n")
    }

    #[tokio::test]
    async fn it_answers_by_address_and_by_its_own_names_and_closes() {
        for host in ["127.0.0.1:9464", "[::1]:9464", "localhost:9464", "auth.example:9464"] {
            let answer = asked(&get_from(host)).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{host}: {answer}");
            assert!(answer.ends_with("numbers"), "{host}: {answer}");
        }
    }

    #[tokio::test]
    async fn a_web_page_whose_name_leads_here_reads_nothing() {
        for request in [
            get_from("rebound.example:9464"),
            "GET /metrics HTTP/1.1\r\n\r\n".to_owned(),
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n".to_owned(),
        ] {
            let answer = asked(&request).await;
            assert!(!answer.contains("numbers") && !answer.contains(" 200 "), "{answer}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_cut() {
        assert_eq!(asked("GET /metrics HTTP/1.1\r\n").await, "");
    }
}
