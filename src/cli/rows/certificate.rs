//! Certificates.

use std::path::Path;

use serde::Serialize;

use crate::base::clock::SystemClock;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::yes_no;
use crate::tls::facts::Facts;
use crate::tls::standing::Source;

/// A certificate that is or can be served.
#[derive(Debug, Serialize)]
pub struct CertificateRow {
    file: String,
    source: &'static str,
    names: Vec<String>,
    issuer: String,
    not_before: String,
    not_after: String,
    days_left: u64,
    fingerprint: String,
    covers_issuer: bool,
    problem: Option<String>,
}

impl CertificateRow {
    pub(in crate::cli) fn of(
        facts: &Facts,
        source: Source,
        file: &Path,
        host: &str,
        problem: Option<String>,
    ) -> Self {
        Self {
            file: file.display().to_string(),
            source: source.as_str(),
            names: facts.names.clone(),
            issuer: facts.issuer.clone(),
            not_before: facts.not_before.rfc3339(),
            not_after: facts.not_after.rfc3339(),
            days_left: facts.not_after.since(SystemClock::wall()).as_secs() / 86_400,
            fingerprint: facts.fingerprint.clone(),
            covers_issuer: facts.covers(host),
            problem,
        }
    }
}

impl Listed for CertificateRow {
    const HEADINGS: &'static [&'static str] = &[
        "file",
        "source",
        "names",
        "issued by",
        "valid from",
        "valid until",
        "days left",
        "SHA-256",
        "for the issuer's host",
        "problem",
    ];
    const NONE: &'static str = "There are no certificates.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.file.clone(),
            self.source.to_owned(),
            self.names.join(", "),
            self.issuer.clone(),
            self.not_before.clone(),
            self.not_after.clone(),
            self.days_left.to_string(),
            self.fingerprint.clone(),
            yes_no(self.covers_issuer),
            text(self.problem.as_ref()),
        ]
    }
}

/// An authority that clients are to trust.
#[derive(Debug, Serialize)]
pub struct TrustRow {
    pub(in crate::cli) file: String,
    pub(in crate::cli) url: String,
    subject: String,
    not_after: String,
    pub(in crate::cli) fingerprint: String,
}

impl TrustRow {
    pub(in crate::cli) fn of(facts: &Facts, file: &Path, url: String) -> Self {
        Self {
            file: file.display().to_string(),
            url,
            subject: facts.subject.clone(),
            not_after: facts.not_after.rfc3339(),
            fingerprint: facts.fingerprint.clone(),
        }
    }
}
