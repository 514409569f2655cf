//! The people of a company or firm, for whoever administers it.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::invitation::Invitation;
use crate::domain::role::RoleName;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::access::LOOKED_AT;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::invite;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::cursors::Listing;
use crate::ops::cursors::NotACursor;
use crate::ops::cursors::Step;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Browsers;
use crate::store::tables::Companies;
use crate::store::tables::Factors;
use crate::store::tables::Invitations;
use crate::store::tables::Members;
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

/// Who sits in a place, and who is awaited there: a page.
#[derive(Debug)]
pub struct PeopleHere {
    /// Those who reach it: by name where they stand on one page, else in the order of their accounts,
    /// those with a role of their own first.
    pub members: Vec<Member>,
    /// Those who were invited; on the first page.
    pub waiting: Vec<Waiting>,
    /// The cursor of the page behind it.
    pub next: Option<String>,
    /// Members that were looked at.
    pub looked_at: usize,
}

/// People on a page.
const PAGE: usize = 50;
/// Rows that are read at once.
const BATCH: usize = 128;
/// Members that are counted of each list, for a list of companies.
const COUNTED: usize = 1000;

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

/// Who reaches `place`: by a role of their own, then through its firm. All at once: for exports and
/// for ending everything.
pub(in crate::ops) fn members_of(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
) -> Result<Vec<Member>, Fault> {
    let mut found = Vec::new();
    for held in roles::members(reader, place)? {
        found.extend(member(reader, ops, held.user, place, None)?);
    }
    if let Some(firm) = firm_of(reader, place)? {
        for held in roles::members(reader, firm)? {
            found.extend(through_firm(reader, ops, place, held.user)?);
        }
    }
    found.sort_by_key(|member| member.user.name.to_lowercase());
    Ok(found)
}

/// The firm that looks after a company.
fn firm_of(reader: &Reader<'_>, place: Place) -> Result<Option<Place>, Fault> {
    let Place::Company(id) = place else { return Ok(None) };
    let company = reader.shared::<Companies>(&id)?;
    Ok(company.and_then(|company| company.firm).map(Place::Firm))
}

/// Somebody who reaches `place` through its firm alone.
fn through_firm(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
    user: UserId,
) -> Result<Option<Member>, Fault> {
    let Place::Company(id) = place else { return Ok(None) };
    let company = reader.shared::<Companies>(&id)?;
    let Some((firm, company)) = company.and_then(|company| Some((company.firm?, company))) else {
        return Ok(None);
    };
    if !company.seen_through(firm, user) || people::membership(reader, user, place)?.is_some() {
        return Ok(None);
    }
    let name = place_access::name(reader, Place::Firm(firm))?;
    member(reader, ops, user, Place::Firm(firm), Some(name))
}

/// One who reaches `place`, however they do.
fn here(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
    user: UserId,
) -> Result<Option<Member>, Fault> {
    match member(reader, ops, user, place, None)? {
        Some(member) => Ok(Some(member)),
        None => through_firm(reader, ops, place, user),
    }
}

/// How many reach `place`; none where there are more than are counted for a list.
pub(in crate::ops) fn count(reader: &Reader<'_>, place: Place) -> Result<Option<u64>, Fault> {
    let own = reader.under_after::<Members>(&place, None, COUNTED)?;
    let mut number = own.len() as u64;
    let mut all = own.len() < COUNTED;
    if let (Place::Company(id), Some(firm)) = (place, firm_of(reader, place)?)
        && let (Some(company), Place::Firm(firm_id)) = (reader.shared::<Companies>(&id)?, firm)
    {
        let members = reader.under_after::<Members>(&firm, None, COUNTED)?;
        all &= members.len() < COUNTED;
        for user in members.iter().filter_map(|(key, ())| tables::last_id(key)) {
            let user = UserId::from_raw(user);
            let own = people::membership(reader, user, place)?.is_some();
            number += u64::from(!own && company.seen_through(firm_id, user));
        }
    }
    Ok(all.then_some(number))
}

/// A walk over those who reach a place: its own members, then those of its firm.
struct PeopleWalk<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    place: Place,
    query: String,
    looked_at: usize,
    /// The last one that was looked at.
    last: Option<Position>,
}

/// Whether somebody is listed through the firm, and who.
type Position = (bool, UserId);

fn position_bytes((through, user): Position) -> Vec<u8> {
    [&[u8::from(through)], user.raw().bytes().as_slice()].concat()
}

fn position_from(bytes: &[u8]) -> Option<Position> {
    let (through, id) = bytes.split_first()?;
    let id = RawId::from_bytes(id.try_into().ok()?);
    Some((*through == 1, UserId::from_raw(id)))
}

impl PeopleWalk<'_> {
    /// Up to a page of those who match, and one more; behind `from`.
    fn run(&mut self, from: Option<Position>) -> Result<Vec<Member>, Fault> {
        let mut found = Vec::new();
        let mut after = from;
        let first = from.is_some_and(|(through, _)| through);
        let firm = firm_of(self.reader, self.place)?;
        let lanes = [(false, Some(self.place)), (true, firm)];
        for (through, listed) in lanes.into_iter().skip(usize::from(first)) {
            let Some(listed) = listed else { continue };
            loop {
                let key = after.take().map(|(_, user)| (listed, user));
                let rows = self.reader.under_after::<Members>(&listed, key.as_ref(), BATCH)?;
                for user in rows.iter().filter_map(|(key, ())| tables::last_id(key)) {
                    if found.len() > PAGE || self.looked_at >= LOOKED_AT {
                        return Ok(found);
                    }
                    let at = (through, UserId::from_raw(user));
                    (self.looked_at, self.last) = (self.looked_at + 1, Some(at));
                    found.extend(self.row(at)?);
                }
                if rows.len() < BATCH {
                    break;
                }
                after = self.last;
            }
        }
        if found.len() <= PAGE {
            self.last = None;
        }
        Ok(found)
    }

    fn row(&self, (through, user): Position) -> Result<Option<Member>, Fault> {
        let Some(account) = self.reader.shared::<Users>(&user)? else { return Ok(None) };
        let named = account.name.to_lowercase().contains(&self.query)
            || account.email.as_str().contains(&self.query);
        match (named, through) {
            (false, _) => Ok(None),
            (true, false) => member(self.reader, self.ops, user, self.place, None),
            (true, true) => through_firm(self.reader, self.ops, self.place, user),
        }
    }
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
    /// A page of the people of `place` whose name or address contains `query`.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`], [`Refusal::NotACursor`].
    pub fn people_of(
        &self,
        live: &LiveSession,
        place: Place,
        query: &str,
        cursor: Option<&str>,
    ) -> Outcome<PeopleHere, Refusal> {
        let query = query.to_lowercase();
        let list =
            Listing { name: "people", reader: live.user.id, place: Some(place), filter: &query };
        let from = match self.step::<Vec<u8>>(&list, cursor) {
            Ok(Step::First) => Ok(None),
            Ok(Step::After(bytes)) => position_from(&bytes).map(Some).ok_or(Refusal::NotACursor),
            Ok(Step::Before(_)) | Err(NotACursor) => Err(Refusal::NotACursor),
        };
        self.look_for(live, Authority::Administers(place), |reader| {
            let from = match from {
                Ok(from) => from,
                Err(why) => return Ok(Err(why)),
            };
            let (query, last) = (query.clone(), None);
            let mut walk = PeopleWalk { ops: self, reader, place, query, looked_at: 0, last };
            let mut members = walk.run(from)?;
            if members.len() > PAGE {
                members.truncate(PAGE);
                walk.last = members.last().map(|one| (one.through.is_some(), one.user.id));
            }
            if from.is_none() && walk.last.is_none() {
                members.sort_by_key(|member| member.user.name.to_lowercase());
            }
            let next = walk.last.map(|at| self.cursor(&list, &Step::After(position_bytes(at))));
            let mut waiting =
                if from.is_none() { waiting(reader, self, place)? } else { Vec::new() };
            waiting.retain(|one| {
                one.invitation.name.to_lowercase().contains(&walk.query)
                    || one.invitation.email.as_str().contains(&walk.query)
            });
            Ok(Ok(PeopleHere { members, waiting, next, looked_at: walk.looked_at }))
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
            let Some(member) = here(reader, self, place, user)? else {
                return Ok(Err(Refusal::UnknownUser));
            };
            let hand = Hand { reader, ops: self, by };
            let own = member.through.is_none();
            let lifetimes = &self.settings.lifetimes;
            let mut sessions = sessions::of_user(reader, user)?;
            sessions.retain(|(_, one)| !one.is_over(self.now(), lifetimes));
            Ok(Ok(MemberPage {
                sessions: sessions.len() as u64,
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
