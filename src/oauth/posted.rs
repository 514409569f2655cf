//! What every endpoint that takes a form begins with: the form, read once, and who sent it.

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::header::ORIGIN;
use http_body_util::BodyExt as _;

use crate::domain::audit::Origin;
use crate::http::origin;
use crate::http::parameters::Parameters;
use crate::oauth::OauthState;
use crate::oauth::client;
use crate::oauth::client::Asked;
use crate::oauth::error::OauthError;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;

/// A form that was posted. No parameter stands twice, but for `resource`.
pub(super) struct Posted {
    /// Its parameters.
    pub form: Parameters,
    /// Where it came from.
    pub origin: Origin,
    headers: HeaderMap,
}

impl FromRequest<OauthState> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, _: &OauthState) -> Result<Self, Response> {
        let (head, body) = request.into_parts();
        let (headers, origin) = (head.headers, origin::of(&head.extensions));
        let malformed = || OauthError::MALFORMED.respond();
        // Bounded by the middleware, like every body.
        let body = body.collect().await.map_err(|_| malformed())?.to_bytes();
        let form = Parameters::of_form(&headers, &body).map_err(|_| malformed())?;
        if form.repeats_any_but(&["resource"]) {
            return Err(malformed());
        }
        Ok(Self { form, origin, headers })
    }
}

impl Posted {
    /// Authenticates the client that sent it.
    ///
    /// # Errors
    /// The response to give.
    pub(super) async fn client(
        &self,
        ops: &Ops,
        asked: Asked,
    ) -> Result<AuthenticatedClient, Box<Response>> {
        client::authenticate(ops, &self.headers, &self.form, asked, self.origin).await
    }

    /// The response to `why`: a 401 that answers an `Authorization` header says which scheme is taken.
    pub(super) fn refuse(&self, why: OauthError) -> Response {
        why.with_basic(self.headers.contains_key(AUTHORIZATION)).respond()
    }

    /// Whether it came from a web page.
    pub(super) fn is_from_browser(&self) -> bool {
        self.headers.contains_key(ORIGIN)
    }
}
