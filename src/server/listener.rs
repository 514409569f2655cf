//! Accepts connections, as long as the server runs and there is room.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::http::Peer;
use crate::server::admission::Admission;
use crate::server::connection;
use crate::server::connection::Shared;
use crate::server::quiet::OncePerMinute;
use crate::telemetry::measures;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One listening socket.
pub(super) struct Acceptor {
    pub(super) listener: TcpListener,
    pub(super) admission: Arc<Admission>,
    pub(super) shared: Arc<Shared>,
    pub(super) turned_away: Arc<OncePerMinute>,
    pub(super) failed: Arc<OncePerMinute>,
}

impl Acceptor {
    /// Accepts until the server stops; the socket is closed then.
    pub(super) async fn run(self) {
        let mut pause = FIRST_PAUSE;
        while let Some(accepted) = self.accept().await {
            match accepted {
                Ok((stream, address)) => {
                    pause = FIRST_PAUSE;
                    self.take(stream, Peer::at(address));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    self.rest(&error, pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn accept(&self) -> Option<io::Result<(TcpStream, SocketAddr)>> {
        tokio::select! {
            biased;
            () = self.shared.shutdown.begun() => None,
            accepted = self.listener.accept() => Some(accepted),
        }
    }

    /// Out of file descriptors or memory: accepting again at once would fail again at once.
    async fn rest(&self, error: &io::Error, pause: Duration) {
        if let Some(times) = self.failed.count() {
            tracing::error!(%error, times, "connections cannot be accepted; raise LimitNOFILE?");
        }
        tokio::select! {
            () = self.shared.shutdown.begun() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    fn take(&self, stream: TcpStream, peer: Peer) {
        let place = match self.admission.admit(peer.ip()) {
            Ok(place) => place,
            Err(full) => {
                measures::CONNECTIONS_REFUSED.of(full.word()).count();
                if let Some(times) = self.turned_away.count() {
                    tracing::warn!(peer = %peer.0, limit = ?full, times, "connections closed at once");
                }
                return;
            }
        };
        // An answer is written whole: waiting to fill a packet only delays it.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        measures::CONNECTIONS_TAKEN.count();
        let held = measures::CONNECTIONS.hold();
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(async move {
            connection::serve(stream, peer, shared).await;
            drop((place, held));
        });
    }
}

/// The client was gone before it was accepted: nothing is wrong with the socket.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted
    )
}
