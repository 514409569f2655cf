//! What one connection says: serialised once, and changed only where a token stands.

use std::ops::Range;
use std::sync::Arc;

use countersign::domain::resource::API_PATH;
use countersign::http::paths;

use super::Outcome;
use super::client;
use super::seed::Client;
use super::seed::SCOPES;
use super::seed::Seeded;

/// The requests of one connection, one after the other.
#[derive(Clone)]
pub(crate) struct Script {
    request: Vec<u8>,
    changes: Changes,
}

#[derive(Clone)]
enum Changes {
    /// Nothing does.
    Nothing,
    /// Each request is about any of these tokens, all of one length.
    Token { at: Range<usize>, tokens: Arc<[String]>, state: u64 },
    /// Each request has the refresh token of the answer before.
    Chain { at: Range<usize> },
}

impl Script {
    /// Asks for tokens in the app's own right.
    pub(crate) fn issuance(seeded: &Seeded) -> Self {
        let form = form(&[("grant_type", "client_credentials"), ("scope", SCOPES)]);
        let request = post(seeded, &seeded.credentials, paths::TOKEN, &form);
        Self { request, changes: Changes::Nothing }
    }

    /// Refreshes, beginning with this refresh token.
    pub(crate) fn refresh(seeded: &Seeded, first: &str) -> Outcome<Self> {
        let form = form(&[("grant_type", "refresh_token"), ("refresh_token", first)]);
        let request = post(seeded, &seeded.connected, paths::TOKEN, &form);
        let at = place_of(&request, first)?;
        Ok(Self { request, changes: Changes::Chain { at } })
    }

    /// Introspects any of the tokens; `number` tells connections apart.
    pub(crate) fn introspection(
        seeded: &Seeded,
        tokens: &Arc<[String]>,
        number: u64,
    ) -> Outcome<Self> {
        let first = tokens.first().ok_or("no tokens")?;
        let request =
            post(seeded, &seeded.resource_server, paths::INTROSPECT, &form(&[("token", first)]));
        Self::of_any(request, tokens, number)
    }

    /// Calls the API with any of the tokens.
    pub(crate) fn call(
        seeded: &Seeded,
        tokens: &Arc<[String]>,
        path: &str,
        number: u64,
    ) -> Outcome<Self> {
        let (authority, first) = (&seeded.authority, tokens.first().ok_or("no tokens")?);
        let request = format!(
            "GET {API_PATH}{path} HTTP/1.1\r\nHost: {authority}\r\n\
             Authorization: Bearer {first}\r\nAccept: application/json\r\n\r\n"
        );
        Self::of_any(request.into_bytes(), tokens, number)
    }

    fn of_any(request: Vec<u8>, tokens: &Arc<[String]>, number: u64) -> Outcome<Self> {
        let at = place_of(&request, tokens.first().map_or("", String::as_str))?;
        let state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let tokens = Arc::clone(tokens);
        Ok(Self { request, changes: Changes::Token { at, tokens, state } })
    }

    /// The next request.
    pub(crate) fn next(&mut self) -> &[u8] {
        if let Changes::Token { at, tokens, state } = &mut self.changes {
            let token = tokens.get(any_below(tokens.len(), state)).map_or("", String::as_str);
            put(&mut self.request, at, token.as_bytes());
        }
        &self.request
    }

    /// Takes from the answer what the next request needs.
    pub(crate) fn answered(&mut self, answer: &[u8]) -> Outcome<()> {
        let Changes::Chain { at } = &self.changes else { return Ok(()) };
        let token = client::between(answer, "\"refresh_token\":\"", "\"");
        put(&mut self.request, at, token.ok_or("an answer without a refresh token")?);
        Ok(())
    }
}

/// Writes a token where one of the same length stands.
fn put(request: &mut [u8], at: &Range<usize>, token: &[u8]) {
    if let Some(slot) = request.get_mut(at.clone())
        && slot.len() == token.len()
    {
        slot.copy_from_slice(token);
    }
}

/// A number below `end`: Marsaglia's xorshift, since nothing depends on it.
fn any_below(end: usize, state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    usize::try_from(*state >> 16).unwrap_or_default() % end.max(1)
}

fn place_of(request: &[u8], token: &str) -> Outcome<Range<usize>> {
    let mut windows = request.windows(token.len().max(1));
    let at = windows.position(|window| window == token.as_bytes()).ok_or("no token to change")?;
    Ok(at..at + token.len())
}

/// A form as it is sent.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn post(seeded: &Seeded, client: &Client, path: &str, form: &str) -> Vec<u8> {
    let (authority, authorization, length) = (&seeded.authority, client.basic(), form.len());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {authorization}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\
         Accept: application/json\r\n\r\n{form}"
    );
    request.into_bytes()
}
