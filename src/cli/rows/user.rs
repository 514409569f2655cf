//! Users.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::link::LinkRow;
use crate::cli::rows::membership::MembershipRow;
use crate::cli::rows::word;
use crate::cli::rows::yes_no;
use crate::domain::user::UserStatus;
use crate::ops::administration::listings::Person;

/// A user with their roles.
#[derive(Debug, Serialize)]
pub struct UserRow {
    id: String,
    email: String,
    name: String,
    status: UserStatus,
    operator: bool,
    has_password: bool,
    second_factor: bool,
    roles: Vec<MembershipRow>,
    created_at: String,
}

impl UserRow {
    pub(in crate::cli) fn of(person: &Person, names: &Names) -> Self {
        let Person { user, memberships, second_factor } = person;
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            name: user.name.clone(),
            status: user.status,
            operator: user.operator,
            has_password: user.password.is_some(),
            second_factor: *second_factor,
            roles: memberships.iter().map(|held| MembershipRow::of(held, names)).collect(),
            created_at: user.created_at.rfc3339(),
        }
    }

    fn roles(&self) -> String {
        let role = |held: &MembershipRow| format!("{}:{}", held.place(), held.role);
        self.roles.iter().map(role).collect::<Vec<_>>().join(" ")
    }
}

impl Listed for UserRow {
    const HEADINGS: &'static [&'static str] =
        &["email", "name", "status", "operator", "second factor", "roles", "id"];
    const NONE: &'static str = "There are no users yet; `countersign init` makes the first one.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.email.clone(),
            self.name.clone(),
            word(&self.status),
            yes_no(self.operator),
            yes_no(self.second_factor),
            self.roles(),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("password", String::from(if self.has_password { "chosen" } else { "none" })));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// A user, and the link for their first password.
#[derive(Debug, Serialize)]
pub struct NewUserRow {
    #[serde(flatten)]
    pub(in crate::cli) user: UserRow,
    pub(in crate::cli) link: Option<LinkRow>,
}
