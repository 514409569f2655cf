//! The one name that this server answers to: the issuer's. Another `Host` gets 421.
//!
//! `X-Forwarded-Host` and `Forwarded` are never read.

use axum::extract::Request;
use axum::response::Response;
use http::StatusCode;
use http::header::HOST;
use url::Url;

use crate::base::id::RequestId;
use crate::http::plain;

const OTHER: &str =
    "This server does not answer under that name. Use the address in its configuration.";
const UNCLEAR: &str = "The request must name its host exactly once.";

/// The issuer's authority, and the paths that are answered under any name.
#[derive(Debug, Clone)]
pub struct Authority {
    host: String,
    port: u16,
    default_port: u16,
    any_host: &'static [&'static str],
}

/// What a request says about the authority it is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Ours,
    Other,
    /// None, or more than one (RFC 9112 section 3.2).
    Unclear,
}

impl Authority {
    /// The authority of `issuer`; requests for the paths in `any_host` are not held to it.
    #[must_use]
    pub fn of_issuer(issuer: &Url, any_host: &'static [&'static str]) -> Self {
        let default_port = if issuer.scheme() == "http" { 80 } else { 443 };
        Self {
            host: issuer.host_str().unwrap_or_default().to_owned(),
            port: issuer.port().unwrap_or(default_port),
            default_port,
            any_host,
        }
    }

    /// Answers 421 to a request for another name (RFC 9110 section 15.5.20), 400 to one for none.
    #[must_use]
    pub fn refuse(&self, request: &Request, id: RequestId) -> Option<Response> {
        if self.any_host.contains(&request.uri().path()) {
            return None;
        }
        let (status, sentence) = match self.named_by(request) {
            Named::Ours => return None,
            Named::Other => (StatusCode::MISDIRECTED_REQUEST, OTHER),
            Named::Unclear => (StatusCode::BAD_REQUEST, UNCLEAR),
        };
        Some(plain::answer(status, sentence, Some(id)))
    }

    /// Whether `given`, as it stands in `Host` or `:authority`, names this server.
    fn is(&self, given: &str) -> bool {
        let Ok(given) = given.parse::<http::uri::Authority>() else { return false };
        let port = match given.port() {
            Some(port) => port.as_str().parse().ok(),
            // An empty port is the default one (RFC 9110 section 4.2.2); a faulty one is none.
            None if is_bare(&given) => Some(self.default_port),
            None => None,
        };
        !given.as_str().contains('@')
            && given.host().eq_ignore_ascii_case(&self.host)
            && port == Some(self.port)
    }

    /// HTTP/1.1 names it in `Host` (and perhaps in an absolute target), HTTP/2 in `:authority`
    /// (and perhaps in `Host` too): all that is named must be ours.
    fn named_by(&self, request: &Request) -> Named {
        let hosts = || request.headers().get_all(HOST).iter();
        let target = request.uri().authority();
        if hosts().count() > 1 || (hosts().count() == 0 && target.is_none()) {
            return Named::Unclear;
        }
        let host_is_ours = hosts().all(|host| host.to_str().is_ok_and(|host| self.is(host)));
        let target_is_ours = target.is_none_or(|target| self.is(target.as_str()));
        if host_is_ours && target_is_ours { Named::Ours } else { Named::Other }
    }
}

/// Whether nothing stands behind the host but perhaps a colon.
fn is_bare(given: &http::uri::Authority) -> bool {
    given.as_str().trim_end_matches(':').ends_with(given.host())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn ours(issuer: &str) -> Authority {
        Authority::of_issuer(&Url::parse(issuer).unwrap(), &[])
    }

    #[test]
    fn the_default_port_may_be_left_out_and_no_other() {
        let standard = ours("https://auth.example");
        assert!(standard.is("auth.example") && standard.is("AUTH.example:443"));
        assert!(!standard.is("auth.example:8443") && !standard.is("auth.example:80"));
        let special = ours("https://auth.example:8443");
        assert!(special.is("auth.example:8443"));
        assert!(!special.is("auth.example") && !special.is("auth.example:443"));
        assert!(ours("https://[::1]:8443").is("[::1]:8443"));
    }

    #[test]
    fn a_name_that_only_resembles_ours_is_another() {
        let ours = ours("https://auth.example");
        for given in ["auth.example.", "x@auth.example", "auth.example/", "", "auth.example:0443x"]
        {
            assert!(!ours.is(given), "{given}");
        }
    }

    #[test]
    fn all_that_a_request_names_must_be_ours() {
        let ours = ours("https://auth.example");
        let named = |target: &str, hosts: &[&str]| {
            let start = Request::builder().uri(target);
            let built = hosts.iter().fold(start, |request, host| request.header(HOST, *host));
            ours.named_by(&built.body(Body::empty()).unwrap())
        };
        assert_eq!(named("/", &["auth.example"]), Named::Ours);
        assert_eq!(named("https://auth.example/", &[]), Named::Ours);
        assert_eq!(named("https://auth.example/", &["evil.example"]), Named::Other);
        assert_eq!(named("https://evil.example/", &["auth.example"]), Named::Other);
        assert_eq!(named("/", &[]), Named::Unclear);
        assert_eq!(named("/", &["auth.example", "auth.example"]), Named::Unclear);
    }
}
