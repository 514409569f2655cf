//! The body of a registration request (RFC 7591 section 3.1) and of an update (RFC 7592 section
//! 2.2), read strictly where it matters and no further: real clients send more than is asked for.
//!
//! Members that nobody knows are ignored, whatever they hold; a known member that stands twice or
//! has the wrong type is refused; `null` and empty text are as good as absent.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::base::secret::Secret;
use crate::domain::client_metadata::AuthMethod;
use crate::domain::client_metadata::ClientMetadata;
use crate::domain::display_name::misleads;
use crate::domain::redirect_uri::NotARedirectUri;
use crate::domain::redirect_uri::RedirectUri;

/// As many redirect URIs as a client may have.
pub const MOST_REDIRECT_URIS: usize = 10;
const LONGEST_NAME: usize = 200;
const LONGEST_URL: usize = 1024;
const LONGEST_TEXT: usize = 255;
const LONGEST_SCOPE: usize = 4096;
const MOST_CONTACTS: usize = 10;
const MOST_KEYS: usize = 10;
const LONGEST_KEYS: usize = 16 * 1024;

/// A request that was read: metadata that can be kept, and what else an update says.
#[derive(Clone, Debug)]
pub struct RegistrationRequest {
    /// What is to be kept.
    pub metadata: ClientMetadata,
    /// `client_id`: an update says whose it is.
    pub client_id: Option<String>,
    /// `client_secret`: an update may repeat it, and may not choose it.
    pub client_secret: Option<Secret>,
    /// Whether it holds members that only the server sets.
    pub sets_what_is_ours: bool,
}

/// Why a client cannot be registered like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotARegistration {
    /// No JSON object, or a known member twice or of the wrong type.
    #[error(
        "The request is not a JSON object of client metadata: a member stands twice or has the wrong type."
    )]
    Malformed,
    /// Every client here gets codes somewhere.
    #[error("redirect_uris must name at least one redirect URI.")]
    NoRedirectUri,
    /// Too many.
    #[error("redirect_uris must name at most 10 redirect URIs.")]
    TooManyRedirectUris,
    /// One cannot be registered.
    #[error(
        "A redirect URI is https, or http on 127.0.0.1, [::1] or localhost, or of an allowed scheme; without fragment, user name or dot segments; at most 1024 characters."
    )]
    RedirectUri(NotARedirectUri),
    /// The name cannot be shown as it is.
    #[error("client_name has control or direction characters, or is longer than 200 characters.")]
    Name,
    /// A link or text that is no link, or is too long.
    #[error("A member is too long, or a link in it is not https.")]
    Member,
    /// Not a method that clients can register for.
    #[error(
        "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt."
    )]
    AuthMethod,
    /// The code grant is not among the grant types.
    #[error("grant_types must include authorization_code.")]
    GrantTypes,
    /// `code` is not among the response types.
    #[error("response_types must include code.")]
    ResponseTypes,
    /// Keys where none belong, none where they do, or no public keys.
    #[error("private_key_jwt needs jwks: a set of 1 to 10 public RSA or EC keys, at most 16 KiB.")]
    Keys,
    /// Keys by reference are not fetched for clients that register themselves.
    #[error("jwks_uri is not supported for clients that register themselves; send jwks.")]
    KeysByReference,
}

impl NotARegistration {
    /// Whether it is about redirect URIs, for which there is an error code of its own.
    #[must_use]
    pub const fn is_about_redirects(self) -> bool {
        matches!(self, Self::NoRedirectUri | Self::TooManyRedirectUris | Self::RedirectUri(_))
    }
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Written {
    redirect_uris: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    client_name: Option<String>,
    client_uri: Option<String>,
    logo_uri: Option<String>,
    tos_uri: Option<String>,
    policy_uri: Option<String>,
    scope: Option<String>,
    contacts: Option<Vec<String>>,
    application_type: Option<String>,
    software_id: Option<String>,
    software_version: Option<String>,
    jwks: Option<serde_json::Value>,
    jwks_uri: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    client_id_issued_at: Option<IgnoredAny>,
    client_secret_expires_at: Option<IgnoredAny>,
    registration_access_token: Option<IgnoredAny>,
    registration_client_uri: Option<IgnoredAny>,
}

impl RegistrationRequest {
    /// Reads a body. `custom_schemes` are the private-use schemes that redirect URIs may have.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn read(body: &[u8], custom_schemes: &[String]) -> Result<Self, NotARegistration> {
        // A derived reader takes a list for an object, too.
        if body.trim_ascii_start().first() != Some(&b'{') {
            return Err(NotARegistration::Malformed);
        }
        let written: Written =
            serde_json::from_slice(body).map_err(|_| NotARegistration::Malformed)?;
        let sets_what_is_ours = written.client_id_issued_at.is_some()
            || written.client_secret_expires_at.is_some()
            || written.registration_access_token.is_some()
            || written.registration_client_uri.is_some();
        let client_id = said(written.client_id.clone());
        let client_secret = said(written.client_secret.clone()).map(Secret::new);
        let metadata = metadata(written, custom_schemes)?;
        Ok(Self { metadata, client_id, client_secret, sets_what_is_ours })
    }
}

fn metadata(
    written: Written,
    custom_schemes: &[String],
) -> Result<ClientMetadata, NotARegistration> {
    let redirect_uris = redirect_uris(written.redirect_uris.as_deref(), custom_schemes)?;
    check_grants(written.grant_types.as_deref(), written.response_types.as_deref())?;
    let method = match said(written.token_endpoint_auth_method) {
        Some(name) => AuthMethod::named(&name).ok_or(NotARegistration::AuthMethod)?,
        None => AuthMethod::default(),
    };
    if said(written.jwks_uri).is_some() {
        return Err(NotARegistration::KeysByReference);
    }
    let kind = said(written.application_type);
    Ok(ClientMetadata {
        redirect_uris,
        token_endpoint_auth_method: method,
        client_name: name(written.client_name)?,
        client_uri: link(written.client_uri)?,
        logo_uri: link(written.logo_uri)?,
        tos_uri: link(written.tos_uri)?,
        policy_uri: link(written.policy_uri)?,
        scope: bounded(written.scope, LONGEST_SCOPE)?,
        contacts: contacts(written.contacts)?,
        application_type: kind.filter(|kind| matches!(kind.as_str(), "web" | "native")),
        software_id: bounded(written.software_id, LONGEST_TEXT)?,
        software_version: bounded(written.software_version, LONGEST_TEXT)?,
        jwks: keys(method, written.jwks)?,
    })
}

/// Empty text says nothing.
fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn redirect_uris(
    written: Option<&[String]>,
    custom_schemes: &[String],
) -> Result<Vec<RedirectUri>, NotARegistration> {
    let written = written.unwrap_or_default();
    if written.is_empty() {
        return Err(NotARegistration::NoRedirectUri);
    }
    if written.len() > MOST_REDIRECT_URIS {
        return Err(NotARegistration::TooManyRedirectUris);
    }
    let mut uris = Vec::with_capacity(written.len());
    for text in written {
        let uri =
            RedirectUri::register(text, custom_schemes).map_err(NotARegistration::RedirectUri)?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

/// Grant types beyond the code grant are not refused; they are not granted either.
fn check_grants(
    grants: Option<&[String]>,
    responses: Option<&[String]>,
) -> Result<(), NotARegistration> {
    let lacks = |list: Option<&[String]>, word: &str| {
        list.is_some_and(|list| !list.is_empty() && !list.iter().any(|item| item == word))
    };
    if lacks(grants, "authorization_code") {
        return Err(NotARegistration::GrantTypes);
    }
    if lacks(responses, "code") {
        return Err(NotARegistration::ResponseTypes);
    }
    Ok(())
}

fn name(written: Option<String>) -> Result<Option<String>, NotARegistration> {
    let name = said(written);
    let unusable =
        |name: &String| name.chars().count() > LONGEST_NAME || name.chars().any(misleads);
    if name.as_ref().is_some_and(unusable) { Err(NotARegistration::Name) } else { Ok(name) }
}

fn link(written: Option<String>) -> Result<Option<String>, NotARegistration> {
    let link = bounded(written, LONGEST_URL)?;
    let is_https = |link: &String| {
        url::Url::parse(link).is_ok_and(|url| {
            url.scheme() == "https" && url.host_str().is_some_and(|host| !host.is_empty())
        })
    };
    if link.as_ref().is_none_or(is_https) { Ok(link) } else { Err(NotARegistration::Member) }
}

fn bounded(written: Option<String>, longest: usize) -> Result<Option<String>, NotARegistration> {
    let text = said(written);
    let unusable = |text: &String| text.len() > longest || text.chars().any(misleads);
    if text.as_ref().is_some_and(unusable) { Err(NotARegistration::Member) } else { Ok(text) }
}

fn contacts(written: Option<Vec<String>>) -> Result<Vec<String>, NotARegistration> {
    let written = written.unwrap_or_default();
    if written.len() > MOST_CONTACTS {
        return Err(NotARegistration::Member);
    }
    let mut contacts = Vec::new();
    for contact in written {
        contacts.extend(bounded(Some(contact), LONGEST_TEXT)?);
    }
    Ok(contacts)
}

/// Members of a JWK that hold something private (RFC 7518 sections 6.2.2, 6.3.2, 6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

fn keys(
    method: AuthMethod,
    written: Option<serde_json::Value>,
) -> Result<Option<serde_json::Value>, NotARegistration> {
    if method != AuthMethod::PrivateKeyJwt {
        return Ok(None);
    }
    let keys = written.ok_or(NotARegistration::Keys)?;
    let list = keys.get("keys").and_then(serde_json::Value::as_array);
    let list = list.ok_or(NotARegistration::Keys)?;
    let is_public = |key: &serde_json::Value| {
        let kind = key.get("kty").and_then(serde_json::Value::as_str);
        matches!(kind, Some("RSA" | "EC")) && PRIVATE.iter().all(|name| key.get(name).is_none())
    };
    let fits = (1..=MOST_KEYS).contains(&list.len()) && list.iter().all(is_public);
    if !fits || keys.to_string().len() > LONGEST_KEYS {
        return Err(NotARegistration::Keys);
    }
    Ok(Some(serde_json::json!({ "keys": list })))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<RegistrationRequest, NotARegistration> {
        RegistrationRequest::read(body.to_string().as_bytes(), &["cursor".to_owned()])
    }

    fn with(name: &str, value: Value) -> Result<RegistrationRequest, NotARegistration> {
        let mut body = json!({"redirect_uris": ["https://app.example/cb"]});
        body[name] = value;
        read(&body)
    }

    #[test]
    fn what_is_not_said_is_what_the_rfc_says() {
        let read = read(&json!({"redirect_uris": ["https://app.example/cb"]})).unwrap();
        let kept = read.metadata;
        assert_eq!(kept.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
        assert_eq!((kept.client_name, kept.scope), (None, None));
    }

    #[test]
    fn null_and_empty_text_are_as_good_as_absent() {
        for name in ["client_name", "client_uri", "logo_uri", "scope", "software_id", "jwks_uri"] {
            for nothing in [json!(null), json!(""), json!("  ")] {
                let kept = with(name, nothing).unwrap().metadata;
                assert_eq!(serde_json::to_value(&kept).unwrap().as_object().unwrap().len(), 2);
            }
        }
        for name in ["contacts", "grant_types", "response_types"] {
            assert!(with(name, json!([])).is_ok() && with(name, json!(null)).is_ok(), "{name}");
        }
    }

    #[test]
    fn unknown_members_are_ignored_whatever_they_hold() {
        let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
        let body = format!("{{\"x\":{deep},\"redirect_uris\":[\"https://a.example/\"],\"x\":1}}");
        assert!(RegistrationRequest::read(body.as_bytes(), &[]).is_ok());
    }

    #[test]
    fn a_known_member_twice_or_of_another_type_is_refused() {
        for body in [
            "",
            "null",
            "[]",
            "[[\"https://a.example/\"]]",
            "\"x\"",
            "{",
            "{\"redirect_uris\":[\"https://a.example/\"],\"redirect_uris\":[\"https://b.example/\"]}",
            "{\"redirect_uris\":[\"https://a.example/\"],\"client_name\":\"a\",\"client_name\":\"b\"}",
            "{\"redirect_uris\":\"https://a.example/\"}",
            "{\"redirect_uris\":[1]}",
            "{\"redirect_uris\":[\"https://a.example/\"],\"client_name\":{}}",
            "{\"redirect_uris\":[\"https://a.example/\"],\"jwks\":[[}",
        ] {
            let refused = RegistrationRequest::read(body.as_bytes(), &[]).unwrap_err();
            assert_eq!(refused, NotARegistration::Malformed, "{body}");
        }
        let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
        let body = format!("{{\"redirect_uris\":[\"https://a.example/\"],\"jwks\":{deep}}}");
        let refused = RegistrationRequest::read(body.as_bytes(), &[]).unwrap_err();
        assert_eq!(refused, NotARegistration::Malformed);
    }

    #[test]
    fn a_name_that_misleads_is_refused() {
        for name in ["a\u{202e}b", "a\nb", "a\u{200b}b", "a\u{2066}b", &"a".repeat(201)] {
            assert_eq!(with("client_name", json!(name)).unwrap_err(), NotARegistration::Name);
        }
    }

    #[test]
    fn links_are_https() {
        for name in ["client_uri", "logo_uri", "tos_uri", "policy_uri"] {
            for link in ["javascript:alert(1)", "http://a.example/", "data:,x", "//a.example", "x"]
            {
                let refused = with(name, json!(link)).unwrap_err();
                assert_eq!(refused, NotARegistration::Member, "{name} {link}");
            }
        }
    }

    #[test]
    fn keys_are_public_and_come_with_private_key_jwt_only() {
        let public = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "1"}]});
        let kept = with("jwks", public.clone()).unwrap().metadata;
        assert_eq!(kept.jwks, None, "a client with a secret has no keys");
        let signing = |keys: &Value| {
            read(&json!({
                "redirect_uris": ["https://app.example/cb"],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": keys,
            }))
        };
        assert_eq!(signing(&public).unwrap().metadata.jwks, Some(public));
        for keys in [
            json!(null),
            json!({}),
            json!({"keys": []}),
            json!({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}),
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "d": "d"}]}),
            json!({"keys": vec![json!({"kty": "RSA", "n": "x", "e": "y"}); 11]}),
        ] {
            assert_eq!(signing(&keys).unwrap_err(), NotARegistration::Keys, "{keys}");
        }
        let by_reference = with("jwks_uri", json!("https://app.example/jwks"));
        assert_eq!(by_reference.unwrap_err(), NotARegistration::KeysByReference);
    }

    #[test]
    fn what_only_the_server_sets_is_noticed_by_itself() {
        assert!(!with("client_name", json!("A")).unwrap().sets_what_is_ours);
        for name in [
            "client_id_issued_at",
            "client_secret_expires_at",
            "registration_access_token",
            "registration_client_uri",
        ] {
            assert!(with(name, json!(0)).unwrap().sets_what_is_ours, "{name}");
        }
    }

    #[test]
    fn a_client_has_one_to_ten_redirect_uris_each_once() {
        let uris = |count: usize| {
            let uris: Vec<_> = (0..count).map(|at| format!("https://app.example/{at}")).collect();
            with("redirect_uris", json!(uris)).map(|read| read.metadata.redirect_uris.len())
        };
        assert_eq!(uris(0), Err(NotARegistration::NoRedirectUri));
        assert_eq!((uris(1), uris(10)), (Ok(1), Ok(10)));
        assert_eq!(uris(11), Err(NotARegistration::TooManyRedirectUris));
        let twice = json!(["https://app.example/a", "https://app.example/a"]);
        let kept = with("redirect_uris", twice).unwrap().metadata.redirect_uris;
        assert_eq!(
            kept.iter().map(RedirectUri::as_str).collect::<Vec<_>>(),
            ["https://app.example/a"]
        );
        let wrong = with("redirect_uris", json!(["http://app.example/a"])).unwrap_err();
        assert_eq!(wrong, NotARegistration::RedirectUri(NotARedirectUri::PlainHttp));
    }

    #[test]
    fn what_is_wrong_with_redirect_uris_has_a_word_of_its_own() {
        for about in [
            NotARegistration::NoRedirectUri,
            NotARegistration::TooManyRedirectUris,
            NotARegistration::RedirectUri(NotARedirectUri::Scheme),
        ] {
            assert!(about.is_about_redirects(), "{about:?}");
        }
        assert!(!NotARegistration::Malformed.is_about_redirects());
    }

    #[test]
    fn the_code_grant_must_be_among_the_grants_if_any_is_named() {
        assert!(with("grant_types", json!(["authorization_code", "implicit"])).is_ok());
        assert!(with("response_types", json!(["token", "code"])).is_ok());
        let grants = with("grant_types", json!(["client_credentials"])).unwrap_err();
        assert_eq!(grants, NotARegistration::GrantTypes);
        let responses = with("response_types", json!(["token"])).unwrap_err();
        assert_eq!(responses, NotARegistration::ResponseTypes);
    }

    #[test]
    fn text_is_kept_up_to_its_length_and_refused_beyond() {
        for (name, longest) in
            [("scope", 4096), ("software_id", 255), ("software_version", 255), ("client_name", 200)]
        {
            let text = |length: usize| with(name, json!("a".repeat(length)));
            let kept = serde_json::to_value(text(longest).unwrap().metadata).unwrap();
            assert_eq!(kept[name].as_str().map(str::len), Some(longest), "{name}");
            assert!(text(longest + 1).is_err(), "{name}");
            assert!(with(name, json!("a\u{202e}b")).is_err(), "{name}");
        }
        let link = |length: usize| {
            let start = "https://app.example/";
            with("client_uri", json!(format!("{start}{}", "a".repeat(length - start.len()))))
        };
        assert_eq!(link(1024).unwrap().metadata.client_uri.map(|link| link.len()), Some(1024));
        assert_eq!(link(1025).unwrap_err(), NotARegistration::Member);
    }

    #[test]
    fn whom_to_ask_is_kept_for_ten_at_most() {
        let contacts = |count: usize| {
            with("contacts", json!(vec!["a@app.example"; count])).map(|read| read.metadata.contacts)
        };
        assert_eq!(contacts(10), Ok(vec!["a@app.example".to_owned(); 10]));
        assert_eq!(contacts(11), Err(NotARegistration::Member));
    }

    #[test]
    fn keys_are_sixteen_kibibytes_at_most() {
        let signing = |length: usize| {
            let empty = json!({"keys": [{"kty": "RSA", "n": ""}]}).to_string().len();
            read(&json!({
                "redirect_uris": ["https://app.example/cb"],
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": {"keys": [{"kty": "RSA", "n": "A".repeat(length - empty)}]},
            }))
        };
        assert!(signing(16_384).is_ok());
        assert_eq!(signing(16_385).unwrap_err(), NotARegistration::Keys);
    }
}
