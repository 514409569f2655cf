//! A client that trusts the authorities of a test and nobody else.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::authority::HOST;

#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    config: Arc<ClientConfig>,
}

pub type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Client {
    pub fn trusting(address: SocketAddr, roots: &[CertificateDer<'static>]) -> Self {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root.clone()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { address, config: Arc::new(config) }
    }

    pub async fn connect(&self) -> Result<Line, Failed> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(HOST)?;
        Ok(Line(TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await?))
    }

    /// The certificate that a new connection is shown, which this client trusts.
    pub async fn shown(&self) -> Result<CertificateDer<'static>, Failed> {
        let line = self.connect().await?;
        let chain = line.0.get_ref().1.peer_certificates().ok_or("no certificate")?;
        Ok(chain[0].clone().into_owned())
    }
}

/// A connection that is kept.
pub struct Line(TlsStream<TcpStream>);

impl Line {
    /// Asks for `path`; the head and the body that came back.
    pub async fn get(&mut self, path: &str) -> Result<(String, String), Failed> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
        self.0.write_all(request.as_bytes()).await?;
        self.0.flush().await?;
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.ok_or("no length")?.parse()? {
                    return Ok((head.to_owned(), body.to_owned()));
                }
            }
            let mut piece = [0; 16 * 1024];
            match self.0.read(&mut piece).await? {
                0 => return Err("closed".into()),
                count => bytes.extend(&piece[..count]),
            }
        }
    }

    /// As [`Self::get`], of what must be answered 200.
    pub async fn ok(&mut self, path: &str) -> Result<String, Failed> {
        let (head, body) = self.get(path).await?;
        if head.starts_with("HTTP/1.1 200 ") { Ok(body) } else { Err(head.into()) }
    }
}
