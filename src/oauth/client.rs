//! How clients say who they are (RFC 6749 section 2.3.1): Basic, or in the body; once.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::base::secret::Secret;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::http::parameters::Parameters;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::authenticate_client::PresentedClient;
use crate::ops::failure::Failure;
use crate::ops::token_refusal::TokenRefusal;

/// Reads and authenticates the client.
///
/// # Errors
/// The response to give.
pub(super) async fn authenticate(
    ops: &Ops,
    headers: &HeaderMap,
    form: &Parameters,
    origin: Origin,
) -> Result<AuthenticatedClient, Box<axum::response::Response>> {
    let basic = headers.contains_key(AUTHORIZATION);
    let presented = read(headers, form).map_err(|why| Box::new(why.with_basic(basic).respond()))?;
    match ops.authenticate_client_from(&presented, origin).await {
        Ok(client) => Ok(client),
        Err(Failure::Refused((why, app))) => {
            let event =
                ops.event(EventKind::TokenRefused, origin).cause(TokenRefusal::Client(why).cause());
            ops.note_refusal(match app {
                Some(app) => event.app(app),
                None => event,
            })
            .await;
            Err(Box::new(OauthError::INVALID_CLIENT.with_basic(basic).respond()))
        }
        Err(Failure::Fault(fault)) => Err(Box::new(error::failed(&fault))),
    }
}

fn read(headers: &HeaderMap, form: &Parameters) -> Result<PresentedClient, OauthError> {
    let id = form.text("client_id").map_err(|_| OauthError::MALFORMED)?;
    let secret = form.text("client_secret").map_err(|_| OauthError::MALFORMED)?;
    if form.one("client_assertion") != Ok(None) || form.one("client_assertion_type") != Ok(None) {
        return Err(OauthError::INVALID_CLIENT);
    }
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = lines.next() else {
        let id = id.ok_or(OauthError::INVALID_CLIENT)?;
        return Ok(PresentedClient { id, secret: secret.map(Secret::new) });
    };
    // One way to authenticate a request, not two.
    if lines.next().is_some() || secret.is_some() {
        return Err(OauthError::MALFORMED);
    }
    let header = header.to_str().map_err(|_| OauthError::INVALID_CLIENT)?;
    let presented = basic(header).ok_or(OauthError::INVALID_CLIENT)?;
    if id.is_some_and(|id| id != presented.id) {
        return Err(OauthError::MALFORMED);
    }
    Ok(presented)
}

/// Both parts are form-url-encoded before they are joined (RFC 6749 section 2.3.1).
fn basic(header: &str) -> Option<PresentedClient> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = data_encoding::BASE64.decode(value.trim().as_bytes()).ok()?;
    let text = zeroize::Zeroizing::new(String::from_utf8(bytes).ok()?);
    let (id, secret) = text.split_once(':')?;
    let secret = Some(decode(secret)).filter(|secret| !secret.is_empty());
    Some(PresentedClient { id: decode(id), secret: secret.map(Secret::new) })
}

fn decode(part: &str) -> String {
    if !part.contains(['+', '%']) {
        return part.to_owned();
    }
    let spaced = part.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Parameters {
        Parameters::of_query(Some(text))
    }

    fn with(header: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, header.parse().unwrap());
        headers
    }

    fn encoded(pair: &str) -> String {
        format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
    }

    #[test]
    fn basic_parts_are_form_url_decoded() {
        let presented = read(&with(&encoded("a%3Ab:s%2Bx+y")), &form("")).unwrap();
        assert_eq!(presented.id, "a:b");
        assert_eq!(presented.secret.unwrap().expose(), "s+x y");
    }

    #[test]
    fn two_ways_at_once_are_refused() {
        let header = with(&encoded("app:secret"));
        let twice = read(&header, &form("client_id=app&client_secret=secret"));
        assert_eq!(twice.unwrap_err(), OauthError::MALFORMED);
        let other = read(&header, &form("client_id=other"));
        assert_eq!(other.unwrap_err(), OauthError::MALFORMED);
        assert!(read(&header, &form("client_id=app")).is_ok());
    }

    #[test]
    fn a_header_of_another_scheme_or_shape_is_no_client() {
        for header in ["Bearer x", "Basic", "Basic ###", "Basic YQ=="] {
            let refused = read(&with(header), &form("")).unwrap_err();
            assert_eq!(refused, OauthError::INVALID_CLIENT, "{header}");
        }
        assert_eq!(read(&HeaderMap::new(), &form("")).unwrap_err(), OauthError::INVALID_CLIENT);
    }
}
