//! Why an administrative act is refused: each a sentence that names what to do about it.

use crate::domain::company::Slug;
use crate::domain::redirect_uri::NotARedirectUri;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::domain::user::Email;
use crate::ops::prove_factor::CodeRefusal;

/// The rule said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The session ended meanwhile.
    #[error("the session is over; sign in again")]
    SessionOver,
    /// It belongs to a company or firm in which the person has no role.
    #[error("there is no such thing within your reach; check that you are in the right company")]
    OutOfReach,
    /// The person's role does not administer it.
    #[error("your role does not allow this; ask an owner or admin")]
    NotAllowed,
    /// The second factor does not count.
    #[error("the verification code does not count; give the next one")]
    Code(CodeRefusal),
    /// A page of a list that this list did not give.
    #[error("there is no such page of this list; begin again at its first one")]
    NotACursor,
    /// A name that cannot be shown as it is.
    #[error(
        "a name is 1 to 60 characters without control or direction characters; give another name"
    )]
    NameUnusable,
    /// The name holds no letter or digit that a slug could be made of.
    #[error("no slug can be made from this name; give one with letters a-z or digits")]
    SlugMissing,
    /// Some company or firm has or had it.
    #[error("the slug \"{0}\" is taken, and slugs are never given twice; choose another")]
    SlugTaken(Slug),
    /// Somebody signs in with it.
    #[error("{0} is another user's address already; use another address, or change that user")]
    EmailTaken(Email),
    /// No such company.
    #[error("there is no such company; list them with `countersign company list`")]
    UnknownCompany,
    /// No such firm.
    #[error("there is no such firm; list them with `countersign firm list`")]
    UnknownFirm,
    /// No such user.
    #[error("there is no such user; list them with `countersign user list`")]
    UnknownUser,
    /// No such app.
    #[error("there is no such app; list them with `countersign app list`")]
    UnknownApp,
    /// No such initial access token.
    #[error(
        "there is no such registration token; list them with `countersign app registration-token list`"
    )]
    UnknownRegistrationToken,
    /// No such endpoint of webhooks.
    #[error("there is no such webhook; list them with `countersign webhook list`")]
    UnknownWebhook,
    /// What messages are to be sent to is no endpoint.
    #[error("a webhook goes to an https URL without user name and fragment; give another")]
    WebhookUrl,
    /// Nothing is sent to it.
    #[error("this webhook is disabled; enable it with `countersign webhook enable` first")]
    WebhookDisabled,
    /// As many as there may be.
    #[error("there are ten webhooks there already; delete one first")]
    TooManyWebhooks,
    /// No such connection.
    #[error("there is no such connection; list them with `countersign connection list`")]
    UnknownConnection,
    /// The catalogue has no such role.
    #[error(
        "there is no role named \"{}\"; list them with `countersign role list`, or add it to the configuration",
        .0.0
    )]
    UnknownRole(RoleName),
    /// Nothing to take away.
    #[error("this user holds no role there; `countersign user show` lists those that they hold")]
    NoRoleHeld,
    /// The first run is over.
    #[error(
        "this installation has users already; add more with `countersign user create`, companies with `countersign company create`"
    )]
    AlreadySetUp,
    /// A welcome link chooses the first password only: recovery never lets anybody in.
    #[error(
        "this user has chosen a password already, and a welcome link is for the first one only; they sign in with it"
    )]
    HasPassword,
    /// A disabled user cannot use a link.
    #[error("this user is disabled; enable them first with `countersign user enable`")]
    UserDisabled,
    /// Versions of token keys are counted in one byte, and old ones are never reused.
    #[error("the keys for tokens were changed 254 times, which is as often as they can be")]
    TooManyTokenKeys,
    /// Nothing to lift.
    #[error("this company does not block that; `countersign company blocks` lists what it blocks")]
    NotBlocked,
    /// The reason cannot be shown as it is.
    #[error(
        "a reason is at most 200 characters without control or direction characters; shorten it"
    )]
    ReasonUnusable,
    /// No such API token.
    #[error("there is no such API token; list them with `countersign token list`")]
    UnknownToken,
    /// What is given would allow or administer more than whoever gives it has.
    #[error("nobody gives a role that allows more than their own; choose another role")]
    BeyondOwn,
    /// Owners are made, changed and removed by owners.
    #[error("only an owner makes, changes or removes an owner; ask one")]
    OwnersOnly,
    /// Nobody acts on themself here.
    #[error("nobody changes their own place here; ask another owner or admin")]
    Oneself,
    /// The account is not only this company's or firm's.
    #[error("this account is used elsewhere too, so only an operator changes it; ask one")]
    ElsewhereToo,
    /// Somebody must be left who can do everything.
    #[error("nobody else owns one of their companies or firms; make another owner first")]
    LastOwner,
    /// They are here already.
    #[error("{0} belongs to this company or firm already; change their role instead")]
    AlreadyMember(Email),
    /// No such invitation.
    #[error("there is no such invitation; it may have been accepted")]
    UnknownInvitation,
    /// A link for the other of the two was made, and they have not signed in since.
    #[error(
        "a link for the other of password and factor was made since they last signed in; they sign in first, or the operator disables the account and makes a new one"
    )]
    RecoveryPending,
    /// There is nothing that could have been lost.
    #[error("there is none to replace; a new user chooses both with `countersign user link`")]
    NothingLost,
    /// Whoever takes an app over holds all that it may do.
    #[error("they do not hold every permission of the app; choose somebody who does")]
    NoSuccessor,
    /// No such role of one's own.
    #[error("there is no such role here; list them with `countersign role list`")]
    UnknownOwnRole,
    /// Another role has this name.
    #[error("another role here is called so already; choose another name")]
    RoleTaken,
    /// Somebody holds it.
    #[error("somebody holds this role; give them another one first")]
    RoleHeld,
    /// A role that allows nothing.
    #[error("a role needs at least one permission; name the scopes")]
    RoleEmpty,
    /// What is wrong with an app's registration.
    #[error(transparent)]
    App(#[from] AppRefusal),
}

/// Why an app is not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppRefusal {
    /// API credentials act in one place.
    #[error("API credentials and API tokens belong to one company or firm; name it")]
    PlaceMissing,
    /// Somebody's permissions must bound API credentials.
    #[error(
        "API credentials and API tokens need a delegator: name a user who holds every permission asked for"
    )]
    DelegatorMissing,
    /// Only API credentials have one.
    #[error(
        "only API credentials and API tokens have a delegator: an OAuth app is bounded by each person who approves it; leave the delegator out"
    )]
    DelegatorNotUsed,
    /// Who delegates must be able to act.
    #[error("the delegator is disabled; enable them, or name another user")]
    DelegatorDisabled,
    /// Delegated, never elevated.
    #[error(
        "the delegator does not hold: {0}; leave these permissions out, or name a user who holds them"
    )]
    BeyondDelegator(ScopeSet),
    /// The company is suspended.
    #[error("the company is suspended; nothing can be delegated there until that ends")]
    PlaceSuspended,
    /// API credentials without permissions could do nothing.
    #[error("API credentials and API tokens need at least one permission; name the scopes")]
    ScopesMissing,
    /// Resource servers are granted nothing.
    #[error(
        "a resource server only asks about tokens and has no permissions; leave the scopes out"
    )]
    ScopesNotUsed,
    /// The catalogue does not have them.
    #[error(
        "these are no permissions here: {0}; correct them, or add them to the configuration ([[permissions]])"
    )]
    UnknownScopes(ScopeSet),
    /// A required permission that the app cannot have.
    #[error("required permissions must be among the app's own: {0} are not; add or drop them")]
    RequiredBeyondOwn(ScopeSet),
    /// OAuth apps get their codes somewhere.
    #[error("an OAuth app needs at least one redirect URI; copy it from the client's set-up page")]
    RedirectUriMissing,
    /// No browser is involved.
    #[error("this kind of app has no redirect URI, since no browser is involved; leave it out")]
    RedirectUriNotUsed,
    /// Cannot be registered.
    #[error("the redirect URI {uri} cannot be registered: {why}")]
    RedirectUri {
        /// As it was given.
        uri: String,
        /// What is wrong with it.
        why: NotARedirectUri,
    },
    /// The web site is not a link that people can be shown.
    #[error("a web site is a URL that begins with https://; correct it or leave it out")]
    Website,
    /// The purpose cannot be shown as it is.
    #[error(
        "a purpose is at most 200 characters without control or direction characters; shorten it"
    )]
    Purpose,
    /// What a client reaches by MCP is what it asks for.
    #[error(
        "only API credentials, API tokens and resource servers are made for MCP: an OAuth app asks for an MCP address each time; leave that out"
    )]
    McpNotUsed,
    /// MCP is one company's.
    #[error(
        "a firm's API token reaches no MCP address, since each is one company's; make it for a company, or make API credentials, which can be narrowed"
    )]
    McpOfFirmToken,
    /// Whoever changes it has not seen what it is now.
    #[error("somebody changed this app meanwhile; look at what it is now, and change it again")]
    ChangedMeanwhile,
    /// What ended is restored first.
    #[error("the app is revoked or deleted; restore it first")]
    Ended,
    /// It proves itself by something else, or by nothing.
    #[error("this app has no client secret to rotate; an API token is deleted and made anew")]
    NoClientSecret,
    /// It has not ended, or too long ago.
    #[error(
        "only a revoked app, or one deleted within the last 90 days, can be restored, and no API token; make a new one"
    )]
    NotRestorable,
    /// Its delegator has not left.
    #[error("whoever delegated its permissions is still there; ask an owner or admin to move it")]
    DelegatorStands,
    /// Who answers for it has to be reachable there.
    #[error(
        "whoever answers for it needs a role in its company or firm; name somebody who has one"
    )]
    OwnerElsewhere,
    /// It would never work.
    #[error("the expiry date has passed already; give a later one or none")]
    ExpiryPassed,
}

impl Refusal {
    /// Whether what was named does not exist: a door answers 404.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(
            self,
            Self::OutOfReach
                | Self::UnknownCompany
                | Self::UnknownFirm
                | Self::UnknownUser
                | Self::UnknownApp
                | Self::UnknownConnection
                | Self::UnknownToken
                | Self::UnknownRegistrationToken
                | Self::UnknownWebhook
                | Self::UnknownInvitation
                | Self::UnknownOwnRole
        )
    }

    /// Whether somebody else may do what this person may not: a door answers 403.
    #[must_use]
    pub const fn is_beyond(&self) -> bool {
        matches!(
            self,
            Self::NotAllowed
                | Self::BeyondOwn
                | Self::OwnersOnly
                | Self::Oneself
                | Self::ElsewhereToo
                | Self::LastOwner
        )
    }
}
