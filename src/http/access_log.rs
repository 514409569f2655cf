//! One line a request: method, path, route, status, time taken, peer, request id.
//!
//! Never the query (it holds codes and state), never a header, never a path that holds a secret.

use std::sync::Arc;

use axum::extract::MatchedPath;
use axum::extract::Request;
use http::Method;
use http::StatusCode;

use crate::base::clock::Clock;
use crate::base::clock::Timestamp;
use crate::base::id::RequestId;
use crate::http::Peer;
use crate::telemetry::measure::Since;
use crate::telemetry::measures;

/// What the lines are made with.
#[derive(Clone)]
pub struct AccessLog {
    /// Tells how long a request took.
    pub clock: Arc<dyn Clock>,
    /// Paths that monitors ask for all day: written at debug level while they answer well.
    pub quiet: &'static [&'static str],
}

/// Paths whose second segment is a secret: a sealed request, a one-time link.
const SECRET: [&str; 2] = ["/consent/", "/setup/"];

/// The path without what must not stand in a log.
fn loggable(path: &str) -> String {
    SECRET
        .iter()
        .find(|start| path.starts_with(**start))
        .map_or_else(|| path.to_owned(), |start| format!("{start}…"))
}

/// The line of one request: written when dropped, be it because the client left before there was
/// an answer.
pub struct Line {
    log: AccessLog,
    begun: Timestamp,
    since: Since,
    method: Method,
    path: String,
    route: Option<MatchedPath>,
    peer: Option<Peer>,
    request: RequestId,
    status: Option<StatusCode>,
}

impl Line {
    /// The line of `request`.
    #[must_use]
    pub fn begin(log: AccessLog, request: &Request, id: RequestId) -> Self {
        Self {
            begun: log.clock.now(),
            since: Since::now(),
            log,
            method: request.method().clone(),
            path: loggable(request.uri().path()),
            route: request.extensions().get().cloned(),
            peer: request.extensions().get().copied(),
            request: id,
            status: None,
        }
    }

    /// The answer is there.
    pub fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    fn is_quiet(&self) -> bool {
        self.log.quiet.contains(&self.path.as_str())
            && self.status.is_some_and(|status| status.is_success())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let ms = self.log.clock.now().since(self.begun).as_millis();
        let (method, path) = (self.method.as_str(), self.path.as_str());
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let status = self.status.map(|status| status.as_u16());
        measures::answered(route, method, status, self.since.elapsed());
        let peer = self.peer.map(|peer| peer.0.to_string()).unwrap_or_default();
        let request = self.request.to_string();
        match status {
            Some(status) if self.is_quiet() => {
                tracing::debug!(method, path, route, status, ms, peer, request, "answered");
            }
            Some(status) => {
                tracing::info!(method, path, route, status, ms, peer, request, "answered");
            }
            None => tracing::info!(method, path, route, ms, peer, request, "client left"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::Next;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::base::clock::ManualClock;
    use crate::base::id::RawId;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn logged(path: &str) -> String {
        let page = Page::default();
        let to = page.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || to.clone()).with_ansi(false);
        let _guard = tracing::subscriber::set_default(subscriber.finish());
        let record = |request: Request, next: Next| async {
            let clock = Arc::new(ManualClock::at(Timestamp::EPOCH));
            let log = AccessLog { clock, quiet: &["/healthz"] };
            let id = RequestId::from_raw(RawId::floor(Timestamp::EPOCH));
            let mut line = Line::begin(log, &request, id);
            let response = next.run(request).await;
            line.answered(response.status());
            response
        };
        let router = Router::new()
            .route("/apps/{id}", get(|| async {}))
            .route("/healthz", get(|| async {}))
            .layer(from_fn(record));
        let request = Request::builder()
            .uri(path)
            .header("authorization", "Bearer SECRET")
            .body(Body::empty())
            .unwrap();
        router.oneshot(request).await.unwrap();
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn a_line_holds_no_query_and_no_header() {
        let line = logged("/apps/7?code=SECRET&state=SECRET").await;
        assert!(line.contains(r#"path="/apps/7" route="/apps/{id}" status=200 ms=0"#), "{line}");
        assert!(!line.contains("SECRET") && !line.contains('?'), "{line}");
    }

    #[tokio::test]
    async fn a_path_that_holds_a_secret_is_not_written_out() {
        assert!(!logged("/setup/SECRET").await.contains("SECRET"));
        assert!(!logged("/consent/SECRET/cancel").await.contains("SECRET"));
    }

    #[tokio::test]
    async fn a_monitor_that_is_answered_well_fills_no_log() {
        assert_eq!(logged("/healthz").await, "");
    }
}
