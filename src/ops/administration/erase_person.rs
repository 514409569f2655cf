//! Erasing a person: what is left is a number, so that the audit trail stays whole.
//!
//! Name, address, password and factors go, with sessions, browsers, links and roles. What they
//! approved ends, and what they delegated has nobody to be bounded by. The id is never given again.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::connection::EndCause;
use crate::domain::user::Email;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::ops::Ops;
use crate::ops::administration::account;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::invite;
use crate::ops::administration::issue_link;
use crate::ops::administration::issue_recovery::Account;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::AccountKey;
use crate::store::tables::Apps;
use crate::store::tables::Attempts;
use crate::store::tables::BrowserMark;
use crate::store::tables::Browsers;
use crate::store::tables::Companies;
use crate::store::tables::Emails;
use crate::store::tables::Factors;
use crate::store::tables::Invitations;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

struct ErasePerson {
    ops: Ops,
    account: Account,
    by: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ErasePerson {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Account { user: id, place } = self.account;
        let found = reader.get::<Users>(&id)?.filter(|user| user.erased_at.is_none());
        let Some(user) = found else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownUser)));
        };
        let hand = Hand { reader, ops: &self.ops, by: self.by };
        let governed = place.map_or(Ok(Ok(())), |place| hand.governs(place, id))?;
        for checked in [governed, hand.leaves_owners(id)?] {
            if let Err(why) = checked {
                return Ok(Decision::unchanged(Err(why)));
            }
        }
        let mut changes = Changes::new();
        forget(reader, &mut changes, &user)?;
        end(reader, &mut changes, id, self.now)?;
        changes.put::<Users>(&id, &erased(&user, self.now)?)?;
        let event = Event::new(EventKind::PersonErased, self.now, self.origin);
        changes.record(event.user(id));
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

/// What is left of somebody.
fn erased(user: &User, now: Timestamp) -> Result<User, Fault> {
    let number = user.id.to_string();
    let email: Result<Email, _> = format!("{number}@erased.invalid").parse();
    Ok(User {
        email: email.map_err(|error| Fault::row("users", error))?,
        name: number,
        status: UserStatus::Disabled,
        operator: false,
        password: None,
        recovery: None,
        erased_at: Some(now),
        ..user.clone()
    })
}

/// All that tells who they were, or that they could prove it.
fn forget(reader: &Reader<'_>, changes: &mut Changes, user: &User) -> Result<(), Fault> {
    let id = user.id;
    changes.delete::<Emails>(&user.email);
    changes.delete::<Factors>(&id);
    changes.delete::<Attempts>(&AccountKey::User(id));
    for (key, _) in reader.under::<Browsers>(&id)? {
        if let Some(mark) = key.last_chunk::<16>() {
            changes.delete::<Browsers>(&(id, BrowserMark(*mark)));
        }
    }
    sessions::end_all(reader, changes, id, None)?;
    issue_link::withdraw_of(reader, changes, id)?;
    for (key, invitation) in reader.all::<Invitations>()? {
        let place = tables::place_of(&key);
        if invitation.email == user.email
            && let (Some(place), Some(link)) = (place, tables::last_id(&key))
        {
            invite::remove(changes, place, link);
        }
    }
    Ok(())
}

/// What they held, approved and delegated.
fn end(
    reader: &Reader<'_>,
    changes: &mut Changes,
    id: UserId,
    now: Timestamp,
) -> Result<(), Fault> {
    for held in people::memberships(reader, id)? {
        records::remove_membership(changes, &held);
    }
    account::end_connections(reader, changes, id, (now, EndCause::PersonErased), |_| true)?;
    for (_, app) in reader.all::<Apps>()? {
        if app.delegated_by == Some(id) || app.owner == Some(id) {
            let delegated_by = app.delegated_by.filter(|by| *by != id);
            let owner = app.owner.filter(|owner| *owner != id);
            changes.put::<Apps>(&app.id, &App { delegated_by, owner, ..app.clone() })?;
        }
    }
    for (_, mut company) in reader.all::<Companies>()? {
        if company.confided_to.contains(&id) {
            company.confided_to.retain(|member| *member != id);
            changes.put::<Companies>(&company.id.clone(), &Company { ..company })?;
        }
    }
    Ok(())
}

impl Ops {
    /// Erases a person.
    ///
    /// # Errors
    /// There is no such person, the account is not only that place's, or nobody else owns one of
    /// their companies or firms.
    pub async fn erase_person(&self, account: Account, by: impl Into<By>) -> Outcome<(), Refusal> {
        let (by, now) = (by.into(), self.now());
        let (ops, origin) = (self.frozen(), by.origin());
        let act = ErasePerson { ops, account, by: by.user(), now, origin };
        self.administer(by, Needs::confirmed(account.authority()), act).await
    }
}
