//! Where answers lead. Every answer that any test of the house gets is looked at (B, 4.11): nothing sends a
//! browser off this server but a redirect to an address that a client has, byte for byte.

use countersign::domain::resource::API_PATH;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::ISSUER;

/// What may follow the address of a client in a redirect: the answer, and nothing else.
const ANSWERS: [&str; 2] = ["code=", "error="];

impl House {
    /// Fails if an answer to a request for `path` leads where it may not.
    #[track_caller]
    pub fn assert_leads_where_it_may(&self, path: &str, answer: &Answer) {
        // What stands behind the gateway says itself where its things are.
        if path.starts_with(API_PATH) || path.starts_with("/companies/") {
            return;
        }
        assert!(answer.headers.get("refresh").is_none(), "{path}: {answer:?}");
        for location in answer.headers.get_all("location") {
            let location = location.to_str().unwrap();
            let may = is_here(location) || self.addresses().iter().any(|uri| leads(location, uri));
            assert!(may, "the answer at {path} leads to {location}");
        }
    }

    /// The redirect URIs of all clients, those too that are only known by their documents.
    fn addresses(&self) -> Vec<String> {
        let apps = self.ops.apps().unwrap().into_iter();
        let registered = apps.flat_map(|listed| listed.app.redirect_uris);
        let mut all: Vec<String> = registered.map(|uri| uri.as_str().to_owned()).collect();
        all.extend(self.documents.as_ref().map(|pages| pages.redirect_uris()).unwrap_or_default());
        all
    }
}

/// Whether a browser stays on this server: a path of ours, which no browser reads as a host.
fn is_here(location: &str) -> bool {
    let path = location.strip_prefix(ISSUER).unwrap_or(location);
    let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    plain && path.starts_with('/') && !path.starts_with("//")
}

/// Whether `location` is the address `uri` with an answer behind it. On http loopback the port is free.
fn leads(location: &str, uri: &str) -> bool {
    let joint = if uri.contains('?') { '&' } else { '?' };
    let follows = |location: &str, uri: &str| {
        let answer = location.strip_prefix(uri).and_then(|rest| rest.strip_prefix(joint));
        answer.is_some_and(|answer| ANSWERS.iter().any(|name| answer.starts_with(name)))
    };
    follows(location, uri)
        || match (without_port(location), without_port(uri)) {
            (Some(location), Some(uri)) => follows(&location, &uri),
            _ => false,
        }
}

/// An http loopback address without its port.
fn without_port(uri: &str) -> Option<String> {
    let hosts = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    let (host, rest) = hosts.iter().find_map(|host| Some((host, uri.strip_prefix(host)?)))?;
    let rest = match rest.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    rest.starts_with('/').then(|| format!("{host}{rest}"))
}

#[test]
fn only_what_is_here_or_a_client_has_counts_as_a_place_to_go() {
    for here in ["/", "/sign-in?resume=x", "https://cs.example/oauth/register/x"] {
        assert!(is_here(here), "{here}");
    }
    for elsewhere in
        ["//evil.example", "/\\evil.example", "https://cs.example.evil.example/", "x", "", "/ x"]
    {
        assert!(!is_here(elsewhere), "{elsewhere}");
    }
    let uri = "https://app.example/cb";
    assert!(leads("https://app.example/cb?code=x", uri));
    assert!(leads("http://127.0.0.1:9/cb?error=x", "http://127.0.0.1/cb"));
    for other in [
        "https://app.example/cb",
        "https://app.example/cb2?code=x",
        "https://app.example/cb/?code=x",
        "https://APP.example/cb?code=x",
        "https://app.example:443/cb?code=x",
        "https://app.example/cb?next=x&code=x",
        "https://app.example/cb#code=x",
    ] {
        assert!(!leads(other, uri), "{other}");
    }
    assert!(!leads("http://127.0.0.1:9.evil.example/cb?code=x", "http://127.0.0.1/cb"));
}
