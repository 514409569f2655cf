//! A client that trusts the authorities of a test and nobody else.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::DigitallySignedStruct;
use rustls::RootCertStore;
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::danger::ServerCertVerified;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::UnixTime;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::prelude::X509Certificate;
use x509_parser::prelude::X509Extension;

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

/// What stands in the proof that is shown for `name` at `target` (RFC 8737 section 3): the certificate is
/// for that name alone, and the extension is critical.
pub async fn challenge(target: SocketAddr, name: &str) -> Result<Vec<u8>, Failed> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let stream = TcpStream::connect(target).await?;
    let host = ServerName::try_from(name.to_owned())?;
    let stream = TlsConnector::from(Arc::new(config)).connect(host, stream).await?;
    let session = stream.get_ref().1;
    assert_eq!(session.alpn_protocol(), Some(b"acme-tls/1".as_slice()));
    let shown = session.peer_certificates().ok_or("no certificate")?;
    assert_eq!(shown.len(), 1);
    let (_, shown) = X509Certificate::from_der(&shown[0])?;
    let names = shown.subject_alternative_name()?.ok_or("no names")?;
    assert_eq!(names.value.general_names, [GeneralName::DNSName(name)]);
    let is_proof = |one: &&X509Extension<'_>| one.oid.to_id_string() == "1.3.6.1.5.5.7.1.31";
    let proof = shown.extensions().iter().find(is_proof).ok_or("no proof")?;
    assert!(proof.critical);
    Ok(proof.value.strip_prefix(&[4, 32]).ok_or("no digest")?.to_vec())
}

/// Takes any certificate: what counts is what stands in it.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
