//! Calls to one server that the operator named, at any address and port of it, and to no other: what it
//! answers cannot lead elsewhere.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytes::BytesMut;
use futures_util::future::Either;
use futures_util::future::select;
use http::Request;
use http::Response;
use http::header;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use url::Origin;
use url::Url;

use crate::outbound::fetch::FetchRefusal;
use crate::outbound::fetch::Resolve;
use crate::outbound::fetch::Trust;
use crate::outbound::fetch::exchange;

/// From the first step to the last byte of one call.
const WHOLE: Duration = Duration::from_secs(30);
const MOST: usize = 1024 * 1024;

/// Calls one server.
pub struct Caller {
    origin: Origin,
    trust: Trust,
    resolver: Arc<dyn Resolve>,
    tls: OnceCell<Arc<rustls::ClientConfig>>,
}

impl Caller {
    /// Of the server that `url` is on.
    #[must_use]
    pub fn new(url: &Url, trust: Trust, resolver: Arc<dyn Resolve>) -> Self {
        Self { origin: url.origin(), trust, resolver, tls: OnceCell::new() }
    }

    /// Sends a request whose URI is absolute; any status is an answer.
    ///
    /// # Errors
    /// [`FetchRefusal`].
    pub async fn call(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchRefusal> {
        let url = Url::parse(&request.uri().to_string()).map_err(|_| FetchRefusal::Url)?;
        if url.scheme() != "https" {
            return Err(FetchRefusal::Scheme);
        }
        if url.origin() != self.origin {
            return Err(FetchRefusal::Url);
        }
        let exchange = self.exchange(&url, request);
        tokio::time::timeout(WHOLE, exchange).await.unwrap_or(Err(FetchRefusal::TimedOut))
    }

    async fn exchange(
        &self,
        url: &Url,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, FetchRefusal> {
        let socket = exchange::connect(&self.addresses(url).await?).await?;
        let name = exchange::server_name(url)?;
        let tls = TlsConnector::from(self.tls().await?);
        let stream = tls.connect(name, socket).await.map_err(|error| {
            tracing::info!(%error, "TLS failed to a server that was to be called");
            FetchRefusal::Tls
        })?;
        let (mut sender, connection) = http1::Builder::new()
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| FetchRefusal::Broken)?;
        let request = addressed(url, request)?;
        let answering = Box::pin(async move {
            let answer = sender.send_request(request).await.map_err(|_| FetchRefusal::Broken)?;
            read(answer).await
        });
        match select(answering, connection).await {
            Either::Left((answer, _)) => answer,
            Either::Right((_, answering)) => answering.await,
        }
    }

    async fn addresses(&self, url: &Url) -> Result<Vec<std::net::SocketAddr>, FetchRefusal> {
        let host = url.host_str().ok_or(FetchRefusal::Url)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or(FetchRefusal::Url)?;
        let resolver = Arc::clone(&self.resolver);
        let found = tokio::task::spawn_blocking(move || resolver.resolve(&host, port)).await;
        found.ok().and_then(Result::ok).ok_or(FetchRefusal::Resolution)
    }

    async fn tls(&self) -> Result<Arc<rustls::ClientConfig>, FetchRefusal> {
        let made = self.tls.get_or_try_init(|| async {
            let trust = self.trust.clone();
            let made = tokio::task::spawn_blocking(move || trust.config()).await;
            made.map_err(|_| FetchRefusal::NoTrust)?
        });
        made.await.map(Arc::clone)
    }
}

/// With the target and the host as they stand on the wire, closing the connection.
fn addressed(url: &Url, request: Request<Bytes>) -> Result<Request<Full<Bytes>>, FetchRefusal> {
    let (mut head, body) = request.into_parts();
    let host = exchange::authority(url)?;
    let host = host.parse().map_err(|_| FetchRefusal::Url)?;
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    head.uri = target.parse().map_err(|_| FetchRefusal::Url)?;
    head.headers.insert(header::HOST, host);
    head.headers.insert(header::CONNECTION, header::HeaderValue::from_static("close"));
    Ok(Request::from_parts(head, Full::new(body)))
}

async fn read(answer: Response<Incoming>) -> Result<Response<Bytes>, FetchRefusal> {
    let (head, mut body) = answer.into_parts();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| FetchRefusal::Broken)?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > MOST {
            return Err(FetchRefusal::TooLarge(MOST));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Response::from_parts(head, whole.freeze()))
}
