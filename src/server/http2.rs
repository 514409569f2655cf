//! HTTP/2 on one connection. Resets, CONTINUATION and empty-frame floods are ended by the library's
//! own guards.

use std::pin::pin;
use std::time::Duration;

use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio_util::task::TaskTracker;

use crate::http::Peer;
use crate::server::connection::Shared;
use crate::server::connection::ToRouter;
use crate::server::exchange::Exchanges;
use crate::server::shutdown::Shutdown;
use crate::server::watch::Next;
use crate::server::watch::Watch;

const STREAMS_PER_CONNECTION: u32 = 100;
/// How long an idle connection that was told to close may take over it.
const GOODBYE: Duration = Duration::from_secs(5);

/// Serves requests side by side until either side ends it.
pub(super) async fn serve<I>(io: I, peer: Peer, shared: &Shared)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let exchanges = Exchanges::new();
    let service = ToRouter::new(shared, peer, &exchanges);
    let streams = Streams { tasks: shared.tasks.clone(), shutdown: shared.shutdown.clone() };
    let head = u32::try_from(shared.limits.parsed_head).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(streams)
        .timer(TokioTimer::new())
        .max_header_list_size(head)
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .keep_alive_interval(shared.limits.idle / 2)
        .keep_alive_timeout(shared.limits.write_stall)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    let mut watch = Watch::new(shared, &exchanges);
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(peer = %peer.0, %error, "connection ended early");
                }
                return;
            }
            next = watch.next() => match next {
                Next::Close => connection.as_mut().graceful_shutdown(),
                Next::Idle if !watch.closing() => {
                    connection.as_mut().graceful_shutdown();
                    watch.close_within(GOODBYE);
                }
                Next::Idle => {}
                Next::Cut => return,
            },
        }
    }
}

/// Runs the streams of an HTTP/2 connection as tasks of the server.
#[derive(Clone)]
struct Streams {
    tasks: TaskTracker,
    shutdown: Shutdown,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = shutdown.abandoned() => {}
                _ = stream => {}
            }
        });
    }
}
