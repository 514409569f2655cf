//! Initial access tokens.

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::time;
use crate::domain::initial_token::InitialTokenStanding;
use crate::ops::registration::initial_tokens::CreatedInitialToken;
use crate::ops::registration::initial_tokens::ListedInitialToken;

/// An initial access token: never the token itself.
#[derive(Debug, Serialize)]
pub struct RegistrationTokenRow {
    id: String,
    name: String,
    status: &'static str,
    last_four: String,
    /// How many clients registered with it.
    used: u32,
    /// `null`: as many as come.
    uses: Option<u32>,
    expires_at: Option<String>,
    created_at: String,
}

impl RegistrationTokenRow {
    pub(in crate::cli) fn of(listed: &ListedInitialToken, now: Timestamp) -> Self {
        let token = &listed.token;
        Self {
            id: listed.id.to_string(),
            name: token.name.clone(),
            status: match token.standing(now) {
                InitialTokenStanding::Good => "active",
                InitialTokenStanding::Expired => "expired",
                InitialTokenStanding::UsedUp => "used up",
                InitialTokenStanding::Revoked => "revoked",
            },
            last_four: token.last_four.clone(),
            used: token.used,
            uses: token.uses,
            expires_at: time(token.expires_at),
            created_at: token.created_at.rfc3339(),
        }
    }
}

impl Listed for RegistrationTokenRow {
    const HEADINGS: &'static [&'static str] = &["id", "name", "status", "token", "used", "expires"];
    const NONE: &'static str = "There are no registration tokens yet.";

    fn cells(&self) -> Vec<String> {
        let used = match self.uses {
            Some(uses) => format!("{} of {uses}", self.used),
            None => self.used.to_string(),
        };
        vec![
            self.id.clone(),
            self.name.clone(),
            self.status.to_owned(),
            format!("…{}", self.last_four),
            used,
            text(self.expires_at.as_ref()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// An initial access token that was made just now: shown once.
#[derive(Debug, Serialize)]
pub struct NewRegistrationTokenRow {
    #[serde(flatten)]
    listed: RegistrationTokenRow,
    token: String,
}

impl NewRegistrationTokenRow {
    pub(in crate::cli) fn of(made: &CreatedInitialToken, now: Timestamp) -> Self {
        let listed = RegistrationTokenRow::of(&made.listed, now);
        Self { listed, token: made.plain.expose().to_owned() }
    }

    /// As a person reads it.
    pub(in crate::cli) fn told(&self) -> String {
        let RegistrationTokenRow { id, name, .. } = &self.listed;
        format!(
            "Registration token \"{name}\" ({id}):\n\n  {}\n\n\
             It is shown this once. Clients send it as a bearer token when they register.\n",
            self.token
        )
    }
}
