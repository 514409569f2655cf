//! How the authority's server is asked: by whoever dials for this house.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http::header::RETRY_AFTER;
use http_body_util::BodyExt as _;
use http_body_util::Full;
use instant_acme::BodyWrapper;
use instant_acme::BytesResponse;
use instant_acme::Error;
use instant_acme::HttpClient;

use crate::base::clock::Timestamp;

/// What came back, or why nothing did.
pub type Called = Result<Response<Bytes>, Box<dyn std::error::Error + Send + Sync>>;

/// Sends one request.
pub type Call =
    Arc<dyn Fn(Request<Bytes>) -> Pin<Box<dyn Future<Output = Called> + Send>> + Send + Sync>;

/// What the server asked for in `Retry-After` when it last refused something (RFC 8555 section 6.6).
#[derive(Clone, Default)]
pub(super) struct AskedToWait(Arc<Mutex<Option<String>>>);

impl AskedToWait {
    fn note(&self, answer: &Response<Bytes>) {
        if !answer.status().is_client_error() && !answer.status().is_server_error() {
            return;
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = asked.map(str::to_owned);
    }

    /// How long from now.
    pub(super) fn until(&self, now: Timestamp) -> Option<Duration> {
        wait(self.0.lock().unwrap_or_else(PoisonError::into_inner).as_deref()?, now)
    }
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn wait(asked: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = asked.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::parse(asked.trim()).ok()?.timestamp().as_millisecond();
    Some(Timestamp::from_millis(u64::try_from(at).ok()?).since(now))
}

struct Client(Call, AskedToWait);

pub(super) fn client(call: &Call, asked: &AskedToWait) -> Box<dyn HttpClient> {
    Box::new(Client(Arc::clone(call), asked.clone()))
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (call, asked) = (Arc::clone(&self.0), self.1.clone());
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(head, body.to_bytes());
            let answer = call(request).await.map_err(Error::Other)?;
            asked.note(&answer);
            Ok(answer.map(Full::new).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn seconds(asked: &str) -> Option<u64> {
        wait(asked, NOW).map(|wait| wait.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else() {
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Mon, 21 Sep 2026 15:13:20 GMT"), Some(3600));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0), "it is over");
        for other in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(seconds(other), None, "{other}");
        }
    }

    #[test]
    fn the_last_refusal_counts_and_no_success() {
        let asked = AskedToWait::default();
        let answer = |status: u16, after: Option<&str>| {
            let mut answer = Response::builder().status(status);
            if let Some(after) = after {
                answer = answer.header(RETRY_AFTER, after);
            }
            asked.note(&answer.body(Bytes::new()).unwrap());
            asked.until(NOW)
        };
        assert_eq!(answer(200, Some("5")), None, "an order that is not ready yet");
        assert_eq!(answer(429, Some("60")), Some(Duration::from_secs(60)));
        assert_eq!(answer(200, Some("5")), Some(Duration::from_secs(60)));
        assert_eq!(answer(503, None), None);
    }
}
