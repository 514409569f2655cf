//! The rest of the world: a web server on loopback with an authority of its own, under whatever names a
//! test gives it, and the resolver that leads there.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use countersign::outbound::fetch::Resolve;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// What is answered at a URL.
#[derive(Clone)]
pub enum Page {
    /// These bytes, and the end.
    Bytes(Vec<u8>),
    /// These bytes, and then one more byte every so often.
    Drip(Vec<u8>, Duration),
}

impl Page {
    /// A good answer.
    pub fn json(body: &Value) -> Self {
        Self::of(200, "content-type: application/json\r\n", body.to_string().as_bytes())
    }

    /// With these header lines.
    pub fn of(status: u16, headers: &str, body: &[u8]) -> Self {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\n\r\n");
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// The head of a good answer, and then nothing more.
    pub fn silent() -> Self {
        let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
        Self::Drip(head.into(), Duration::from_secs(3600))
    }
}

/// What is answered, by URL without its scheme.
#[derive(Clone, Default)]
pub struct Pages(Arc<Mutex<HashMap<String, Page>>>);

impl Pages {
    /// Every redirect URI that stands in a document here.
    pub fn redirect_uris(&self) -> Vec<String> {
        let pages = self.0.lock().unwrap();
        let bytes = pages.values().map(|(Page::Bytes(bytes) | Page::Drip(bytes, _))| bytes);
        let bodies = bytes.filter_map(|bytes| {
            let start = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
            serde_json::from_slice::<Value>(&bytes[start..]).ok()
        });
        let uris = bodies.flat_map(|body| body["redirect_uris"].as_array().cloned());
        uris.flatten().filter_map(|uri| uri.as_str().map(str::to_owned)).collect()
    }
}

/// The web server. It answers 404 to what a test did not put there.
pub struct Elsewhere {
    pub address: SocketAddr,
    pub resolver: Arc<Resolver>,
    pub pages: Pages,
    folder: TempDir,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Elsewhere {
    /// With a certificate for these names.
    pub async fn of(names: &[&str]) -> Self {
        Self::listening_at("127.0.0.1:0", names).await
    }

    pub async fn listening_at(address: &str, names: &[&str]) -> Self {
        let (ca, server) = certificates(names);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let resolver = Arc::new(Resolver { all: Some(address), ..Resolver::default() });
        let here =
            Self { address, resolver, pages: Pages::default(), folder, asked: Arc::default() };
        let (pages, asked) = (here.pages.clone(), Arc::clone(&here.asked));
        let tasks = TaskTracker::new();
        let of_connections = tasks.clone();
        tasks.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (pages, asked) = (pages.clone(), Arc::clone(&asked));
                let acceptor = TlsAcceptor::from(Arc::clone(&server));
                of_connections.spawn(answer(acceptor, socket, pages, asked));
            }
        });
        here
    }

    /// Puts something at a URL.
    pub fn put(&self, url: &str, reply: Page) {
        let url = url.strip_prefix("https://").unwrap().to_owned();
        self.pages.0.lock().unwrap().insert(url, reply);
    }

    /// The requests that came: their heads, and their bodies behind them.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until so many requests have come.
    pub async fn until_asked(&self, times: usize) {
        while self.asked().len() < times {
            tokio::task::yield_now().await;
        }
    }

    /// The certificate of its authority.
    pub fn ca_file(&self) -> String {
        self.folder.path().join("ca.pem").to_str().unwrap().to_owned()
    }
}

async fn answer(
    acceptor: TlsAcceptor,
    socket: TcpStream,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let Ok(mut stream) = acceptor.accept(socket).await else { return };
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap();
    let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let url = format!("{host}{path}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    if stream.read_exact(&mut body).await.is_err() {
        return;
    }
    let reply = pages.0.lock().unwrap().get(&url).cloned();
    asked.lock().unwrap().push(head + &String::from_utf8(body).unwrap());
    let reply = reply.unwrap_or_else(|| Page::of(404, "", b""));
    let (bytes, drip) = match reply {
        Page::Bytes(bytes) => (bytes, None),
        Page::Drip(bytes, every) => (bytes, Some(every)),
    };
    let _ = stream.write_all(&bytes).await;
    let _ = stream.flush().await;
    while let Some(every) = drip {
        tokio::time::sleep(every).await;
        if stream.write_all(b" ").await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// An authority, and a server's configuration with a certificate of it.
fn certificates(names: &[&str]) -> (String, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (ca.pem(), Arc::new(config))
}

/// Answers what a test says, counts, and never asks the network.
#[derive(Default)]
pub struct Resolver {
    /// For every name of which nothing else is said.
    pub all: Option<SocketAddr>,
    /// For a name: what is answered first, second …; the last answer stays.
    pub answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    /// The names that were asked for.
    pub asked: Mutex<Vec<String>>,
}

impl Resolver {
    /// With one answer for a name.
    pub fn saying(name: &str, answers: &[&[&str]]) -> Self {
        let parse = |one: &&[&str]| one.iter().map(|ip| ip.parse().unwrap()).collect();
        let answers = answers.iter().map(parse).collect();
        Self { answers: Mutex::new(HashMap::from([(name.to_owned(), answers)])), ..Self::default() }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.asked.lock().unwrap().push(host.to_owned());
        if let Some(answers) = self.answers.lock().unwrap().get_mut(host) {
            let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() };
            let port = self.all.map_or(port, |all| all.port());
            return Ok(answer.into_iter().map(|ip| SocketAddr::new(ip, port)).collect());
        }
        self.all.map(|all| vec![all]).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
