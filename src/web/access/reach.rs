//! Whether a hosted assistant could reach this server: judged from its name and certificate, and tried
//! only where this server fetches from the network at all.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::domain::issuer::Issuer;
use crate::domain::network;
use crate::ops::Ops;
use crate::ops::reach::Reached;
use crate::view::pages::connect::assistants::ReachOutcome;

/// What a check found is told for so long.
const TOLD: Duration = Duration::from_secs(10 * 60);
/// Within this, nothing is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// Checks that are remembered at once.
const REMEMBERED: usize = 1000;
/// Names that lead nowhere outside (RFC 2606, 6761, 6762, 8375, 9476, and what networks use).
const PRIVATE_ENDINGS: [&str; 12] = [
    "localhost",
    "local",
    "internal",
    "lan",
    "home",
    "corp",
    "intranet",
    "private",
    "test",
    "example",
    "invalid",
    "home.arpa",
];

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// What was found.
    pub outcome: ReachOutcome,
}

/// The last check of each company's address.
#[derive(Default)]
pub struct Checks(Mutex<HashMap<CompanyId, Checked>>);

impl Checks {
    /// The last one, if it is not too long ago.
    #[must_use]
    pub fn last(&self, company: CompanyId, now: Timestamp) -> Option<Checked> {
        let checks = self.0.lock().ok()?;
        checks.get(&company).filter(|check| now.since(check.at) < TOLD).copied()
    }

    fn keep(&self, company: CompanyId, check: Checked) {
        let Ok(mut checks) = self.0.lock() else { return };
        if checks.len() >= REMEMBERED {
            checks.clear();
        }
        checks.insert(company, check);
    }

    /// Looks whether `url` can be reached, unless that was looked at just now.
    pub async fn check(&self, ops: &Ops, private_ca: bool, company: CompanyId, url: &str) {
        let now = ops.now();
        if self.last(company, now).is_some_and(|check| now.since(check.at) < AGAIN) {
            return;
        }
        let judged = judge(&ops.settings().issuer, private_ca);
        let outcome = match judged {
            Some(outcome) => outcome,
            None => match ops.try_to_reach(url).await {
                Reached::Answered => ReachOutcome::Public,
                Reached::NotTried => ReachOutcome::NotTried,
                Reached::NotPublic => ReachOutcome::PrivateHost,
                Reached::NotTrusted => ReachOutcome::PrivateCertificate,
                Reached::NameUnknown => ReachOutcome::NameUnknown,
                Reached::NoAnswer => ReachOutcome::NoAnswer,
            },
        };
        self.keep(company, Checked { at: now, outcome });
    }
}

/// What name and configuration say by themselves; none: nothing speaks against it.
#[must_use]
pub fn judge(issuer: &Issuer, private_ca: bool) -> Option<ReachOutcome> {
    if is_private(&issuer.host()) {
        Some(ReachOutcome::PrivateHost)
    } else if private_ca {
        Some(ReachOutcome::PrivateCertificate)
    } else {
        None
    }
}

/// Whether a host means something on a private network only.
#[must_use]
pub fn is_private(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return !network::is_public(address);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let ends = |ending: &&str| name == **ending || name.ends_with(&format!(".{ending}"));
    !name.contains('.') || PRIVATE_ENDINGS.iter().any(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_only_a_private_network_knows_are_told_from_others() {
        for host in [
            "localhost",
            "books",
            "books.local",
            "books.lan",
            "10.1.2.3",
            "[::1]",
            "192.168.0.9",
            "books.internal",
            "a.home.arpa",
            "BOOKS.LOCALHOST",
            "books.example",
            "127.0.0.1",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in ["books.acme.com", "8.8.8.8", "[2606:4700::1111]", "locals.net", "testing.org"]
        {
            assert!(!is_private(host), "{host}");
        }
    }
}
