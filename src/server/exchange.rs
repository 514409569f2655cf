//! The requests in flight on one connection: whose turn it is in each, and since when.
//!
//! A blocked socket shows only that nobody reads the connection. An HTTP/2 client can also keep
//! a single stream's window shut while it reads the rest; then the response body is no longer
//! polled, which is what is measured here.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use pin_project_lite::pin_project;
use tokio::time::Instant;

/// The exchanges of one connection.
#[derive(Debug)]
pub(super) struct Exchanges(Mutex<State>);

#[derive(Debug)]
struct State {
    next: u64,
    /// For each exchange: since when the client has taken nothing; `None` while we owe.
    open: BTreeMap<u64, Option<Instant>>,
    idle_since: Instant,
}

impl Exchanges {
    pub(super) fn new() -> Arc<Self> {
        let idle_since = Instant::now();
        Arc::new(Self(Mutex::new(State { next: 0, open: BTreeMap::new(), idle_since })))
    }

    /// A request came in.
    pub(super) fn begin(self: &Arc<Self>) -> Exchange {
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        state.open.insert(number, None);
        Exchange { number, all: Arc::clone(self) }
    }

    /// Whether a client has left an answer untouched for `limit`.
    pub(super) fn stalled(&self, limit: Duration) -> bool {
        self.state().open.values().flatten().any(|since| since.elapsed() >= limit)
    }

    /// Whether there is no request now and has been none for `first` (while none came at all) or
    /// for `limit`.
    pub(super) fn idle(&self, first: Duration, limit: Duration) -> bool {
        let state = self.state();
        let limit = if state.next == 0 { first } else { limit };
        state.open.is_empty() && state.idle_since.elapsed() >= limit
    }

    /// Whether there ever was a request.
    pub(super) fn any(&self) -> bool {
        self.state().next > 0
    }

    /// How many requests there were, and since when there is none; `None` while there is one.
    pub(super) fn idle_since(&self) -> Option<(u64, Instant)> {
        let state = self.state();
        state.open.is_empty().then_some((state.next, state.idle_since))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer. It ends when dropped.
#[derive(Debug)]
pub(super) struct Exchange {
    number: u64,
    all: Arc<Exchanges>,
}

impl Exchange {
    fn turn(&self, of_client: bool) {
        let since = of_client.then(Instant::now);
        self.all.state().open.insert(self.number, since);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let mut state = self.all.state();
        state.open.remove(&self.number);
        state.idle_since = Instant::now();
    }
}

/// What is handed on of a body at once. What was handed on counts as sent, so a large answer must
/// not be handed on whole to a client that takes none of it.
const PIECE: usize = 32 * 1024;

pin_project! {
    /// A response body that says whose turn it is.
    pub(super) struct Watched<B> {
        #[pin]
        body: B,
        held: Bytes,
        exchange: Exchange,
    }
}

impl<B> Watched<B> {
    pub(super) fn new(body: B, exchange: Exchange) -> Self {
        exchange.turn(true);
        Self { body, held: Bytes::new(), exchange }
    }
}

impl<B: Body<Data = Bytes>> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        if !this.held.is_empty() {
            this.exchange.turn(true);
            return Poll::Ready(Some(Ok(piece(this.held))));
        }
        let frame = this.body.poll_frame(cx);
        this.exchange.turn(frame.is_ready());
        frame.map_ok(|frame| match frame.into_data() {
            Ok(data) => {
                *this.held = data;
                piece(this.held)
            }
            Err(trailers) => trailers,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.len() as u64;
        let rest = self.body.size_hint();
        let mut all = SizeHint::new();
        if let Some(upper) = rest.upper() {
            all.set_upper(upper.saturating_add(held));
        }
        all.set_lower(rest.lower().saturating_add(held));
        all
    }
}

fn piece(held: &mut Bytes) -> Frame<Bytes> {
    Frame::data(held.split_to(held.len().min(PIECE)))
}
