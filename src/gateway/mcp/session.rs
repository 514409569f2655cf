//! Sessions of the 2025 revisions. The id that a client sees carries a tag over the server's own id,
//! the company, the app and the person: nobody else's token can use it. Nothing is kept here, so a
//! restart ends no session. Not bound to the connection: a client that asked for more permissions
//! goes on with the session that it has.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;

use crate::base::encoding;
use crate::base::id::CompanyId;
use crate::crypto::digest;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;

pub(super) const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
pub(super) const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// Whose sessions.
pub(super) struct Owner<'a> {
    pub ops: &'a Ops,
    pub live: &'a LiveToken,
    pub company: CompanyId,
}

/// The session is somebody else's, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Foreign;

impl Owner<'_> {
    /// Puts the server's own id in place of the one that the client sent.
    pub(super) fn open(&self, headers: &mut HeaderMap) -> Result<(), Foreign> {
        let mut lines = headers.get_all(SESSION).iter();
        let Some(sent) = lines.next() else {
            // Without a session there is nothing of one's own to take up again.
            headers.remove(LAST_EVENT);
            return Ok(());
        };
        if lines.next().is_some() {
            return Err(Foreign);
        }
        let text = sent.to_str().map_err(|_| Foreign)?;
        let (id, tag) = text.rsplit_once('.').ok_or(Foreign)?;
        let expected = self.tag(id);
        if !digest::equal(tag.as_bytes(), expected.as_bytes()) {
            return Err(Foreign);
        }
        let id = HeaderValue::from_str(id).map_err(|_| Foreign)?;
        headers.insert(SESSION, id);
        Ok(())
    }

    /// Puts the client's id in place of the one that the server gave; one that cannot be read is left
    /// out.
    pub(super) fn close(&self, headers: &mut HeaderMap) {
        let Some(own) = headers.remove(SESSION) else { return };
        let Some(id) = own.to_str().ok().filter(|id| !id.is_empty()) else { return };
        if let Ok(value) = HeaderValue::from_str(&format!("{id}.{}", self.tag(id))) {
            headers.insert(SESSION, value);
        }
    }

    fn tag(&self, id: &str) -> String {
        let company = self.company.to_string();
        let app = self.live.app().id.to_string();
        let person = self.live.person.to_string();
        let holder: &[u8] = if self.live.of_client { b"app" } else { b"person" };
        let parts = [id.as_bytes(), company.as_bytes(), app.as_bytes(), person.as_bytes(), holder];
        let tag = self.ops.session_tag(&parts);
        encoding::base64url(tag.get(..16).unwrap_or_default())
    }
}
