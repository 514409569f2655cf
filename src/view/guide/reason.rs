//! Why something was refused, as the guide has it: each is a section of its chapter on errors.

use std::fmt;

use serde::Serialize;
use serde::Serializer;

use crate::view::guide::chapter::Chapter;

macro_rules! reasons {
    ($($name:ident => $id:literal,)*) => {
        /// A section of the chapter on errors.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is explained in the chapter, in every language")]
        pub enum Reason {
            $($name,)*
        }

        impl Reason {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its anchor. Kept: other pages and people link to it.
            #[must_use]
            pub const fn anchor(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)*
                }
            }
        }
    };
}

reasons! {
    // Codes that programs are told.
    InvalidRequest => "invalid_request",
    InvalidClient => "invalid_client",
    InvalidGrant => "invalid_grant",
    UnauthorizedClient => "unauthorized_client",
    UnsupportedGrantType => "unsupported_grant_type",
    InvalidScope => "invalid_scope",
    InvalidTarget => "invalid_target",
    AccessDenied => "access_denied",
    UnsupportedResponseType => "unsupported_response_type",
    InteractionRequired => "interaction_required",
    RequestNotSupported => "request_not_supported",
    InvalidRequestUri => "invalid_request_uri",
    InvalidRedirectUri => "invalid_redirect_uri",
    InvalidClientMetadata => "invalid_client_metadata",
    ServerError => "server_error",
    TemporarilyUnavailable => "temporarily_unavailable",
    InvalidToken => "invalid_token",
    InsufficientScope => "insufficient_scope",
    Unauthorized => "unauthorized",
    Forbidden => "forbidden",
    CompanyRequired => "company_required",
    BadRequest => "bad_request",
    NotFound => "not_found",
    MethodNotAllowed => "method_not_allowed",
    TooManyRequests => "too_many_requests",
    Unavailable => "unavailable",
    BadGateway => "bad_gateway",
    GatewayTimeout => "gateway_timeout",
    JsonRpc => "json-rpc",
    PlainAnswers => "plain-answers",
    // The app, the person, the company.
    AppRevoked => "app-revoked",
    AppDeleted => "app-deleted",
    AppExpired => "app-expired",
    NoDelegator => "no-delegator",
    PersonDisabled => "person-disabled",
    PlaceGone => "place-gone",
    CompanySuspended => "company-suspended",
    BlockedByCompany => "blocked-by-company",
    WrongEnvironment => "wrong-environment",
    ServesElsewhere => "serves-elsewhere",
    NoRole => "no-role",
    NothingAllowed => "nothing-allowed",
    CompanyOutOfReach => "company-out-of-reach",
    // Who the client is.
    ClientUnknown => "client-unknown",
    WrongSecret => "wrong-secret",
    NoSecret => "no-secret",
    SecretFromPublicClient => "secret-from-public-client",
    SecretInBrowser => "secret-in-browser",
    ApiToken => "api-token",
    Assertion => "assertion",
    ClientDocument => "client-document",
    GrantNotForClient => "grant-not-for-client",
    ClientInactive => "client-inactive",
    // Codes and refresh tokens.
    CodeEnded => "code-ended",
    CodeReplayed => "code-replayed",
    CodeOfAnotherClient => "code-of-another-client",
    RedirectDiffers => "redirect-differs",
    Pkce => "pkce",
    ChallengeRepeated => "challenge-repeated",
    RefreshEnded => "refresh-ended",
    RefreshReplayed => "refresh-replayed",
    RefreshRepeated => "refresh-repeated",
    RefreshOfAnotherClient => "refresh-of-another-client",
    ConnectionEnded => "connection-ended",
    ScopeBeyondGrant => "scope-beyond-grant",
    TargetUnknown => "target-unknown",
    // Calls.
    TokenUnknown => "token-unknown",
    TokenExpired => "token-expired",
    TokenRevoked => "token-revoked",
    OtherAudience => "other-audience",
    CompanyNotNamed => "company-not-named",
    MissingScope => "missing-scope",
    // Requests for access, and the consent page.
    UnknownClient => "unknown-client",
    RedirectMismatch => "redirect-mismatch",
    RequestBroken => "request-broken",
    PushedRequestGone => "pushed-request-gone",
    RequestExpired => "request-expired",
    RequestUsed => "request-used",
    OtherBrowser => "other-browser",
    CompanyNotReachable => "company-not-reachable",
    NothingToGrant => "nothing-to-grant",
    ConsentRefused => "consent-refused",
    VerificationCode => "verification-code",
    SecondFactorNeeded => "second-factor-needed",
    SignInFailed => "sign-in-failed",
    NotAllowed => "not-allowed",
    LinkUsed => "link-used",
    FormExpired => "form-expired",
    FormBroken => "form-broken",
    ListPage => "list-page",
    TooLarge => "too-large",
    // Clients that register themselves.
    RegistrationOff => "registration-off",
    RegistrationUnusable => "registration-unusable",
    RegistrationRedirect => "registration-redirect",
    InitialToken => "initial-token",
    RegistrationPace => "registration-pace",
    RegistrationToken => "registration-token",
    RegistrationChange => "registration-change",
    ClientReaped => "client-reaped",
}

impl Reason {
    /// Where it is explained.
    #[must_use]
    pub fn href(self) -> String {
        format!("{}#{}", Chapter::Errors.path(), self.anchor())
    }

    /// The section of a code that programs are told on the wire.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.anchor() == code)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.anchor())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.href())
    }
}
