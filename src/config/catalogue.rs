//! The lists of the file: `[[permissions]]` and `[[roles]]`.
//!
//! A list in the file replaces the default list as a whole. The default roles then keep only the
//! permissions that still exist, so that one's own permissions need no roles of their own.

use figment::value::Value;

use crate::config::entry::Entry;
use crate::config::entry::Field;
use crate::config::fault::Fault;
use crate::config::fault::Wrong;
use crate::config::layer::DEFAULT;
use crate::config::layer::Effective;
use crate::config::lists;
use crate::config::lists::TableList;
use crate::config::rule::Choice;
use crate::config::rule::List;
use crate::config::rule::OneOrMore;
use crate::config::rule::Switch;
use crate::config::rule::Text;
use crate::config::suggest::closest;
use crate::config::value::quoted;
use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::CatalogueFault;
use crate::domain::catalogue::OWNER;
use crate::domain::catalogue::Permission;
use crate::domain::role::Role;
use crate::domain::role::RoleGrant;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeName;

/// The permissions and roles that exist when the file says nothing.
pub(super) const DEFAULT_LISTS: &str = include_str!("catalogue.toml");

/// What a `[[permissions]]` holds.
pub(super) static PERMISSIONS: TableList = TableList {
    path: "permissions",
    doc: &[],
    fields: &[
        Field { name: "name", doc: "The scope, such as \"orders:readonly\"." },
        Field { name: "title", doc: "What it allows, verb first; stands on the consent page." },
        Field { name: "description", doc: "The same in a full sentence. Optional." },
        Field { name: "area", doc: "The heading that it stands under." },
        Field { name: "access", doc: "\"read\" or \"write\": whether it changes anything." },
        Field { name: "includes", doc: "Permissions that it includes. Optional." },
        Field { name: "renamed_from", doc: "Names it had before; they keep working. Optional." },
    ],
    sample: &[],
};

/// What a `[[roles]]` holds.
pub(super) static ROLES: TableList = TableList {
    path: "roles",
    doc: &[],
    fields: &[
        Field { name: "name", doc: "As memberships hold it, such as \"buyer\"." },
        Field { name: "title", doc: "As people read it." },
        Field {
            name: "permissions",
            doc: "Names, \"*:readonly\" (all that end so) or \"*\" (all).",
        },
        Field { name: "administers", doc: "Whether it administers its company. Optional." },
    ],
    sample: &[],
};

const ACCESS: Choice<Access> = Choice(&[("read", Access::Read), ("write", Access::Write)]);

/// Reads and checks both lists; every fault is added to `faults`.
pub(super) fn read(from: &Effective, faults: &mut Vec<Fault>) -> Option<Catalogue> {
    let before = faults.len();
    let permissions = lists::read(from, &PERMISSIONS, faults, permission);
    let mut roles = lists::read(from, &ROLES, faults, role);
    if from.source(ROLES.path) == DEFAULT {
        keep_what_exists(&mut roles, &permissions);
    }
    if faults.len() > before {
        return None;
    }
    match Catalogue::new(permissions, roles) {
        Ok(catalogue) => Some(catalogue),
        Err(found) => {
            faults.extend(found.iter().map(|fault| described(fault, from)));
            None
        }
    }
}

fn permission(entry: &mut Entry<'_>) -> Option<Permission> {
    let name = entry.required("name", &Text(scope));
    let title = entry.required("title", &Text(line));
    let description = entry.optional("description", &Text(line));
    let area = entry.required("area", &Text(line));
    let access = entry.required("access", &ACCESS);
    let includes = entry.optional("includes", &List(Text(scope)));
    let renamed_from = entry.optional("renamed_from", &List(Text(scope)));
    Some(Permission {
        name: name?,
        title: title?,
        description: description.unwrap_or_default(),
        area: area?,
        access: access?,
        includes: includes.unwrap_or_default(),
        renamed_from: renamed_from.unwrap_or_default(),
    })
}

fn role(entry: &mut Entry<'_>) -> Option<Role> {
    let name = entry.required("name", &Text(role_name));
    let title = entry.required("title", &Text(line));
    let grants = entry.required("permissions", &OneOrMore(Text(grant)));
    let administers = entry.optional("administers", &Switch).unwrap_or_default();
    if name.as_ref().is_some_and(|name| name.0 == OWNER) && !administers {
        let problem = "the role \"owner\" must administer: it is the first user's";
        entry.fault("administers", Wrong::new(problem, "write administers = true"));
    }
    Some(Role { name: name?, title: title?, grants: grants?, administers })
}

pub(super) fn scope(text: &str) -> Result<ScopeName, Wrong> {
    text.parse().map_err(|why| {
        Wrong::new(format!("{} is no scope: {why}", quoted(text)), "write it like orders:readonly")
    })
}

fn grant(text: &str) -> Result<RoleGrant, Wrong> {
    RoleGrant::parse(text).map_err(|_| {
        let problem = format!("{} is no permission", quoted(text));
        Wrong::new(problem, "write a permission's name, \"*:readonly\" or \"*\"")
    })
}

fn role_name(text: &str) -> Result<RoleName, Wrong> {
    let legal =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if (1..=40).contains(&text.len()) && text.bytes().all(legal) {
        return Ok(RoleName(text.to_owned()));
    }
    let problem = format!("{} is no name for a role", quoted(text));
    Err(Wrong::new(problem, "write 1 to 40 characters of a-z, 0-9, '_' and '-'"))
}

fn line(text: &str) -> Result<String, Wrong> {
    let length = text.chars().count();
    if (1..=200).contains(&length) && !text.trim().is_empty() && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(Wrong::new("it is not a line of text", "write 1 to 200 characters on one line"))
}

fn keep_what_exists(roles: &mut [Role], permissions: &[Permission]) {
    let exists = |name: &ScopeName| permissions.iter().any(|permission| &permission.name == name);
    for role in roles {
        role.grants.retain(|grant| match grant {
            RoleGrant::One(name) => exists(name),
            RoleGrant::Everything | RoleGrant::EndingWith(_) => true,
        });
    }
}

fn described(fault: &CatalogueFault, from: &Effective) -> Fault {
    let names = || names(from);
    let meant = |missing: &ScopeName| match closest(missing.as_str(), names().into_iter()) {
        Some(name) => format!("did you mean {}?", quoted(name)),
        None => "define it or remove it here".to_owned(),
    };
    let (key, fix) = match fault {
        CatalogueFault::PermissionTwice { at, name } => {
            let own = names().get(*at) == Some(&name.as_str());
            let field = if own { "name" } else { "renamed_from" };
            (format!("permissions[{at}].{field}"), "keep one".to_owned())
        }
        CatalogueFault::IncludesUnknown { at, missing, .. } => {
            (format!("permissions[{at}].includes"), meant(missing))
        }
        CatalogueFault::RoleTwice { at, .. } => {
            (format!("roles[{at}].name"), "keep one".to_owned())
        }
        CatalogueFault::RoleUnknownPermission { at, missing, .. } => {
            (format!("roles[{at}].permissions"), meant(missing))
        }
        CatalogueFault::NoOwnerRole => {
            let fix = "add one with permissions = [\"*\"] and administers = true";
            (ROLES.path.to_owned(), fix.to_owned())
        }
    };
    let source = from.place(&key).to_owned();
    Wrong::new(fault.to_string(), fix).at(key, source)
}

/// The names of all permissions, as given.
pub(super) fn names(from: &Effective) -> Vec<&str> {
    let items = PERMISSIONS.tables(from);
    items.iter().map(|item| item.find_ref("name").and_then(Value::as_str).unwrap_or("")).collect()
}
