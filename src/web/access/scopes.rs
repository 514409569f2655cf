//! Permissions as pages of connections and OAuth apps list them: those that were named, not what they
//! include, and which of them are required.

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::scope::ScopeSet;
use crate::view::pages::parts::permission::Held;
use crate::view::pages::parts::permission::HeldArea;
use crate::view::pages::parts::permission::Tick;
use crate::view::pages::parts::permission::TickArea;
use crate::web::connect::permissions::under_headings;

/// Those of `scopes`, area by area. What is not `effective` is asleep.
pub(super) fn held(
    catalogue: &Catalogue,
    scopes: &ScopeSet,
    required: &ScopeSet,
    effective: Option<&ScopeSet>,
) -> Vec<HeldArea> {
    let listed = catalogue.maximal(&catalogue.known(scopes));
    let held = |permission: &Permission| Held {
        title: permission.title.clone(),
        scope: permission.name.to_string(),
        writes: permission.access == Access::Write,
        asleep: effective.is_some_and(|held| !held.contains(&permission.name)),
        required: required.contains(&permission.name),
    };
    let areas = under_headings(catalogue, |one| listed.contains(&one.name), held).into_iter();
    areas.map(|(title, permissions)| HeldArea { title, permissions }).collect()
}

/// Those that `offered` lets through, to tick; `ticked` and `required` are chosen.
pub(super) fn ticks(
    catalogue: &Catalogue,
    offered: impl Fn(&Permission) -> bool,
    ticked: &ScopeSet,
    required: &ScopeSet,
) -> Vec<TickArea> {
    let tick = |permission: &Permission| Tick {
        value: permission.name.to_string(),
        title: permission.title.clone(),
        hint: permission.description.clone(),
        writes: permission.access == Access::Write,
        checked: ticked.contains(&permission.name),
        required: required.contains(&permission.name),
    };
    let areas = under_headings(catalogue, offered, tick).into_iter();
    areas.map(|(title, permissions)| TickArea { title, permissions }).collect()
}

/// Permissions as a form sent them; words that are none are left out.
pub(super) fn sent(words: &[String]) -> ScopeSet {
    words.iter().filter_map(|word| word.parse().ok()).collect()
}
