//! Permissions as pages list them: to read, and to tick.

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::scope::ScopeSet;
use crate::view::pages::parts::permission::Held;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::permission::Tick;
use crate::view::pages::parts::permission::TickArea;

/// Those of `scopes`, area by area. What is not `effective` is asleep.
pub(super) fn held(
    catalogue: &Catalogue,
    scopes: &ScopeSet,
    required: &ScopeSet,
    effective: Option<&ScopeSet>,
) -> Vec<HeldArea> {
    let listed = catalogue.maximal(&catalogue.known(scopes));
    let mut areas: Vec<HeldArea> = Vec::new();
    for permission in catalogue.permissions().iter().filter(|one| listed.contains(&one.name)) {
        let held = Held {
            title: permission.title.clone(),
            scope: permission.name.to_string(),
            writes: permission.access == Access::Write,
            asleep: effective.is_some_and(|held| !held.contains(&permission.name)),
            required: required.contains(&permission.name),
        };
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(held),
            None => {
                areas.push(HeldArea { title: permission.area.clone(), permissions: vec![held] });
            }
        }
    }
    areas
}

/// Those that `offered` lets through, to tick; `ticked` and `required` are chosen.
pub(super) fn ticks(
    catalogue: &Catalogue,
    offered: impl Fn(&Permission) -> bool,
    ticked: &ScopeSet,
    required: &ScopeSet,
) -> Vec<TickArea> {
    let mut areas: Vec<TickArea> = Vec::new();
    for permission in catalogue.permissions().iter().filter(|one| offered(one)) {
        let tick = Tick {
            value: permission.name.to_string(),
            title: permission.title.clone(),
            hint: permission.description.clone(),
            writes: permission.access == Access::Write,
            checked: ticked.contains(&permission.name),
            required: required.contains(&permission.name),
        };
        match areas.iter_mut().find(|area| area.title == permission.area) {
            Some(area) => area.permissions.push(tick),
            None => {
                areas.push(TickArea { title: permission.area.clone(), permissions: vec![tick] });
            }
        }
    }
    areas
}

/// Permissions as a form sent them; words that are none are left out.
pub(super) fn sent(words: &[String]) -> ScopeSet {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}
