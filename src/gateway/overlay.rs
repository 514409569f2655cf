//! What an answer from behind the gateway may not say on this origin, which also has people's
//! sessions and the sign-in page.

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header;
use http::header::CONTENT_SECURITY_POLICY;
use http::header::LOCATION;

/// Cookies, what a browser would apply to the whole origin, and what the gateway says itself.
const DROPPED: [HeaderName; 24] = [
    header::SET_COOKIE,
    HeaderName::from_static("set-cookie2"),
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("service-worker-allowed"),
    header::WWW_AUTHENTICATE,
    header::ALT_SVC,
    header::PUBLIC_KEY_PINS,
    header::PUBLIC_KEY_PINS_REPORT_ONLY,
    header::STRICT_TRANSPORT_SECURITY,
    header::X_FRAME_OPTIONS,
    header::X_CONTENT_TYPE_OPTIONS,
    header::X_XSS_PROTECTION,
    header::REFERRER_POLICY,
    header::REFRESH,
    header::CONTENT_SECURITY_POLICY_REPORT_ONLY,
    HeaderName::from_static("permissions-policy"),
    HeaderName::from_static("cross-origin-opener-policy"),
    HeaderName::from_static("cross-origin-embedder-policy"),
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderName::from_static("origin-agent-cluster"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("report-to"),
    HeaderName::from_static("reporting-endpoints"),
    HeaderName::from_static("x-request-id"),
];

const PREFIXES: [&str; 2] = ["access-control-", "x-countersign-"];

const CONTENT: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// Takes away what may not be said, and says that nothing in the answer may run.
pub(super) fn apply(headers: &mut HeaderMap) {
    for name in &DROPPED {
        headers.remove(name);
    }
    let ours = |name: &HeaderName| PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    let names: Vec<HeaderName> = headers.keys().filter(|name| ours(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
    // `nosniff` and the rest are on every response (`http/security.rs`).
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT);
}

/// A `Location` at the upstream, said as callers reach it: `inner` is the upstream's address and
/// `outer` what callers put before the same path. Others stay as they are.
pub(super) fn relocate(headers: &mut HeaderMap, inner: (&str, &str), outer: &str) {
    let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let (origin, base) = inner;
    let path = location.strip_prefix(origin).unwrap_or(location);
    let below = path.strip_prefix(base).filter(|below| below.starts_with('/'));
    let moved =
        below.filter(|below| !below.starts_with("//")).map(|below| format!("{outer}{below}"));
    if let Some(moved) = moved.and_then(|moved| HeaderValue::try_from(moved).ok()) {
        headers.insert(LOCATION, moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_at_the_upstream_is_told_as_callers_reach_it() {
        let moved = |location: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_static(location));
            relocate(&mut headers, ("http://10.0.0.7:9000", "/v1"), "/api/external/v2");
            headers[LOCATION].to_str().unwrap().to_owned()
        };
        assert_eq!(moved("http://10.0.0.7:9000/v1/a?b=c"), "/api/external/v2/a?b=c");
        assert_eq!(moved("/v1/a"), "/api/external/v2/a");
        for kept in
            ["https://elsewhere.example/v1/a", "/v10/a", "//evil.example/v1/a", "a", "/v1//x"]
        {
            assert_eq!(moved(kept), kept);
        }
    }
}
