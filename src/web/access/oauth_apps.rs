//! The OAuth apps of a company or firm, and the rules by which programs become known.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::domain::client_document::DocumentPolicy;
use crate::domain::registration_policy::RegistrationMode;
use crate::ops::access::Access;
use crate::ops::access::AccessPage;
use crate::ops::access::List;
use crate::ops::access::What;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::oauth_apps::OauthAppRow;
use crate::view::pages::connect::oauth_apps::OauthApps;
use crate::view::pages::connect::oauth_apps::RegistrationPolicy;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Section;
use crate::web::access::asked::Asked;
use crate::web::access::lists;
use crate::web::access::rows;
use crate::web::workspace::inside::Inside;

/// The list, for those who administer the open company or firm.
pub(super) async fn show(inside: Inside, RawQuery(query): RawQuery) -> Response {
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let asked = Asked::read(List::OauthApps, query.as_deref());
    match lists::found(&inside, &asked) {
        Ok(found) => inside.show(&page(&inside, &asked, &found)),
        Err(page) => *page,
    }
}

fn page(inside: &Inside, asked: &Asked, found: &AccessPage) -> OauthApps {
    let ops = inside.ops();
    let row = |access: &Access| row(inside, access, found);
    let (strangers, registered): (Vec<&Access>, Vec<&Access>) =
        found.rows.iter().partition(|access| access.app.registration.is_by_itself());
    let (mode, documents) = (ops.settings().registration.mode, ops.document_policy());
    let mut allowed = Vec::new();
    if mode == RegistrationMode::AllowList {
        let redirects = ops.settings().registration.redirects.iter();
        allowed.extend(redirects.map(ToString::to_string));
    }
    if documents == DocumentPolicy::AllowList {
        allowed.extend(ops.allowed_documents());
    }
    OauthApps {
        frame: inside.frame(Section::OauthApps),
        registered: registered.into_iter().map(row).collect(),
        strangers: strangers.into_iter().map(row).collect(),
        registration: policy(mode),
        documents: match documents {
            DocumentPolicy::Off => RegistrationPolicy::Off,
            DocumentPolicy::AllowList => RegistrationPolicy::AllowList,
            DocumentPolicy::Open => RegistrationPolicy::Open,
        },
        allowed,
        may_register: true,
        paging: lists::paging(asked, found.previous.clone(), found.next.clone()),
    }
}

fn row(inside: &Inside, access: &Access, page: &AccessPage) -> OauthAppRow {
    let now = inside.ops().now();
    let counted = page.counts.as_ref().and_then(|all| all.apps.get(&access.app.id));
    OauthAppRow {
        client: rows::client(&access.app, None),
        href: rows::href(What::App(access.app.id), access.kind),
        connections: counted.copied().unwrap_or_default(),
        last_used: access.last_used.map(|at| Moment::at(at, now)),
        statuses: rows::badges(&access.standing, now),
    }
}

const fn policy(mode: RegistrationMode) -> RegistrationPolicy {
    match mode {
        RegistrationMode::Off => RegistrationPolicy::Off,
        RegistrationMode::InitialToken => RegistrationPolicy::InitialToken,
        RegistrationMode::AllowList => RegistrationPolicy::AllowList,
        RegistrationMode::Open => RegistrationPolicy::Open,
    }
}
