//! How long an HTTP/1.1 connection may wait for a request, and a request for the end of its head.
//!
//! The two are apart: a client that keeps a connection between two calls is left alone as long as
//! over HTTP/2, so that it seldom sends a request just when the connection is closed (RFC 9112
//! §9.3.1), while a head that has begun must end soon.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::server::exchange::Exchanges;
use crate::server::limits::Limits;

/// A stream that ends when no request came for too long, and fails when a head takes too long.
pub(super) struct Waiting<I> {
    io: I,
    exchanges: Arc<Exchanges>,
    limits: Limits,
    /// The number of requests before the head that is being read, and when its first bytes came.
    head: Option<(u64, Instant)>,
    alarm: Pin<Box<Sleep>>,
}

/// What is waited for, and until when.
enum Awaited {
    Request(Instant),
    RestOfHead(Instant),
}

impl<I> Waiting<I> {
    pub(super) fn new(io: I, exchanges: &Arc<Exchanges>, limits: Limits) -> Self {
        let alarm = Box::pin(tokio::time::sleep(limits.header_read));
        Self { io, exchanges: Arc::clone(exchanges), limits, head: None, alarm }
    }

    /// The stream below.
    pub(super) fn into_inner(self) -> I {
        self.io
    }

    /// `None` while a request is in flight: its body has limits of its own.
    fn awaited(&self) -> Option<(u64, Awaited)> {
        let (before, since) = self.exchanges.idle_since()?;
        let awaited = match self.head {
            Some((number, begun)) if number == before => {
                Awaited::RestOfHead(begun + self.limits.header_read)
            }
            _ if before == 0 => Awaited::Request(since + self.limits.header_read),
            _ => Awaited::Request(since + self.limits.idle),
        };
        Some((before, awaited))
    }

    /// Ready at the deadline: the end of the stream, or its failure.
    fn poll_deadline(&mut self, cx: &mut Context<'_>, awaited: &Awaited) -> Poll<io::Result<()>> {
        let (outcome, deadline) = match awaited {
            Awaited::Request(deadline) => (Ok(()), deadline),
            Awaited::RestOfHead(deadline) => (Err(io::ErrorKind::TimedOut.into()), deadline),
        };
        self.alarm.as_mut().reset(*deadline);
        std::task::ready!(self.alarm.as_mut().poll(cx));
        Poll::Ready(outcome)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Waiting<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some((before, awaited)) = this.awaited() else {
            return Pin::new(&mut this.io).poll_read(cx, buf);
        };
        if matches!(awaited, Awaited::RestOfHead(deadline) if deadline <= Instant::now()) {
            // However much comes of it.
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let filled = buf.filled().len();
        match Pin::new(&mut this.io).poll_read(cx, buf) {
            Poll::Pending => this.poll_deadline(cx, &awaited),
            Poll::Ready(outcome) => {
                let in_head = matches!(awaited, Awaited::RestOfHead(_));
                if buf.filled().len() > filled && !in_head {
                    this.head = Some((before, Instant::now()));
                }
                Poll::Ready(outcome)
            }
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Waiting<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
