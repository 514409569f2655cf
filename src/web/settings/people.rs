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

/// Letters of a name that are looked for.
const LONGEST: usize = 60;

/// Where somebody's page is.
pub(super) fn href(id: impl std::fmt::Display) -> String {
    format!("{}/{id}", Section::People.path())
}

/// Lists them.
pub(super) async fn list(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let sent = Parameters::of_query(query.as_deref());
    let query: String = sent.first("q").trim().chars().take(LONGEST).collect();
    let cursor = Some(sent.first("cursor")).filter(|cursor| !cursor.is_empty());
    let found = inside.ops().people_of(&inside.live, inside.open.place, &query, cursor);
    let here = match inside.told(found) {
        Ok(here) => here,
        Err(page) => return *page,
    };
    let now = inside.ops().now();
    let members = here.members.iter().map(|member| row_of(member, now));
    let waiting = here.waiting.iter().map(|waiting| row_of_invitation(waiting, now));
    let turned = |cursor: String| {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.extend_pairs([("q", &query)].into_iter().filter(|(_, query)| !query.is_empty()));
        format!("?{}", text.append_pair("cursor", &cursor).finish())
    };
    inside.show(&People {
        frame: inside.frame(Section::People),
        rows: members.chain(waiting).collect(),
        paging: Paging { previous: None, next: here.next.map(turned) },
        query: query.clone(),
        may_invite: inside.open.administers,
    })
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
