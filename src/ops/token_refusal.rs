//! Why a token request is refused: one closed list for all grants.

use crate::domain::gate::GateRefusal;
use crate::ops::authenticate_client::ClientRefusal;

/// The rule said no. The exact cause is for the Activity page; the caller sees only the class that
/// the door maps it to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// The client is not who it says.
    Client(ClientRefusal),
    /// The client may not use this grant.
    GrantNotForClient,
    /// No such code.
    CodeUnknown,
    /// The code was issued to another client.
    CodeOfAnotherClient,
    /// The redirect URI is not the one of the authorization request.
    RedirectDiffers,
    /// A challenge was sent, but no verifier.
    VerifierMissing,
    /// The verifier is not the challenge's.
    VerifierWrong,
    /// A verifier without a challenge: somebody took the challenge out.
    VerifierWithoutChallenge,
    /// The resource is beyond what was approved.
    ResourceBeyondGrant,
    /// The code's time is over.
    CodeExpired,
    /// The code was redeemed already; what it issued has ended.
    CodeReplayed,
    /// No such refresh token.
    RefreshUnknown,
    /// The refresh token belongs to another client.
    RefreshOfAnotherClient,
    /// The refresh token's time is over.
    RefreshExpired,
    /// The connection has ended.
    ConnectionEnded,
    /// A used refresh token came again after its grace; the family has ended.
    RefreshReplayed,
    /// A repeat of the last refresh that asks for something else.
    RepeatDiffers,
    /// The gate is shut.
    Gate(GateRefusal),
    /// A scope that was not granted, is not delegated, or does not exist.
    ScopeBeyondGrant,
    /// The resource is none of ours.
    TargetUnknown,
    /// A client secret came from a browser.
    SecretInBrowser,
    /// The company named is not one that this app reaches.
    CompanyOutOfReach,
}

impl TokenRefusal {
    /// The cause as the audit trail has it.
    #[must_use]
    pub fn cause(self) -> String {
        match self {
            Self::Client(why) => format!("client: {why:?}"),
            Self::Gate(why) => format!("gate: {why:?}"),
            other => format!("{other:?}"),
        }
    }
}
