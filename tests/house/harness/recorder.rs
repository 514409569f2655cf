//! An upstream over raw sockets: it writes down the exact bytes that reach it and answers what a test
//! says.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The connection that it came on, counted from 0.
    pub connection: usize,
    /// Request line and headers, without the empty line.
    pub head: String,
    /// The body, its chunks put together.
    pub body: Vec<u8>,
}

impl Seen {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// All values of a header.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let of_name = |line: &str| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.len())
        };
        self.head
            .lines()
            .skip(1)
            .filter_map(|line| Some(line[line.len() - of_name(line)?..].trim()))
            .collect()
    }
}

/// What the upstream does with a request.
#[derive(Clone)]
pub enum Reply {
    /// Writes this and waits for the next request.
    Bytes(Vec<u8>),
    /// Writes this and closes the connection.
    ThenClose(Vec<u8>),
    /// Writes the first, waits to be told, writes the second.
    Parts(Vec<u8>, Arc<Notify>, Vec<u8>),
    /// A head, then so many pieces of this size, chunked, as fast as they are taken.
    Flood(usize, usize),
    /// Says nothing more.
    Silence,
}

impl Reply {
    pub fn ok(body: &str) -> Self {
        Self::with("", body)
    }

    /// 200 with these header lines, each with its CRLF.
    pub fn with(headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::text(&format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
    }

    pub fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

type Script = Arc<dyn Fn(usize, &Seen) -> Reply + Send + Sync>;

/// A running upstream.
pub struct Recorder {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// All bytes, connection by connection.
    raw: Arc<Mutex<Vec<Vec<u8>>>>,
    /// Rung whenever a client closes a connection.
    pub closed: Arc<Notify>,
    /// Rung whenever a head has arrived.
    pub asked: Arc<Notify>,
}

#[derive(Clone)]
struct Shared {
    seen: Arc<Mutex<Vec<Seen>>>,
    raw: Arc<Mutex<Vec<Vec<u8>>>>,
    closed: Arc<Notify>,
    asked: Arc<Notify>,
    script: Script,
}

impl Recorder {
    /// Answers every request with `ok`.
    pub async fn agreeable() -> Self {
        Self::answering(|_, _| Reply::ok("ok")).await
    }

    /// Answers the nth request as the script says.
    pub async fn answering(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::listening(script, None).await
    }

    /// The same over TLS.
    pub async fn over_tls(
        tls: Arc<rustls::ServerConfig>,
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listening(script, Some(TlsAcceptor::from(tls))).await
    }

    async fn listening(
        script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Shared {
            seen: Arc::default(),
            raw: Arc::default(),
            closed: Arc::default(),
            asked: Arc::default(),
            script: Arc::new(script),
        };
        let (seen, raw) = (Arc::clone(&shared.seen), Arc::clone(&shared.raw));
        let (closed, asked) = (Arc::clone(&shared.closed), Arc::clone(&shared.asked));
        TaskTracker::new().spawn(async move {
            let tasks = TaskTracker::new();
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (shared, tls) = (shared.clone(), tls.clone());
                tasks.spawn(async move {
                    shared.raw.lock().unwrap().push(Vec::new());
                    match tls {
                        None => serve(stream, number, &shared).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, number, &shared).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, seen, raw, closed, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request so far.
    #[track_caller]
    pub fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:#?}");
        seen[0].clone()
    }

    /// Every byte that arrived on a connection.
    pub fn raw(&self, connection: usize) -> Vec<u8> {
        self.raw.lock().unwrap()[connection].clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.raw.lock().unwrap().len()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    connection: usize,
    shared: &Shared,
) {
    let mut pending = Vec::new();
    while let Some(seen) = next(&mut stream, &mut pending, connection, shared).await {
        let number = {
            let mut all = shared.seen.lock().unwrap();
            all.push(seen.clone());
            all.len() - 1
        };
        let going = match (shared.script)(number, &seen) {
            Reply::Bytes(bytes) => stream.write_all(&bytes).await.is_ok(),
            Reply::ThenClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                false
            }
            Reply::Parts(first, told, second) => {
                let _ = stream.write_all(&first).await;
                let _ = stream.flush().await;
                told.notified().await;
                stream.write_all(&second).await.is_ok()
            }
            Reply::Flood(pieces, size) => flood(&mut stream, pieces, size).await.is_ok(),
            Reply::Silence => true,
        };
        if !going || stream.flush().await.is_err() {
            break;
        }
    }
    shared.closed.notify_one();
}

async fn flood<S: AsyncWrite + Unpin>(
    stream: &mut S,
    pieces: usize,
    size: usize,
) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await?;
    let mut piece = format!("{size:x}\r\n").into_bytes();
    piece.extend(vec![b'x'; size]);
    piece.extend(b"\r\n");
    for _ in 0..pieces {
        stream.write_all(&piece).await?;
    }
    stream.write_all(b"0\r\n\r\n").await
}

/// The next request, read as strictly as can be: anything but CRLF, one framing and plain chunks
/// stops the test.
async fn next<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    connection: usize,
    shared: &Shared,
) -> Option<Seen> {
    let end = loop {
        match pending.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end,
            None => more(stream, pending, connection, shared).await?,
        }
    };
    let head = String::from_utf8(pending.drain(..end).collect()).unwrap();
    pending.drain(..4);
    shared.asked.notify_one();
    let mut seen = Seen { connection, head, body: Vec::new() };
    let lengths = seen.all("content-length").join(",");
    let codings = seen.all("transfer-encoding").join(",");
    match (lengths.as_str(), codings.as_str()) {
        ("", "") => {}
        ("", "chunked") => loop {
            let size = line(stream, pending, connection, shared).await?;
            let size = usize::from_str_radix(&size, 16).unwrap();
            while pending.len() < size + 2 {
                more(stream, pending, connection, shared).await?;
            }
            seen.body.extend(pending.drain(..size));
            assert_eq!(pending.drain(..2).collect::<Vec<_>>(), b"\r\n");
            if size == 0 {
                break;
            }
        },
        (length, "") => {
            let length: usize = length.parse().unwrap();
            while pending.len() < length {
                more(stream, pending, connection, shared).await?;
            }
            seen.body = pending.drain(..length).collect();
        }
        both => panic!("two framings: {both:?}"),
    }
    Some(seen)
}

async fn line<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    connection: usize,
    shared: &Shared,
) -> Option<String> {
    loop {
        if let Some(end) = pending.windows(2).position(|two| two == b"\r\n") {
            let line = String::from_utf8(pending.drain(..end).collect()).unwrap();
            pending.drain(..2);
            return Some(line);
        }
        more(stream, pending, connection, shared).await?;
    }
}

async fn more<S: AsyncRead + Unpin>(
    stream: &mut S,
    pending: &mut Vec<u8>,
    connection: usize,
    shared: &Shared,
) -> Option<()> {
    let mut piece = vec![0; 64 * 1024];
    match stream.read(&mut piece).await {
        Ok(0) | Err(_) => None,
        Ok(count) => {
            pending.extend(&piece[..count]);
            shared.raw.lock().unwrap()[connection].extend(&piece[..count]);
            Some(())
        }
    }
}
