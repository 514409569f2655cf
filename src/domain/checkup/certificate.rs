//! Whether clients will accept the certificate.

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
    /// Whether the issuer's host is among them.
    pub covers: bool,
    /// Whether the server renews it by itself.
    pub renews: bool,
    /// Why a newer one was refused, if the server goes on with this one.
    pub refused: Option<String>,
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
    if let Some(why) = &facts.refused {
        let about = format!("a newer one was refused, and the old one is served: {why}");
        let fix = "countersign tls check says what is wrong with the new files";
        found.push(Finding::attention("certificate.refused", about, fix));
    }
    if !facts.covers {
        let about = format!(
            "the issuer's host {issuer_host} is not in the certificate, which is for {}",
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn facts(days: u64) -> Facts {
        let until = NOW.plus(Duration::from_secs(days * 86_400));
        let names = vec!["auth.example".to_owned()];
        Facts { until, names, covers: true, renews: false, refused: None }
    }

    fn codes(facts: &Facts) -> Vec<&'static str> {
        judge(facts, "auth.example", NOW).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_certificate_that_expires_within_two_weeks_is_named() {
        assert_eq!(codes(&facts(14)), ["certificate"]);
        assert_eq!(codes(&facts(13)), ["certificate.expiring"]);
    }

    #[test]
    fn an_issuer_that_does_not_match_the_certificate_is_named() {
        assert_eq!(codes(&Facts { covers: false, ..facts(90) }), ["certificate.issuer"]);
    }

    #[test]
    fn a_newer_certificate_that_was_refused_is_named() {
        let refused = Some("the key is another's".to_owned());
        assert_eq!(codes(&Facts { refused, ..facts(90) }), ["certificate.refused"]);
    }
}
