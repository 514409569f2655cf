//! What a refusal was about, beyond its cause: enough for an administrator to mend it, and no secret.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::scope::ScopeName;

/// Letters of a URI that are kept.
const LONGEST: usize = 512;

/// What a refusal was about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Detail {
    /// A redirect URI that is not the right one.
    RedirectUri {
        /// The right one, where it is not simply one of those that are registered.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expected: Option<String>,
        /// What was sent, as [`shown`] has it; empty if nothing was.
        received: String,
    },
    /// A permission that is not in effect.
    Scope {
        /// Which.
        scope: ScopeName,
        /// Whether the token was granted it.
        token: bool,
        /// Whether the person's roles allow it.
        role: bool,
        /// Whether the app is delegated it.
        app: bool,
    },
}

/// A URI as somebody sent it, in which nothing can be hidden: without a user's name and password,
/// without the values of its query and without what follows `#`, printable, and of bounded length.
/// All that the comparison with a registered one goes by is there as it was sent.
#[must_use]
pub fn shown(uri: &str) -> String {
    let (rest, fragment) = uri.split_once('#').map_or((uri, ""), |(rest, _)| (rest, "#…"));
    let (path, query) =
        rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut text = without_user(path);
    if let Some(query) = query {
        text.push('?');
        text.push_str(&query.split('&').map(name_of).collect::<Vec<_>>().join("&"));
    }
    text.push_str(fragment);
    let printable = |letter: char| if is_plain(letter) { letter } else { '\u{fffd}' };
    let mut letters = text.chars().map(printable);
    let mut kept: String = letters.by_ref().take(LONGEST).collect();
    if letters.next().is_some() {
        kept.push('…');
    }
    kept
}

/// Letters that cannot turn a line around, break it or end what they stand in. None of the others belongs
/// into a URI.
fn is_plain(letter: char) -> bool {
    let markup = matches!(letter, '<' | '>' | '"' | '`');
    !markup
        && (letter.is_ascii_graphic() || letter == ' ' || letter == '…' || letter.is_alphanumeric())
}

fn name_of(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        // A word alone may be a value as well as a name.
        None if parameter.is_empty() => String::new(),
        None => "…".to_owned(),
    }
}

fn without_user(path: &str) -> String {
    let Some((scheme, rest)) = path.split_once("//") else { return path.to_owned() };
    let (host, path) = rest.find(['/', '\\']).map_or((rest, ""), |at| rest.split_at(at));
    let host =
        host.rsplit_once('@').map_or_else(|| host.to_owned(), |(_, host)| format!("…@{host}"));
    format!("{scheme}//{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_all_that_two_redirect_uris_can_differ_by() {
        for uri in [
            "https://app.example/callback",
            "https://app.example/callback/",
            "http://app.example/callback",
            "https://APP.example:8443/callback",
            "https://app.example/%63allback",
            "https://app.example/callback?",
            "https://app.example/callback?&",
            "com.example.app:/callback",
            "not a uri at all",
            "",
        ] {
            assert_eq!(shown(uri), uri);
        }
    }

    #[test]
    fn hides_whatever_may_be_a_secret() {
        for (uri, expected) in [
            (
                "https://a.example/cb?code=s3cret&state=s3cret",
                "https://a.example/cb?code=…&state=…",
            ),
            ("https://a.example/cb?s3cret", "https://a.example/cb?…"),
            ("https://a.example/cb?a=s3cret?b=s3cret", "https://a.example/cb?a=…"),
            ("https://a.example/cb#s3cret", "https://a.example/cb#…"),
            ("https://joe:s3cret@a.example/cb", "https://…@a.example/cb"),
            ("//joe:s3cret@b.example@a.example/cb", "//…@a.example/cb"),
            ("https://a.example/cb#?s3cret", "https://a.example/cb#…"),
        ] {
            assert_eq!(shown(uri), expected);
        }
    }

    #[test]
    fn is_bounded_and_one_line_that_reads_from_left_to_right() {
        let long = shown(&format!("https://a.example/{}", "a".repeat(9000)));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert_eq!(
            shown("https://a.example/\n\u{202e}\u{0}<b>"),
            "https://a.example/\u{fffd}\u{fffd}\u{fffd}\u{fffd}b\u{fffd}"
        );
    }
}
