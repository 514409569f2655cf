//! What there is, each list from one snapshot. For the operator: nothing is left out.

use std::ops::Range;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::connection::Connection;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::issue_link;
use crate::ops::people;
use crate::store::chain;
use crate::store::chain::Broken;
/// An audit entry, for who lists them.
pub use crate::store::chain::Entry;
/// Why a list could not be read.
pub use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Table;
use crate::store::tables::AppUse;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Factors;
use crate::store::tables::Firms;
use crate::store::tables::Users;

/// A user with what they may do.
#[derive(Clone, Debug)]
pub struct Person {
    /// The user.
    pub user: User,
    /// Their roles.
    pub memberships: Vec<Membership>,
    /// Whether they have a second factor.
    pub second_factor: bool,
}

/// An app with its last use.
#[derive(Clone, Debug)]
pub struct ListedApp {
    /// The app.
    pub app: App,
    /// When it was last used, to the minute; none: never.
    pub last_used: Option<Timestamp>,
}

fn rows<T: Table>(reader: &Reader<'_>) -> Result<Vec<T::Row>, Fault> {
    Ok(reader.all::<T>()?.into_iter().map(|(_, row)| row).collect())
}

fn person(reader: &Reader<'_>, user: User) -> Result<Person, Fault> {
    let memberships = people::memberships(reader, user.id)?;
    let factors = reader.get::<Factors>(&user.id)?.unwrap_or_default();
    Ok(Person { user, memberships, second_factor: factors.enrolled() })
}

/// An audit trail that verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// How many entries it has.
    pub entries: u64,
    /// The entries that declare a fork: there a backup was restored.
    pub restores: Vec<u64>,
}

impl Ops {
    /// Whether anybody can sign in here yet.
    ///
    /// # Errors
    /// The store failed; so for each method here.
    pub fn has_users(&self) -> Result<bool, Fault> {
        self.store.read(issue_link::has_users)
    }

    /// Every company, oldest first.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn companies(&self) -> Result<Vec<Company>, Fault> {
        self.store.read(rows::<Companies>)
    }

    /// Every firm, oldest first.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn firms(&self) -> Result<Vec<Firm>, Fault> {
        self.store.read(rows::<Firms>)
    }

    /// Every user with their roles, oldest first.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn users(&self) -> Result<Vec<Person>, Fault> {
        self.store.read(|reader| {
            rows::<Users>(reader)?.into_iter().map(|user| person(reader, user)).collect()
        })
    }

    /// `user` with their roles, if there is such a user.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn person(&self, user: UserId) -> Result<Option<Person>, Fault> {
        self.store
            .read(|reader| reader.get::<Users>(&user)?.map(|user| person(reader, user)).transpose())
    }

    /// Every app with its last use, oldest first; revoked and deleted ones too.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn apps(&self) -> Result<Vec<ListedApp>, Fault> {
        self.store.read(|reader| {
            let apps = rows::<Apps>(reader)?.into_iter();
            apps.map(|app| Ok(ListedApp { last_used: reader.get::<AppUse>(&app.id)?, app }))
                .collect()
        })
    }

    /// When `app` was last used.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn last_use(&self, app: AppId) -> Result<Option<Timestamp>, Fault> {
        self.store.read(|reader| reader.get::<AppUse>(&app))
    }

    /// Every connection, oldest first; ended ones too.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn connections(&self) -> Result<Vec<Connection>, Fault> {
        self.store.read(rows::<Connections>)
    }

    /// The newest audit entries, newest first, before number `before` if given.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn audit_entries(&self, before: Option<u64>, limit: usize) -> Result<Vec<Entry>, Fault> {
        self.store.read(|reader| chain::newest(reader.state(), before, limit))
    }

    /// The audit entries of these numbers, as an export has them: a line each, the bytes that the hashes
    /// cover in it.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn audit_lines(&self, numbers: Range<u64>) -> Result<Vec<String>, Fault> {
        self.store.read(|reader| chain::lines(reader.state(), numbers))
    }

    /// Walks the whole audit chain; how many entries there are, if all follow from each other
    /// and none is missing that the last checkpoint names.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn verify_audit(&self) -> Result<Result<u64, Broken>, Fault> {
        Ok(self.verify_trail()?.map(|trail| trail.entries))
    }

    /// As [`Self::verify_audit`]; tells the declared forks too.
    ///
    /// # Errors
    /// As [`Self::has_users`].
    pub fn verify_trail(&self) -> Result<Result<Trail, Broken>, Fault> {
        self.store.read(|reader| match chain::walk(reader.state())? {
            Ok(walk) => {
                let trail = Trail { entries: walk.good(), restores: walk.forks().to_vec() };
                Ok(self.reaches_checkpoint(reader)?.map(|()| trail))
            }
            Err(broken) => Ok(Err(broken)),
        })
    }
}
