//! A form of the workspace as it was sent: who sent it, and what stands in it.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::response::Response;

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

impl FromRequest<WebState> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, state: &WebState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let inside = Inside::from_request_parts(&mut parts, state).await?;
        let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|refused| refused.into_response())?;
        let Ok(fields) = Parameters::of_form(&headers, &body) else {
            return Err(inside.refuse(ErrorKind::FormBroken));
        };
        if !inside.visitor.sent(&fields, FORM, &path) {
            return Err(inside.refuse(ErrorKind::FormExpired));
        }
        Ok(Self { inside, fields, path })
    }
}

impl Sent {
    /// The person, with the second factor that the form brought.
    #[must_use]
    pub fn by(&self) -> Confirming {
        self.inside.by(&self.path, visitor::proof_of(&self.fields))
    }
}
