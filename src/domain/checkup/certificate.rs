//! Whether clients will accept the certificate.

use std::net::IpAddr;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::checkup::Finding;

const SOON: Duration = Duration::from_secs(14 * 86_400);

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The last moment at which it is accepted.
    pub until: Timestamp,
    /// The hosts that it is for, addresses without brackets.
    pub names: Vec<String>,
    /// Whether the server renews it by itself.
    pub renews: bool,
}

/// What is wrong with it for the host of the issuer, at `now`.
#[must_use]
pub fn judge(facts: &Facts, issuer_host: &str, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let left = facts.until.since(now);
    if left < SOON {
        let about =
            format!("expires in {} days ({})", left.as_secs() / 86_400, facts.until.rfc3339());
        let fix = if facts.renews {
            "the server renews it by itself 30 days before: see its log for why it did not, and restart it"
        } else {
            "put a new certificate and its key where tls.certificate_file and tls.key_file say"
        };
        found.push(Finding::attention("certificate.expiring", about, fix));
    }
    let bare = issuer_host.trim_start_matches('[').trim_end_matches(']');
    if !facts.names.iter().any(|name| covers(name, bare)) {
        let about = format!(
            "the issuer's host {bare} is not in the certificate, which is for {}",
            facts.names.join(", ")
        );
        let fix = "get a certificate for that host, or set issuer to one that it is for; clients keep the issuer";
        found.push(Finding::attention("certificate.issuer", about, fix));
    }
    if found.is_empty() {
        found.push(Finding::good("certificate", format!("good until {}", facts.until.rfc3339())));
    }
    found
}

/// RFC 6125 section 6.4.3: a wildcard is the whole first label, and stands for one.
fn covers(name: &str, host: &str) -> bool {
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    if let (Ok(name), Ok(host)) = (name.parse::<IpAddr>(), host.parse::<IpAddr>()) {
        return name == host;
    }
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((_, rest))) => parent.eq_ignore_ascii_case(rest),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn facts(days: u64, names: &[&str]) -> Facts {
        let until = NOW.plus(Duration::from_secs(days * 86_400));
        Facts { until, names: names.iter().map(|name| (*name).to_owned()).collect(), renews: false }
    }

    fn codes(facts: &Facts, host: &str) -> Vec<&'static str> {
        judge(facts, host, NOW).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_certificate_that_expires_within_two_weeks_is_named() {
        assert_eq!(codes(&facts(14, &["auth.example"]), "auth.example"), ["certificate"]);
        assert_eq!(codes(&facts(13, &["auth.example"]), "auth.example"), ["certificate.expiring"]);
    }

    #[test]
    fn an_issuer_that_does_not_match_the_certificate_is_named() {
        let names = facts(90, &["*.books.example", "10.0.0.1", "::1", "Auth.Example"]);
        for good in ["auth.example", "a.books.example", "10.0.0.1", "[::1]"] {
            assert_eq!(codes(&names, good), ["certificate"], "{good}");
        }
        for bad in ["books.example", "a.b.books.example", "10.0.0.2", "evil.example"] {
            assert_eq!(codes(&names, bad), ["certificate.issuer"], "{bad}");
        }
    }
}
