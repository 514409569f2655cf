//! The load: keep-alive HTTP/1.1 connections over TLS, each with one request at a time.
//!
//! The request is the same bytes every time and answers are read no further than needed: a client
//! library would cost as much as the bare handler and hide the ceiling.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::ServerName;
use rustls_pki_types::pem::PemObject as _;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Outcome;
use crate::machine;
use crate::protocol::Ready;

const OK: &[u8] = b"HTTP/1.1 200 ";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

type Connection = TlsStream<TcpStream>;

/// Where to connect and what to send.
pub(crate) struct Target {
    port: u16,
    tls: TlsConnector,
    request: Arc<[u8]>,
}

impl Target {
    pub(crate) fn new(ready: &Ready, port: u16) -> Outcome<Self> {
        let Ready { path, authorization, form, .. } = ready;
        let length = form.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: {authorization}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
             Accept: application/json\r\n\r\n{form}"
        );
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(&ready.ca_file)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            port,
            tls: TlsConnector::from(Arc::new(tls)),
            request: request.into_bytes().into(),
        })
    }

    async fn connect(&self) -> Outcome<Connection> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        stream.set_nodelay(true)?;
        Ok(self.tls.connect(ServerName::try_from("localhost")?, stream).await?)
    }
}

/// How much, and for how long.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

/// What came of it. Every answer was a 200 with a body, or there would be no result.
pub(crate) struct Measured {
    /// Answers in all, those of the warm-up included.
    pub(crate) answers: u64,
    /// Answers a second, once warm.
    pub(crate) rate: f64,
    /// How long each of these took, in order of size.
    latencies: Vec<Duration>,
    /// How long all of it took.
    pub(crate) took: Duration,
    /// Processor time of the load itself.
    pub(crate) processor: Duration,
}

impl Measured {
    /// The latency that so many in a thousand answers did not exceed.
    pub(crate) fn latency(&self, per_mille: usize) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(last * per_mille / 1000).copied().unwrap_or_default()
    }
}

impl Load {
    /// Shakes hands, which is not measured.
    pub(crate) async fn connect(&self, target: &Target) -> Outcome<Vec<Connection>> {
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(target.connect().await?);
        }
        Ok(connections)
    }

    /// Asks on all connections until the time is up.
    pub(crate) async fn run(
        &self,
        connections: Vec<Connection>,
        target: &Target,
    ) -> Outcome<Measured> {
        let (begun, spent) = (Instant::now(), machine::process_time());
        let warm = begun + self.warm_up;
        let end = warm + self.measured;
        let mut asking = JoinSet::new();
        for connection in connections {
            asking.spawn(ask(connection, Arc::clone(&target.request), warm, end));
        }
        let (mut answers, mut latencies) = (0, Vec::new());
        while let Some(asked) = asking.join_next().await {
            let (count, mut more) = asked??;
            answers += count;
            latencies.append(&mut more);
        }
        latencies.sort_unstable();
        let count = u32::try_from(latencies.len())?;
        Ok(Measured {
            answers,
            rate: f64::from(count) / self.measured.as_secs_f64(),
            latencies,
            took: begun.elapsed(),
            processor: machine::process_time().saturating_sub(spent),
        })
    }
}

/// One connection: the count of its answers, and the latency of those that came between `warm`
/// and `end`.
async fn ask(
    mut connection: Connection,
    request: Arc<[u8]>,
    warm: Instant,
    end: Instant,
) -> Outcome<(u64, Vec<Duration>)> {
    let (mut answers, mut latencies) = (0, Vec::new());
    let mut answer = Vec::with_capacity(4096);
    let mut asked = Instant::now();
    while asked < end {
        connection.write_all(&request).await?;
        connection.flush().await?;
        read(&mut connection, &mut answer).await?;
        let answered = Instant::now();
        answers += 1;
        if (warm..end).contains(&answered) {
            latencies.push(answered - asked);
        }
        asked = answered;
    }
    Ok((answers, latencies))
}

/// Reads one answer, which must be a 200 with a body of declared length.
async fn read(connection: &mut Connection, answer: &mut Vec<u8>) -> Outcome<()> {
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
    match whole {
        Some(whole) if whole == answer.len() && answer.starts_with(OK) => Ok(()),
        _ => Err(format!("not what was asked for: {}", String::from_utf8_lossy(answer)).into()),
    }
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
