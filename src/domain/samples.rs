//! Whom and what the tests of several rules are about.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::app::App;
use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
use crate::domain::registration::Registration;
use crate::domain::role::Role;
use crate::domain::role::RoleGrant;
use crate::domain::role::RoleName;
use crate::domain::user::User;
use crate::domain::user::UserStatus;

/// The present.
pub(in crate::domain) const NOW: Timestamp = Timestamp::from_seconds(1_000);

pub(in crate::domain) fn raw(number: u8) -> RawId {
    RawId::from_bytes([number; 16])
}

/// A hash under which nothing is found.
pub(in crate::domain) fn hash() -> HashedToken {
    HashedToken::new(1, [0; 32])
}

/// An app that serves all places, good for anything.
pub(in crate::domain) fn app() -> App {
    App::unreviewed(AppId::from_raw(raw(1)), Registration::Administrator, NOW)
}

pub(in crate::domain) fn company(number: u8) -> Company {
    Company {
        id: CompanyId::from_raw(raw(number)),
        slug: "acme".parse().unwrap(),
        name: "Acme".to_owned(),
        environment: Environment::Production,
        firm: None,
        confidential: false,
        confided_to: Vec::new(),
        suspended: false,
        blocks: false,
        created_at: NOW,
    }
}

pub(in crate::domain) fn firm(number: u8) -> Firm {
    Firm {
        id: FirmId::from_raw(raw(number)),
        slug: "ledgers".parse().unwrap(),
        name: "Ledgers".to_owned(),
        environment: Environment::Production,
        created_at: NOW,
    }
}

pub(in crate::domain) fn person(status: UserStatus) -> User {
    User {
        id: UserId::from_raw(raw(3)),
        email: "a@acme.example".parse().unwrap(),
        name: String::new(),
        status,
        operator: false,
        password: None,
        password_at: None,
        created_at: NOW,
        recovery: None,
        erased_at: None,
    }
}

fn permission(name: &str, access: Access, includes: &[&str]) -> Permission {
    Permission {
        name: name.parse().unwrap(),
        title: String::new(),
        description: String::new(),
        area: String::new(),
        access,
        includes: includes.iter().map(|scope| scope.parse().unwrap()).collect(),
        renamed_from: Vec::new(),
    }
}

fn role(name: &str, grant: &str) -> Role {
    Role {
        name: RoleName(name.to_owned()),
        title: String::new(),
        grants: vec![RoleGrant::parse(grant).unwrap()],
        administers: false,
    }
}

/// Two permissions about customers, of which one includes the other, and one about books; an owner,
/// who has all, and one role for each of the narrow two.
pub(in crate::domain) fn catalogue() -> Catalogue {
    let permissions = vec![
        permission("customers:readonly", Access::Read, &[]),
        permission("customers:all", Access::Write, &["customers:readonly"]),
        permission("books:readonly", Access::Read, &[]),
    ];
    let roles = vec![
        role("owner", "*"),
        role("reader", "customers:readonly"),
        role("bookkeeper", "books:readonly"),
    ];
    Catalogue::new(permissions, roles).unwrap()
}
