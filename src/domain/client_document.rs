//! Client ID metadata documents: a client whose `client_id` is the URL of a document that describes it
//! (draft-ietf-oauth-client-id-metadata-document).
//!
//! What a document says of its client is the client's own claim, and worth as much as the host that
//! serves it.

use std::fmt;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use url::Host;
use url::Url;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::crypto::jws::KeySet;
use crate::crypto::jws::NotAKeySet;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::display_name;
use crate::domain::redirect_uri::NotARedirectUri;
use crate::domain::redirect_uri::RedirectUri;
use crate::domain::registration::ClientProof;
use crate::domain::registration::KeySource;
use crate::domain::registration::Registration;

/// As many bytes as a document may have.
pub const LARGEST: usize = 5 * 1024;
/// As many bytes as a set of keys may have.
pub const LARGEST_KEY_SET: usize = 64 * 1024;

const LONGEST_URL: usize = 1024;

/// The URL of a document: https, with a path, in the one spelling that a URL parser would give it, so
/// that equal text is the same document and the other way round.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentUrl(String);

/// The text is no URL of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotADocumentUrl {
    /// Another scheme, or no URL at all.
    #[error("it is no https URL of at most 1024 characters")]
    NotHttps,
    /// No path, or nothing but a slash.
    #[error("it has no path")]
    NoPath,
    /// A user name or password.
    #[error("it has a user name or password before its host")]
    Userinfo,
    /// A fragment.
    #[error("it has a fragment (#)")]
    Fragment,
    /// Dot segments, capitals in the host, the default port, characters that need encoding.
    #[error("it is not in its normal form: write the host in lower case, no :443, no dot segments")]
    NotNormal,
}

impl DocumentUrl {
    /// Whether a `client_id` of this form can only be the URL of a document: no id of ours starts so.
    #[must_use]
    pub fn is_meant(client_id: &str) -> bool {
        client_id.starts_with("https://")
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// [`NotADocumentUrl`].
    pub fn parse(text: &str) -> Result<Self, NotADocumentUrl> {
        if !Self::is_meant(text) || text.len() > LONGEST_URL {
            return Err(NotADocumentUrl::NotHttps);
        }
        let url = Url::parse(text).map_err(|_| NotADocumentUrl::NotHttps)?;
        let authority = text.trim_start_matches("https://").split(['/', '?', '#', '\\']).next();
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(NotADocumentUrl::Userinfo);
        }
        if text.contains('#') {
            return Err(NotADocumentUrl::Fragment);
        }
        if url.path() == "/" {
            return Err(NotADocumentUrl::NoPath);
        }
        if url.as_str() != text {
            return Err(NotADocumentUrl::NotNormal);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which documents are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DocumentPolicy {
    /// None.
    #[default]
    Off,
    /// Those that an administrator pinned or allowed.
    AllowList,
    /// Any.
    Open,
}

/// What an administrator allows: one document, or all below a path that ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedDocuments(String);

impl AllowedDocuments {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads an entry of the list.
    ///
    /// # Errors
    /// It is neither the URL of a document nor an https URL that ends in a slash, both in their normal
    /// form.
    pub fn parse(text: &str) -> Result<Self, NotADocumentUrl> {
        if text.contains('*') {
            return Err(NotADocumentUrl::NotNormal);
        }
        if text.ends_with('/') && !text.contains('?') {
            // A folder is what a document below it could have.
            DocumentUrl::parse(&format!("{text}x"))?;
        } else {
            DocumentUrl::parse(text)?;
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `url` is among them. Both are in their normal form, so the host ends where the path
    /// begins, and nothing climbs out of a folder.
    #[must_use]
    pub fn cover(&self, url: &DocumentUrl) -> bool {
        let is_folder = self.0.ends_with('/') && !self.0.contains('?');
        if is_folder { url.0.starts_with(&self.0) } else { url.0 == self.0 }
    }
}

/// What a document says, checked, but for its keys: enough for a person to decide on, and for the row
/// that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// The document, which is the `client_id`.
    pub url: DocumentUrl,
    /// The client's name for itself.
    pub name: String,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it signs assertions; otherwise it proves nothing.
    pub signs: bool,
}

/// A document, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientDocument {
    /// What it says.
    pub introduction: Introduction,
    /// Its keys, if it signs assertions.
    pub keys: Option<DocumentKeys>,
}

/// Where a document's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentKeys {
    /// In it.
    Inline(KeySet),
    /// At this URL.
    At(DocumentUrl),
}

/// Why a document cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// No JSON object, or a member of the wrong type.
    #[error("it is no JSON object with the members of a client's metadata")]
    Malformed,
    /// `client_id` is missing or another than the URL.
    #[error("its client_id is not the URL that it was fetched from")]
    ClientId,
    /// `client_name` is missing or cannot be shown.
    #[error(
        "its client_name is missing, longer than 60 characters, or has characters that mislead"
    )]
    Name,
    /// `redirect_uris` is missing or empty, or one is never a redirect URI.
    #[error("its redirect_uris are missing or have one that is refused: {0}")]
    RedirectUri(NotARedirectUri),
    /// No redirect URI, or none that is allowed here.
    #[error("it has no redirect URI that is allowed here")]
    NoRedirectUri,
    /// A shared secret, or a method that needs one.
    #[error("it has or needs a client secret, which everybody could read")]
    SharedSecret,
    /// A method that does not exist here.
    #[error("its token_endpoint_auth_method is neither none nor private_key_jwt")]
    Method,
    /// No keys, or two places for them.
    #[error("private_key_jwt needs either jwks or jwks_uri")]
    Keys,
    /// The keys cannot be used.
    #[error("its keys cannot be used: {0}")]
    KeySet(NotAKeySet),
    /// Another algorithm than those that are checked here.
    #[error("its token_endpoint_auth_signing_alg is neither RS256 nor ES256")]
    Algorithm,
}

/// The members that matter; a `null` counts as left out, and all else is ignored.
#[derive(Deserialize)]
struct Members {
    client_id: Option<String>,
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    client_secret: Option<Value>,
    client_secret_expires_at: Option<Value>,
    token_endpoint_auth_method: Option<String>,
    token_endpoint_auth_signing_alg: Option<String>,
    jwks: Option<Value>,
    jwks_uri: Option<String>,
}

impl ClientDocument {
    /// Reads and checks the document that `url` gave. `custom_schemes` are the private-use schemes
    /// allowed here: redirect URIs of others are left out.
    ///
    /// # Errors
    /// [`DocumentFault`].
    pub fn read(
        url: &DocumentUrl,
        json: &[u8],
        custom_schemes: &[String],
    ) -> Result<Self, DocumentFault> {
        let members: Members =
            serde_json::from_slice(json).map_err(|_| DocumentFault::Malformed)?;
        if members.client_id.as_deref() != Some(url.as_str()) {
            return Err(DocumentFault::ClientId);
        }
        Self::checked(url, members, custom_schemes)
    }

    /// Reads a document that an administrator pinned, which says itself where it belongs.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn pinned(json: &[u8], custom_schemes: &[String]) -> Result<Self, DocumentFault> {
        let members: Members =
            serde_json::from_slice(json).map_err(|_| DocumentFault::Malformed)?;
        let url = members.client_id.as_deref().map(DocumentUrl::parse);
        let Some(Ok(url)) = url else { return Err(DocumentFault::ClientId) };
        Self::checked(&url, members, custom_schemes)
    }

    fn checked(
        url: &DocumentUrl,
        members: Members,
        custom_schemes: &[String],
    ) -> Result<Self, DocumentFault> {
        if members.client_secret.is_some() || members.client_secret_expires_at.is_some() {
            return Err(DocumentFault::SharedSecret);
        }
        let name = members.client_name.as_deref().and_then(display_name::checked);
        let keys = keys(&members)?;
        let introduction = Introduction {
            url: url.clone(),
            name: name.ok_or(DocumentFault::Name)?,
            redirect_uris: redirect_uris(members.redirect_uris, custom_schemes)?,
            signs: keys.is_some(),
        };
        Ok(Self { introduction, keys })
    }
}

/// Custom schemes that nobody allowed are left out: a client lists all that it uses anywhere. What is
/// hostile or malformed anywhere makes the whole document so.
fn redirect_uris(
    listed: Option<Vec<String>>,
    custom_schemes: &[String],
) -> Result<Vec<RedirectUri>, DocumentFault> {
    let mut uris = Vec::new();
    for text in listed.unwrap_or_default() {
        match RedirectUri::register(&text, custom_schemes) {
            Ok(uri) => uris.push(uri),
            Err(NotARedirectUri::Scheme) if !RedirectUri::is_hostile(&text) => {}
            Err(why) => return Err(DocumentFault::RedirectUri(why)),
        }
    }
    if uris.is_empty() { Err(DocumentFault::NoRedirectUri) } else { Ok(uris) }
}

fn keys(members: &Members) -> Result<Option<DocumentKeys>, DocumentFault> {
    match members.token_endpoint_auth_method.as_deref() {
        // A client that names no method has no secret either: it is a public one.
        None | Some("none") => return Ok(None),
        Some("private_key_jwt") => {}
        Some("client_secret_basic" | "client_secret_post" | "client_secret_jwt") => {
            return Err(DocumentFault::SharedSecret);
        }
        Some(_) => return Err(DocumentFault::Method),
    }
    if !matches!(members.token_endpoint_auth_signing_alg.as_deref(), None | Some("RS256" | "ES256"))
    {
        return Err(DocumentFault::Algorithm);
    }
    match (&members.jwks, &members.jwks_uri) {
        (Some(jwks), None) => {
            let set = KeySet::read(jwks.to_string().as_bytes()).map_err(DocumentFault::KeySet)?;
            Ok(Some(DocumentKeys::Inline(set)))
        }
        (None, Some(uri)) => {
            let uri = DocumentUrl::parse(uri).map_err(|_| DocumentFault::Keys)?;
            Ok(Some(DocumentKeys::At(uri)))
        }
        _ => Err(DocumentFault::Keys),
    }
}

impl Introduction {
    /// What was introduced in `app`; none if it is no client with a document.
    #[must_use]
    pub fn of(app: &App) -> Option<Self> {
        let Registration::Document { url } = &app.registration else { return None };
        Some(Self {
            url: DocumentUrl(url.clone()),
            name: app.name.clone(),
            redirect_uris: app.redirect_uris.clone(),
            signs: app.kind.is_confidential(),
        })
    }

    /// An app that nobody reviewed, for everybody, bounded by nothing but what a person grants.
    #[must_use]
    pub fn app(&self, id: AppId, now: Timestamp) -> App {
        let registration = Registration::Document { url: self.url.0.clone() };
        self.renewed(&App::unreviewed(id, registration, now))
    }

    /// `app` with what the document says now. What people decided about it stays.
    #[must_use]
    pub fn renewed(&self, app: &App) -> App {
        App {
            kind: self.kind(),
            proof: self.proof(),
            name: self.name.clone(),
            redirect_uris: self.redirect_uris.clone(),
            ..app.clone()
        }
    }

    const fn kind(&self) -> AppKind {
        if self.signs { AppKind::OauthConfidential } else { AppKind::OauthPublic }
    }

    /// The keys are always those of the document as it is at that moment.
    fn proof(&self) -> ClientProof {
        if self.signs {
            ClientProof::PrivateKeyJwt { keys: KeySource::Url(self.url.0.clone()) }
        } else {
            ClientProof::Secret
        }
    }
}

/// The host of a document's URL, as people read it.
#[must_use]
pub fn display_host(url: &str) -> Option<String> {
    match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => Some(name.to_owned()),
        Host::Ipv4(address) => Some(address.to_string()),
        Host::Ipv6(address) => Some(format!("[{address}]")),
    }
}

#[cfg(test)]
mod tests;
