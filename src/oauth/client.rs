//! How clients say who they are (RFC 6749 section 2.3): a secret by Basic or in the body, or an
//! assertion; once.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::base::secret::Secret;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::client_assertion::ASSERTION_TYPE;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::authenticate_client::ClientRefusal;
use crate::ops::authenticate_client::PresentedClient;
use crate::ops::client_assertions::PresentedAssertion;
use crate::ops::failure::Failure;
use crate::ops::token_refusal::TokenRefusal;

/// What a request says of its client.
#[derive(Debug)]
enum Presented {
    Client(PresentedClient),
    Assertion(PresentedAssertion),
}

/// The endpoint that is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    /// Its path.
    pub path: &'static str,
    /// Whether it serves clients with a document of which nothing is kept yet.
    pub unkept: bool,
}

impl Asked {
    /// An endpoint for what was granted before.
    pub(super) const fn at(path: &'static str) -> Self {
        Self { path, unkept: false }
    }
}

/// Reads and authenticates the client.
///
/// # Errors
/// The response to give.
pub(super) async fn authenticate(
    ops: &Ops,
    headers: &HeaderMap,
    form: &Parameters,
    asked: Asked,
    origin: Origin,
) -> Result<AuthenticatedClient, Box<axum::response::Response>> {
    let basic = headers.contains_key(AUTHORIZATION);
    let url = |path: &str| format!("{}{path}", ops.settings().issuer);
    let presented = read(headers, form, &url, asked.path);
    let presented = presented.map_err(|why| Box::new(why.with_basic(basic).respond()))?;
    let proven = match &presented {
        Presented::Assertion(assertion) => {
            ops.authenticate_by_assertion(assertion, asked.unkept).await
        }
        Presented::Client(client) => match ops.authenticate_client_from(client, origin).await {
            Err(Failure::Refused((ClientRefusal::Unknown, None)))
                if asked.unkept && client.secret.is_none() && ops.may_introduce(&client.id) =>
            {
                ops.authenticate_introduced(&client.id).await
            }
            proven => proven,
        },
    };
    match proven {
        Ok(client) => Ok(client),
        Err(Failure::Refused((why, app))) => {
            let event =
                ops.event(EventKind::TokenRefused, origin).cause(TokenRefusal::Client(why).cause());
            // Waiting for what is written of a known client would tell it from an unknown one.
            ops.note_refusal_later(match app {
                Some(app) => event.app(app),
                None => event,
            });
            if why == ClientRefusal::DocumentUnreachable {
                return Err(Box::new(error::unreachable()));
            }
            Err(Box::new(OauthError::INVALID_CLIENT.with_basic(basic).respond()))
        }
        Err(Failure::Fault(fault)) => Err(Box::new(error::failed(&fault))),
    }
}

fn read(
    headers: &HeaderMap,
    form: &Parameters,
    url: &dyn Fn(&str) -> String,
    path: &'static str,
) -> Result<Presented, OauthError> {
    let id = form.text("client_id").map_err(|_| OauthError::MALFORMED)?;
    let secret = form.text("client_secret").map_err(|_| OauthError::MALFORMED)?;
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let header = lines.next();
    let text = |name| form.text(name).map_err(|_| OauthError::MALFORMED);
    match (text("client_assertion")?, text("client_assertion_type")?) {
        (None, None) => {}
        // One way to authenticate a request, not two.
        _ if header.is_some() || secret.is_some() => return Err(OauthError::MALFORMED),
        (Some(assertion), Some(kind)) if kind == ASSERTION_TYPE => {
            return Ok(Presented::Assertion(PresentedAssertion {
                assertion: Secret::new(assertion),
                client_id: id,
                endpoints: vec![url(paths::TOKEN), url(path)],
            }));
        }
        _ => return Err(OauthError::INVALID_CLIENT),
    }
    let Some(header) = header else {
        let id = id.ok_or(OauthError::INVALID_CLIENT)?;
        return Ok(Presented::Client(PresentedClient { id, secret: secret.map(Secret::new) }));
    };
    if lines.next().is_some() || secret.is_some() {
        return Err(OauthError::MALFORMED);
    }
    let header = header.to_str().map_err(|_| OauthError::INVALID_CLIENT)?;
    let presented = basic(header).ok_or(OauthError::INVALID_CLIENT)?;
    if id.is_some_and(|id| id != presented.id) {
        return Err(OauthError::MALFORMED);
    }
    Ok(Presented::Client(presented))
}

/// The client of an `Authorization` header. Both parts are form-url-encoded before they are joined
/// (RFC 6749 section 2.3.1).
#[must_use]
pub fn basic(header: &str) -> Option<PresentedClient> {
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

    fn read(headers: &HeaderMap, form: &Parameters) -> Result<PresentedClient, OauthError> {
        match super::read(headers, form, &str::to_owned, "/here")? {
            Presented::Client(client) => Ok(client),
            Presented::Assertion(_) => panic!("an assertion"),
        }
    }

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
    fn an_assertion_is_the_only_way_where_there_is_one() {
        const KIND: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let with_assertion = |more: &str| {
            let form = form(&format!("client_assertion=a.b.c&client_assertion_type={KIND}{more}"));
            super::read(&HeaderMap::new(), &form, &|path| format!("https://x{path}"), "/here")
        };
        let Ok(Presented::Assertion(presented)) = with_assertion("&client_id=app") else {
            panic!("no assertion")
        };
        assert_eq!(presented.client_id.as_deref(), Some("app"));
        assert_eq!(presented.endpoints, ["https://x/oauth/token", "https://x/here"]);
        assert_eq!(with_assertion("&client_secret=s").unwrap_err(), OauthError::MALFORMED);
        let header = with(&encoded("app:secret"));
        let both = form(&format!("client_assertion=a&client_assertion_type={KIND}"));
        assert_eq!(read(&header, &both).unwrap_err(), OauthError::MALFORMED);
        for half in [
            "client_assertion=a.b.c".to_owned(),
            format!("client_assertion_type={KIND}&client_id=app"),
            "client_assertion=a&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer".to_owned(),
        ] {
            let refused = read(&HeaderMap::new(), &form(&half)).unwrap_err();
            assert_eq!(refused, OauthError::INVALID_CLIENT, "{half}");
        }
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
