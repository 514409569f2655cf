//! Files that are written as they are read, a piece at a time.

pub mod spreadsheet;

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;
use http_body::Frame;

use crate::ops::failure::Failure;

/// CSV, for spreadsheets.
pub(super) const CSV: &str = "text/csv; charset=utf-8";
/// A JSON object a line.
pub(super) const JSON_LINES: &str = "application/jsonl";
/// One JSON text.
pub(super) const JSON: &str = "application/json";

/// What a file is made of.
pub(super) trait Pieces: Send + Unpin + 'static {
    /// Why there may be no next piece.
    type Refusal;

    /// The next piece; empty at the end.
    fn next(&mut self) -> Result<Vec<u8>, Failure<Self::Refusal>>;
}

/// The answer that is a file called `name`. `head` was read before, so that who may not have the file
/// gets a page that says so.
pub(super) fn answer(kind: &'static str, name: &str, head: Vec<u8>, rest: impl Pieces) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, disposition),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    let head = Some(head).filter(|head| !head.is_empty()).map(Bytes::from);
    (headers, Body::new(Written { rest: Some(rest), head })).into_response()
}

/// The answer's body. It reads the next piece only when the one before was taken.
struct Written<P> {
    /// None once it has come to its end.
    rest: Option<P>,
    head: Option<Bytes>,
}

/// The answer cannot be brought to its end, and is cut so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
#[error("the export cannot go on")]
struct Cut;

impl<P: Pieces> http_body::Body for Written<P> {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(Ok(Frame::data(head))));
        }
        let Some(rest) = self.rest.as_mut() else { return Poll::Ready(None) };
        let piece = rest.next();
        if !matches!(&piece, Ok(piece) if !piece.is_empty()) {
            self.rest = None;
        }
        Poll::Ready(match piece {
            Ok(piece) if piece.is_empty() => None,
            Ok(piece) => Some(Ok(Frame::data(piece.into()))),
            Err(failure) => {
                if let Failure::Fault(fault) = failure {
                    tracing::error!(%fault, "an export was cut");
                }
                Some(Err(Cut))
            }
        })
    }
}
