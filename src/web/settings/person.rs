//! `/settings/people/{person}`: somebody who reaches the open company or firm, or was invited.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::ops::administration::people_here::MemberPage;
use crate::ops::administration::people_here::Waiting;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::settings::people::PersonState;
use crate::view::pages::settings::person::Person;
use crate::view::pages::settings::person::PersonAct;
use crate::view::pages::workspace::Section;
use crate::web::settings::people;
use crate::web::workspace::inside::Inside;

/// Whom a path names, in the open company or firm.
pub(super) enum Whom {
    /// Somebody who reaches it.
    Member(Box<MemberPage>),
    /// Somebody who was invited.
    Waiting(Box<Waiting>),
}

impl Whom {
    /// Finds them.
    pub(super) fn find(inside: &Inside, person: &str) -> Result<Self, Box<Response>> {
        let (ops, live, place) = (inside.ops(), &inside.live, inside.open.place);
        if let Ok(user) = person.parse::<UserId>() {
            let found = inside.told(ops.person_of(live, place, user))?;
            return Ok(Self::Member(Box::new(found)));
        }
        match person.parse::<RawId>() {
            Ok(id) => {
                let found = inside.told(ops.invitation_of(live, place, id))?;
                Ok(Self::Waiting(Box::new(found)))
            }
            Err(_) => Err(Box::new(inside.refuse(ErrorKind::NotFound))),
        }
    }

    /// What they are called.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Member(found) => &found.member.user.name,
            Self::Waiting(found) => &found.invitation.name,
        }
    }

    /// What may be done about them, in the order of the page.
    pub(super) fn acts(&self) -> Vec<PersonAct> {
        match self {
            Self::Member(found) => acts_of(found),
            Self::Waiting(_) => vec![PersonAct::InviteAgain, PersonAct::RemovePerson],
        }
    }
}

fn acts_of(found: &MemberPage) -> Vec<PersonAct> {
    let state = people::state_of(&found.member);
    let enabled = state != PersonState::Disabled;
    let (touches, governs) = (found.touches, found.governs);
    let all = [
        (PersonAct::ChangeRole, touches),
        (PersonAct::EndSessions, touches && found.sessions > 0),
        (PersonAct::PasswordLink, governs && enabled && found.member.user.password.is_some()),
        (PersonAct::FactorLink, governs && enabled && found.member.factors > 0),
        (PersonAct::Enable, governs && !enabled),
        (PersonAct::Disable, governs && enabled && found.may_stop),
        (PersonAct::RemovePerson, touches),
        (PersonAct::Erase, governs && found.may_stop),
    ];
    all.into_iter().filter(|(_, may)| *may).map(|(act, _)| act).collect()
}

/// Shows them.
pub(super) async fn show(Path(person): Path<String>, inside: Inside) -> Response {
    let whom = match Whom::find(&inside, &person) {
        Ok(whom) => whom,
        Err(page) => return *page,
    };
    let (now, acts) = (inside.ops().now(), whom.acts());
    let (frame, href) = (inside.frame(Section::People), people::href(&person));
    let export_csrf = match &whom {
        Whom::Member(found) if found.member.through.is_none() => {
            Some(inside.tag(&format!("{href}/export")))
        }
        _ => None,
    };
    inside.show(&match &whom {
        Whom::Member(found) => Person {
            frame,
            href,
            name: found.member.user.name.clone(),
            email: found.member.user.email.to_string(),
            state: people::state_of(&found.member),
            roles: vec![found.member.role_title.clone()],
            through: found.member.through.clone(),
            factors: found.member.factors,
            sessions: found.sessions,
            last_seen: found.member.last_sign_in.map(|at| Moment::at(at, now)),
            since: Moment::at(found.member.since, now),
            access_rows: Vec::new(),
            acts,
            export_csrf,
        },
        Whom::Waiting(found) => Person {
            frame,
            href,
            name: found.invitation.name.clone(),
            email: found.invitation.email.to_string(),
            state: people::state_of_invitation(found, now),
            roles: vec![found.role_title.clone()],
            through: None,
            factors: 0,
            sessions: 0,
            last_seen: None,
            since: Moment::at(found.invitation.made_at, now),
            access_rows: Vec::new(),
            acts,
            export_csrf,
        },
    })
}
