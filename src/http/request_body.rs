//! A request body that ends when it grows too large or comes too slowly.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::Body as HttpBody;
use http_body::Frame;
use http_body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;

/// Slower than this for long enough is as bad as standing still.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;

/// What became of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing wrong so far.
    Fine,
    /// More than its limit.
    TooLarge,
    /// Slower than its limit.
    Stalled,
}

/// One request's body limit, shared by the body, the route that may change it, and the layer that
/// answers when it was passed.
#[derive(Debug, Clone)]
pub struct BodyLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bytes: AtomicU64,
    verdict: AtomicU8,
}

impl BodyLimit {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(Inner { bytes: AtomicU64::new(bytes), verdict: AtomicU8::new(0) }))
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.0.verdict.load(Ordering::Relaxed) {
            0 => Verdict::Fine,
            1 => Verdict::TooLarge,
            _ => Verdict::Stalled,
        }
    }

    fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    fn refuse(&self, cut: Cut) -> axum::Error {
        let verdict = match cut {
            Cut::TooLarge => 1,
            Cut::Stalled => 2,
        };
        self.0.verdict.store(verdict, Ordering::Relaxed);
        axum::Error::new(cut)
    }
}

/// Gives a route its own limit: `.layer(from_fn_with_state(bytes, limit_body))`.
pub async fn limit_body(State(bytes): State<u64>, request: Request, next: Next) -> Response {
    if let Some(limit) = request.extensions().get::<BodyLimit>() {
        limit.0.bytes.store(bytes, Ordering::Relaxed);
    }
    next.run(request).await
}

/// Why a body was cut.
#[derive(Debug, Clone, Copy, thiserror::Error)]
enum Cut {
    #[error("the request body is too large")]
    TooLarge,
    #[error("the request body came too slowly")]
    Stalled,
}

/// `body` within `limit`, standing still for at most `stall`, and in the long run no slower than
/// a kibibyte a second. Only time spent waiting for the client counts.
pub(super) fn bounded(body: Body, limit: BodyLimit, stall: Duration) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let waiting = None;
    Body::new(Bounded { body, limit, stall, received: 0, waited: Duration::ZERO, waiting })
}

struct Bounded {
    body: Body,
    limit: BodyLimit,
    stall: Duration,
    received: u64,
    waited: Duration,
    waiting: Option<Waiting>,
}

struct Waiting {
    since: Instant,
    cut: Pin<Box<Sleep>>,
}

impl Bounded {
    fn fits(&self, more: u64) -> bool {
        self.received.saturating_add(more) <= self.limit.bytes()
    }

    /// How long the next bytes may take: the whole stall time, unless the body has been slow.
    fn patience(&self) -> Duration {
        let earned = Duration::from_secs(self.received / SLOWEST_BYTES_PER_SECOND);
        self.stall.min((self.stall + earned).saturating_sub(self.waited))
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let patience = self.patience();
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: Instant::now(),
            cut: Box::pin(tokio::time::sleep(patience)),
        });
        waiting.cut.as_mut().poll(cx)
    }

    fn stop_waiting(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            self.waited += waiting.since.elapsed();
        }
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        // A declared length is refused before a byte of it is read (or asked for: RFC 9110
        // section 10.1.1, `Expect: 100-continue`).
        if !self.fits(self.body.size_hint().lower()) {
            return Poll::Ready(Some(Err(self.limit.refuse(Cut::TooLarge))));
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            ready!(self.wait(cx));
            return Poll::Ready(Some(Err(self.limit.refuse(Cut::Stalled))));
        };
        self.stop_waiting();
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        if !self.fits(bytes) {
            return Poll::Ready(Some(Err(self.limit.refuse(Cut::TooLarge))));
        }
        self.received += bytes;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
