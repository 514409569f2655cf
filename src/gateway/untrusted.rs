//! Headers of a call that go no further: whoever is behind the gateway would believe them.

use http::HeaderMap;
use http::HeaderName;
use http::header::AUTHORIZATION;
use http::header::COOKIE;

use crate::outbound::hop_by_hop;

/// Who somebody is, where they came from, or what they really ask: only a gateway may say so.
const PREFIXES: [&str; 13] = [
    "cf-",
    "client-cert",
    "remote-",
    "ssl-",
    "x-amzn-mtls-",
    "x-auth-request-",
    "x-client-",
    "x-countersign-",
    "x-envoy-",
    "x-forwarded-",
    "x-original-",
    "x-remote-",
    "x-ssl-",
];

const NAMES: [&str; 18] = [
    "fastly-client-ip",
    "forwarded",
    "front-end-https",
    "proxy",
    "true-client-ip",
    "x-arr-clientcert",
    "x-authenticated-user",
    "x-cluster-client-ip",
    "x-forwarded",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-request-id",
    "x-rewrite-url",
    "x-user",
    "x-webauth-user",
];

/// Takes them away, with the token, every cookie, and what the caller's `Connection` names: now,
/// before the gateway says anything itself, so that a caller cannot have that taken away later. A name
/// with an underscore goes as well: some servers read it as if it had a hyphen there.
pub(super) fn strip(headers: &mut HeaderMap) {
    hop_by_hop::strip(headers);
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    let untrusted = |name: &str| {
        name.contains('_')
            || NAMES.contains(&name)
            || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    };
    let names: Vec<HeaderName> =
        headers.keys().filter(|name| untrusted(name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
