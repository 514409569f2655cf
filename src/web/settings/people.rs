//! `/settings/people`: who reaches the open company or firm, and who was invited.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::http::parameters::Parameters;
use crate::ops::administration::people_here::Member;
use crate::ops::administration::people_here::Waiting;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::settings::people::People;
use crate::view::pages::settings::people::PersonRow;
use crate::view::pages::settings::people::PersonState;
use crate::view::pages::workspace::Section;
use crate::web::workspace::inside::Inside;

/// As many as a page shows; a filter finds the others.
const SHOWN: usize = 200;

/// Where somebody's page is.
pub(super) fn href(id: impl std::fmt::Display) -> String {
    format!("{}/{id}", Section::People.path())
}

/// Lists them.
pub(super) async fn list(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let here = match inside.told(inside.ops().people_of(&inside.live, inside.open.place)) {
        Ok(here) => here,
        Err(page) => return *page,
    };
    let query = Parameters::of_query(query.as_deref()).first("q").trim().to_owned();
    let now = inside.ops().now();
    let members = here.members.iter().map(|member| row_of(member, now));
    let waiting = here.waiting.iter().map(|waiting| row_of_invitation(waiting, now));
    let mut rows: Vec<PersonRow> =
        members.chain(waiting).filter(|row| matches(row, &query)).collect();
    rows.truncate(SHOWN);
    inside.show(&People {
        frame: inside.frame(Section::People),
        rows,
        paging: Paging::default(),
        query,
        may_invite: inside.open.administers,
    })
}

fn matches(row: &PersonRow, query: &str) -> bool {
    let query = query.to_lowercase();
    row.name.to_lowercase().contains(&query) || row.email.contains(&query)
}

fn row_of(member: &Member, now: Timestamp) -> PersonRow {
    PersonRow {
        name: member.user.name.clone(),
        email: member.user.email.to_string(),
        href: href(member.user.id),
        roles: vec![member.role_title.clone()],
        through: member.through.clone(),
        last_seen: member.last_sign_in.map(|at| Moment::at(at, now)),
        state: state_of(member),
    }
}

fn row_of_invitation(waiting: &Waiting, now: Timestamp) -> PersonRow {
    PersonRow {
        name: waiting.invitation.name.clone(),
        email: waiting.invitation.email.to_string(),
        href: href(waiting.id),
        roles: vec![waiting.role_title.clone()],
        through: None,
        last_seen: None,
        state: state_of_invitation(waiting, now),
    }
}

/// How somebody stands who has an account.
pub(super) fn state_of(member: &Member) -> PersonState {
    if !member.user.is_active() {
        PersonState::Disabled
    } else if member.user.password.is_none() {
        PersonState::Invited
    } else if member.factors == 0 {
        PersonState::NoSecondFactor
    } else {
        PersonState::Active
    }
}

/// How an invitation stands.
pub(super) fn state_of_invitation(waiting: &Waiting, now: Timestamp) -> PersonState {
    if now < waiting.invitation.expires_at {
        PersonState::Invited
    } else {
        PersonState::InvitationExpired
    }
}
