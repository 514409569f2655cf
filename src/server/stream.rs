//! The TCP stream below TLS: a write that stands still is cut.

use std::pin::Pin;
use std::time::Duration;

use tokio_io_timeout::TimeoutStream;

/// A stream whose writes fail once the other end has taken nothing for a while.
pub(super) type Guarded<S> = Pin<Box<TimeoutStream<S>>>;

/// Guards `stream`: no write waits longer than `write_stall`.
pub(super) fn guard<S>(stream: S, write_stall: Duration) -> Guarded<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite,
{
    let mut guarded = TimeoutStream::new(stream);
    guarded.set_write_timeout(Some(write_stall));
    Box::pin(guarded)
}
