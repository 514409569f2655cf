//! One connection to an upstream, driven by whoever uses it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

use http::Request;
use http::Response;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::Connection;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use crate::outbound::upstream::UpstreamFault;
use crate::outbound::upstream::pace::Pace;
use crate::outbound::upstream::pace::Sent;

type Wire = Heard<Either<TcpStream, Box<TlsStream<TcpStream>>>>;

/// A connection.
pub(super) struct Line {
    sender: SendRequest<Sent>,
    connection: Connection<TokioIo<Wire>, Sent>,
    heard: Arc<AtomicU64>,
    ended: bool,
    pub(super) unused_since: Instant,
}

/// What became of a request.
pub(super) enum Told {
    /// The head of the answer.
    Answer(Response<Incoming>),
    /// It never went out.
    Unsent(Request<Sent>),
    /// It went out, perhaps, and the connection ended without a byte in answer.
    Unheard(UpstreamFault),
    /// Anything else.
    Fault(UpstreamFault),
}

impl Line {
    pub(super) fn new(
        sender: SendRequest<Sent>,
        connection: Connection<TokioIo<Wire>, Sent>,
        heard: Arc<AtomicU64>,
    ) -> Self {
        Self { sender, connection, heard, ended: false, unused_since: Instant::now() }
    }

    /// Moves what can be moved. The connection is driven nowhere else.
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        // How it ended is told to whoever waits for an answer or its body.
        if !self.ended && Pin::new(&mut self.connection).poll(cx).is_ready() {
            self.ended = true;
        }
    }

    /// Whether it takes another request, as far as can be seen.
    pub(super) fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        self.drive(cx);
        !self.ended && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn exchange(&mut self, request: Request<Sent>, pace: &mut Pace) -> Told {
        let heard = self.heard.load(Ordering::Relaxed);
        let mut answer = pin!(self.sender.try_send_request(request));
        let answered = poll_fn(|cx| {
            if let Poll::Ready(answered) = answer.as_mut().poll(cx) {
                return Poll::Ready(Ok(answered));
            }
            if !self.ended && Pin::new(&mut self.connection).poll(cx).is_ready() {
                self.ended = true;
            }
            match answer.as_mut().poll(cx) {
                Poll::Ready(answered) => Poll::Ready(Ok(answered)),
                Poll::Pending => pace.poll_late(cx).map(Err),
            }
        });
        match answered.await {
            Err(late) => Told::Fault(late),
            Ok(Ok(response)) => Told::Answer(response),
            Ok(Err(error)) => self.failed(error, heard),
        }
    }

    fn failed(&self, mut error: TrySendError<Request<Sent>>, heard: u64) -> Told {
        if let Some(request) = error.take_message() {
            return Told::Unsent(request);
        }
        let error = error.into_error();
        if error.is_user() {
            return Told::Fault(UpstreamFault::RequestBody(error));
        }
        let unheard = self.heard.load(Ordering::Relaxed) == heard;
        if unheard && !error.is_parse() {
            let closed = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
            return Told::Unheard(if closed {
                UpstreamFault::Closed
            } else {
                UpstreamFault::Broken(error)
            });
        }
        Told::Fault(UpstreamFault::Broken(error))
    }
}

/// A stream that counts what comes in.
pub(super) struct Heard<S> {
    stream: S,
    bytes: Arc<AtomicU64>,
}

impl<S> Heard<S> {
    pub(super) fn over(stream: S) -> (Self, Arc<AtomicU64>) {
        let bytes = Arc::new(AtomicU64::new(0));
        (Self { stream, bytes: Arc::clone(&bytes) }, bytes)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let more = buffer.filled().len().saturating_sub(before);
        self.bytes.fetch_add(more as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
