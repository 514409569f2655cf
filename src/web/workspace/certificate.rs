//! What an operator is told of the server's certificate, wherever they are in the workspace.

use crate::base::clock::Timestamp;
use crate::tls::expiry;
use crate::tls::standing::Source;
use crate::tls::standing::TlsStanding;
use crate::view::pages::workspace::CertificateNotice;

/// What is most pressing, if anything is.
pub(super) fn notice(standing: &TlsStanding, now: Timestamp) -> Option<CertificateNotice> {
    match expiry::step(standing, now) {
        Some(0) => Some(CertificateNotice::Ended),
        Some(_) => {
            let left = standing.not_after.since(now).as_secs();
            Some(CertificateNotice::Ends(left.div_ceil(86_400)))
        }
        None if standing.source == Source::Temporary => Some(CertificateNotice::Temporary),
        None => standing.last_error.as_ref().map(|_| CertificateNotice::Refused),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn standing(days: u64, source: Source) -> TlsStanding {
        TlsStanding {
            source,
            names: Vec::new(),
            issuer: String::new(),
            fingerprint: String::new(),
            not_before: NOW.minus(Duration::from_secs(60 * 86_400)),
            not_after: NOW.plus(Duration::from_secs(days * 86_400)),
            reloads: 0,
            failures: 0,
            last_error: None,
        }
    }

    #[test]
    fn an_operator_is_told_of_what_is_most_pressing_and_of_nothing_else() {
        assert_eq!(notice(&standing(31, Source::Files), NOW), None);
        let told = notice(&standing(29, Source::Files), NOW);
        assert_eq!(told, Some(CertificateNotice::Ends(29)));
        let late = NOW.plus(Duration::from_secs(29 * 86_400 + 1));
        let told = notice(&standing(29, Source::Files), late);
        assert_eq!(told, Some(CertificateNotice::Ended));
        let told = notice(&standing(300, Source::Temporary), NOW);
        assert_eq!(told, Some(CertificateNotice::Temporary));
        let failed =
            TlsStanding { last_error: Some("no".to_owned()), ..standing(300, Source::Files) };
        assert_eq!(notice(&failed, NOW), Some(CertificateNotice::Refused));
    }
}
