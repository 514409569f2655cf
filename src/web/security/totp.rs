//! `/settings/security/totp`: an authenticator app, in place of the one there was.

use axum::response::Response;
use http::StatusCode;

use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::crypto::totp;
use crate::ops::enrol;
use crate::ops::failure::Failure;
use crate::ops::own_security::OwnRefusal;
use crate::view::pages::CodeError;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::settings::factors::AddTotp;
use crate::view::pages::workspace::Flash;
use crate::web::security::SECTION;
use crate::web::security::TOTP;
use crate::web::security::proof_error;
use crate::web::security::status_of;
use crate::web::security::tell;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

fn page(
    inside: &Inside,
    seed: RawId,
    new_code: Option<CodeError>,
    mistakes: Mistakes,
    status: StatusCode,
) -> Response {
    let replaces = match inside.ops().own_security(&inside.live) {
        Ok(own) => own.totp.is_some(),
        Err(fault) => return inside.fail(&fault),
    };
    let key = inside.ops().seed_to_add(&inside.live, &seed);
    let issuer = format!("Countersign ({})", inside.ops().settings().issuer.host());
    let page = AddTotp {
        frame: inside.frame_asking(SECTION, TOTP),
        csrf: inside.tag(TOTP),
        seed: seed.to_string(),
        otpauth_uri: totp::provisioning_uri(&issuer, inside.live.user.email.as_str(), &key),
        secret: enrol::seed_text(&key),
        replaces,
        new_code,
        mistakes,
    };
    if status == StatusCode::OK { inside.show(&page) } else { inside.visitor.show(&page, status) }
}

/// Shows the form, with a seed of its own.
pub(super) async fn show(inside: Inside) -> Response {
    let seed = inside.ops().draw_seed_name();
    page(&inside, seed, None, Mistakes::default(), StatusCode::OK)
}

/// Adds the app.
pub(super) async fn submit(sent: Sent) -> Response {
    let inside = &sent.inside;
    let named = sent.fields.first("seed").parse::<RawId>();
    let seed = named.unwrap_or_else(|_| inside.ops().draw_seed_name());
    let new_code: Secret = sent.fields.first("new_code").into();
    match inside.ops().add_totp(sent.by(), seed, new_code).await {
        Ok(()) => inside.done(SECTION.path(), &Flash::FactorAdded),
        Err(Failure::Refused(OwnRefusal::NewCode(why))) => {
            let (new_code, status) = (Some(verify::code_error(why)), verify::status_of(why));
            page(inside, seed, new_code, Mistakes::default(), status)
        }
        Err(Failure::Refused(why)) => match proof_error(&why) {
            Some(error) => page(inside, seed, None, Mistakes::code(error), status_of(&why)),
            None => tell(inside, &Failure::Refused(why)),
        },
        Err(failure) => tell(inside, &failure),
    }
}
