//! One connection of the load: HTTP/1.1 over TLS, read no further than needed. A client library
//! would cost as much as the ceiling's server and hide the ceiling.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Outcome;

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A connection after its handshake.
pub(crate) type Connection = TlsStream<TcpStream>;

/// A port of the server, and whom to trust there.
#[derive(Clone)]
pub(crate) struct Target {
    port: u16,
    tls: TlsConnector,
}

impl Target {
    pub(crate) fn new(ca_file: &Path, port: u16) -> Outcome<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca_file)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::with(tls, port))
    }

    /// With other TLS settings.
    pub(crate) fn with(mut tls: ClientConfig, port: u16) -> Self {
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { port, tls: TlsConnector::from(Arc::new(tls)) }
    }

    /// The `number`th connection. They come from several addresses of this machine: no address
    /// has more than its share, and none runs out of ports.
    pub(crate) async fn connect(&self, number: usize) -> Outcome<Connection> {
        let [low, high, ..] = (number / 100).to_le_bytes();
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into())?;
        let stream = socket.connect((Ipv4Addr::LOCALHOST, self.port).into()).await?;
        stream.set_nodelay(true)?;
        Ok(self.tls.connect(ServerName::try_from("localhost")?, stream).await?)
    }
}

/// Asks once; `answer` is then the whole answer, head and body.
pub(crate) async fn exchange(
    connection: &mut Connection,
    request: &[u8],
    answer: &mut Vec<u8>,
) -> Outcome<()> {
    connection.write_all(request).await?;
    connection.flush().await?;
    answer.clear();
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        if connection.read_buf(answer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        if whole.is_none() {
            whole = whole_length(answer)?;
        }
    }
    Ok(())
}

/// The length of head and body, once the head is there.
fn whole_length(answer: &[u8]) -> Outcome<Option<usize>> {
    let Some(head) = answer.windows(END_OF_HEAD.len()).position(|four| four == END_OF_HEAD) else {
        return Ok(None);
    };
    let lines = std::str::from_utf8(answer.get(..head).unwrap_or_default())?.split("\r\n");
    let length = lines
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .ok_or("an answer without a length")?;
    Ok(Some(head + END_OF_HEAD.len() + length.1.parse::<usize>()?))
}

/// What stands between `before` and `after` in an answer.
pub(crate) fn between<'a>(answer: &'a [u8], before: &str, after: &str) -> Option<&'a [u8]> {
    let at = position(answer, before.as_bytes())? + before.len();
    let rest = answer.get(at..)?;
    rest.get(..position(rest, after.as_bytes())?)
}

fn position(bytes: &[u8], of: &[u8]) -> Option<usize> {
    bytes.windows(of.len()).position(|window| window == of)
}

/// The body of a whole answer.
pub(crate) fn body_of(answer: &[u8]) -> Outcome<&str> {
    let at = position(answer, END_OF_HEAD).ok_or("an answer without a head")? + END_OF_HEAD.len();
    Ok(std::str::from_utf8(answer.get(at..).unwrap_or_default())?)
}
