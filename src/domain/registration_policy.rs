//! Who may register themselves, and where their codes may go (`clients.registration…`). Applied when
//! a client registers and again when it changes.

use std::fmt;
use std::time::Duration;

use crate::domain::redirect_uri::RedirectUri;

/// Who may register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Nobody.
    #[default]
    Off,
    /// Who holds an initial access token (RFC 7591 section 3).
    InitialToken,
    /// Anybody whose redirect URIs are all on the list.
    AllowList,
    /// Anybody.
    Open,
}

/// Everything that is configured about clients that register themselves.
#[derive(Clone, Debug, Default)]
pub struct RegistrationPolicy {
    /// Who may.
    pub mode: RegistrationMode,
    /// Where codes may go, for [`RegistrationMode::AllowList`].
    pub redirects: Vec<AllowedRedirect>,
    /// As many that nobody has used yet, at a time.
    pub most_unused: u64,
    /// How long one may stay unused.
    pub unused: Duration,
    /// How long one may be idle without a live connection.
    pub idle: Duration,
}

impl RegistrationPolicy {
    /// Whether anybody may register.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.mode != RegistrationMode::Off
    }

    /// Whether codes may go to all of these.
    #[must_use]
    pub fn permits(&self, uris: &[RedirectUri]) -> bool {
        match self.mode {
            RegistrationMode::Off => false,
            RegistrationMode::InitialToken | RegistrationMode::Open => true,
            RegistrationMode::AllowList => {
                uris.iter().all(|uri| self.redirects.iter().any(|allowed| allowed.covers(uri)))
            }
        }
    }
}

/// One entry of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedRedirect {
    /// The word `loopback`: http on `127.0.0.0/8`, `[::1]` or `localhost`, any port and path.
    Loopback,
    /// This URI, byte for byte.
    Exact(RedirectUri),
    /// `https://host/path/*`: this text, ending in a slash, and plain segments behind it. The host
    /// is always exact.
    Below(String),
}

impl fmt::Display for AllowedRedirect {
    /// As it is written in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loopback => f.write_str("loopback"),
            Self::Exact(uri) => f.write_str(uri.as_str()),
            Self::Below(prefix) => write!(f, "{prefix}*"),
        }
    }
}

impl AllowedRedirect {
    /// Reads an entry.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text == "loopback" {
            return Some(Self::Loopback);
        }
        if let Some(prefix) = text.strip_suffix('*') {
            let uri = RedirectUri::register(prefix, &[]).ok()?;
            let rest = uri.as_str().strip_prefix("https://")?;
            let whole = rest.contains('/') && prefix.ends_with('/') && !rest.contains('?');
            return whole.then(|| Self::Below(prefix.to_owned()));
        }
        // Whether the scheme is allowed is asked when a client comes with it.
        let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_owned())?;
        RedirectUri::register(text, &[scheme]).ok().map(Self::Exact)
    }

    fn covers(&self, uri: &RedirectUri) -> bool {
        match self {
            Self::Loopback => uri.is_loopback(),
            Self::Exact(allowed) => allowed.as_str() == uri.as_str(),
            Self::Below(prefix) => uri.as_str().strip_prefix(prefix.as_str()).is_some_and(is_plain),
        }
    }
}

/// Segments that mean the same to everybody: nothing is escaped, empty or only dots.
fn is_plain(rest: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    rest.split('/')
        .all(|segment| !segment.bytes().all(|byte| byte == b'.') && segment.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(entries: &[&str]) -> RegistrationPolicy {
        RegistrationPolicy {
            mode: RegistrationMode::AllowList,
            redirects: entries.iter().map(|entry| AllowedRedirect::read(entry).unwrap()).collect(),
            ..RegistrationPolicy::default()
        }
    }

    fn permits(policy: &RegistrationPolicy, uri: &str) -> bool {
        RedirectUri::register(uri, &["cursor".to_owned()]).is_ok_and(|uri| policy.permits(&[uri]))
    }

    #[test]
    fn the_list_permits_what_stands_on_it() {
        let policy = policy(&[
            "loopback",
            "https://claude.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector/oauth/*",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ]);
        for uri in [
            "http://127.0.0.1:9/callback",
            "http://localhost/callback",
            "http://[::1]:80/x",
            "https://claude.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector/oauth/abc-123_x",
            "https://chatgpt.com/connector/oauth/a/b",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ] {
            assert!(permits(&policy, uri), "{uri}");
        }
    }

    #[test]
    fn the_list_permits_nothing_that_only_looks_like_it() {
        let policy = policy(&[
            "loopback",
            "https://claude.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector/oauth/*",
            "https://bare.example/*",
            "cursor://anysphere.cursor-mcp/oauth/callback",
        ]);
        for uri in [
            "https://claude.ai/api/mcp/auth_callback/",
            "https://claude.ai/api/mcp/auth_callback?x=1",
            "https://claude.ai/api/mcp/auth_callbackx",
            "https://claude.ai:8443/api/mcp/auth_callback",
            "https://claude.ai.evil.example/api/mcp/auth_callback",
            "https://evil.example/https://claude.ai/api/mcp/auth_callback",
            "https://claude.ai@evil.example/api/mcp/auth_callback",
            "https://CLAUDE.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector/oauth/",
            "https://chatgpt.com/connector/oauth",
            "https://chatgpt.com/connector/oauth//evil.example",
            "https://chatgpt.com/connector/oauth/a//b",
            "https://chatgpt.com/connector/oauth/a/",
            "https://chatgpt.com/connector/oauth/../../evil",
            "https://chatgpt.com/connector/oauth/.../x",
            "https://chatgpt.com/connector/oauth/%2e%2e/evil",
            "https://chatgpt.com/connector/oauth/..%2f..%2fevil",
            "https://chatgpt.com/connector/oauth/..%5cevil",
            "https://chatgpt.com/connector/oauth/x?next=https://evil.example",
            "https://chatgpt.com/connector/oauth/x;y",
            "https://chatgpt.com/connector/oauth/x@evil.example",
            "https://chatgpt.com/connector/oauthx/y",
            "https://chatgpt.com.evil.example/connector/oauth/x",
            "https://bare.example.evil.example/x",
            "https://bare.example:444/x",
            "https://evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://localhost.evil.example/",
            "http://chatgpt.com/connector/oauth/x",
            "cursor://anysphere.cursor-mcp/oauth/callback2",
            "cursor://evil/oauth/callback",
        ] {
            assert!(!permits(&policy, uri), "{uri}");
        }
    }

    #[test]
    fn all_of_a_clients_redirect_uris_must_be_permitted() {
        let policy = policy(&["loopback"]);
        let uris = ["http://localhost/cb", "https://evil.example/cb"];
        let uris: Vec<_> =
            uris.iter().map(|uri| RedirectUri::register(uri, &[]).unwrap()).collect();
        assert!(policy.permits(&uris[..1]) && !policy.permits(&uris));
    }

    #[test]
    fn entries_that_would_let_anybody_in_cannot_be_written() {
        for entry in [
            "",
            "*",
            "https://*",
            "https://*/",
            "https://*.example/cb",
            "https://app.example*",
            "https://app.example/cb*",
            "https://app.example/?x=/*",
            "http://127.0.0.1/*",
            "cursor://*",
            "javascript:alert(1)",
            "http://app.example/cb",
            "https://app.example/#*",
            "Loopback",
        ] {
            assert_eq!(AllowedRedirect::read(entry), None, "{entry}");
        }
    }

    #[test]
    fn registration_is_on_unless_it_is_off() {
        let with = |mode| RegistrationPolicy { mode, ..policy(&[]) };
        assert!(!with(RegistrationMode::Off).is_on());
        for mode in [RegistrationMode::InitialToken, RegistrationMode::Open] {
            assert!(with(mode).is_on() && with(mode).permits(&[]), "{mode:?}");
        }
        assert!(policy(&[]).is_on());
    }
}
