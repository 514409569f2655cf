//! A request on its way out: how long it may stand still, and how long its answer may take then.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::Body as HttpBody;
use http_body::Frame;
use http_body::SizeHint;
use tokio::time::Instant;
use tokio::time::Sleep;

use crate::outbound::upstream::UpstreamFault;

/// How far the request has come.
#[derive(Debug, Clone, Copy)]
struct Progress {
    moved: Instant,
    whole: bool,
}

/// The clock of one exchange, until its answer begins.
pub(super) struct Pace {
    progress: Arc<Mutex<Progress>>,
    idle: Duration,
    response: Duration,
    alarm: Pin<Box<Sleep>>,
}

impl Pace {
    /// Follows a request with its body.
    pub(super) fn follow(
        request: Request<Body>,
        idle: Duration,
        response: Duration,
    ) -> (Request<Sent>, Self) {
        let now = Instant::now();
        let whole = request.body().is_end_stream();
        let progress = Arc::new(Mutex::new(Progress { moved: now, whole }));
        let alarm = Box::pin(tokio::time::sleep(if whole { response } else { idle }));
        let sent = request.map(|body| Sent { body, progress: Arc::clone(&progress) });
        (sent, Self { progress, idle, response, alarm })
    }

    /// Ready once the upstream has taken too long.
    pub(super) fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<UpstreamFault> {
        let Progress { moved, whole } = *lock(&self.progress);
        let (limit, fault) = if whole {
            (self.response, UpstreamFault::AnswerTimedOut(self.response))
        } else {
            (self.idle, UpstreamFault::RequestStalled(self.idle))
        };
        let due = moved + limit;
        if self.alarm.deadline() != due {
            self.alarm.as_mut().reset(due);
        }
        self.alarm.as_mut().poll(cx).map(|()| fault)
    }
}

fn lock(progress: &Mutex<Progress>) -> std::sync::MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request's body on its way out. Trailers end it and go no further: an upstream that merges them
/// into the headers would take from them what nobody checked.
pub(super) struct Sent {
    body: Body,
    progress: Arc<Mutex<Progress>>,
}

impl Sent {
    /// The body, if nothing of it was sent.
    pub(super) fn into_inner(self) -> Body {
        self.body
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let frame = frame.filter(|frame| !matches!(frame, Ok(frame) if frame.is_trailers()));
        let whole = frame.is_none() || self.body.is_end_stream();
        *lock(&self.progress) = Progress { moved: Instant::now(), whole };
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
