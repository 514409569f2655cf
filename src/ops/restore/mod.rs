//! Restoring a backup: what the rows of the backup become, held against the file that they take the
//! place of.
//!
//! One rule: nothing comes back that was taken away after the backup was made, and nothing is added
//! that the backup does not have. Sessions, codes and tokens are not restored at all. If nothing can be
//! learned from the former file, whatever has access by itself is stopped.

mod apps;
mod messages;
mod people;
mod places;
mod unknown;

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::Catalogue;
use crate::domain::scope::ScopeSet;
use crate::domain::user::Email;
use crate::ops::administration::installation;
use crate::ops::backup;
use crate::ops::backup::Header;
use crate::store::Store;
use crate::store::chain;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables::Meta;
use crate::store::tables::SigningKeys;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Tables that are not restored: sessions, codes and tokens end, and messages that waited at that time
/// are not sent again.
pub const ENDED: &[TableId] = &[
    TableId::Sessions,
    TableId::UserSessions,
    TableId::Codes,
    TableId::AccessTokens,
    TableId::ClientAccessTokens,
    TableId::RefreshTokens,
    TableId::PushedRequests,
    TableId::WebhookOutbox,
    TableId::WebhookUntold,
    TableId::WebhookOver,
];

/// Tables that remember what may happen once only, failed guesses, and what was announced: what the
/// former file has in them is kept.
pub const REMEMBERED: &[TableId] = &[
    TableId::AnsweredRequests,
    TableId::AnsweredChallenges,
    TableId::AssertionIds,
    TableId::Attempts,
    TableId::WebhookTold,
];

const GENERATION: &str = "generation";

/// What a restore ended and did again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// How often this installation was restored, plus one.
    pub generation: u32,
    /// The number of the entry that declares the fork.
    pub entry: u64,
    /// How many entries the former file had; none if it could not be read.
    pub replaced_entries: Option<u64>,
    /// Apps and API tokens that were stopped, or of which something was taken back.
    pub apps: u64,
    /// Connections that ended, or of which something was taken back.
    pub connections: u64,
    /// People of whom something was taken back.
    pub people: u64,
    /// Roles that were taken back.
    pub roles: u64,
    /// Recovery codes that do not work any more.
    pub recovery_codes: u64,
    /// Invitations and links that do not work any more.
    pub links: u64,
    /// Who needs a link to sign in again.
    pub need_links: Vec<Email>,
}

/// The act on the writer of the new file.
pub struct SettleRestore {
    /// The former file, if it can be read.
    pub former: Option<Store>,
    /// The permissions and roles in force.
    pub catalogue: Arc<Catalogue>,
    /// What the backup says of itself.
    pub backup: Header,
    /// The present.
    pub now: Timestamp,
}

/// Where all of it is gathered.
struct Settling<'a> {
    reader: &'a Reader<'a>,
    catalogue: &'a Catalogue,
    now: Timestamp,
    changes: Changes,
    settled: Settled,
}

impl Operation for SettleRestore {
    type Outcome = Settled;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Settled>, Fault> {
        let former = self.former.as_ref();
        let seen = former.map_or(Ok(Timestamp::EPOCH), installation::last_seen)?;
        let now = self.now.max(seen).max(installation::last_seen_at(reader)?);
        let mut settling = Settling {
            reader,
            catalogue: &self.catalogue,
            now,
            changes: Changes::new(),
            settled: Settled { generation: generation(reader)?, ..Settled::default() },
        };
        let (made, entries) = (self.backup.created_at.rfc3339(), self.backup.entries);
        let mut fork = format!("backup {made} entry {entries}");
        match former {
            Some(former) => {
                let read = former.read(|former| {
                    let (entries, head) = chain::head(former.state())?;
                    fork.push_str(&format!(" replaced {entries} {head}"));
                    settling.settled.replaced_entries = Some(entries);
                    let generation = generation(former)?.max(settling.settled.generation);
                    settling.settled.generation = generation;
                    settling.as_in(former)
                });
                // That the former file fails says nothing about the new one.
                read.map_err(|fault| Fault::row("former", fault))?;
            }
            None => {
                fork.push_str(" replaced unknown");
                settling.without_former()?;
            }
        }
        settling.close(&fork)
    }
}

impl Settling<'_> {
    fn as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        self.places_as_in(former)?;
        self.people_as_in(former)?;
        self.apps_as_in(former)?;
        self.links_as_in(former)?;
        self.messages_as_in(former)?;
        for (key, _) in self.reader.all::<SigningKeys>()? {
            // A key that was destroyed may be in somebody else's hands.
            if let Some(id) = crate::store::tables::last_id(&key)
                && !former.has::<SigningKeys>(&id)?
            {
                self.changes.delete::<SigningKeys>(&id);
            }
        }
        Ok(())
    }

    /// The declared fork, and the next generation.
    fn close(mut self, fork: &str) -> Result<Decision<Settled>, Fault> {
        self.settled.generation = self.settled.generation.saturating_add(1);
        let generation = self.settled.generation.to_be_bytes().to_vec();
        self.changes.put::<Meta>(GENERATION, &generation)?;
        installation::put_last_seen(&mut self.changes, self.now)?;
        let cause = format!("{fork} generation {}", self.settled.generation);
        let event = Event::new(EventKind::BackupRestored, self.now, Origin::default());
        self.changes.record(event.cause(cause));
        let (entries, _) = chain::head(self.reader.state())?;
        self.settled.entry = entries.saturating_add(1);
        Ok(Decision { changes: self.changes, outcome: self.settled })
    }

    /// What is in both, by what each of them allows.
    fn both(&self, one: &ScopeSet, other: &ScopeSet) -> ScopeSet {
        if one == other {
            return one.clone();
        }
        let (one, other) = (self.catalogue.closure(one), self.catalogue.closure(other));
        self.catalogue.maximal(&one.intersection(&other))
    }
}

/// How often a file was restored, plus one.
fn generation(reader: &Reader<'_>) -> Result<u32, Fault> {
    let found = reader.get::<Meta>(GENERATION)?;
    Ok(found.and_then(|bytes| bytes.try_into().ok()).map_or(1, u32::from_be_bytes))
}

/// Whether two files are of one installation.
///
/// # Errors
/// One of them cannot be read.
pub fn is_same_installation(store: &Store, header: &Header) -> Result<bool, Fault> {
    Ok(store.read(backup::identity)? == header.installation)
}
