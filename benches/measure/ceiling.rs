//! What the product is compared with: the same listener in front of a handler that does nothing,
//! and a loop that only shakes hands.

use std::sync::Arc;

use axum::Router;
use bytes::Bytes;
use countersign::app::installation::Installation;
use countersign::base::clock::Clock;
use countersign::base::entropy::Entropy;
use countersign::config::Settings;
use countersign::http::limits::RequestLimits;
use countersign::server;
use countersign::server::LayerContext;
use countersign::server::Limits;
use countersign::server::Server;
use countersign::server::Shutdown;
use countersign::tls::acceptor;
use countersign::tls::acceptor::Certificates;
use countersign::tls::acceptor::MinVersion;
use countersign::tls::material::Material;
use rustls::ServerConfig;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::Outcome;
use super::site;

/// Listeners that stand until the process ends.
pub(crate) struct Ceilings {
    tls: Arc<ServerConfig>,
    issuer: String,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    shutdown: Shutdown,
    tasks: TaskTracker,
}

impl Ceilings {
    /// None yet; with the product's certificate and TLS settings.
    pub(crate) fn new(
        settings: &Settings,
        installation: &Installation,
        material: &Material,
    ) -> Outcome<Self> {
        Ok(Self {
            tls: acceptor::server_config(&Certificates::new(material), MinVersion::default())?,
            issuer: settings.issuer.as_str().to_owned(),
            clock: Arc::clone(&installation.clock),
            entropy: Arc::clone(&installation.entropy),
            shutdown: Shutdown::new(),
            tasks: TaskTracker::new(),
        })
    }

    /// Answers every request with `body`, once it has read what was sent.
    pub(crate) async fn constant(&self, body: String, layered: bool) -> Outcome<u16> {
        let (listener, port) = site::listen().await?;
        let body = Bytes::from(body);
        let router = Router::new().fallback(|_: Bytes| async move { body });
        let router = if layered { server::layers(router, self.context()?) } else { router };
        self.serve(listener, router);
        Ok(port)
    }

    /// Serves `router` inside the middleware.
    pub(crate) async fn layered(&self, router: Router) -> Outcome<u16> {
        let (listener, port) = site::listen().await?;
        self.serve(listener, server::layers(router, self.context()?));
        Ok(port)
    }

    fn serve(&self, listener: TcpListener, router: Router) {
        let (tls, limits) = (Arc::clone(&self.tls), Limits::default());
        let server = Server { listeners: vec![listener], tls, router, limits };
        self.tasks.spawn(server.run(self.shutdown.clone()));
    }

    fn context(&self) -> Outcome<LayerContext> {
        Ok(LayerContext {
            forwarded: Arc::default(),
            issuer: self.issuer.parse()?,
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            limits: RequestLimits::default(),
        })
    }

    /// Accepts, shakes hands, and waits until the other side is gone.
    pub(crate) async fn handshakes(&self) -> Outcome<u16> {
        let (listener, port) = site::listen().await?;
        let acceptor = TlsAcceptor::from(Arc::clone(&self.tls));
        let (tasks, shutdown) = (self.tasks.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = shutdown.begun() => {}
                () = accept(listener, acceptor, tasks) => {}
            }
        });
        Ok(port)
    }

    /// Ends all of them.
    pub(crate) async fn stop(&self) {
        self.shutdown.begin();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, tasks: TaskTracker) {
    while let Ok((stream, _)) = listener.accept().await {
        tasks.spawn(shake(stream, acceptor.clone()));
    }
}

async fn shake(stream: TcpStream, acceptor: TlsAcceptor) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    if let Ok(mut stream) = acceptor.accept(stream).await {
        // Whatever comes next, the end most likely, is none of our business.
        let _ = stream.read_u8().await;
    }
}
