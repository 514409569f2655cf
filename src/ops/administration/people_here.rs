//! The people of a company or firm, for whoever administers it.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::invitation::Invitation;
use crate::domain::role::RoleName;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::invite;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Browsers;
use crate::store::tables::Companies;
use crate::store::tables::Factors;
use crate::store::tables::Firms;
use crate::store::tables::Invitations;
use crate::store::tables::Sessions;
use crate::store::tables::Users;

/// Somebody who reaches a company or firm.
#[derive(Clone, Debug)]
pub struct Member {
    /// Who.
    pub user: User,
    /// Their role, by which they reach it.
    pub role: RoleName,
    /// Its title.
    pub role_title: String,
    /// The name of the firm through which they come; none: they have a role of their own.
    pub through: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// How many second factors they have.
    pub factors: u64,
    /// When they last signed in, if a browser still knows.
    pub last_sign_in: Option<Timestamp>,
}

/// One of them, with what the person who looks may do.
#[derive(Clone, Debug)]
pub struct MemberPage {
    /// Who.
    pub member: Member,
    /// How many browsers are signed in.
    pub sessions: u64,
    /// Whether the role may be changed or taken away.
    pub touches: bool,
    /// Whether the account itself may be changed.
    pub governs: bool,
    /// Whether it may be stopped: each of their places has another owner.
    pub may_stop: bool,
}

/// An invitation that waits, with the title of its role.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: RawId,
    /// What it says.
    pub invitation: Invitation,
    /// The title of the role.
    pub role_title: String,
}

/// Who sits in a place, and who is awaited there.
#[derive(Clone, Debug)]
pub struct PeopleHere {
    /// Those who reach it, by name.
    pub members: Vec<Member>,
    /// Those who were invited.
    pub waiting: Vec<Waiting>,
}

fn member(
    reader: &Reader<'_>,
    ops: &Ops,
    user: UserId,
    held_in: Place,
    through: Option<String>,
) -> Result<Option<Member>, Fault> {
    let (Some(user), Some(held)) =
        (reader.get::<Users>(&user)?, people::membership(reader, user, held_in)?)
    else {
        return Ok(None);
    };
    let factors = reader.get::<Factors>(&user.id)?.unwrap_or_default();
    let browsers = reader.under::<Browsers>(&user.id)?;
    Ok(Some(Member {
        role: held.role.clone(),
        role_title: roles::title(reader, ops, &held)?,
        since: held.since,
        factors: u64::from(factors.totp.is_some()) + factors.passkeys.len() as u64,
        last_sign_in: browsers.into_iter().map(|(_, known)| known.seen_at).max(),
        through,
        user,
    }))
}

/// Who reaches `place`: by a role of their own, then through its firm.
pub(in crate::ops) fn members_of(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
) -> Result<Vec<Member>, Fault> {
    let mut found = Vec::new();
    for held in roles::members(reader, place)? {
        found.extend(member(reader, ops, held.user, place, None)?);
    }
    if let Place::Company(id) = place
        && let Some(company) = reader.shared::<Companies>(&id)?
        && let Some(firm) = company.firm
    {
        let name = reader.shared::<Firms>(&firm)?.map(|firm| firm.name.clone());
        for held in roles::members(reader, Place::Firm(firm))? {
            let own = found.iter().any(|member| member.user.id == held.user);
            if !own && company.seen_through(firm, held.user) {
                let through = Some(name.clone().unwrap_or_default());
                found.extend(member(reader, ops, held.user, Place::Firm(firm), through)?);
            }
        }
    }
    found.sort_by_key(|member| member.user.name.to_lowercase());
    Ok(found)
}

fn waiting(reader: &Reader<'_>, ops: &Ops, place: Place) -> Result<Vec<Waiting>, Fault> {
    let rows = invite::waiting(reader, place)?.into_iter();
    rows.map(|(id, invitation)| told(reader, ops, place, id, invitation)).collect()
}

fn told(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
    id: RawId,
    invitation: Invitation,
) -> Result<Waiting, Fault> {
    let role = roles::find(reader, ops, place, &invitation.role)?;
    let role_title = role.map_or_else(String::new, |role| role.title);
    Ok(Waiting { id, invitation, role_title })
}

impl Ops {
    /// The people of `place`.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`].
    pub fn people_of(&self, live: &LiveSession, place: Place) -> Outcome<PeopleHere, Refusal> {
        self.look_for(live, Authority::Administers(place), |reader| {
            let members = members_of(reader, self, place)?;
            Ok(Ok(PeopleHere { members, waiting: waiting(reader, self, place)? }))
        })
    }

    /// One of them.
    ///
    /// # Errors
    /// As [`Self::people_of`]; [`Refusal::UnknownUser`] for everybody else.
    pub fn person_of(
        &self,
        live: &LiveSession,
        place: Place,
        user: UserId,
    ) -> Outcome<MemberPage, Refusal> {
        let by = Some(live.user.id);
        self.look_for(live, Authority::Administers(place), |reader| {
            let members = members_of(reader, self, place)?;
            let Some(member) = members.into_iter().find(|member| member.user.id == user) else {
                return Ok(Err(Refusal::UnknownUser));
            };
            let hand = Hand { reader, ops: self, by };
            let own = member.through.is_none();
            let sessions = reader.all::<Sessions>()?.into_iter();
            let lifetimes = &self.settings.lifetimes;
            let live = sessions
                .filter(|(_, one)| one.user == user)
                .filter(|(_, one)| !one.is_over(self.now(), lifetimes));
            Ok(Ok(MemberPage {
                sessions: live.count() as u64,
                touches: own && hand.touches(place, user)?.is_ok(),
                governs: own && hand.governs(place, user)?.is_ok(),
                may_stop: hand.leaves_owners(user)?.is_ok(),
                member,
            }))
        })
    }

    /// An invitation that waits.
    ///
    /// # Errors
    /// As [`Self::people_of`]; [`Refusal::UnknownInvitation`].
    pub fn invitation_of(
        &self,
        live: &LiveSession,
        place: Place,
        id: RawId,
    ) -> Outcome<Waiting, Refusal> {
        self.look_for(live, Authority::Administers(place), |reader| {
            match reader.get::<Invitations>(&(place, id))? {
                Some(invitation) => Ok(Ok(told(reader, self, place, id, invitation)?)),
                None => Ok(Err(Refusal::UnknownInvitation)),
            }
        })
    }

    /// The roles that this person may give in `place`.
    ///
    /// # Errors
    /// As [`Self::people_of`].
    pub fn roles_to_give(
        &self,
        live: &LiveSession,
        place: Place,
    ) -> Outcome<Vec<roles::RoleHere>, Refusal> {
        let by = Some(live.user.id);
        self.look_for(live, Authority::Administers(place), |reader| {
            let hand = Hand { reader, ops: self, by };
            let mut given = Vec::new();
            for role in roles::all(reader, self, place)? {
                if hand.gives(place, &role.name)?.is_ok() {
                    given.push(role);
                }
            }
            Ok(Ok(given))
        })
    }
}
