//! From a refusal to the section of the guide that explains it. Each family of refusals is one list,
//! of which the compiler demands that it is whole; the same list reads what the activity recorded.

use crate::domain::audit::EventKind;
use crate::domain::gate::GateRefusal;
use crate::domain::registration_request::NotARegistration;
use crate::ops::authenticate_client::ClientRefusal;
use crate::ops::authorization::PageRefusal;
use crate::ops::authorization::RequestRefusal;
use crate::ops::check_call::CallRefusal;
use crate::ops::registration::RegistrationRefusal;
use crate::ops::token_refusal::TokenRefusal;
use crate::view::guide::reason::Reason;

macro_rules! family {
    ($family:ident, $type:ident, $($refusal:ident => $reason:ident,)*) => {
        mod $family {
            use super::$type;
            use super::Reason;

            /// The section of the outermost word of a refusal.
            pub(super) fn of(why: &$type) -> Reason {
                match why {
                    $($type::$refusal { .. } => Reason::$reason,)*
                }
            }

            /// The section of a word that was recorded.
            pub(super) fn named(word: &str) -> Option<Reason> {
                match word {
                    $(stringify!($refusal) => Some(Reason::$reason),)*
                    _ => None,
                }
            }

            #[cfg(test)]
            pub(super) const NAMES: &[&str] = &[$(stringify!($refusal),)*];
        }
    };
}

family! { gate, GateRefusal,
    AppRevoked => AppRevoked,
    AppDeleted => AppDeleted,
    AppExpired => AppExpired,
    NoDelegator => NoDelegator,
    PersonDisabled => PersonDisabled,
    PlaceGone => PlaceGone,
    CompanySuspended => CompanySuspended,
    BlockedByCompany => BlockedByCompany,
    WrongEnvironment => WrongEnvironment,
    ServesElsewhere => ServesElsewhere,
    NoRole => NoRole,
    NothingAllowed => NothingAllowed,
}

family! { client, ClientRefusal,
    Unknown => ClientUnknown,
    WrongSecret => WrongSecret,
    NoSecret => NoSecret,
    SecretFromPublicClient => SecretFromPublicClient,
    Revoked => AppRevoked,
    Expired => AppExpired,
    ApiToken => ApiToken,
    Assertion => Assertion,
    AssertionClaims => Assertion,
    AssertionUnproven => Assertion,
    AssertionReplayed => Assertion,
    Document => ClientDocument,
    DocumentUnreachable => ClientDocument,
}

family! { token, TokenRefusal,
    Client => InvalidClient,
    GrantNotForClient => GrantNotForClient,
    CodeUnknown => CodeEnded,
    CodeOfAnotherClient => CodeOfAnotherClient,
    RedirectDiffers => RedirectDiffers,
    VerifierMissing => Pkce,
    VerifierWrong => Pkce,
    VerifierWithoutChallenge => Pkce,
    ResourceBeyondGrant => TargetUnknown,
    CodeExpired => CodeEnded,
    CodeReplayed => CodeReplayed,
    RefreshUnknown => RefreshEnded,
    RefreshOfAnotherClient => RefreshOfAnotherClient,
    RefreshExpired => RefreshEnded,
    ConnectionEnded => ConnectionEnded,
    RefreshReplayed => RefreshReplayed,
    RepeatDiffers => RefreshRepeated,
    Gate => InvalidGrant,
    ScopeBeyondGrant => ScopeBeyondGrant,
    TargetUnknown => TargetUnknown,
    SecretInBrowser => SecretInBrowser,
    CompanyOutOfReach => CompanyOutOfReach,
}

family! { call, CallRefusal,
    TokenUnknown => TokenUnknown,
    TokenExpired => TokenExpired,
    TokenRevoked => TokenRevoked,
    OtherAudience => OtherAudience,
    Gate => Forbidden,
    CompanyNotNamed => CompanyNotNamed,
    CompanyOutOfReach => CompanyOutOfReach,
}

family! { page, PageRefusal,
    UnknownClient => UnknownClient,
    RedirectMismatch => RedirectMismatch,
    Document => ClientDocument,
    PushedRequestGone => PushedRequestGone,
}

family! { request, RequestRefusal,
    Malformed => RequestBroken,
    ResponseType => UnsupportedResponseType,
    ChallengeMissing => Pkce,
    ChallengeMethod => Pkce,
    Scope => InvalidScope,
    Target => TargetUnknown,
    PromptNone => InteractionRequired,
    RequestObject => RequestNotSupported,
    RequestUri => InvalidRequestUri,
    ClientInactive => ClientInactive,
}

family! { registration, RegistrationRefusal,
    Off => RegistrationOff,
    Unusable => RegistrationUnusable,
    RedirectNotAllowed => RegistrationRedirect,
    NoInitialToken => InitialToken,
    InitialTokenRefused => InitialToken,
    TooFast => RegistrationPace,
    Full => RegistrationPace,
    NotItsToken => RegistrationToken,
    NotItsOwn => RegistrationChange,
    TypeChanged => RegistrationChange,
    ChangedTooOften => RegistrationPace,
}

family! { unusable, NotARegistration,
    Malformed => RegistrationUnusable,
    NoRedirectUri => RegistrationRedirect,
    TooManyRedirectUris => RegistrationRedirect,
    RedirectUri => RegistrationRedirect,
    Name => RegistrationUnusable,
    Member => RegistrationUnusable,
    AuthMethod => RegistrationUnusable,
    GrantTypes => RegistrationUnusable,
    ResponseTypes => RegistrationUnusable,
    Keys => RegistrationUnusable,
    KeysByReference => RegistrationUnusable,
}

/// The section about a refused token request.
#[must_use]
pub fn of_token(why: TokenRefusal) -> Reason {
    match why {
        TokenRefusal::Gate(why) => gate::of(&why),
        TokenRefusal::Client(why) => client::of(&why),
        why => token::of(&why),
    }
}

/// The section about a refused call.
#[must_use]
pub fn of_call(why: CallRefusal) -> Reason {
    match why {
        CallRefusal::Gate(why) => gate::of(&why),
        why => call::of(&why),
    }
}

/// The section about a refused request for access that only a page of ours tells.
#[must_use]
pub fn of_page(why: PageRefusal) -> Reason {
    page::of(&why)
}

/// The section about a refused request for access that the client is told.
#[must_use]
pub fn of_request(why: RequestRefusal) -> Reason {
    request::of(&why)
}

/// The section about a refused registration.
#[must_use]
pub fn of_registration(why: RegistrationRefusal) -> Reason {
    match why {
        RegistrationRefusal::Unusable(why) => unusable::of(&why),
        why => registration::of(&why),
    }
}

/// Where the guide explains an entry of the activity: `/docs/errors#…`. `None` for what was no refusal.
#[must_use]
pub fn docs_anchor(kind: EventKind, cause: Option<&str>) -> Option<String> {
    of_recorded(kind, cause.unwrap_or_default()).map(Reason::href)
}

/// The section about an entry of the activity.
#[must_use]
pub fn of_recorded(kind: EventKind, cause: &str) -> Option<Reason> {
    match kind {
        EventKind::TokenRefused => Some(recorded_token(cause).unwrap_or(Reason::InvalidGrant)),
        EventKind::CallRefused => Some(recorded_call(cause).unwrap_or(Reason::Forbidden)),
        EventKind::AuthorizationRefused => {
            let word = outermost(cause.strip_prefix("pushed: ").unwrap_or(cause));
            let named = page::named(word).or_else(|| request::named(word));
            Some(named.unwrap_or(Reason::RequestBroken))
        }
        EventKind::RegistrationRefused => {
            let word = outermost(cause);
            let named = registration::named(word).or_else(|| unusable::named(word));
            Some(named.unwrap_or(Reason::RegistrationUnusable))
        }
        EventKind::SecretUsedInBrowser => Some(Reason::SecretInBrowser),
        EventKind::SignInFailed => Some(Reason::SignInFailed),
        EventKind::CodeRefused => Some(Reason::VerificationCode),
        EventKind::ConsentRefused => Some(Reason::ConsentRefused),
        EventKind::CodeReplayed => Some(Reason::CodeReplayed),
        EventKind::RefreshReplayed => Some(Reason::RefreshReplayed),
        EventKind::RefreshRepeated => Some(Reason::RefreshRepeated),
        EventKind::ChallengeRepeated => Some(Reason::ChallengeRepeated),
        EventKind::ConnectionEnded => Some(Reason::ConnectionEnded),
        EventKind::ClientReaped => Some(Reason::ClientReaped),
        EventKind::AccessBlocked => Some(Reason::BlockedByCompany),
        _ => None,
    }
}

fn recorded_token(cause: &str) -> Option<Reason> {
    if let Some(why) = cause.strip_prefix("gate: ") {
        return gate::named(outermost(why));
    }
    if let Some(why) = cause.strip_prefix("client: ") {
        return client::named(outermost(why));
    }
    token::named(outermost(cause))
}

fn recorded_call(cause: &str) -> Option<Reason> {
    if cause.starts_with("missing scope: ") {
        return Some(Reason::MissingScope);
    }
    if cause.starts_with("MCP: ") {
        return Some(Reason::JsonRpc);
    }
    match cause.strip_prefix("Gate(") {
        Some(why) => gate::named(outermost(why)),
        None => call::named(outermost(cause)),
    }
}

/// The word before what a refusal holds.
fn outermost(cause: &str) -> &str {
    let end = cause.find(|letter: char| !letter.is_ascii_alphanumeric());
    end.and_then(|end| cause.get(..end)).unwrap_or(cause)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn recorded(kind: EventKind, cause: &str) -> Reason {
        of_recorded(kind, cause).unwrap()
    }

    #[test]
    fn every_cause_that_is_recorded_leads_to_the_section_of_its_refusal() {
        for name in gate::NAMES {
            let reason = gate::named(name).unwrap();
            assert_eq!(recorded(EventKind::TokenRefused, &format!("gate: {name}")), reason);
            assert_eq!(recorded(EventKind::CallRefused, &format!("Gate({name})")), reason);
        }
        for name in client::NAMES {
            let cause = format!("client: {name}(Something(404))");
            assert_eq!(recorded(EventKind::TokenRefused, &cause), client::named(name).unwrap());
        }
        for name in token::NAMES {
            assert_eq!(recorded(EventKind::TokenRefused, name), token::named(name).unwrap());
        }
        for name in call::NAMES {
            assert_eq!(recorded(EventKind::CallRefused, name), call::named(name).unwrap());
        }
        for name in page::NAMES {
            for cause in [format!("{name}(X)"), format!("pushed: {name}")] {
                let reason = recorded(EventKind::AuthorizationRefused, &cause);
                assert_eq!(reason, page::named(name).unwrap());
            }
        }
        for name in request::NAMES {
            let reason = recorded(EventKind::AuthorizationRefused, name);
            assert_eq!(reason, request::named(name).unwrap());
        }
        for (names, named) in [
            (registration::NAMES, registration::named as fn(&str) -> Option<Reason>),
            (unusable::NAMES, unusable::named),
        ] {
            for name in names {
                let reason = recorded(EventKind::RegistrationRefused, name);
                assert_eq!(reason, named(name).unwrap(), "{name}");
            }
        }
    }

    #[test]
    fn what_is_recorded_and_what_is_refused_lead_to_the_same_section() {
        for why in [
            TokenRefusal::Gate(GateRefusal::AppExpired),
            TokenRefusal::Client(ClientRefusal::WrongSecret),
            TokenRefusal::RefreshReplayed,
        ] {
            assert_eq!(recorded(EventKind::TokenRefused, &why.cause()), of_token(why), "{why:?}");
        }
        for why in [CallRefusal::Gate(GateRefusal::NoRole), CallRefusal::OtherAudience] {
            assert_eq!(recorded(EventKind::CallRefused, &format!("{why:?}")), of_call(why));
        }
        for why in [
            RegistrationRefusal::Unusable(NotARegistration::NoRedirectUri),
            RegistrationRefusal::TooFast(Duration::from_secs(3)),
        ] {
            let reason = recorded(EventKind::RegistrationRefused, &why.cause());
            assert_eq!(reason, of_registration(why), "{why:?}");
        }
        let why = PageRefusal::PushedRequestGone;
        assert_eq!(recorded(EventKind::AuthorizationRefused, "PushedRequestGone"), of_page(why));
        let why = RequestRefusal::PromptNone;
        assert_eq!(
            recorded(EventKind::AuthorizationRefused, "pushed: PromptNone"),
            of_request(why)
        );
    }

    #[test]
    fn what_was_no_refusal_has_no_section() {
        assert_eq!(docs_anchor(EventKind::SignedIn, Some("totp")), None);
        assert_eq!(
            docs_anchor(EventKind::CallRefused, Some("missing scope: customers:all")).as_deref(),
            Some("/docs/errors#missing-scope")
        );
        assert_eq!(recorded(EventKind::CallRefused, "MCP: Unlisted"), Reason::JsonRpc);
    }
}
