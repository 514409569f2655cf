//! `/settings/security/factors/{factor}/remove`: removing a second factor that is not the last.

use axum::extract::Path;
use axum::response::Response;

use crate::ops::own_security::factors::FactorName;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::workspace::Flash;
use crate::web::security::SECTION;
use crate::web::security::answered;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Where a factor is removed.
pub(super) fn removal(factor: FactorName) -> String {
    format!("/settings/security/factors/{factor}/remove")
}

/// The question, if there is such a factor and it may be removed.
fn question(inside: &Inside, factor: &str) -> Result<(FactorName, Question), Box<Response>> {
    let own = inside.ops().own_security(&inside.live).map_err(|fault| inside.fail(&fault))?;
    let name = factor.parse().ok().filter(|_| own.may_remove);
    let told = match name {
        // The page has a word for it.
        Some(FactorName::Totp) if own.totp.is_some() => Some(String::new()),
        Some(FactorName::Passkey(id)) => {
            let found = own.passkeys.iter().find(|passkey| passkey.id == id);
            found.map(|passkey| passkey.name.clone())
        }
        _ => None,
    };
    match (name, told) {
        (Some(name), Some(told)) => {
            let (action, back) = (removal(name), SECTION.path());
            Ok((name, Question::of(ConfirmAct::RemoveFactor, SECTION, &told, &action, back)))
        }
        _ => Err(Box::new(inside.refuse(ErrorKind::NotFound))),
    }
}

/// Asks.
pub(super) async fn ask(inside: Inside, Path(factor): Path<String>) -> Response {
    match question(&inside, &factor) {
        Ok((_, question)) => inside.ask(question),
        Err(page) => *page,
    }
}

/// Removes it.
pub(super) async fn submit(Path(factor): Path<String>, sent: Sent) -> Response {
    let inside = &sent.inside;
    let (name, question) = match question(inside, &factor) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let removed = inside.ops().remove_factor(sent.by(), name).await;
    match answered(&sent, question, removed) {
        Ok(()) => inside.done(SECTION.path(), &Flash::FactorRemoved),
        Err(page) => *page,
    }
}
