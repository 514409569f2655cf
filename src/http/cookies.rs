//! Cookies: all `__Host-`, so that no other host and no plain connection can set one.

use http::HeaderMap;
use http::HeaderValue;
use http::header::COOKIE;

/// The session.
pub const SESSION: &str = "__Host-cs_session";
/// The browser: binds forms and authorization requests to it, and tells known browsers from
/// strangers. It proves nothing about a person.
pub const BROWSER: &str = "__Host-cs_browser";

/// The company or firm that the workspace opens first. Whether the person reaches it is looked up.
pub const PLACE: &str = "__Host-cs_place";
/// The language that was chosen.
pub const LANGUAGE: &str = "__Host-cs_language";
/// What was just done, for the next page to tell.
pub const TOLD: &str = "__Host-cs_told";

const KEPT_SECONDS: u64 = 400 * 24 * 3600;

/// The value of a cookie. One that was sent twice is none: somebody planted one of them.
#[must_use]
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The browser's cookie, if it is one that we made: 256 random bits in base64url.
#[must_use]
pub fn browser(headers: &HeaderMap) -> Option<&str> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    get(headers, BROWSER).filter(|value| value.len() == 43 && value.bytes().all(legal))
}

/// A cookie that ends with the browser's session. Values are from `[A-Za-z0-9_-]`.
#[must_use]
pub fn for_session(name: &str, value: &str) -> Option<HeaderValue> {
    header(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

/// A cookie that stays.
#[must_use]
pub fn for_long(name: &str, value: &str) -> Option<HeaderValue> {
    header(&format!(
        "{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={KEPT_SECONDS}"
    ))
}

/// Takes a cookie away.
#[must_use]
pub fn gone(name: &str) -> Option<HeaderValue> {
    header(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"))
}

fn header(text: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn a_cookie_is_found_among_others_and_in_split_headers() {
        assert_eq!(get(&headers(&["a=1; __Host-cs_session=x; b=2"]), SESSION), Some("x"));
        assert_eq!(get(&headers(&["a=1", "__Host-cs_session=x"]), SESSION), Some("x"));
        assert_eq!(get(&headers(&["a=1"]), SESSION), None);
    }

    #[test]
    fn a_cookie_sent_twice_is_none() {
        let twice = headers(&["__Host-cs_session=x; __Host-cs_session=y"]);
        assert_eq!(get(&twice, SESSION), None);
    }
}
