//! New connections to an upstream.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_util::either::Either;
use url::Host;

use crate::outbound::upstream::NotUsable;
use crate::outbound::upstream::UpstreamFault;
use crate::outbound::upstream::UpstreamSettings;
use crate::outbound::upstream::line::Heard;
use crate::outbound::upstream::line::Line;
use crate::outbound::upstream::names::Names;
use crate::outbound::upstream::trust;

/// What its head may take up before the answer counts as broken.
const HEAD_BYTES: usize = 64 * 1024;
const HEADERS: usize = 256;

pub(super) struct Dialer {
    names: Names,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
}

impl Dialer {
    pub(super) fn new(settings: &UpstreamSettings) -> Result<Self, NotUsable> {
        let url = &settings.url;
        let host = url.host().ok_or(NotUsable::Address)?.to_owned();
        let tls = match url.scheme() {
            "https" => {
                let config = trust::client_config(settings.ca_file.as_deref())?;
                Some((TlsConnector::from(config), server_name(&host)?))
            }
            _ => None,
        };
        let port = url.port_or_known_default().ok_or(NotUsable::Address)?;
        Ok(Self { names: Names::of(host), port, tls, timeout: settings.connect_timeout })
    }

    /// A new connection, ready for a request.
    pub(super) async fn dial(&self) -> Result<Line, UpstreamFault> {
        let late = |_| UpstreamFault::ConnectTimedOut(self.timeout);
        tokio::time::timeout(self.timeout, self.connected()).await.map_err(late)?
    }

    async fn connected(&self) -> Result<Line, UpstreamFault> {
        let stream = self.reached().await?;
        let stream = match &self.tls {
            None => Either::Left(stream),
            Some((connector, name)) => {
                let shaken = connector.connect(name.clone(), stream).await;
                Either::Right(Box::new(shaken.map_err(UpstreamFault::Tls)?))
            }
        };
        let (stream, heard) = Heard::over(stream);
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(UpstreamFault::Broken)?;
        Ok(Line::new(sender, connection, heard))
    }

    /// The first of its addresses that answers; each has its share of the time.
    async fn reached(&self) -> Result<TcpStream, UpstreamFault> {
        let until = Instant::now() + self.timeout;
        let addresses = self.names.addresses().await.map_err(UpstreamFault::Name)?;
        let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            let share = until.saturating_duration_since(Instant::now()) / left.max(1);
            left = left.saturating_sub(1);
            let dialling = TcpStream::connect(SocketAddr::new(address, self.port));
            match tokio::time::timeout(share, dialling).await {
                Ok(Ok(stream)) => {
                    // Small messages go at once; without this a chat of events would stutter.
                    stream.set_nodelay(true).map_err(UpstreamFault::Connect)?;
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) if left == 0 => return Err(UpstreamFault::ConnectTimedOut(self.timeout)),
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(UpstreamFault::Connect(last))
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, NotUsable> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| NotUsable::Address),
        Host::Ipv4(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Ipv6(address) => Ok(ServerName::IpAddress((*address).into())),
    }
}
