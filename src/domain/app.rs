//! Apps: registered clients (RFC 6749 section 2) and resource servers.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::crypto::token::TokenKind;
use crate::domain::app_life::REVIEW_EVERY_DAYS;
use crate::domain::company::Environment;
use crate::domain::company::Place;
use crate::domain::logo::LogoMark;
use crate::domain::redirect_uri::RedirectUri;
use crate::domain::registration::ClientProof;
use crate::domain::registration::Registration;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;

/// What kind of client it is; decides which grants it may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// API credentials: a server that keeps a secret, no person in a browser.
    ApiCredentials,
    /// An OAuth app without a secret.
    OauthPublic,
    /// An OAuth app with a secret.
    OauthConfidential,
    /// An upstream that introspects tokens.
    ResourceServer,
    /// A static bearer token for a company's or firm's own use. Its one secret is the token itself;
    /// it is no client at any OAuth endpoint.
    ApiToken,
}

impl AppKind {
    /// Whether it has a secret.
    #[must_use]
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::OauthPublic)
    }

    /// Whether a person approves it in the browser.
    #[must_use]
    pub const fn uses_consent(self) -> bool {
        matches!(self, Self::OauthPublic | Self::OauthConfidential)
    }

    /// Whether it acts in its own right, bounded by whoever delegated its permissions.
    #[must_use]
    pub const fn acts_by_itself(self) -> bool {
        matches!(self, Self::ApiCredentials | Self::ApiToken)
    }

    /// What its secret is; none: it has none.
    #[must_use]
    pub const fn secret_kind(self) -> Option<TokenKind> {
        match self {
            Self::OauthPublic => None,
            Self::ApiToken => Some(TokenKind::ApiToken),
            Self::ApiCredentials | Self::OauthConfidential | Self::ResourceServer => {
                Some(TokenKind::ClientSecret)
            }
        }
    }
}

/// Which permissions an app can have at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delegation {
    /// Whatever a person grants.
    Anything,
    /// These and what they include.
    Only(ScopeSet),
}

/// Whether an app may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum AppStatus {
    /// It may.
    Active,
    /// Stopped; can be restored.
    Revoked {
        /// When.
        at: Timestamp,
    },
    /// Not let in, by the operator; what people approved comes back when that is over.
    Blocked {
        /// When.
        at: Timestamp,
    },
    /// Deleted; can be restored for 90 days.
    Deleted {
        /// When.
        at: Timestamp,
    },
}

/// One client secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSecret {
    /// Its id, which the secret itself carries.
    pub id: SecretId,
    /// HMAC of the secret.
    pub hash: HashedToken,
    /// By which people tell it from others.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops, if a rotation gave it an end.
    pub expires_at: Option<Timestamp>,
}

impl AppSecret {
    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its own id; see [`App::client_id`].
    pub id: AppId,
    /// Its kind.
    pub kind: AppKind,
    /// How it came to be known here.
    #[serde(default)]
    pub registration: Registration,
    /// How it proves who it is, if it is confidential.
    #[serde(default)]
    pub proof: ClientProof,
    /// As people see it on the consent page.
    pub name: String,
    /// Its web site, shown by host.
    pub website: Option<String>,
    /// By what its logo is addressed, if it has one; the picture is a row of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<LogoMark>,
    /// What it is for.
    pub purpose: String,
    /// The company or firm that it serves; none: published by the operator for all.
    pub place: Option<Place>,
    /// The environment that it belongs to; none only where it serves all places.
    pub environment: Option<Environment>,
    /// The permissions that it can have at all.
    pub delegation: Delegation,
    /// Permissions that cannot be unticked at consent.
    pub required: ScopeSet,
    /// For API credentials and API tokens: whose permissions bound it, at creation and at every use.
    pub delegated_by: Option<UserId>,
    /// Whom to ask about it.
    pub owner: Option<UserId>,
    /// Whether an administrator looked at it.
    pub reviewed: bool,
    /// When somebody should look at it again.
    pub review_due: Option<Timestamp>,
    /// After how many days somebody looks at it again each time.
    #[serde(default = "review_days")]
    pub review_days: u32,
    /// Where codes may be sent.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether it was made for MCP: only then do API credentials and API tokens reach a company's MCP
    /// endpoint, and only then does a resource server see the tokens of one, instead of the API's.
    #[serde(default)]
    pub mcp: bool,
    /// Whether a confidential app must use PKCE too; public ones always must.
    pub pkce_required: bool,
    /// Its secrets.
    pub secrets: Vec<AppSecret>,
    /// Whether it may act.
    pub status: AppStatus,
    /// Goes up at revoke and delete: tokens and connections of an earlier generation are over.
    pub generation: u32,
    /// When it stops by itself.
    pub expires_at: Option<Timestamp>,
    /// Why it never stops by itself, if somebody was asked.
    #[serde(default)]
    pub no_expiry_reason: String,
    /// When it was made.
    pub created_at: Timestamp,
}

const fn review_days() -> u32 {
    REVIEW_EVERY_DAYS
}

impl App {
    /// A program that nobody here made or looked at, before what it says of itself is put in: public,
    /// nameless, without redirect URIs, good for whatever a person grants it.
    #[must_use]
    pub fn unreviewed(id: AppId, registration: Registration, now: Timestamp) -> Self {
        Self {
            id,
            kind: AppKind::OauthPublic,
            registration,
            proof: ClientProof::default(),
            name: String::new(),
            website: None,
            logo: None,
            purpose: String::new(),
            place: None,
            environment: None,
            delegation: Delegation::Anything,
            required: ScopeSet::default(),
            delegated_by: None,
            owner: None,
            reviewed: false,
            review_due: None,
            review_days: REVIEW_EVERY_DAYS,
            redirect_uris: Vec::new(),
            mcp: false,
            pkce_required: true,
            secrets: Vec::new(),
            status: AppStatus::Active,
            generation: 1,
            expires_at: None,
            no_expiry_reason: String::new(),
            created_at: now,
        }
    }

    /// The `client_id`: its id, or the URL of the document that describes it.
    #[must_use]
    pub fn client_id(&self) -> String {
        match &self.registration {
            Registration::Document { url } => url.clone(),
            Registration::Administrator | Registration::Dynamic => self.id.to_string(),
        }
    }

    /// Whether it must send a PKCE challenge.
    #[must_use]
    pub const fn must_use_pkce(&self) -> bool {
        self.pkce_required || !self.kind.is_confidential()
    }

    /// Whether it proves itself by a secret that we made.
    #[must_use]
    pub const fn proves_by_secret(&self) -> bool {
        self.kind.is_confidential() && matches!(self.proof, ClientProof::Secret)
    }

    /// The secret with `id`, if it is good at `now`.
    #[must_use]
    pub fn live_secret(&self, id: SecretId, now: Timestamp) -> Option<&AppSecret> {
        self.secrets.iter().find(|secret| secret.id == id && secret.is_live(now))
    }

    /// The surfaces that it is good for in `place`, acting in its own right: the API, and a company's
    /// MCP if it was made for that.
    #[must_use]
    pub fn own_audience(&self, place: Place) -> Audience {
        let all = Audience::of_place(place);
        Audience { mcp: all.mcp.filter(|_| self.mcp), ..all }
    }

    /// The host of its web site.
    #[must_use]
    pub fn website_host(&self) -> Option<String> {
        let url = url::Url::parse(self.website.as_deref()?).ok()?;
        url.host_str().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::CompanyId;
    use crate::base::id::FirmId;
    use crate::base::id::RawId;
    use crate::domain::registration::KeySource;
    use crate::domain::samples;
    use crate::domain::samples::NOW;

    const KINDS: [AppKind; 5] = [
        AppKind::ApiCredentials,
        AppKind::OauthPublic,
        AppKind::OauthConfidential,
        AppKind::ResourceServer,
        AppKind::ApiToken,
    ];

    fn secret(number: u8, expires_at: Option<Timestamp>) -> AppSecret {
        AppSecret {
            id: SecretId::from_raw(RawId::from_bytes([number; 16])),
            hash: samples::hash(),
            last_four: String::new(),
            created_at: NOW,
            expires_at,
        }
    }

    #[test]
    fn each_kind_has_the_secret_and_the_grants_that_it_is_documented_with() {
        let told = KINDS.map(|kind| {
            (kind.is_confidential(), kind.uses_consent(), kind.acts_by_itself(), kind.secret_kind())
        });
        let client_secret = Some(TokenKind::ClientSecret);
        let expected = [
            (true, false, true, client_secret),
            (false, true, false, None),
            (true, true, false, client_secret),
            (true, false, false, client_secret),
            (true, false, true, Some(TokenKind::ApiToken)),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_secret_is_good_until_its_end_and_not_at_it() {
        let ends = secret(1, Some(Timestamp::from_millis(2_000)));
        assert!(ends.is_live(Timestamp::from_millis(1_999)));
        assert!(!ends.is_live(Timestamp::from_millis(2_000)));
        assert!(!ends.is_live(Timestamp::from_millis(2_001)));
        assert!(secret(1, None).is_live(Timestamp::from_millis(u64::MAX)));
    }

    #[test]
    fn a_secret_is_found_by_its_own_id_while_it_is_good() {
        let over = secret(1, Some(NOW));
        let app = App { secrets: vec![over.clone(), secret(2, None)], ..samples::app() };
        let id = |number| SecretId::from_raw(RawId::from_bytes([number; 16]));
        assert_eq!(app.live_secret(id(2), NOW), Some(&secret(2, None)));
        assert_eq!(app.live_secret(id(1), NOW), None);
        let earlier = Timestamp::from_millis(0);
        assert_eq!(app.live_secret(id(1), earlier), Some(&over));
        assert_eq!(app.live_secret(id(3), NOW), None);
    }

    #[test]
    fn public_apps_use_pkce_whatever_is_set_and_confidential_ones_where_it_is() {
        for kind in KINDS {
            for pkce_required in [false, true] {
                let app = App { kind, pkce_required, ..samples::app() };
                let must = pkce_required || kind == AppKind::OauthPublic;
                assert_eq!(app.must_use_pkce(), must, "{kind:?}");
            }
        }
    }

    #[test]
    fn a_secret_proves_only_those_that_have_one_and_sign_nothing() {
        let keys = ClientProof::PrivateKeyJwt { keys: KeySource::Inline("{}".to_owned()) };
        for kind in KINDS {
            let by_secret = App { kind, ..samples::app() };
            assert_eq!(by_secret.proves_by_secret(), kind != AppKind::OauthPublic, "{kind:?}");
            assert!(!App { proof: keys.clone(), ..by_secret }.proves_by_secret(), "{kind:?}");
        }
    }

    #[test]
    fn only_a_document_is_a_client_id_of_its_own() {
        let url = "https://app.example/client.json";
        let by = |registration| App { registration, ..samples::app() }.client_id();
        let id = samples::app().id.to_string();
        assert_eq!(by(Registration::Document { url: url.to_owned() }), url);
        assert_eq!(by(Registration::Dynamic), id);
        assert_eq!(by(Registration::Administrator), id);
    }

    #[test]
    fn an_app_reaches_an_mcp_endpoint_by_itself_only_if_it_was_made_for_that() {
        let company = CompanyId::from_raw(RawId::from_bytes([2; 16]));
        let firm = FirmId::from_raw(RawId::from_bytes([4; 16]));
        let audience = |mcp, place| App { mcp, ..samples::app() }.own_audience(place);
        let api = Audience { api: true, mcp: None };
        assert_eq!(audience(false, Place::Company(company)), api);
        let both = Audience { api: true, mcp: Some(company) };
        assert_eq!(audience(true, Place::Company(company)), both);
        assert_eq!(audience(true, Place::Firm(firm)), api);
    }

    #[test]
    fn an_app_is_looked_at_every_so_many_days_unless_it_says_otherwise() {
        let mut row = serde_json::to_value(samples::app()).unwrap();
        row.as_object_mut().unwrap().remove("review_days");
        let read: App = serde_json::from_value(row).unwrap();
        assert_eq!(read.review_days, REVIEW_EVERY_DAYS);
    }

    #[test]
    fn a_web_site_is_told_by_its_host() {
        let host = |website: &str| {
            App { website: Some(website.to_owned()), ..samples::app() }.website_host()
        };
        assert_eq!(host("https://app.example/about").as_deref(), Some("app.example"));
        assert_eq!(host("nothing"), None);
        assert_eq!(samples::app().website_host(), None);
    }
}
