//! A request body that ends when it grows too large or comes too slowly.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
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
use http::Version;
use http_body::Body as HttpBody;
use http_body::Frame;
use http_body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;

/// Slower than this for long enough is as bad as standing still.
const SLOWEST_BYTES_PER_SECOND: u64 = 1024;

/// What is read and thrown away behind a body that is too large. Over HTTP/2 an answer that comes
/// before the request has ended carries a reset, which some clients take for a failure.
const COURTESY: u64 = 1024 * 1024;

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
    left: AtomicBool,
}

impl BodyLimit {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(Inner {
            bytes: AtomicU64::new(bytes),
            verdict: AtomicU8::new(0),
            left: AtomicBool::new(false),
        }))
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.0.verdict.load(Ordering::Relaxed) {
            0 => Verdict::Fine,
            1 => Verdict::TooLarge,
            _ => Verdict::Stalled,
        }
    }

    /// Whether nobody reads the rest of the body any more.
    pub(super) fn is_left(&self) -> bool {
        self.0.left.load(Ordering::Relaxed)
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
/// Over HTTP/1 what comes too much is not read at all: the connection closes behind the answer.
pub(super) fn bounded(body: Body, limit: BodyLimit, stall: Duration, version: Version) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let courtesy = if version == Version::HTTP_2 { COURTESY } else { 0 };
    Body::new(Bounded {
        body,
        limit,
        stall,
        courtesy,
        received: 0,
        waited: Duration::ZERO,
        waiting: None,
        ended: false,
    })
}

struct Bounded {
    body: Body,
    limit: BodyLimit,
    stall: Duration,
    courtesy: u64,
    received: u64,
    waited: Duration,
    waiting: Option<Waiting>,
    ended: bool,
}

impl Drop for Bounded {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.limit.0.left.store(true, Ordering::Relaxed);
        }
    }
}

struct Waiting {
    since: Instant,
    cut: Pin<Box<Sleep>>,
}

impl Bounded {
    /// Whether `more` bytes may be handed on.
    fn fits(&self, more: u64) -> bool {
        self.received.saturating_add(more) <= self.limit.bytes()
    }

    /// Whether `more` bytes are read at all, be it to throw them away.
    fn is_read(&self, more: u64) -> bool {
        let most = self.limit.bytes().saturating_add(self.courtesy);
        self.received.saturating_add(more) <= most
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
        loop {
            // A declared length is refused before a byte of it is read (or asked for: RFC 9110
            // section 10.1.1, `Expect: 100-continue`).
            let declared = self.body.size_hint().lower();
            if !self.is_read(declared) {
                return Poll::Ready(Some(Err(self.limit.refuse(Cut::TooLarge))));
            }
            let fits = self.fits(declared);
            let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
                ready!(self.wait(cx));
                return Poll::Ready(Some(Err(self.limit.refuse(Cut::Stalled))));
            };
            self.stop_waiting();
            self.ended |= frame.is_none();
            let bytes = match &frame {
                Some(Ok(frame)) => frame.data_ref().map_or(0, |data| data.len() as u64),
                None if !self.fits(0) => {
                    return Poll::Ready(Some(Err(self.limit.refuse(Cut::TooLarge))));
                }
                _ => return Poll::Ready(frame),
            };
            self.received = self.received.saturating_add(bytes);
            if fits && self.fits(0) {
                return Poll::Ready(frame);
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
