//! The headers that keep a browser safe, on every response of every route, errors included.
//!
//! An endpoint that needs less says so with a [`Relaxed`] in its response's extensions. Only
//! `Content-Security-Policy` and `Cache-Control` may an endpoint set itself; the rest is ours.

use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_SECURITY_POLICY;
use http::header::REFERRER_POLICY;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::header::X_CONTENT_TYPE_OPTIONS;
use http::header::X_FRAME_OPTIONS;
use url::Host;
use url::Url;

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
const NO_FEATURES: HeaderValue = HeaderValue::from_static(
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
     midi=(), payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), \
     usb=()",
);

/// As many headers as every response gets, at most.
pub const HEADERS: usize = 10;

macro_rules! content_policy {
    ($($more:literal)?) => {
        HeaderValue::from_static(concat!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; ",
            "object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
            $($more)?
        ))
    };
}

const CONTENT: HeaderValue = content_policy!("; form-action 'self'");
const CONTENT_ANY_FORM_TARGET: HeaderValue = content_policy!();

/// What one response does without, set in its extensions. The default gives up nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Relaxed {
    /// No `Cross-Origin-Opener-Policy`: a popup client needs its opener (authorize, sign-in and
    /// consent of an authorization request).
    pub opener: bool,
    /// No `form-action`: it would cover the whole redirect chain behind consent.
    pub form_action: bool,
    /// Other origins may read it: the CORS routes.
    pub cross_origin: bool,
}

/// What depends on where the server is reached.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    strict_transport: bool,
}

impl Policy {
    /// For this issuer. No HSTS for localhost and loopback addresses: it would bind every other
    /// program that is developed there.
    #[must_use]
    pub fn of_issuer(issuer: &Url) -> Self {
        Self { strict_transport: !is_this_machine(issuer) }
    }

    /// Puts the headers on whatever comes back.
    pub fn protect(self, response: &mut Response) {
        let relaxed = response.extensions().get::<Relaxed>().copied().unwrap_or_default();
        self.apply(response.headers_mut(), relaxed);
    }

    fn apply(self, headers: &mut HeaderMap, relaxed: Relaxed) {
        headers.reserve(HEADERS);
        if self.strict_transport {
            headers.insert(STRICT_TRANSPORT_SECURITY, ONE_YEAR);
        }
        let content = if relaxed.form_action { CONTENT_ANY_FORM_TARGET } else { CONTENT };
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(content);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(PERMISSIONS, NO_FEATURES);
        if relaxed.opener {
            headers.remove(OPENER);
        } else {
            headers.insert(OPENER, HeaderValue::from_static("same-origin"));
        }
        let readers = if relaxed.cross_origin { "cross-origin" } else { "same-origin" };
        headers.insert(RESOURCE, HeaderValue::from_static(readers));
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}

fn is_this_machine(issuer: &Url) -> bool {
    match issuer.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(issuer: &str, relaxed: Relaxed) -> HeaderMap {
        let mut headers = HeaderMap::new();
        Policy::of_issuer(&Url::parse(issuer).unwrap()).apply(&mut headers, relaxed);
        headers
    }

    #[test]
    fn no_strict_transport_on_this_machine() {
        for issuer in ["https://localhost:8443", "https://127.0.0.1", "https://[::1]:9"] {
            assert!(!applied(issuer, Relaxed::default()).contains_key(STRICT_TRANSPORT_SECURITY));
        }
        let headers = applied("https://auth.example", Relaxed::default());
        assert_eq!(headers[STRICT_TRANSPORT_SECURITY], "max-age=31536000");
    }

    #[test]
    fn the_content_policy_is_complete() {
        let headers = applied("https://auth.example", Relaxed::default());
        assert_eq!(
            headers[CONTENT_SECURITY_POLICY],
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
             object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        );
    }

    #[test]
    fn a_response_gives_up_only_what_it_names() {
        let relaxed = Relaxed { opener: true, form_action: true, cross_origin: true };
        let headers = applied("https://auth.example", relaxed);
        assert!(!headers.contains_key(OPENER));
        assert_eq!(headers[RESOURCE], "cross-origin");
        let content = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(content.ends_with("frame-ancestors 'none'") && !content.contains("form-action"));
    }

    #[test]
    fn an_endpoint_keeps_its_own_cache_rule_and_content_policy() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("ALLOWALL"));
        let policy = Policy::of_issuer(&Url::parse("https://auth.example").unwrap());
        policy.apply(&mut headers, Relaxed::default());
        assert_eq!(headers[CACHE_CONTROL], "max-age=60");
        assert_eq!(headers[CONTENT_SECURITY_POLICY], "sandbox");
        assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
    }
}
