//! Entries of the audit trail.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::word;
use crate::domain::audit::EventKind;
use crate::ops::administration::listings::Entry;

/// An entry of the audit trail.
#[derive(Debug, Serialize)]
pub struct AuditRow {
    sequence: u64,
    at: String,
    kind: EventKind,
    cause: Option<String>,
    command_line: Option<String>,
    user: Option<String>,
    client_id: Option<String>,
    app: Option<String>,
    connection: Option<String>,
    company: Option<String>,
    firm: Option<String>,
    reference: Option<String>,
    address: Option<String>,
    count: u32,
    hash: String,
}

impl AuditRow {
    pub(in crate::cli) fn of(entry: &Entry, names: &Names) -> Self {
        let event = &entry.event;
        Self {
            sequence: entry.sequence,
            at: event.at.rfc3339(),
            kind: event.kind,
            cause: event.cause.clone(),
            command_line: event.command_line.map(|user| user.to_string()),
            user: event.user.map(|user| names.user(user)),
            client_id: event.app.map(|app| names.client_id(app)),
            app: event.app.map(|app| names.app(app)),
            connection: event.connection.map(|connection| connection.to_string()),
            company: names.company_of(event.place),
            firm: names.firm_of(event.place),
            reference: event.reference.map(|reference| reference.to_string()),
            address: event.address.map(|address| address.to_string()),
            count: event.count,
            hash: entry.hash.clone(),
        }
    }
}

impl Listed for AuditRow {
    const HEADINGS: &'static [&'static str] =
        &["no", "at", "what", "user", "place", "app", "cause", "reference"];
    const NONE: &'static str = "There are no entries.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.sequence.to_string(),
            self.at.clone(),
            word(&self.kind),
            text(self.user.as_ref()),
            text(self.company.as_ref().or(self.firm.as_ref())),
            text(self.app.as_ref()),
            text(self.cause.as_ref()),
            text(self.reference.as_ref()),
        ]
    }
}
