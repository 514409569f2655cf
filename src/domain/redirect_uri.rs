//! Redirect URIs: matched byte for byte (RFC 9700 section 2.1). One exception, for native apps: on
//! http loopback the port is ignored (RFC 8252 section 7.3).
//!
//! Every redirect to a client is built here, from a [`VerifiedRedirect`], and nowhere else.

use serde::Deserialize;
use serde::Serialize;

const LONGEST: usize = 1024;

/// A redirect URI that was accepted at registration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RedirectUri(String);

/// Why a redirect URI cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotARedirectUri {
    /// Empty, over-long, or with characters that no URI has.
    #[error("a redirect URI is an absolute URI of at most 1024 printable ASCII characters")]
    Malformed,
    /// A fragment is never sent to a server.
    #[error("a redirect URI has no fragment (#)")]
    Fragment,
    /// A user name before the host hides the real host.
    #[error("a redirect URI has no user name or password before its host")]
    Userinfo,
    /// Plain http reaches loopback only.
    #[error("a redirect URI uses https; plain http is for 127.0.0.1, [::1] and localhost only")]
    PlainHttp,
    /// A scheme that nobody allowed.
    #[error("this scheme is not among clients.custom_schemes")]
    Scheme,
}

/// Schemes that run something in the browser or read the machine: never, whatever is configured.
const NEVER: [&str; 9] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "ftp", "ws", "wss"];

impl RedirectUri {
    /// Checks a URI at registration. `custom_schemes` are the private-use schemes allowed here.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn register(text: &str, custom_schemes: &[String]) -> Result<Self, NotARedirectUri> {
        let printable = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(printable) {
            return Err(NotARedirectUri::Malformed);
        }
        if text.contains('#') {
            return Err(NotARedirectUri::Fragment);
        }
        let (scheme, rest) = text.split_once(':').ok_or(NotARedirectUri::Malformed)?;
        match scheme {
            "https" => check_https(rest)?,
            "http" if Loopback::split(text).is_some() => {}
            "http" => return Err(NotARedirectUri::PlainHttp),
            other => check_custom(other, rest, custom_schemes)?,
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether `text` has a scheme that is never a redirect URI's, whatever is configured, or none.
    #[must_use]
    pub fn is_hostile(text: &str) -> bool {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
        scheme.is_none_or(|scheme| NEVER.contains(&scheme.as_str()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to the machine that the browser runs on.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Loopback::split(&self.0).is_some()
    }

    /// Whether `presented` is this URI.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        if self.0 == presented {
            return true;
        }
        match (Loopback::split(&self.0), Loopback::split(presented)) {
            (Some(registered), Some(presented)) => {
                registered.host == presented.host && registered.rest == presented.rest
            }
            _ => false,
        }
    }
}

fn check_https(rest: &str) -> Result<(), NotARedirectUri> {
    let parsed =
        url::Url::parse(&format!("https:{rest}")).map_err(|_| NotARedirectUri::Malformed)?;
    let authority = rest.strip_prefix("//").ok_or(NotARedirectUri::Malformed)?;
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(NotARedirectUri::Userinfo);
    }
    // The text is used as it stands, so what a browser makes of it must be what it says.
    let host = parsed.host_str().unwrap_or_default();
    let written = authority.rsplit_once(':').map_or(authority, |(host, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { host } else { authority }
    });
    let path = rest.split_once('?').map_or(rest, |(before, _)| before);
    let path = path.get(2 + authority.len()..).unwrap_or_default();
    let path_as_read = if path.is_empty() { "/" } else { path };
    // A wildcard would never match: what is presented is compared byte for byte.
    let wildcard = host.contains('*');
    if host.is_empty() || wildcard || host != written || parsed.path() != path_as_read {
        return Err(NotARedirectUri::Malformed);
    }
    Ok(())
}

fn check_custom(scheme: &str, rest: &str, allowed: &[String]) -> Result<(), NotARedirectUri> {
    let lower = scheme.to_ascii_lowercase();
    if NEVER.contains(&lower.as_str()) || lower != scheme || rest.is_empty() {
        return Err(NotARedirectUri::Scheme);
    }
    if allowed.iter().any(|allowed| allowed == scheme) {
        Ok(())
    } else {
        Err(NotARedirectUri::Scheme)
    }
}

/// An http loopback URI, taken apart as text: nothing is normalised, so nothing can be confused.
struct Loopback<'a> {
    host: &'a str,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let after = text.strip_prefix("http://")?;
        let end = after.find(['/', '?', '#', '\\', '@']).unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end)?;
        if rest.starts_with(['#', '\\', '@']) {
            return None;
        }
        let (host, port) = match authority.strip_prefix("[::1]") {
            Some("") => ("[::1]", None),
            Some(port) => ("[::1]", Some(port.strip_prefix(':')?)),
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port_is_well_formed = port.is_none_or(|port| {
            !port.starts_with('0')
                && port.bytes().all(|byte| byte.is_ascii_digit())
                && port.parse::<u16>().is_ok()
        });
        (is_loopback_host(host) && port_is_well_formed).then_some(Self { host, rest })
    }
}

fn is_loopback_host(host: &str) -> bool {
    host == "localhost"
        || host == "[::1]"
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A redirect URI that was presented and found to be one of the client's. The only thing that a
/// redirect to a client can be built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VerifiedRedirect(String);

impl VerifiedRedirect {
    /// Proves `presented` against what the client registered. Without one, the client's only
    /// registered URI is meant (RFC 6749 section 3.1.2.3).
    #[must_use]
    pub fn prove(registered: &[RedirectUri], presented: Option<&str>) -> Option<Self> {
        match presented {
            Some(presented) => registered
                .iter()
                .any(|uri| uri.matches(presented))
                .then(|| Self(presented.to_owned())),
            None => match registered {
                [only] => Some(Self(only.0.clone())),
                _ => None,
            },
        }
    }

    /// The URI without parameters of ours.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it leads to the machine that the browser runs on.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        Loopback::split(&self.0).is_some()
    }

    /// The host that the browser goes to next, or the scheme of a native app.
    #[must_use]
    pub fn display_host(&self) -> String {
        let parsed = url::Url::parse(&self.0).ok();
        parsed
            .map(|url| match url.host_str() {
                Some(host) if matches!(url.scheme(), "https" | "http") => host.to_owned(),
                _ => format!("{}:", url.scheme()),
            })
            .unwrap_or_default()
    }

    /// The URI with `parameters` added to its query: the one redirect builder.
    #[must_use]
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        let joint = if !self.0.contains('?') {
            "?"
        } else if self.0.ends_with(['?', '&']) {
            ""
        } else {
            "&"
        };
        format!("{}{joint}{}", self.0, query.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(text: &str) -> Result<RedirectUri, NotARedirectUri> {
        RedirectUri::register(text, &["cursor".to_owned()])
    }

    #[test]
    fn the_uris_of_the_real_clients_are_accepted() {
        for uri in [
            "https://claude.ai/api/mcp/auth_callback",
            "https://claude.com/api/mcp/auth_callback",
            "http://localhost/callback",
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "https://chatgpt.com/connector/oauth/abc123",
            "http://127.0.0.1/callback",
            "https://vscode.dev/redirect",
            "http://127.0.0.1/",
            "http://127.0.0.1:33418/",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback",
            "http://[::1]:9/cb",
            "https://app.example:8443/cb?tenant=1",
        ] {
            assert!(register(uri).is_ok(), "{uri}: {:?}", register(uri));
        }
    }

    #[test]
    fn hostile_uris_cannot_be_registered() {
        for uri in [
            "",
            "/callback",
            "https:",
            "https://",
            "https:///x",
            "https:app.example/cb",
            "https://user@app.example/cb",
            "https://app.example@evil.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example/cb#frag",
            "https://App.Example/cb",
            "https://app.example/a/../cb",
            "https://app.example/a/%2e%2e/cb",
            "https://app.example:99999/cb",
            "https://éxample.example/cb",
            "https://app.example/cb\r\nX: y",
            "https://app.example/ cb",
            "https://*.example/cb",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "http://localhost@evil.example/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.1/cb",
            "http://0.0.0.0/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "CURSOR://x",
            "unknown://x",
            "cursor:",
        ] {
            assert!(register(uri).is_err(), "{uri} was accepted");
        }
    }

    #[test]
    fn a_presented_uri_must_be_equal_byte_for_byte() {
        let registered = register("https://app.example/cb").unwrap();
        assert!(registered.matches("https://app.example/cb"));
        for presented in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://APP.example/cb",
            "https://app.example:443/cb",
            "https://app.example/cb?",
            "https://app.example/cb?x=1",
            "https://app.example/cb#",
            "https://app.example//cb",
            "https://app.example/./cb",
            "https://app.example/%63b",
            "https://app.example.evil.example/cb",
            "https://evil.example/https://app.example/cb",
            "http://app.example/cb",
            " https://app.example/cb",
            "https://app.example/cb ",
        ] {
            assert!(!registered.matches(presented), "{presented} matched");
        }
    }

    #[test]
    fn on_http_loopback_only_the_port_may_vary() {
        for registered in ["http://127.0.0.1/callback", "http://127.0.0.1:33418/callback"] {
            let registered = register(registered).unwrap();
            assert!(registered.matches("http://127.0.0.1:5000/callback"));
            assert!(registered.matches("http://127.0.0.1/callback"));
            for presented in [
                "http://127.0.0.1:5000/callback/",
                "http://127.0.0.1:5000/other",
                "http://127.0.0.1:5000/callback?x",
                "http://127.0.0.2:5000/callback",
                "http://localhost:5000/callback",
                "https://127.0.0.1:5000/callback",
                "http://127.0.0.1:/callback",
                "http://127.0.0.1:70000/callback",
                "http://127.0.0.1:0/callback",
                "http://127.0.0.1:05000/callback",
                "http://127.0.0.1:+1/callback",
                "http://127.0.0.1:5000@evil.example/callback",
                "http://evil.example:5000/callback",
                "http://127.0.0.1:5000\\callback",
            ] {
                assert!(!registered.matches(presented), "{presented} matched");
            }
        }
    }

    #[test]
    fn a_missing_uri_means_the_only_one_registered() {
        let one = [register("https://app.example/cb").unwrap()];
        assert!(VerifiedRedirect::prove(&one, None).is_some());
        let two = [one[0].clone(), register("https://app.example/cb2").unwrap()];
        assert!(VerifiedRedirect::prove(&two, None).is_none());
        assert!(VerifiedRedirect::prove(&[], None).is_none());
    }

    #[test]
    fn parameters_join_a_query_that_is_there_already() {
        let redirect =
            |uri: &str| VerifiedRedirect::prove(&[register(uri).unwrap()], None).unwrap();
        assert_eq!(
            redirect("https://a.example/cb").with(&[("code", "x y")]),
            "https://a.example/cb?code=x+y"
        );
        assert_eq!(
            redirect("https://a.example/cb?t=1").with(&[("code", "x")]),
            "https://a.example/cb?t=1&code=x"
        );
    }

    #[test]
    fn a_uri_is_a_thousand_and_twenty_four_characters_at_most_of_those_that_are_printed() {
        let long = |length: usize| {
            let start = "https://app.example/";
            register(&format!("{start}{}", "a".repeat(length - start.len())))
        };
        assert!(long(1024).is_ok());
        assert_eq!(long(1025), Err(NotARedirectUri::Malformed));
        for sign in ["<", ">", "\"", "^", "`", "{", "|", "}", "\\", " ", "\n", "\u{7f}", "é"] {
            for start in ["https://app.example/cb?a=", "cursor://host/cb?a="] {
                let refused = register(&format!("{start}{sign}"));
                assert_eq!(refused, Err(NotARedirectUri::Malformed), "{start}{sign:?}");
            }
        }
    }

    #[test]
    fn what_was_proved_is_told_as_it_is_and_shown_by_where_it_leads() {
        let proved = |uri: &str| VerifiedRedirect::prove(&[register(uri).unwrap()], None).unwrap();
        for (uri, host, loopback) in [
            ("https://app.example:8443/cb", "app.example", false),
            ("http://127.0.0.1:5000/cb", "127.0.0.1", true),
            ("cursor://anysphere.cursor-mcp/cb", "cursor:", false),
        ] {
            let redirect = proved(uri);
            assert_eq!(redirect.as_str(), uri);
            assert_eq!(
                (redirect.display_host().as_str(), redirect.is_loopback()),
                (host, loopback)
            );
        }
    }
}
