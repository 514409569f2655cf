//! The catalogue: which permissions and roles exist here, and what each includes.
//!
//! Sets of scopes are compared on their *closure* (all that they include, transitively) and
//! reported as their *maximal* elements (nothing that another one already includes).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::permission_set::PermissionSet;
use crate::domain::role::HeldRole;
use crate::domain::role::Role;
use crate::domain::role::RoleGrant;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

/// Whether a permission changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Looks only.
    Read,
    /// Writes.
    Write,
}

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The scope.
    pub name: ScopeName,
    /// Plain verb first: "Read customer invoices".
    pub title: String,
    /// What it means, in a line.
    pub description: String,
    /// The heading it stands under on the consent page.
    pub area: String,
    /// Read or write.
    pub access: Access,
    /// Permissions that it includes.
    pub includes: Vec<ScopeName>,
    /// Names it had before: grants of those count as this one.
    pub renamed_from: Vec<ScopeName>,
}

/// Something wrong with a catalogue; `at` is the index in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueFault {
    /// A permission's name stands twice, or equals a former name of another.
    #[error("the permission \"{name}\" is defined twice")]
    PermissionTwice {
        /// Index in the list of permissions.
        at: usize,
        /// The name.
        name: ScopeName,
    },
    /// `includes` names a permission that does not exist.
    #[error("the permission \"{name}\" includes \"{missing}\", which does not exist")]
    IncludesUnknown {
        /// Index in the list of permissions.
        at: usize,
        /// The permission.
        name: ScopeName,
        /// What is missing.
        missing: ScopeName,
    },
    /// A role's name stands twice.
    #[error("the role \"{}\" is defined twice", name.0)]
    RoleTwice {
        /// Index in the list of roles.
        at: usize,
        /// The name.
        name: RoleName,
    },
    /// A role names a permission that does not exist.
    #[error("the role \"{}\" names \"{missing}\", which is no permission", name.0)]
    RoleUnknownPermission {
        /// Index in the list of roles.
        at: usize,
        /// The role.
        name: RoleName,
        /// What is missing.
        missing: ScopeName,
    },
    /// There is no role that can own a company.
    #[error("there is no role named \"owner\"; the first user of a company gets it")]
    NoOwnerRole,
}

/// The role that the first user of a company gets.
pub const OWNER: &str = "owner";

/// All permissions and roles, checked.
#[derive(Clone, Debug)]
pub struct Catalogue {
    permissions: Vec<Permission>,
    /// Every permission once, by name: its place here is its number in a [`PermissionSet`].
    entries: Vec<Entry>,
    /// The numbers of names, former ones included.
    numbers: BTreeMap<ScopeName, usize>,
    roles: BTreeMap<RoleName, (Role, PermissionSet)>,
}

#[derive(Clone, Debug)]
struct Entry {
    name: ScopeName,
    /// Itself and all that it includes, transitively.
    closure: PermissionSet,
}

impl Catalogue {
    /// Checks the lists and works out what each permission includes.
    ///
    /// # Errors
    /// Every fault found, not only the first.
    pub fn new(
        permissions: Vec<Permission>,
        roles: Vec<Role>,
    ) -> Result<Self, Vec<CatalogueFault>> {
        let mut faults = duplicate_permissions(&permissions);
        faults.extend(unknown_includes(&permissions));
        faults.extend(role_faults(&permissions, &roles));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut sorted: Vec<&Permission> = permissions.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let numbers = numbers(&sorted);
        let entries = entries(&sorted, &numbers);
        let mut catalogue = Self { permissions, entries, numbers, roles: BTreeMap::new() };
        for role in roles {
            let allowed = catalogue.allowed_by(&role);
            catalogue.roles.insert(role.name.clone(), (role, allowed));
        }
        Ok(catalogue)
    }

    /// In the order of the configuration.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// The permission called `name`.
    #[must_use]
    pub fn permission(&self, name: &ScopeName) -> Option<&Permission> {
        self.permissions.iter().find(|permission| &permission.name == name)
    }

    /// All roles, by name.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values().map(|(role, _)| role)
    }

    /// The role called `name`.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&Role> {
        self.roles.get(name).map(|(role, _)| role)
    }

    /// All that the role allows, as a closure; nothing for a role that is no more.
    #[must_use]
    pub fn role_allows(&self, name: &RoleName) -> ScopeSet {
        self.roles.get(name).map(|(_, allowed)| self.names(allowed)).unwrap_or_default()
    }

    /// As [`Self::role_allows`], by number.
    #[must_use]
    pub fn role_closure(&self, name: &RoleName) -> Option<&PermissionSet> {
        self.roles.get(name).map(|(_, allowed)| allowed)
    }

    /// All that a role allows to whoever holds it, by number; nothing for a role that is no more.
    #[must_use]
    pub fn held_closure(&self, role: &HeldRole) -> Cow<'_, PermissionSet> {
        match &role.own {
            Some(own) => Cow::Owned(self.closure_numbers(&own.scopes)),
            None => self.role_closure(&role.name).map_or_else(Cow::default, Cow::Borrowed),
        }
    }

    /// As [`Self::held_closure`], by name.
    #[must_use]
    pub fn held_allows(&self, role: &HeldRole) -> ScopeSet {
        self.names(&self.held_closure(role))
    }

    /// `scopes` less what the catalogue does not know, former names replaced by today's.
    #[must_use]
    pub fn known(&self, scopes: &ScopeSet) -> ScopeSet {
        self.names(&self.known_numbers(scopes))
    }

    /// Whether the catalogue knows every one of `scopes`, by today's name or a former one.
    #[must_use]
    pub fn knows(&self, scopes: &ScopeSet) -> bool {
        scopes.iter().all(|scope| self.numbers.contains_key(scope))
    }

    /// All that `scopes` allow: themselves and, transitively, what they include. Former names
    /// count as today's; names that the catalogue does not know allow nothing.
    #[must_use]
    pub fn closure(&self, scopes: &ScopeSet) -> ScopeSet {
        self.names(&self.closure_numbers(scopes))
    }

    /// As [`Self::closure`], by number.
    #[must_use]
    pub fn closure_numbers(&self, scopes: &ScopeSet) -> PermissionSet {
        let mut all = PermissionSet::default();
        for entry in scopes.iter().filter_map(|scope| self.entry(*self.numbers.get(scope)?)) {
            all.extend(&entry.closure);
        }
        all
    }

    /// The elements of `scopes` that no other element of it includes.
    #[must_use]
    pub fn maximal(&self, scopes: &ScopeSet) -> ScopeSet {
        let known = self.known_numbers(scopes);
        let includes = |one: usize, other: usize| {
            self.entry(one).is_some_and(|entry| entry.closure.contains(other))
        };
        let included_by_another = |number: usize| {
            known
                .iter()
                .any(|other| other != number && includes(other, number) && !includes(number, other))
        };
        let maximal: PermissionSet =
            known.iter().filter(|number| !included_by_another(*number)).collect();
        self.names(&maximal)
    }

    /// The names of permissions given by number.
    #[must_use]
    pub fn names(&self, numbers: &PermissionSet) -> ScopeSet {
        numbers.iter().filter_map(|number| Some(self.entry(number)?.name.clone())).collect()
    }

    fn known_numbers(&self, scopes: &ScopeSet) -> PermissionSet {
        scopes.iter().filter_map(|scope| self.numbers.get(scope).copied()).collect()
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        self.entries.get(number)
    }

    fn allowed_by(&self, role: &Role) -> PermissionSet {
        let named = self
            .permissions
            .iter()
            .map(|permission| &permission.name)
            .filter(|name| role.grants.iter().any(|grant| grant.covers(name)))
            .cloned()
            .collect();
        self.closure_numbers(&named)
    }
}

fn duplicate_permissions(permissions: &[Permission]) -> Vec<CatalogueFault> {
    let mut seen = ScopeSet::default();
    let mut faults = Vec::new();
    for (at, permission) in permissions.iter().enumerate() {
        for name in std::iter::once(&permission.name).chain(&permission.renamed_from) {
            if seen.contains(name) {
                faults.push(CatalogueFault::PermissionTwice { at, name: name.clone() });
            }
            seen.insert(name.clone());
        }
    }
    faults
}

fn unknown_includes(permissions: &[Permission]) -> Vec<CatalogueFault> {
    let exists = |name: &ScopeName| permissions.iter().any(|permission| &permission.name == name);
    let mut faults = Vec::new();
    for (at, permission) in permissions.iter().enumerate() {
        for missing in permission.includes.iter().filter(|name| !exists(name)) {
            faults.push(CatalogueFault::IncludesUnknown {
                at,
                name: permission.name.clone(),
                missing: missing.clone(),
            });
        }
    }
    faults
}

fn role_faults(permissions: &[Permission], roles: &[Role]) -> Vec<CatalogueFault> {
    let exists = |name: &ScopeName| permissions.iter().any(|permission| &permission.name == name);
    let mut faults = Vec::new();
    for (at, role) in roles.iter().enumerate() {
        if roles.iter().take(at).any(|earlier| earlier.name == role.name) {
            faults.push(CatalogueFault::RoleTwice { at, name: role.name.clone() });
        }
        for grant in &role.grants {
            if let RoleGrant::One(missing) = grant
                && !exists(missing)
            {
                faults.push(CatalogueFault::RoleUnknownPermission {
                    at,
                    name: role.name.clone(),
                    missing: missing.clone(),
                });
            }
        }
    }
    if !roles.iter().any(|role| role.name.0 == OWNER) {
        faults.push(CatalogueFault::NoOwnerRole);
    }
    faults
}

fn numbers(sorted: &[&Permission]) -> BTreeMap<ScopeName, usize> {
    let named = sorted.iter().enumerate().flat_map(|(number, permission)| {
        let names = std::iter::once(&permission.name).chain(&permission.renamed_from);
        names.map(move |name| (name.clone(), number))
    });
    named.collect()
}

fn entries(sorted: &[&Permission], numbers: &BTreeMap<ScopeName, usize>) -> Vec<Entry> {
    let includes = |number: usize| {
        let names = sorted.get(number).map_or(&[][..], |permission| &permission.includes);
        names.iter().filter_map(|name| numbers.get(name).copied())
    };
    let entry = |(number, permission): (usize, &&Permission)| {
        let mut closure = PermissionSet::default();
        let mut waiting = vec![number];
        while let Some(next) = waiting.pop() {
            if !closure.contains(next) {
                closure.insert(next);
                waiting.extend(includes(next));
            }
        }
        Entry { name: permission.name.clone(), closure }
    };
    sorted.iter().enumerate().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(name: &str, includes: &[&str]) -> Permission {
        Permission {
            name: name.parse().unwrap(),
            title: name.to_owned(),
            description: String::new(),
            area: "Sales".to_owned(),
            access: Access::Read,
            includes: includes.iter().map(|scope| scope.parse().unwrap()).collect(),
            renamed_from: Vec::new(),
        }
    }

    fn role(name: &str, grants: &[&str]) -> Role {
        Role {
            name: RoleName(name.to_owned()),
            title: name.to_owned(),
            grants: grants.iter().map(|grant| RoleGrant::parse(grant).unwrap()).collect(),
            administers: false,
        }
    }

    fn catalogue() -> Catalogue {
        let mut renamed = permission("customers:all", &["customers:readonly"]);
        renamed.renamed_from = vec!["clients:all".parse().unwrap()];
        Catalogue::new(
            vec![
                permission("customers:readonly", &[]),
                renamed,
                permission("products:readonly", &[]),
            ],
            vec![role("owner", &["*"]), role("viewer", &["*:readonly"])],
        )
        .unwrap()
    }

    #[test]
    fn a_broad_scope_includes_the_narrow_one() {
        let closure = catalogue().closure(&ScopeSet::parse("customers:all"));
        assert_eq!(closure.to_string(), "customers:all customers:readonly");
    }

    #[test]
    fn what_another_scope_includes_is_not_reported_twice() {
        let catalogue = catalogue();
        let all = ScopeSet::parse("customers:all customers:readonly products:readonly");
        assert_eq!(catalogue.maximal(&all).to_string(), "customers:all products:readonly");
    }

    #[test]
    fn a_removed_permission_allows_nothing_and_a_renamed_one_counts_as_its_new_name() {
        let catalogue = catalogue();
        assert!(catalogue.closure(&ScopeSet::parse("gone:all")).is_empty());
        let renamed = catalogue.known(&ScopeSet::parse("clients:all"));
        assert_eq!(renamed.to_string(), "customers:all");
    }

    #[test]
    fn a_role_by_suffix_allows_only_what_ends_so() {
        let allowed = catalogue().role_allows(&RoleName("viewer".to_owned()));
        assert_eq!(allowed.to_string(), "customers:readonly products:readonly");
    }

    #[test]
    fn every_fault_of_a_catalogue_is_reported_at_once() {
        let faults = Catalogue::new(
            vec![permission("a", &["b"]), permission("a", &[])],
            vec![role("viewer", &["c"])],
        )
        .unwrap_err();
        assert_eq!(faults.len(), 4, "{faults:?}");
    }

    #[test]
    fn permissions_and_roles_are_found_by_name_and_told_in_their_order() {
        let catalogue = catalogue();
        let names = catalogue.permissions().iter().map(|permission| permission.name.as_str());
        let all = ["customers:readonly", "customers:all", "products:readonly"];
        assert_eq!(names.collect::<Vec<_>>(), all);
        let name: ScopeName = "products:readonly".parse().unwrap();
        assert_eq!(catalogue.permission(&name).map(|found| &found.name), Some(&name));
        // By a former name nothing is found: whoever asks has today's.
        assert_eq!(catalogue.permission(&"clients:all".parse().unwrap()), None);
        let roles = catalogue.roles().map(|role| role.name.0.as_str());
        assert_eq!(roles.collect::<Vec<_>>(), ["owner", "viewer"]);
        let viewer = RoleName("viewer".to_owned());
        assert_eq!(catalogue.role(&viewer).map(|found| &found.name), Some(&viewer));
        assert_eq!(catalogue.role(&RoleName("gone".to_owned())), None);
    }

    #[test]
    fn whoever_asks_for_one_unknown_scope_is_told_so() {
        let knows = |scopes: &str| catalogue().knows(&ScopeSet::parse(scopes));
        assert!(knows("customers:all clients:all") && knows(""));
        assert!(!knows("customers:all gone:all"));
    }

    #[test]
    fn a_role_that_is_held_allows_what_it_says_whoever_made_it() {
        let catalogue = catalogue();
        let own = crate::domain::role::OwnRole {
            title: String::new(),
            scopes: ScopeSet::parse("clients:all"),
            made_at: crate::base::clock::Timestamp::from_seconds(1),
        };
        let viewer = HeldRole::named(RoleName("viewer".to_owned()));
        let allowed = catalogue.held_allows(&viewer).to_string();
        assert_eq!(allowed, "customers:readonly products:readonly");
        let own = HeldRole { own: Some(std::sync::Arc::new(own)), ..viewer };
        let allowed = catalogue.held_allows(&own).to_string();
        assert_eq!(allowed, "customers:all customers:readonly");
        let gone = HeldRole::named(RoleName("gone".to_owned()));
        assert!(catalogue.held_allows(&gone).is_empty());
    }

    #[test]
    fn permissions_that_include_each_other_are_both_reported() {
        let (a, b) = (permission("a", &["b"]), permission("b", &["a"]));
        let catalogue = Catalogue::new(vec![a, b], vec![role("owner", &["*"])]).unwrap();
        let both = ScopeSet::parse("a b");
        assert_eq!(catalogue.maximal(&both).to_string(), "a b");
        assert_eq!(catalogue.closure(&ScopeSet::parse("a")).to_string(), "a b");
    }
}
