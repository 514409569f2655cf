//! The cause of a refusal in the words of the code, and the one that the page explains.

use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::catalogue::Catalogue;
use crate::domain::detail::Detail;
use crate::ops::activity::look_up::LookedUp;
use crate::view::pages::connect::reference::Cause;
use crate::view::pages::connect::reference::Lacking;

/// Why it was refused.
pub(super) fn of(found: &LookedUp, catalogue: &Catalogue) -> Cause {
    let event = &found.told.event;
    match (&event.detail, event.kind) {
        (Some(Detail::RedirectUri { expected: None, received }), _) => {
            Cause::RedirectUri { expected: found.registered.clone(), received: received.clone() }
        }
        (Some(Detail::RedirectUri { expected: Some(expected), received }), _) => {
            Cause::RedirectChanged { expected: vec![expected.clone()], received: received.clone() }
        }
        (Some(Detail::Scope { scope, token, role, app }), _) => {
            let lacks = [(Lacking::App, app), (Lacking::Role, role), (Lacking::Token, token)];
            let lacks: Vec<Lacking> =
                lacks.into_iter().filter(|(_, has)| !**has).map(|(who, _)| who).collect();
            let title = catalogue.permission(scope).map(|permission| permission.title.clone());
            Cause::Scope {
                scope: scope.to_string(),
                title: title.unwrap_or_else(|| scope.to_string()),
                // Whoever connects anew gets no more than app and role have: those come first.
                lacking: lacks.first().copied().unwrap_or(Lacking::Token),
                lacks,
            }
        }
        (None, EventKind::CodeReplayed) => Cause::CodeReplayed,
        (None, EventKind::RefreshReplayed) => Cause::RefreshReplayed,
        (None, EventKind::SecretUsedInBrowser) => Cause::ProofWrong,
        (None, _) => named(event),
    }
}

/// By the word that was written down: the name of a refusal, perhaps within others.
fn named(event: &Event) -> Cause {
    let text = event.cause.as_deref().unwrap_or_default();
    let text = ["pushed: ", "client: ", "gate: ", "MCP: "]
        .iter()
        .fold(text, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    let text = text.strip_prefix("Gate(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let word = text.split(['(', ' ']).next().unwrap_or_default();
    if event.kind == EventKind::RegistrationRefused {
        return Cause::Other;
    }
    match word {
        "RedirectMismatch" | "RedirectDiffers" | "Malformed" | "ResponseType" | "PromptNone"
        | "RequestObject" | "RequestUri" | "RepeatDiffers" | "Parameters" => Cause::RequestBroken,
        "PushedRequestGone" => Cause::CodeEnded,
        "UnknownClient" | "Unknown" => Cause::ClientUnknown,
        "Document" | "DocumentUnreachable" => Cause::ClientDocument,
        "ChallengeMissing"
        | "ChallengeMethod"
        | "VerifierMissing"
        | "VerifierWrong"
        | "VerifierWithoutChallenge" => Cause::Pkce,
        "Scope" | "ScopeBeyondGrant" => Cause::ScopeUnknown,
        "Target" | "TargetUnknown" | "ResourceBeyondGrant" => Cause::TargetUnknown,
        "ClientInactive" | "Revoked" | "AppRevoked" | "AppDeleted" => Cause::AppEnded,
        "Expired" | "AppExpired" => Cause::AppExpired,
        "NoDelegator" => Cause::NeedsDelegator,
        "WrongSecret" => Cause::SecretWrong,
        "NoSecret"
        | "SecretFromPublicClient"
        | "ApiToken"
        | "Assertion"
        | "AssertionClaims"
        | "AssertionUnproven"
        | "AssertionReplayed"
        | "SecretInBrowser"
        | "GrantNotForClient" => Cause::ProofWrong,
        "CodeUnknown" | "CodeOfAnotherClient" | "CodeExpired" => Cause::CodeEnded,
        "CodeReplayed" => Cause::CodeReplayed,
        "RefreshUnknown" | "RefreshOfAnotherClient" | "RefreshExpired" => Cause::RefreshEnded,
        "RefreshReplayed" => Cause::RefreshReplayed,
        "ConnectionEnded" => Cause::ConnectionEnded,
        "TokenUnknown" | "TokenExpired" | "TokenRevoked" => Cause::TokenEnded,
        "OtherAudience" | "CompanyOutOfReach" | "WrongEnvironment" | "ServesElsewhere"
        | "PlaceGone" | "CompanySuspended" => Cause::OtherCompany,
        "CompanyNotNamed" => Cause::NoCompanyNamed,
        "BlockedByCompany" => Cause::AppBlocked,
        "PersonDisabled" | "NoRole" => Cause::PersonGone,
        "Unlisted" | "Method" => Cause::UnknownRoute,
        _ => Cause::Other,
    }
}
