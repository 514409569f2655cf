//! What the form that invites and the form that changes a role have in common.

use crate::domain::catalogue::Access;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::roles::RoleHere;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::permission::Held;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::settings::people::RoleChoice;

/// The roles to choose from.
pub(super) fn choices(roles: &[RoleHere], chosen: &str) -> Vec<RoleChoice> {
    let choice = |role: &RoleHere| RoleChoice {
        role: Choice {
            value: role.name.0.clone(),
            title: role.title.clone(),
            chosen: role.name.0 == chosen,
        },
        hint: String::new(),
    };
    roles.iter().map(choice).collect()
}

/// The role of the form, if it is one of those to choose from.
pub(super) fn chosen<'r>(roles: &'r [RoleHere], value: &str) -> Option<&'r RoleHere> {
    roles.iter().find(|role| role.name == RoleName(value.to_owned()))
}

/// What a role allows, as pages show it.
pub(super) fn areas(ops: &Ops, allows: &ScopeSet) -> (Vec<HeldArea>, bool) {
    let mut areas: Vec<HeldArea> = Vec::new();
    let mut any_writes = false;
    for permission in ops.catalogue().permissions() {
        if !allows.contains(&permission.name) {
            continue;
        }
        let writes = permission.access == Access::Write;
        any_writes |= writes;
        let held = Held {
            title: permission.title.clone(),
            scope: permission.name.to_string(),
            writes,
            asleep: false,
            required: false,
        };
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(held),
            None => {
                areas.push(HeldArea { title: permission.area.clone(), permissions: vec![held] });
            }
        }
    }
    (areas, any_writes)
}

/// A value that the summary carries along.
pub(super) fn carried(name: &str, value: &str) -> Carried {
    Carried { name: name.to_owned(), value: value.to_owned() }
}
