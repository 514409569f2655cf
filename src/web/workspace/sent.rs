//! A form of the workspace as it was sent: who sent it, and what stands in it.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::HeaderMap;

use crate::http::multipart;
use crate::http::multipart::File;
use crate::http::parameters::NotAForm;
use crate::http::parameters::Parameters;
use crate::ops::administration::by::Confirming;
use crate::view::pages::ErrorKind;
use crate::web::WebState;
use crate::web::visitor;
use crate::web::workspace::inside::FORM;
use crate::web::workspace::inside::Inside;

/// What a person sent with a form that they were shown: one whose tag is of this session, this
/// browser and this path. Nothing else reaches a handler.
pub struct Sent {
    /// Who.
    pub inside: Inside,
    /// What.
    pub fields: Parameters,
    /// The path that it was posted to.
    pub path: String,
}

/// The same of a form that may hold files.
pub struct SentWithFiles {
    /// The form.
    pub sent: Sent,
    /// The files.
    pub files: Vec<File>,
}

/// A form before anybody asked whether it was shown to its sender.
struct Received {
    inside: Inside,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    async fn of(request: Request, state: &WebState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let inside = Inside::from_request_parts(&mut parts, state).await?;
        let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|refused| refused.into_response())?;
        Ok(Self { inside, path, headers, body })
    }

    fn sent(self, fields: Result<Parameters, NotAForm>) -> Result<Sent, Box<Response>> {
        let Self { inside, path, .. } = self;
        let Ok(fields) = fields else {
            return Err(Box::new(inside.refuse(ErrorKind::FormBroken)));
        };
        if !inside.visitor.sent(&fields, FORM, &path) {
            return Err(Box::new(inside.refuse(ErrorKind::FormExpired)));
        }
        Ok(Sent { inside, fields, path })
    }
}

impl FromRequest<WebState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let received = Received::of(request, state).await?;
        let fields = Parameters::of_form(&received.headers, &received.body);
        received.sent(fields).map_err(|page| *page)
    }
}

impl FromRequest<WebState> for SentWithFiles {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let received = Received::of(request, state).await?;
        let (fields, files) = if multipart::is_multipart(&received.headers) {
            match multipart::read(&received.headers, &received.body) {
                Ok((fields, files)) => (Ok(fields), files),
                Err(broken) => (Err(broken), Vec::new()),
            }
        } else {
            (Parameters::of_form(&received.headers, &received.body), Vec::new())
        };
        Ok(Self { sent: received.sent(fields).map_err(|page| *page)?, files })
    }
}

impl Sent {
    /// The person, with the second factor that the form brought.
    #[must_use]
    pub fn by(&self) -> Confirming {
        self.inside.by(&self.path, visitor::proof_of(&self.fields))
    }
}
