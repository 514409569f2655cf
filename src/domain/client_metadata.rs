//! What a client says of itself when it registers (RFC 7591 section 2), checked: what is kept, and
//! what is told back. All of it is the client's own claim.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::app::AppKind;
use crate::domain::display_name;
use crate::domain::redirect_uri::RedirectUri;
use crate::domain::registration::ClientProof;
use crate::domain::registration::KeySource;

/// How a client says that it will prove who it is (`token_endpoint_auth_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// Not at all: a public client.
    None,
    /// By a secret in the header. What is meant when nothing is said.
    #[default]
    ClientSecretBasic,
    /// By a secret in the body.
    ClientSecretPost,
    /// By an assertion that it signs.
    PrivateKeyJwt,
}

impl AuthMethod {
    /// The method of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "client_secret_basic" => Self::ClientSecretBasic,
            "client_secret_post" => Self::ClientSecretPost,
            "private_key_jwt" => Self::PrivateKeyJwt,
            _ => return None,
        })
    }

    /// Whether a client of this method has a secret.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }

    /// Whether a client may go from this method to `other`. Where the secret is sent may change;
    /// whether there is one, or keys, never does.
    #[must_use]
    pub const fn may_become(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::None, Self::None) | (Self::PrivateKeyJwt, Self::PrivateKeyJwt)
        ) || (self.has_secret() && other.has_secret())
    }

    /// The kind of the app. A client that registers itself is never more than this.
    #[must_use]
    pub const fn kind(self) -> AppKind {
        match self {
            Self::None => AppKind::OauthPublic,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::PrivateKeyJwt => {
                AppKind::OauthConfidential
            }
        }
    }
}

/// What a client registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Where codes may be sent; at least one.
    pub redirect_uris: Vec<RedirectUri>,
    /// How it proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// The name that it gives itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Its web site. Never fetched, as the next three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Its logo. Never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The scopes that it named. They bound nothing: clients name what they start with, and step up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whom to ask about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// "web" or "native" (OpenID Connect Dynamic Client Registration section 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_type: Option<String>,
    /// Which software it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Of which version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// Its public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
}

impl ClientMetadata {
    /// The name that people see: its own, or where it lives, cut to what fits a page.
    #[must_use]
    pub fn shown_name(&self) -> String {
        let name = self.client_name.clone().or_else(|| {
            let uris = self.redirect_uris.iter().filter(|uri| !uri.is_loopback());
            uris.filter_map(|uri| url::Url::parse(uri.as_str()).ok()?.host_str().map(str::to_owned))
                .next()
        });
        let name = name.unwrap_or_else(|| "Unnamed app".to_owned());
        if name.chars().count() <= display_name::LONGEST {
            return name;
        }
        name.chars().take(display_name::LONGEST - 1).chain(['…']).collect()
    }

    /// How the app proves who it is.
    #[must_use]
    pub fn proof(&self) -> ClientProof {
        match (&self.jwks, self.token_endpoint_auth_method) {
            (Some(keys), AuthMethod::PrivateKeyJwt) => {
                ClientProof::PrivateKeyJwt { keys: KeySource::Inline(keys.to_string()) }
            }
            _ => ClientProof::Secret,
        }
    }

    /// Whether people who approved `self` approved another thing than `other`: another name, other
    /// places that codes go to, other keys.
    #[must_use]
    pub fn differs_for_people(&self, other: &Self) -> bool {
        self.shown_name() != other.shown_name()
            || self.redirect_uris != other.redirect_uris
            || self.jwks != other.jwks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [AuthMethod; 4] = [
        AuthMethod::None,
        AuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost,
        AuthMethod::PrivateKeyJwt,
    ];

    fn of(name: Option<&str>, uri: &str) -> ClientMetadata {
        ClientMetadata {
            client_name: name.map(str::to_owned),
            redirect_uris: vec![RedirectUri::register(uri, &["cursor".to_owned()]).unwrap()],
            ..ClientMetadata::default()
        }
    }

    #[test]
    fn a_client_never_changes_its_type() {
        for from in ALL {
            for to in ALL {
                let same = from == to || (from.has_secret() && to.has_secret());
                assert_eq!(from.may_become(to), same, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn a_client_without_a_name_is_called_by_the_host_it_redirects_to() {
        assert_eq!(of(None, "https://app.example/cb").shown_name(), "app.example");
        assert_eq!(of(None, "http://127.0.0.1/cb").shown_name(), "Unnamed app");
        assert_eq!(of(Some("Ledger"), "https://app.example/cb").shown_name(), "Ledger");
    }

    #[test]
    fn a_long_name_is_cut_to_sixty_characters() {
        let shown = of(Some(&"é".repeat(61)), "https://app.example/cb").shown_name();
        assert_eq!((shown.chars().count(), shown.ends_with('…')), (60, true));
    }

    #[test]
    fn each_method_is_known_by_its_name_and_no_other_is() {
        let names = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
        assert_eq!(names.map(AuthMethod::named), ALL.map(Some));
        for other in ["", "None", "client_secret_jwt", "tls_client_auth"] {
            assert_eq!(AuthMethod::named(other), None, "{other}");
        }
        assert_eq!(ALL.map(AuthMethod::has_secret), [false, true, true, false]);
    }

    #[test]
    fn whoever_signs_proves_itself_by_its_keys_and_by_nothing_else() {
        let keys = serde_json::json!({"keys": []});
        let with = |method, jwks| ClientMetadata {
            token_endpoint_auth_method: method,
            jwks,
            ..ClientMetadata::default()
        };
        let signs = with(AuthMethod::PrivateKeyJwt, Some(keys.clone())).proof();
        let inline = KeySource::Inline(keys.to_string());
        assert_eq!(signs, ClientProof::PrivateKeyJwt { keys: inline });
        let basic = with(AuthMethod::ClientSecretBasic, Some(keys));
        assert_eq!(basic.proof(), ClientProof::Secret);
    }

    #[test]
    fn people_approve_a_name_the_places_that_codes_go_to_and_the_keys() {
        let approved = of(Some("Ledger"), "https://app.example/cb");
        assert!(!approved.differs_for_people(&approved.clone()));
        let version = Some("2".to_owned());
        let newer = ClientMetadata { software_version: version, ..approved.clone() };
        assert!(!approved.differs_for_people(&newer));
        let keys = Some(serde_json::json!({"keys": []}));
        for other in [
            of(Some("Another"), "https://app.example/cb"),
            of(Some("Ledger"), "https://app.example/other"),
            ClientMetadata { jwks: keys, ..approved.clone() },
        ] {
            assert!(approved.differs_for_people(&other), "{other:?}");
        }
    }
}
