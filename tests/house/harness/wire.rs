//! Requests and answers.

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use http::HeaderMap;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::harness::ISSUER;

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.header("location").to_owned()
    }

    /// A parameter of the redirect.
    pub fn redirected(&self, name: &str) -> Option<String> {
        let location = self.location();
        let url = url::Url::parse(ISSUER).unwrap().join(&location).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Status and error code of an OAuth answer.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.error())
    }

    /// A text member of a JSON answer.
    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// The error code of an OAuth answer.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request to a router and reads the answer whole.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A form on its way.
pub fn posting(path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Request<Body> {
    let mut request =
        request("POST", path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(encoded(form))).unwrap()
}

pub fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "cs.example")
}

/// An `Authorization` header of the Basic scheme, its parts encoded as RFC 6749 section 2.3.1 says.
pub fn basic(id: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", part(id), part(secret));
    format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}
