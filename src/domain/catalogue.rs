//! The catalogue: which permissions and roles exist here, and what each includes.
//!
//! Sets of scopes are compared on their *closure* (all that they include, transitively) and
//! reported as their *maximal* elements (nothing that another one already includes).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

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
    closures: BTreeMap<ScopeName, ScopeSet>,
    former: BTreeMap<ScopeName, ScopeName>,
    roles: BTreeMap<RoleName, (Role, ScopeSet)>,
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
        let closures = closures(&permissions);
        let former = permissions
            .iter()
            .flat_map(|p| p.renamed_from.iter().map(|old| (old.clone(), p.name.clone())))
            .collect();
        let mut catalogue = Self { permissions, closures, former, roles: BTreeMap::new() };
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
        self.roles.get(name).map(|(_, allowed)| allowed.clone()).unwrap_or_default()
    }

    /// `scopes` less what the catalogue does not know, former names replaced by today's.
    #[must_use]
    pub fn known(&self, scopes: &ScopeSet) -> ScopeSet {
        scopes
            .iter()
            .map(|scope| self.former.get(scope).unwrap_or(scope))
            .filter(|scope| self.closures.contains_key(*scope))
            .cloned()
            .collect()
    }

    /// Whether the catalogue knows every one of `scopes`, by today's name or a former one.
    #[must_use]
    pub fn knows(&self, scopes: &ScopeSet) -> bool {
        let today = |scope| self.former.get(scope).unwrap_or(scope);
        scopes.iter().all(|scope| self.closures.contains_key(today(scope)))
    }

    /// All that `scopes` allow: themselves and, transitively, what they include. Former names
    /// count as today's; names that the catalogue does not know allow nothing.
    #[must_use]
    pub fn closure(&self, scopes: &ScopeSet) -> ScopeSet {
        let mut all = ScopeSet::default();
        for scope in self.known(scopes).iter() {
            if let Some(closure) = self.closures.get(scope) {
                all = all.union(closure);
            }
        }
        all
    }

    /// The elements of `scopes` that no other element of it includes.
    #[must_use]
    pub fn maximal(&self, scopes: &ScopeSet) -> ScopeSet {
        let included_by_another = |scope: &ScopeName| {
            scopes.iter().any(|other| {
                other != scope
                    && self.closures.get(other).is_some_and(|closure| closure.contains(scope))
                    && !self.closures.get(scope).is_some_and(|closure| closure.contains(other))
            })
        };
        scopes.iter().filter(|scope| !included_by_another(scope)).cloned().collect()
    }

    fn allowed_by(&self, role: &Role) -> ScopeSet {
        let named = self
            .permissions
            .iter()
            .map(|permission| &permission.name)
            .filter(|name| role.grants.iter().any(|grant| grant.covers(name)))
            .cloned()
            .collect();
        self.closure(&named)
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

fn closures(permissions: &[Permission]) -> BTreeMap<ScopeName, ScopeSet> {
    let direct: BTreeMap<&ScopeName, &[ScopeName]> =
        permissions.iter().map(|p| (&p.name, p.includes.as_slice())).collect();
    permissions
        .iter()
        .map(|permission| {
            let mut closure = ScopeSet::default();
            let mut waiting = vec![&permission.name];
            while let Some(scope) = waiting.pop() {
                if !closure.contains(scope) {
                    closure.insert(scope.clone());
                    waiting.extend(direct.get(scope).copied().unwrap_or_default());
                }
            }
            (permission.name.clone(), closure)
        })
        .collect()
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
}
