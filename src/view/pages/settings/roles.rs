//! Roles: what each allows, and the form of one's own.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::permission::TickArea;
use crate::view::pages::sample;
use crate::view::pages::workspace::Section;

/// `/settings/roles`.
#[derive(Clone, Serialize)]
pub struct Roles {
    /// The frame.
    pub frame: Frame,
    /// The roles, in the order of the columns.
    pub roles: Vec<RoleColumn>,
    /// The permissions, by area.
    pub areas: Vec<MatrixArea>,
    /// The person may make roles.
    pub may_create: bool,
}

/// A role.
#[derive(Clone, Serialize)]
pub struct RoleColumn {
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub origin: RoleOrigin,
    /// How many people have it.
    pub people: u64,
    /// Where it is changed; none when it cannot be.
    pub href: Option<String>,
}

/// Where a role comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleOrigin {
    /// Built in.
    BuiltIn,
    /// From the configuration.
    Configured,
    /// Made here.
    Own,
}

/// Permissions that belong together.
#[derive(Clone, Serialize)]
pub struct MatrixArea {
    /// What they are about.
    pub title: String,
    /// The permissions.
    pub permissions: Vec<MatrixRow>,
}

/// A permission and who has it.
#[derive(Clone, Serialize)]
pub struct MatrixRow {
    /// What it allows.
    pub title: String,
    /// It changes something.
    pub writes: bool,
    /// One for each role, in the order of the columns.
    pub held: Vec<bool>,
}

/// The form of a role of one's own: posts `csrf`, `name` and every ticked `permission` to `action`,
/// which answers with the page that sums it up. Its end is confirmed at `{delete}`.
#[derive(Clone, Serialize)]
pub struct OwnRole {
    /// The frame.
    pub frame: Frame,
    /// The role is there already.
    pub changing: bool,
    /// The form's token.
    pub csrf: String,
    /// The path that the form posts to.
    pub action: String,
    /// Where it is deleted, if that is possible.
    pub delete: Option<String>,
    /// Its name.
    pub name: String,
    /// The permissions that the person holds.
    pub areas: Vec<TickArea>,
    /// How many people have it.
    pub people: u64,
    /// What was wrong.
    pub mistakes: Mistakes,
}

impl Page for Roles {
    const TEMPLATE: &'static str = "settings/roles.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let column = |title: &str, origin, people, href: Option<&str>| RoleColumn {
            title: title.to_owned(),
            origin,
            people,
            href: href.map(str::to_owned),
        };
        let line = |title: &str, writes, held: [bool; 5]| MatrixRow {
            title: title.to_owned(),
            writes,
            held: held.to_vec(),
        };
        let full = Self {
            frame: sample::frame(Section::Roles),
            roles: vec![
                column("Owner", RoleOrigin::BuiltIn, 1, None),
                column("Administrator", RoleOrigin::BuiltIn, 0, None),
                column("Accountant", RoleOrigin::BuiltIn, 2, None),
                column("Auditor", RoleOrigin::Configured, 0, None),
                column("Month-end closing", RoleOrigin::Own, 1, Some("/settings/roles/r_01")),
            ],
            areas: vec![
                MatrixArea {
                    title: "Sales".to_owned(),
                    permissions: vec![
                        line("Read customers", false, [true, true, true, true, false]),
                        line("Draft customer invoices", true, [true, true, true, false, false]),
                    ],
                },
                MatrixArea {
                    title: "Accounting".to_owned(),
                    permissions: vec![line(
                        "Post ledger entries",
                        true,
                        [true, false, true, false, true],
                    )],
                },
            ],
            may_create: true,
        };
        let seen = Self { may_create: false, ..full.clone() };
        vec![("matrix", full), ("may-not-create", seen)]
    }
}

impl Page for OwnRole {
    const TEMPLATE: &'static str = "settings/own_role.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let new = Self {
            frame: sample::frame(Section::Roles),
            changing: false,
            csrf: sample::csrf(),
            action: "/settings/roles/create".to_owned(),
            delete: None,
            name: String::new(),
            areas: sample::ticks(false),
            people: 0,
            mistakes: Mistakes::default(),
        };
        let wrong = Self {
            mistakes: Mistakes::fields([
                (Field::Name, Problem::Taken),
                (Field::Permissions, Problem::Missing),
            ]),
            ..new.clone()
        };
        let changing = Self {
            changing: true,
            name: "Month-end closing".to_owned(),
            areas: sample::ticks(true),
            people: 2,
            ..new.clone()
        };
        let unused = Self {
            people: 0,
            delete: Some("/settings/roles/r_01/delete".to_owned()),
            ..changing.clone()
        };
        vec![("new", new), ("wrong", wrong), ("change", changing), ("unused", unused)]
    }
}
