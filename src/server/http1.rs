//! HTTP/1.1 on one connection.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::http::Peer;
use crate::server::connection::Shared;
use crate::server::connection::ToRouter;
use crate::server::exchange::Exchanges;
use crate::server::waiting::Waiting;
use crate::server::watch::Next;
use crate::server::watch::Watch;

/// Header lines that are parsed at all; the middleware allows fewer, with a full answer.
const PARSED_HEADERS: usize = 256;
/// How long, and how much, is read behind a last answer, so that the client sees it: closing with
/// bytes unread would reset the connection and destroy the answer on its way.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1024 * 1024;

/// Serves requests one after the other until either side ends it.
pub(super) async fn serve<I>(io: I, peer: Peer, shared: &Shared)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let exchanges = Exchanges::new();
    let service = ToRouter::new(shared, peer, &exchanges);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Waiting is timed in the stream, which can tell a head that drips from no request.
        .header_read_timeout(None)
        .max_buf_size(shared.limits.parsed_head)
        .max_headers(PARSED_HEADERS)
        .serve_connection(TokioIo::new(Waiting::new(io, &exchanges, shared.limits)), service);
    let mut watch = Watch::new(shared, &exchanges);
    let outcome = loop {
        let polled = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx));
        tokio::select! {
            biased;
            outcome = polled => break outcome,
            next = watch.next() => match next {
                // The parser would close at once who has not asked yet. Who was accepted is
                // answered, and told then that this was the last answer.
                Next::Close if !exchanges.any() => {}
                Next::Close => std::pin::Pin::new(&mut connection).graceful_shutdown(),
                Next::Cut => return,
                Next::Idle => {}
            },
        }
    };
    match outcome {
        // There was no answer that could be destroyed.
        Ok(()) if !exchanges.any() => {}
        Ok(()) => linger(connection.into_parts().io.into_inner().into_inner()).await,
        Err(error) => tracing::debug!(peer = %peer.0, %error, "connection ended early"),
    }
}

/// Ends our side, then reads what the client still sends, for a while.
async fn linger<I: AsyncRead + AsyncWrite + Unpin>(mut io: I) {
    let draining = async {
        io.shutdown().await?;
        let mut rest = vec![0; 8 * 1024];
        let mut read = 0;
        while read < LINGER_BYTES {
            match io.read(&mut rest).await? {
                0 => break,
                more => read += more,
            }
        }
        std::io::Result::Ok(())
    };
    // However it ends, the connection is over.
    let _ = timeout(LINGER, draining).await;
}
