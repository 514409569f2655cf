//! Permissions as pages of the workspace list them: under their headings, in the catalogue's order.

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::scope::ScopeSet;
use crate::view::pages::parts::permission::Held;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::permission::Tick;
use crate::view::pages::parts::permission::TickArea;

/// The permissions in `offered`, those in `ticked` ticked.
pub(in crate::web) fn ticks(
    catalogue: &Catalogue,
    offered: &ScopeSet,
    ticked: &ScopeSet,
) -> Vec<TickArea> {
    let tick = |permission: &Permission| Tick {
        value: permission.name.to_string(),
        title: permission.title.clone(),
        hint: permission.description.clone(),
        writes: permission.access == Access::Write,
        checked: ticked.contains(&permission.name),
        required: false,
    };
    let areas = under_headings(catalogue, |one| offered.contains(&one.name), tick).into_iter();
    areas.map(|(title, permissions)| TickArea { title, permissions }).collect()
}

/// The permissions in `shown`; those that are not in `awake` do nothing now.
pub(in crate::web) fn held(
    catalogue: &Catalogue,
    shown: &ScopeSet,
    awake: &ScopeSet,
) -> Vec<HeldArea> {
    let held = |permission: &Permission| Held {
        title: permission.title.clone(),
        scope: permission.name.to_string(),
        writes: permission.access == Access::Write,
        asleep: !awake.contains(&permission.name),
        required: false,
    };
    let areas = under_headings(catalogue, |one| shown.contains(&one.name), held).into_iter();
    areas.map(|(title, permissions)| HeldArea { title, permissions }).collect()
}

/// Whether any of `scopes` changes something.
pub(in crate::web) fn write(catalogue: &Catalogue, scopes: &ScopeSet) -> bool {
    let mut known = scopes.iter().filter_map(|scope| catalogue.permission(scope));
    known.any(|permission| permission.access == Access::Write)
}

/// A line for each of the permissions that `wanted` lets through, under their headings.
pub(in crate::web) fn under_headings<T>(
    catalogue: &Catalogue,
    wanted: impl Fn(&Permission) -> bool,
    line: impl Fn(&Permission) -> T,
) -> Vec<(String, Vec<T>)> {
    let mut areas: Vec<(String, Vec<T>)> = Vec::new();
    for permission in catalogue.permissions().iter().filter(|one| wanted(one)) {
        let line = line(permission);
        match areas.iter_mut().find(|(title, _)| *title == permission.area) {
            Some((_, lines)) => lines.push(line),
            None => areas.push((permission.area.clone(), vec![line])),
        }
    }
    areas
}
