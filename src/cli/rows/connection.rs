//! Connections.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::word;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;

/// A connection.
#[derive(Debug, Serialize)]
pub struct ConnectionRow {
    id: String,
    client_id: String,
    app: String,
    user: String,
    company: Option<String>,
    firm: Option<String>,
    scope: String,
    status: &'static str,
    end_cause: Option<EndCause>,
    consented_at: String,
    ended_at: Option<String>,
    expires_at: String,
}

impl ConnectionRow {
    pub(in crate::cli) fn of(connection: &Connection, names: &Names) -> Self {
        let (status, end_cause, ended_at) = match connection.status {
            ConnectionStatus::Active => ("active", None, None),
            ConnectionStatus::Ended { at, cause } if cause.needs_reconnecting() => {
                ("needs_reconnecting", Some(cause), Some(at.rfc3339()))
            }
            ConnectionStatus::Ended { at, cause } => ("ended", Some(cause), Some(at.rfc3339())),
        };
        Self {
            id: connection.id.to_string(),
            client_id: names.client_id(connection.app),
            app: names.app(connection.app),
            user: names.user(connection.user),
            company: names.company_of(Some(connection.place)),
            firm: names.firm_of(Some(connection.place)),
            scope: connection.scopes.to_string(),
            status,
            end_cause,
            consented_at: connection.consented_at.rfc3339(),
            ended_at,
            expires_at: connection.absolute_end.rfc3339(),
        }
    }
}

impl Listed for ConnectionRow {
    const HEADINGS: &'static [&'static str] =
        &["id", "app", "user", "place", "status", "consented"];
    const NONE: &'static str = "There are no connections yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.app.clone(),
            self.user.clone(),
            text(self.company.as_ref().or(self.firm.as_ref())),
            self.status.to_owned(),
            self.consented_at.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("client_id", self.client_id.clone()));
        facts.push(("scope", self.scope.clone()));
        facts.push(("end cause", self.end_cause.as_ref().map(word).unwrap_or_default()));
        facts.push(("ended", text(self.ended_at.as_ref())));
        facts.push(("ends by itself", self.expires_at.clone()));
        facts
    }
}
