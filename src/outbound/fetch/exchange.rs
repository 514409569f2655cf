//! One request and its answer, over a connection to an address that was checked.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use futures_util::future::Either;
use futures_util::future::select;
use http::HeaderMap;
use http::Request;
use http::StatusCode;
use http::header;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use http_body_util::Empty;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;
use url::Url;

use crate::outbound::fetch::FetchRefusal;
use crate::outbound::fetch::Fetched;
use crate::outbound::fetch::Message;

/// For one address of several.
const CONNECT: Duration = Duration::from_millis(1500);
const MOST_ADDRESSES: usize = 4;
const HEAD_BYTES: usize = 16 * 1024;
const HEADERS: usize = 64;

/// Gets `url` from the first of `addresses` that answers.
pub(super) async fn get(
    url: &Url,
    addresses: &[SocketAddr],
    tls: Arc<rustls::ClientConfig>,
    most: usize,
) -> Result<Fetched, FetchRefusal> {
    exchange(url, addresses, tls, request(url)?, |response| read(response, most)).await
}

/// Posts `message` to the first of `addresses` that answers; answers the status.
pub(super) async fn post(
    url: &Url,
    addresses: &[SocketAddr],
    tls: Arc<rustls::ClientConfig>,
    message: Message,
) -> Result<u16, FetchRefusal> {
    let request = posted(url, message)?;
    exchange(url, addresses, tls, request, |response| async move { Ok(response.status().as_u16()) })
        .await
}

async fn exchange<B, T, F>(
    url: &Url,
    addresses: &[SocketAddr],
    tls: Arc<rustls::ClientConfig>,
    request: Request<B>,
    read: impl FnOnce(Response<Incoming>) -> F + Send,
) -> Result<T, FetchRefusal>
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    F: Future<Output = Result<T, FetchRefusal>> + Send,
{
    let socket = connect(addresses).await?;
    let name = server_name(url)?;
    let stream = TlsConnector::from(tls).connect(name, socket).await.map_err(|error| {
        tracing::info!(%error, "TLS failed to a host that was to be fetched from");
        FetchRefusal::Tls
    })?;
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| FetchRefusal::Broken)?;
    let exchange = Box::pin(async move {
        let response = sender.send_request(request).await.map_err(|_| FetchRefusal::Broken)?;
        read(response).await
    });
    // The connection is driven here, so that it ends with the exchange whatever becomes of that.
    match select(exchange, connection).await {
        Either::Left((answer, _)) => answer,
        Either::Right((_, exchange)) => exchange.await,
    }
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, FetchRefusal> {
    for address in addresses.iter().take(MOST_ADDRESSES) {
        let attempt = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        if let Ok(Ok(socket)) = attempt {
            return Ok(socket);
        }
    }
    Err(FetchRefusal::Connect)
}

fn server_name(url: &Url) -> Result<ServerName<'static>, FetchRefusal> {
    match url.host() {
        Some(Host::Domain(name)) => {
            ServerName::try_from(name.to_owned()).map_err(|_| FetchRefusal::Url)
        }
        Some(Host::Ipv4(address)) => Ok(std::net::IpAddr::V4(address).into()),
        Some(Host::Ipv6(address)) => Ok(std::net::IpAddr::V6(address).into()),
        None => Err(FetchRefusal::Url),
    }
}

/// No cookies, no credentials, no referrer, and nothing that asks for compression.
fn request(url: &Url) -> Result<Request<Empty<Bytes>>, FetchRefusal> {
    let head = Request::get(target(url)).header(header::HOST, authority(url)?);
    head.header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "countersign")
        .header(header::CONNECTION, "close")
        .body(Empty::new())
        .map_err(|_| FetchRefusal::Url)
}

fn posted(url: &Url, message: Message) -> Result<Request<Full<Bytes>>, FetchRefusal> {
    let head = Request::post(target(url)).header(header::HOST, authority(url)?);
    let head = head
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "countersign")
        .header(header::CONNECTION, "close");
    let head =
        message.headers.into_iter().fold(head, |head, (name, value)| head.header(name, value));
    head.body(Full::from(message.body)).map_err(|_| FetchRefusal::Url)
}

fn authority(url: &Url) -> Result<String, FetchRefusal> {
    let host = url.host_str().ok_or(FetchRefusal::Url)?;
    Ok(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

async fn read(response: Response<Incoming>, most: usize) -> Result<Fetched, FetchRefusal> {
    let (head, mut body) = response.into_parts();
    match head.status {
        StatusCode::OK => {}
        status if status.is_redirection() => return Err(FetchRefusal::Redirect(status.as_u16())),
        status => return Err(FetchRefusal::Status(status.as_u16())),
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(FetchRefusal::Encoded);
    }
    if !is_json(&head.headers) {
        return Err(FetchRefusal::ContentType);
    }
    if body.size_hint().lower() > most as u64 {
        return Err(FetchRefusal::TooLarge(most));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| FetchRefusal::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > most {
            return Err(FetchRefusal::TooLarge(most));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Fetched { body: whole.freeze(), max_age: max_age(&head.headers) })
}

/// `application/json`, or a type that is JSON by its suffix (RFC 6839 section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (lines.next(), lines.next()) else { return false };
    let essence = only.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let suffixed = essence.strip_prefix("application/").is_some_and(|sub| sub.ends_with("+json"));
    essence == "application/json" || suffixed
}

/// `max-age` of `Cache-Control` (RFC 9111 section 5.2.2); nothing at all if it may not be kept.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let mut age = None;
    for directive in lines.flat_map(|line| line.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return Some(Duration::ZERO);
        }
        let seconds = directive.strip_prefix("max-age=").and_then(|text| text.parse().ok());
        age = age.or(seconds.map(Duration::from_secs));
    }
    age
}
