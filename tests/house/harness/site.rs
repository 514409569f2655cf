//! A house behind its real server: sockets, TLS, HTTP as it is spoken.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use countersign::base::clock::SystemClock;
use countersign::server::Limits;
use countersign::server::Server;
use countersign::server::Shutdown;
use countersign::server::binding;
use countersign::tls::acceptor;
use countersign::tls::acceptor::Certificates;
use countersign::tls::acceptor::MinVersion;
use countersign::tls::private_ca;
use hyper::client::conn::http2::SendRequest;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::task::TaskTracker;

use crate::harness::House;

const NAME: &str = "cs.example";

/// It stops when dropped.
pub struct Site {
    pub address: SocketAddr,
    connector_roots: RootCertStore,
    shutdown: Shutdown,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.abandon();
    }
}

/// A server's TLS settings for these names, and the certificate of the authority behind them.
pub fn tls(
    folder: &std::path::Path,
    names: &[&str],
) -> (Arc<rustls::ServerConfig>, std::path::PathBuf) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = private_ca::ensure(folder, &names, SystemClock::wall()).unwrap();
    let certificates = Certificates::new(&made.material);
    (acceptor::server_config(&certificates, MinVersion::Tls12).unwrap(), made.ca_file)
}

impl Site {
    pub async fn of(house: &House) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tls, ca_file) = tls(folder.path(), &[NAME]);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&ca_file).unwrap()).unwrap();
        let listener = binding::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::new();
        let server = Server {
            listeners: vec![listener],
            tls,
            router: house.router.clone(),
            limits: Limits::default(),
        };
        TaskTracker::new().spawn(server.run(shutdown.clone()));
        Self { address, connector_roots: roots, shutdown }
    }

    async fn connect(&self, alpn: &[u8]) -> TlsStream<TcpStream> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.connector_roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![alpn.to_vec()];
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let name = NAME.try_into().unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// A connection on which a test writes what it likes.
    pub async fn http1(&self) -> Raw {
        Raw(self.connect(b"http/1.1").await)
    }

    /// A connection on which HTTP/2 frames are written by hand.
    pub async fn http2_frames(&self) -> Raw {
        Raw(self.connect(b"h2").await)
    }

    pub async fn http2(&self) -> SendRequest<Body> {
        let stream = TokioIo::new(self.connect(b"h2").await);
        let (client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        TaskTracker::new().spawn(connection);
        client
    }
}

pub struct Raw(pub TlsStream<TcpStream>);

impl Raw {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // The server may have closed already: what it said is then what counts.
        let _ = self.0.write_all(bytes.as_ref()).await;
        let _ = self.0.flush().await;
    }

    /// All that comes until the server closes.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes).await;
        bytes
    }

    pub async fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.rest().await).into_owned()
    }

    /// What has come once it contains `end`.
    pub async fn until(&mut self, end: &str) -> String {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if text.contains(end) {
                return text;
            }
            let mut piece = [0; 4096];
            match self.0.read(&mut piece).await {
                Ok(0) | Err(_) => panic!("no {end:?} in {text:?}"),
                Ok(count) => bytes.extend(&piece[..count]),
            }
        }
    }
}
