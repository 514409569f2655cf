//! What a person may administer.
//!
//! Whoever has a role that administers a company or firm administers all that belongs to it. Others
//! administer what is their own. What lies in a place that a person does not reach is as unknown to
//! them as what does not exist.

use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::domain::role::HeldRole;
use crate::domain::scope::ScopeSet;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Connections;

/// What an act or a look needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// To administer the installation.
    Operator,
    /// To have a role in this company or firm.
    Member(Place),
    /// To administer this company or firm.
    Administers(Place),
    /// To administer this company or firm, or the installation.
    Oversees(Place),
    /// To administer the app's company or firm, or to be whose permissions bound it or who answers for
    /// it there. An app of no place is the operator's.
    App(AppId),
    /// To administer the connection's company or firm, or to have approved it.
    Connection(ConnectionId),
    /// To administer a company or firm, where `user` has a role of its own.
    MemberOf {
        /// The company or firm.
        place: Place,
        /// The person that the act is about.
        user: UserId,
    },
    /// To administer this company or firm by a role that was given in it, not through a firm; or to
    /// administer the installation.
    Governs(Place),
    /// To govern the company, and the firm too that is to look after it: neither may give the other's
    /// books, or a company that it did not ask for, to anybody.
    Links {
        /// The company.
        company: CompanyId,
        /// The firm that is to look after it; none: nobody is.
        firm: Option<FirmId>,
    },
    /// To be signed in: the act is about the person alone.
    Oneself,
}

/// What somebody is in a company or firm.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The company or firm.
    pub facts: PlaceFacts,
    /// Their roles there.
    pub roles: Vec<HeldRole>,
    /// All that the roles allow, as a closure.
    pub held: ScopeSet,
    /// Whether one of them administers it.
    pub administers: bool,
}

type Checked = Result<Result<(), Refusal>, Fault>;

/// Whether `user` has it.
pub(in crate::ops) fn check(
    reader: &Reader<'_>,
    ops: &Ops,
    user: &User,
    authority: Authority,
) -> Checked {
    match authority {
        Authority::Oneself => Ok(Ok(())),
        Authority::Operator if user.operator => Ok(Ok(())),
        Authority::Operator => Ok(Err(Refusal::NotAllowed)),
        Authority::Member(place) => Ok(standing(reader, ops, user, place)?.map(|_| ())),
        Authority::Administers(place) => administers(reader, ops, user, place, false),
        Authority::Oversees(_) if user.operator => Ok(Ok(())),
        Authority::Oversees(place) => administers(reader, ops, user, place, false),
        Authority::Governs(place) => governs(reader, ops, user, place),
        Authority::Links { company, firm } => {
            if let Err(why) = governs(reader, ops, user, Place::Company(company))? {
                return Ok(Err(why));
            }
            firm.map_or(Ok(Ok(())), |firm| governs(reader, ops, user, Place::Firm(firm)))
        }
        Authority::App(app) => match reader.get::<Apps>(&app)? {
            Some(app) => over_app(reader, ops, user, &app),
            None => Ok(Err(Refusal::UnknownApp)),
        },
        Authority::Connection(id) => match reader.get::<Connections>(&id)? {
            Some(found) => {
                let own = found.user == user.id;
                let checked = administers(reader, ops, user, found.place, own)?;
                Ok(checked.map_err(|why| hidden(why, Refusal::UnknownConnection)))
            }
            None => Ok(Err(Refusal::UnknownConnection)),
        },
        Authority::MemberOf { place, user: other } => {
            match administers(reader, ops, user, place, false)? {
                Ok(()) if people::membership(reader, other, place)?.is_some() => Ok(Ok(())),
                Ok(()) => Ok(Err(Refusal::UnknownUser)),
                Err(why) => Ok(Err(why)),
            }
        }
    }
}

fn over_app(reader: &Reader<'_>, ops: &Ops, user: &User, app: &App) -> Checked {
    let Some(place) = app.place else {
        return Ok(if user.operator { Ok(()) } else { Err(Refusal::UnknownApp) });
    };
    let own = [app.delegated_by, app.owner].contains(&Some(user.id));
    let checked = administers(reader, ops, user, place, own)?;
    Ok(checked.map_err(|why| hidden(why, Refusal::UnknownApp)))
}

/// What lies out of reach answers like what does not exist.
fn hidden(why: Refusal, unknown: Refusal) -> Refusal {
    if why == Refusal::OutOfReach { unknown } else { why }
}

fn administers(reader: &Reader<'_>, ops: &Ops, user: &User, place: Place, own: bool) -> Checked {
    Ok(standing(reader, ops, user, place)?.and_then(|standing| {
        if standing.administers || own { Ok(()) } else { Err(Refusal::NotAllowed) }
    }))
}

fn governs(reader: &Reader<'_>, ops: &Ops, user: &User, place: Place) -> Checked {
    if user.operator {
        return Ok(Ok(()));
    }
    Ok(match standing(reader, ops, user, place)? {
        Ok(_) if administers_itself(reader, ops, user, place)? => Ok(()),
        Ok(_) => Err(Refusal::NotAllowed),
        Err(why) => Err(why),
    })
}

/// Whether `user` administers `place` by a role that was given there.
pub(in crate::ops) fn administers_itself(
    reader: &Reader<'_>,
    ops: &Ops,
    user: &User,
    place: Place,
) -> Result<bool, Fault> {
    match people::membership(reader, user.id, place)? {
        Some(held) => Ok(ops.administers(&[place_access::held_role(reader, &held)?])),
        None => Ok(false),
    }
}

/// What `user` is in `place`; refused where they are nothing.
pub(in crate::ops) fn standing(
    reader: &Reader<'_>,
    ops: &Ops,
    user: &User,
    place: Place,
) -> Result<Result<Standing, Refusal>, Fault> {
    let (facts, roles) = place_access::standing(reader, user.id, place)?;
    if roles.is_empty() || matches!(facts, PlaceFacts::Gone) {
        return Ok(Err(Refusal::OutOfReach));
    }
    let administers = ops.administers(&roles);
    let held = roles
        .iter()
        .fold(ScopeSet::default(), |held, role| held.union(&ops.catalogue.held_allows(role)));
    Ok(Ok(Standing { facts, roles, held, administers }))
}

impl Ops {
    /// Whether one of these roles administers the place in which it is held.
    #[must_use]
    pub fn administers(&self, roles: &[HeldRole]) -> bool {
        let named = roles.iter().filter_map(|role| self.catalogue.role(&role.name));
        named.into_iter().any(|role| role.administers)
    }

    /// Whether the person governs `place`: [`Authority::Governs`].
    ///
    /// # Errors
    /// The store failed.
    pub fn may_govern(&self, live: &LiveSession, place: Place) -> Result<bool, Fault> {
        self.store.read(|reader| Ok(governs(reader, self, &live.user, place)?.is_ok()))
    }

    /// What the person is in `place`.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`].
    pub fn standing(&self, live: &LiveSession, place: Place) -> Outcome<Standing, Refusal> {
        flatten(self.store.read(|reader| standing(reader, self, &live.user, place)))
    }
}
