//! Whether clients will accept the certificate.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::checkup::Finding;

const SOON: Duration = Duration::from_secs(14 * 86_400);
/// One that is renewed by itself is late once less of its life is left: it was due at a third or earlier.
const LATE: u32 = 6;

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct Facts {
    /// From when it is good.
    pub from: Timestamp,
    /// The last moment at which it is accepted.
    pub until: Timestamp,
    /// The hosts that it is for, addresses without brackets.
    pub names: Vec<String>,
    /// Whether the issuer's host is among them.
    pub covers: bool,
    /// Whether the server renews it by itself.
    pub renews: bool,
    /// Whether it only stands in for one that an authority has not issued yet.
    pub temporary: bool,
    /// Why a newer one was refused, if the server goes on with this one.
    pub refused: Option<String>,
}

/// How much life left is little.
fn soon(facts: &Facts) -> Duration {
    let life = facts.until.since(facts.from);
    if facts.renews { SOON.min(life / LATE) } else { SOON }
}

/// What is wrong with it for the host of the issuer, at `now`.
#[must_use]
pub fn judge(facts: &Facts, issuer_host: &str, now: Timestamp) -> Vec<Finding> {
    let mut found = Vec::new();
    let (left, end) = (facts.until.since(now), facts.until.rfc3339());
    if left < soon(facts) {
        let about = match left.as_secs() / 86_400 {
            _ if left.is_zero() => format!("it expired on {end}: clients refuse it"),
            0 => format!("it expires within a day ({end})"),
            days => format!("it expires in {days} days ({end})"),
        };
        let fix = if facts.renews {
            "the server should have renewed it: its log says why it could not; then restart it"
        } else {
            "put a new certificate and its key where tls.certificate_file and tls.key_file say"
        };
        found.push(Finding::attention("certificate.expiring", about, fix));
    }
    if facts.temporary {
        let why = facts.refused.as_deref().unwrap_or("it was not asked yet");
        let about = format!(
            "a temporary certificate is shown, which no client trusts, until the ACME server has issued one: {why}"
        );
        let fix = "let the authority reach port 443 of each name from outside; it is asked again by itself, and the log says when";
        found.push(Finding::attention("certificate.temporary", about, fix));
    } else if let Some(why) = &facts.refused {
        let about = format!("a newer one was refused, and the old one is served: {why}");
        let fix = if facts.renews {
            "mend what the sentence above says; the server tries again by itself"
        } else {
            "run `countersign tls check CERTIFICATE KEY` on the new files, and put good ones there"
        };
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
        let from = until.minus(Duration::from_secs(90 * 86_400));
        Facts { from, until, names, covers: true, renews: false, temporary: false, refused: None }
    }

    fn codes(facts: &Facts) -> Vec<&'static str> {
        judge(facts, "auth.example", NOW).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn a_certificate_that_expires_within_two_weeks_is_named() {
        assert_eq!(codes(&facts(14)), ["certificate"]);
        assert_eq!(codes(&facts(13)), ["certificate.expiring"]);
        let expired = Facts { until: NOW, ..facts(0) };
        assert!(judge(&expired, "auth.example", NOW).remove(0).about.contains("it expired on"));
    }

    #[test]
    fn one_that_lives_for_days_is_not_late_before_its_renewal_is() {
        let short = |left| {
            let from = facts(left).until.minus(Duration::from_secs(6 * 86_400));
            Facts { from, renews: true, ..facts(left) }
        };
        assert_eq!(codes(&short(2)), ["certificate"]);
        assert_eq!(codes(&short(0)), ["certificate.expiring"]);
        assert_eq!(codes(&Facts { renews: true, ..facts(13) }), ["certificate.expiring"]);
    }

    #[test]
    fn one_that_stands_in_for_another_is_named_with_why_there_is_no_other() {
        let refused = Some("the authority does not answer".to_owned());
        let temporary = Facts { temporary: true, renews: true, refused, ..facts(300) };
        let found = judge(&temporary, "auth.example", NOW).remove(0);
        assert_eq!(found.code, "certificate.temporary");
        assert!(found.about.contains("does not answer"), "{}", found.about);
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
