//! A running site for tests: a private CA, its server, and clients that trust it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::base::clock::SystemClock;
use crate::base::clock::Timestamp;
use crate::base::entropy::SystemEntropy;
use crate::http::Peer;
use crate::http::limits::RequestLimits;
use crate::server::LayerContext;
use crate::server::Limits;
use crate::server::Server;
use crate::server::Shutdown;
use crate::server::binding;
use crate::server::connection;
use crate::server::connection::Shared;
use crate::server::layers;
use crate::server::run::Ended;
use crate::tls::acceptor;
use crate::tls::acceptor::Certificates;
use crate::tls::acceptor::MinVersion;
use crate::tls::private_ca;

pub(super) const NAME: &str = "auth.example";

/// A handler's bug.
pub(super) fn broken() -> &'static str {
    panic!("on purpose")
}

pub(super) fn layered(router: Router) -> Router {
    layers(router, context())
}

pub(super) fn context() -> LayerContext {
    LayerContext {
        issuer: Url::parse("https://auth.example").unwrap(),
        clock: Arc::new(SystemClock::start(Timestamp::EPOCH)),
        entropy: Arc::new(SystemEntropy::new()),
        limits: RequestLimits::default(),
        forwarded: Arc::default(),
    }
}

/// Both ends' TLS settings, from a new private CA.
pub(super) fn tls(oldest: MinVersion) -> (Arc<rustls::ServerConfig>, CertificateDer<'static>) {
    let dir = tempfile::tempdir().unwrap();
    let made = private_ca::ensure(dir.path(), &[NAME.to_owned()], SystemClock::wall()).unwrap();
    let ca = CertificateDer::from_pem_file(&made.ca_file).unwrap();
    let certificates = Certificates::new(&made.material);
    (acceptor::server_config(&certificates, oldest).unwrap(), ca)
}

pub(super) fn trusting(ca: &CertificateDer<'static>, alpn: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    TlsConnector::from(Arc::new(config))
}

pub(super) fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

/// A server on a loopback socket.
pub(super) struct Site {
    pub(super) address: SocketAddr,
    pub(super) shutdown: Shutdown,
    pub(super) ended: oneshot::Receiver<Ended>,
    ca: CertificateDer<'static>,
    _tasks: TaskTracker,
}

impl Site {
    pub(super) async fn start(router: Router, limits: Limits) -> Self {
        let listener = binding::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, ca) = tls(MinVersion::Tls12);
        let server = Server { listeners: vec![listener], tls, router: layered(router), limits };
        let shutdown = Shutdown::new();
        let tasks = TaskTracker::new();
        let (tell, ended) = oneshot::channel();
        let running = server.run(shutdown.clone());
        tasks.spawn(async move { tell.send(running.await) });
        Self { address, shutdown, ended, ca, _tasks: tasks }
    }

    pub(super) async fn connect(&self, alpn: &[u8]) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        trusting(&self.ca, alpn).connect(name(), stream).await.unwrap()
    }
}

/// One connection in memory, where time may stand still: the client's end.
pub(super) struct Line {
    pub(super) shutdown: Shutdown,
    pub(super) ended: oneshot::Receiver<Duration>,
    pub(super) near: Option<tokio::io::DuplexStream>,
    ca: CertificateDer<'static>,
    tasks: TaskTracker,
}

impl Line {
    /// A connection through which at most `buffer` bytes travel unread.
    pub(super) fn open(router: Router, buffer: usize) -> Self {
        let (near, far) = tokio::io::duplex(buffer);
        let (tls, ca) = tls(MinVersion::Tls12);
        let tasks = TaskTracker::new();
        let shutdown = Shutdown::new();
        let shared = Arc::new(Shared {
            acceptor: TlsAcceptor::from(tls),
            router: layered(router),
            limits: Limits::default(),
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        });
        let (tell, ended) = oneshot::channel();
        tasks.spawn(async move {
            let begun = tokio::time::Instant::now();
            connection::serve(far, Peer::at("192.0.2.7:4242".parse().unwrap()), shared).await;
            tell.send(begun.elapsed())
        });
        Self { shutdown, ended, near: Some(near), ca, tasks }
    }

    pub(super) async fn connect(&mut self, alpn: &[u8]) -> TlsStream<tokio::io::DuplexStream> {
        let near = self.near.take().unwrap();
        trusting(&self.ca, alpn).connect(name(), near).await.unwrap()
    }

    /// An HTTP/2 client that takes `window` bytes of each answer unread.
    pub(super) async fn http2(&mut self, window: u32) -> SendRequest<Body> {
        let stream = self.connect(b"h2").await;
        http2_over(stream, window, &self.tasks).await
    }

    /// After how many seconds the server let go of the connection.
    pub(super) async fn seconds(self) -> u64 {
        self.ended.await.unwrap().as_secs()
    }
}

pub(super) async fn http2_over<S>(stream: S, window: u32, tasks: &TaskTracker) -> SendRequest<Body>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (client, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tasks.spawn(connection);
    client
}

pub(super) fn get(path: &str) -> Request<Body> {
    let target = format!("https://{NAME}{path}");
    Request::builder().uri(target).body(Body::empty()).unwrap()
}

pub(super) async fn text(response: Response<Incoming>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Sends `head` and what follows from it, as it stands.
pub(super) async fn send<S: AsyncWrite + Unpin>(stream: &mut S, request: &str) {
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
}

/// All that comes until the server closes, in whatever way it does.
pub(super) async fn rest<S: AsyncRead + Unpin>(stream: &mut S) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
