//! `/settings/security`: what there is.

use axum::response::Response;

use crate::base::clock::Timestamp;
use crate::domain::passkey::Passkey;
use crate::domain::session::Session;
use crate::ops::own_security::OwnSecurity;
use crate::ops::own_security::factors::FactorName;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::settings::security::FactorKind;
use crate::view::pages::settings::security::FactorRow;
use crate::view::pages::settings::security::Security;
use crate::view::pages::settings::security::SessionRow;
use crate::web::security::SECTION;
use crate::web::security::factors::removal;
use crate::web::workspace::inside::Inside;

/// Shows the page.
pub(super) async fn show(inside: Inside) -> Response {
    match inside.ops().own_security(&inside.live) {
        Ok(own) => inside.show(&page(&inside, &own)),
        Err(fault) => inside.fail(&fault),
    }
}

fn page(inside: &Inside, own: &OwnSecurity) -> Security {
    let now = inside.ops().now();
    let at = |at: Timestamp| Moment::at(at, now);
    let remove = |name: FactorName| own.may_remove.then(|| removal(name));
    let totp = own.totp.map(|(added, used)| FactorRow {
        kind: FactorKind::Totp,
        name: String::new(),
        added: at(added),
        last_used: used.map(at),
        remove: remove(FactorName::Totp),
    });
    let passkey = |passkey: &Passkey| FactorRow {
        kind: FactorKind::Passkey,
        name: passkey.name.clone(),
        added: at(passkey.added_at),
        last_used: passkey.used_at.map(at),
        remove: remove(FactorName::Passkey(passkey.id)),
    };
    let session = |id: &_, row: &Session| SessionRow {
        browser: row.browser.clone(),
        address: row.address.map(|address| address.to_string()).unwrap_or_default(),
        since: at(row.began_at),
        last_seen: at(row.seen_at),
        here: id == inside.live.id(),
    };
    Security {
        frame: inside.frame(SECTION),
        password_since: inside.live.user.password_at.map(at),
        has_totp: totp.is_some(),
        factors: totp.into_iter().chain(own.passkeys.iter().map(passkey)).collect(),
        passkeys_possible: inside.ops().relying_party().is_some(),
        recovery_codes: u64::try_from(own.recovery_left).unwrap_or(u64::MAX),
        sessions: own.sessions.iter().map(|(id, row)| session(id, row)).collect(),
    }
}
