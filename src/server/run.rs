//! The server as a whole: starts accepting, and stops without losing what it accepted.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::server::admission::Admission;
use crate::server::connection::Shared;
use crate::server::limits::Limits;
use crate::server::listener::Acceptor;
use crate::server::quiet::OncePerMinute;
use crate::server::shutdown::Shutdown;

/// How long tasks that were told to leave at once may take to notice.
const NOTICE: Duration = Duration::from_secs(1);

/// Everything that serving takes.
pub struct Server {
    /// Sockets that are bound and listening.
    pub listeners: Vec<TcpListener>,
    /// The settings of every TLS connection.
    pub tls: Arc<ServerConfig>,
    /// What is served, inside its [`layers`](crate::server::layers()).
    pub router: Router,
    /// The bounds of connections.
    pub limits: Limits,
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every request that had begun was answered.
    Drained,
    /// Some were cut: the time was up, or the server was told to leave at once.
    Cut,
}

impl Server {
    /// Serves until `shutdown` begins, then: no new connection; connections are told to close
    /// (GOAWAY, `Connection: close`); requests in flight may finish for `limits.drain`; whatever
    /// remains is cut.
    pub async fn run(self, shutdown: Shutdown) -> Ended {
        let tasks = TaskTracker::new();
        let limits = self.limits;
        let shared = Arc::new(Shared {
            acceptor: TlsAcceptor::from(self.tls),
            router: self.router,
            limits,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        });
        accept_on(self.listeners, &shared);
        drop(shared);
        shutdown.begun().await;
        tasks.close();
        drain(&tasks, &shutdown, limits.drain).await
    }
}

fn accept_on(listeners: Vec<TcpListener>, shared: &Arc<Shared>) {
    let limits = shared.limits;
    let admission = Admission::new(limits.connections, limits.connections_per_address);
    let turned_away = Arc::new(OncePerMinute::default());
    let failed = Arc::new(OncePerMinute::default());
    for listener in listeners {
        let acceptor = Acceptor {
            listener,
            admission: Arc::clone(&admission),
            shared: Arc::clone(shared),
            turned_away: Arc::clone(&turned_away),
            failed: Arc::clone(&failed),
        };
        shared.tasks.spawn(acceptor.run());
    }
}

async fn drain(tasks: &TaskTracker, shutdown: &Shutdown, time: Duration) -> Ended {
    tokio::select! {
        biased;
        () = tasks.wait() => return Ended::Drained,
        () = shutdown.abandoned() => {}
        () = tokio::time::sleep(time) => {
            tracing::warn!(tasks = tasks.len(), "requests still in flight are cut");
            shutdown.abandon();
        }
    }
    // A task that does not notice is blocked; the process ends without it.
    let _ = timeout(NOTICE, tasks.wait()).await;
    Ended::Cut
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::net::TcpStream;
    use tokio::sync::Notify;

    use super::*;
    use crate::server::harness;
    use crate::server::harness::Site;

    const GET: &str = "GET /slow HTTP/1.1\r\nHost: auth.example\r\n\r\n";

    /// `/slow` says that it began, and answers once it is released.
    #[derive(Clone, Default)]
    struct Gate {
        begun: Arc<Notify>,
        released: Arc<Notify>,
    }

    impl Gate {
        fn router(&self) -> Router {
            let gate = self.clone();
            let slow = async move || {
                gate.begun.notify_one();
                gate.released.notified().await;
                "done"
            };
            Router::new().route("/", get(|| async { "home" })).route("/slow", get(slow))
        }
    }

    #[tokio::test]
    async fn both_protocols_are_served_to_a_client_that_trusts_the_private_ca() {
        let site = Site::start(Gate::default().router(), Limits::default()).await;
        let mut stream = site.connect(b"http/1.1").await;
        let request = "GET / HTTP/1.1\r\nHost: auth.example\r\nConnection: close\r\n\r\n";
        harness::send(&mut stream, request).await;
        let answer = harness::rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("home"), "{answer}");

        let stream = site.connect(b"h2").await;
        let mut client = harness::http2_over(stream, 65_535, &TaskTracker::new()).await;
        let answer = client.send_request(harness::get("/")).await.unwrap();
        assert_eq!(harness::text(answer).await, "home");
    }

    #[tokio::test]
    async fn a_stop_lets_requests_in_flight_finish_and_takes_no_new_ones() {
        let gate = Gate::default();
        let site = Site::start(gate.router(), Limits::default()).await;
        let mut http1 = site.connect(b"http/1.1").await;
        harness::send(&mut http1, GET).await;
        gate.begun.notified().await;
        let stream = site.connect(b"h2").await;
        let mut http2 = harness::http2_over(stream, 65_535, &TaskTracker::new()).await;
        let in_flight = http2.send_request(harness::get("/slow"));
        let in_flight = async { harness::text(in_flight.await.unwrap()).await };
        let stopping = async {
            gate.begun.notified().await;
            site.shutdown.begin();
            while TcpStream::connect(site.address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            gate.released.notify_waiters();
        };
        let (over_http2, (), over_http1) =
            tokio::join!(in_flight, stopping, harness::rest(&mut http1));
        assert_eq!(over_http2, "done");
        assert!(over_http1.ends_with("done"), "{over_http1}");
        assert!(over_http1.contains("connection: close"), "{over_http1}");
        drop(http1);
        assert_eq!(site.ended.await, Ok(Ended::Drained));
    }

    #[tokio::test]
    async fn what_does_not_finish_in_time_is_cut() {
        let gate = Gate::default();
        let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
        let site = Site::start(gate.router(), limits).await;
        let mut stream = site.connect(b"http/1.1").await;
        harness::send(&mut stream, GET).await;
        gate.begun.notified().await;
        site.shutdown.begin();
        assert_eq!(site.ended.await, Ok(Ended::Cut));
    }

    #[tokio::test]
    async fn leaving_at_once_does_not_wait() {
        let gate = Gate::default();
        let site = Site::start(gate.router(), Limits::default()).await;
        let stream = site.connect(b"h2").await;
        let mut client = harness::http2_over(stream, 65_535, &TaskTracker::new()).await;
        let asked = client.send_request(harness::get("/slow"));
        let leaving = async {
            gate.begun.notified().await;
            site.shutdown.abandon();
        };
        let (asked, ()) = tokio::join!(asked, leaving);
        assert!(asked.is_err());
        assert_eq!(site.ended.await, Ok(Ended::Cut));
    }

    #[tokio::test]
    async fn one_address_gets_no_more_than_its_share_of_connections() {
        let limits = Limits { connections_per_address: 1, ..Limits::default() };
        let site = Site::start(Gate::default().router(), limits).await;
        let first = site.connect(b"http/1.1").await;
        let mut second = TcpStream::connect(site.address).await.unwrap();
        assert_eq!(harness::rest(&mut second).await, "");
        drop(first);
        while !still_open(&mut TcpStream::connect(site.address).await.unwrap()).await {}
    }

    /// The server says nothing first: a connection that it took stays silent.
    async fn still_open(stream: &mut TcpStream) -> bool {
        timeout(Duration::from_millis(100), harness::rest(stream)).await.is_err()
    }
}
