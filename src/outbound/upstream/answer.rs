//! An answer's body on its way in. It drives its connection, and gives it back when it has ended
//! well.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body::Frame;
use http_body::SizeHint;
use hyper::body::Incoming;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::outbound::upstream::UpstreamFault;
use crate::outbound::upstream::line::Line;
use crate::outbound::upstream::pool::Place;
use crate::outbound::upstream::pool::Pool;

type Piece = Option<Result<Frame<Bytes>, UpstreamFault>>;

pub(super) struct Answer {
    body: Incoming,
    held: Option<(Line, Place)>,
    pool: Arc<Pool>,
    name: Arc<str>,
    idle: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Answer {
    pub(super) fn new(
        body: Incoming,
        held: (Line, Place),
        pool: &Arc<Pool>,
        name: &Arc<str>,
        idle: Duration,
    ) -> Self {
        let (pool, name) = (Arc::clone(pool), Arc::clone(name));
        Self { body, held: Some(held), pool, name, idle, alarm: None, waiting: false }
    }

    /// Gives the connection back if there is nothing more to come.
    pub(super) fn settle(&mut self, cx: &mut Context<'_>) {
        if self.body.is_end_stream() {
            self.give_back(cx);
        }
    }

    fn give_back(&mut self, cx: &mut Context<'_>) {
        if let Some((mut line, place)) = self.held.take() {
            if line.is_usable(cx) {
                self.pool.take_back(line);
            }
            drop(place);
        }
    }

    fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if let Some((line, _)) = &mut self.held {
            line.drive(cx);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    /// Ready once nothing came for too long.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let due = || Instant::now() + self.idle;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.idle)));
        if !self.waiting {
            self.waiting = true;
            alarm.as_mut().reset(due());
        }
        alarm.as_mut().poll(cx)
    }

    fn cut(&mut self, fault: UpstreamFault) -> Poll<Piece> {
        self.held = None;
        tracing::warn!(upstream = %self.name, cause = %fault, "an answer could not be passed on whole");
        Poll::Ready(Some(Err(fault)))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = UpstreamFault;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Piece> {
        let this = &mut *self;
        match this.poll_body(cx) {
            Poll::Pending if this.poll_late(cx).is_ready() => {
                this.cut(UpstreamFault::AnswerStalled(this.idle))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Err(error))) => this.cut(UpstreamFault::Broken(error)),
            Poll::Ready(Some(Ok(frame))) if frame.is_data() => {
                this.waiting = false;
                this.settle(cx);
                Poll::Ready(Some(Ok(frame)))
            }
            // Trailers go no further, and nothing follows them.
            Poll::Ready(Some(Ok(_)) | None) => {
                this.give_back(cx);
                Poll::Ready(None)
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
