//! Passkeys (WebAuthn level 3) as they are kept, and what a browser is asked for.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::cose::Algorithm;
use crate::crypto::cose::PublicKey;
use crate::domain::issuer::Issuer;
use crate::domain::user::User;

/// As many passkeys as one person may have.
pub const MOST: usize = 20;
/// How long a challenge is good: as long as somebody may look at the page that carries it.
pub const CHALLENGE: Duration = Duration::from_secs(10 * 60);
/// What the browser waits for at most, in milliseconds.
const TIMEOUT: u32 = 5 * 60 * 1000;
/// The transports of WebAuthn section 5.8.4; others are not kept.
const TRANSPORTS: [&str; 6] = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

/// A passkey of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// What pages call it by.
    pub id: RawId,
    /// The authenticator's name for it, in base64url.
    pub credential: String,
    /// What its signatures are checked with.
    pub key: PublicKey,
    /// What the person calls it.
    pub name: String,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used.
    #[serde(default)]
    pub used_at: Option<Timestamp>,
    /// The last count of signatures; 0 for authenticators that do not count.
    #[serde(default)]
    pub counter: u32,
    /// How the browser can reach it.
    #[serde(default)]
    pub transports: Vec<String>,
}

/// Those of `told` that are transports.
#[must_use]
pub fn transports(told: &[String]) -> Vec<String> {
    let known = TRANSPORTS.iter().filter(|known| told.iter().any(|one| one == *known));
    known.map(|known| (*known).to_owned()).collect()
}

/// Whom passkeys are made for: the issuer, by its host and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParty {
    /// The host.
    pub id: String,
    /// The origin.
    pub origin: String,
}

impl RelyingParty {
    /// That of `issuer`. None if it is known by an address: browsers make passkeys for names only.
    #[must_use]
    pub fn of(issuer: &Issuer) -> Option<Self> {
        issuer.is_named().then(|| Self { id: issuer.host(), origin: issuer.as_str().to_owned() })
    }

    /// `PublicKeyCredentialRequestOptionsJSON`: any of `passkeys` may answer, having verified the
    /// person.
    #[must_use]
    pub fn request(&self, challenge: &[u8], passkeys: &[Passkey]) -> String {
        json!({
            "challenge": encoding::base64url(challenge),
            "timeout": TIMEOUT,
            "rpId": self.id,
            "allowCredentials": descriptors(passkeys),
            "userVerification": "required",
        })
        .to_string()
    }

    /// `PublicKeyCredentialCreationOptionsJSON`: a passkey of `user` beside those there are.
    #[must_use]
    pub fn creation(&self, challenge: &[u8], user: &User, passkeys: &[Passkey]) -> String {
        let algorithms = Algorithm::ALL
            .map(|algorithm| json!({ "type": "public-key", "alg": algorithm.number() }));
        json!({
            "challenge": encoding::base64url(challenge),
            "timeout": TIMEOUT,
            "rp": { "id": self.id, "name": format!("Countersign ({})", self.id) },
            "user": {
                "id": encoding::base64url(handle(&user.id)),
                "name": user.email.as_str(),
                "displayName": user.name,
            },
            "pubKeyCredParams": algorithms,
            "excludeCredentials": descriptors(passkeys),
            "authenticatorSelection": {
                "residentKey": "preferred",
                "userVerification": "required",
            },
            "attestation": "none",
        })
        .to_string()
    }
}

/// How authenticators know a person: nothing that tells who it is (WebAuthn section 14.6.1).
#[must_use]
pub const fn handle(user: &UserId) -> &[u8; 16] {
    user.raw().bytes()
}

fn descriptors(passkeys: &[Passkey]) -> Vec<Value> {
    let one = |passkey: &Passkey| {
        json!({
            "type": "public-key",
            "id": passkey.credential,
            "transports": passkey.transports,
        })
    };
    passkeys.iter().map(one).collect()
}

/// Why a passkey's answer does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyFault {
    /// It is no answer of a browser.
    #[error("no passkey's answer")]
    Malformed,
    /// It came together with a code: one proof is asked for.
    #[error("a passkey and a code at once")]
    BesideCode,
    /// The passkey is not one of this person's.
    #[error("not a passkey of this person")]
    NotTheirs,
    /// Another kind of answer than the one that was asked for.
    #[error("another ceremony")]
    Ceremony,
    /// It was given on another site's page, or inside one.
    #[error("another origin")]
    Origin,
    /// It was made for another host.
    #[error("another relying party")]
    RelyingParty,
    /// The authenticator did not see anybody, or did not verify who it is.
    #[error("the person was not verified")]
    NotVerified,
    /// The signature is not the passkey's.
    #[error("wrong signature")]
    Signature,
    /// The authenticator counted less than before: there is a copy of it.
    #[error("the signature counter went back")]
    Counter,
    /// It answers a challenge of another session or act, or none of ours.
    #[error("another challenge")]
    Challenge,
    /// It answers a challenge that is too old or was answered already. Not counted as a failure.
    #[error("a challenge that is over")]
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_made_for_names_and_not_for_addresses() {
        let of = |issuer: &str| RelyingParty::of(&issuer.parse().unwrap());
        let named = of("https://accounts.example:8443").unwrap();
        assert_eq!(named.id, "accounts.example");
        assert_eq!(named.origin, "https://accounts.example:8443");
        assert!(of("https://localhost:8443").is_some());
        for address in ["https://127.0.0.1:8443", "https://[::1]"] {
            assert_eq!(of(address), None);
        }
    }

    #[test]
    fn the_person_must_be_verified_whatever_is_asked() {
        let party = RelyingParty::of(&"https://a.example".parse().unwrap()).unwrap();
        let asked: Value = serde_json::from_str(&party.request(&[1; 48], &[])).unwrap();
        assert_eq!(asked["userVerification"], "required");
        assert_eq!(asked["rpId"], "a.example");
    }

    #[test]
    fn only_words_that_are_transports_are_kept() {
        let told = ["internal", "<b>", "hybrid", "hybrid"].map(str::to_owned);
        assert_eq!(transports(&told), ["hybrid", "internal"]);
    }

    #[test]
    fn what_a_browser_is_asked_to_make_is_the_persons_and_nothing_that_is_there_already() {
        let party = RelyingParty::of(&"https://a.example".parse().unwrap()).unwrap();
        let user = crate::domain::samples::person(crate::domain::user::UserStatus::Active);
        let kept: Passkey = serde_json::from_value(json!({
            "id": RawId::from_bytes([1; 16]), "credential": "Y3JlZA", "name": "", "added_at": 1,
            "key": {"algorithm": "ed_dsa", "point": encoding::base64url(&[0; 32])},
            "transports": ["usb"],
        }))
        .unwrap();
        let asked = party.creation(&[1; 48], &user, std::slice::from_ref(&kept));
        let asked: Value = serde_json::from_str(&asked).unwrap();
        assert_eq!(asked["challenge"], encoding::base64url(&[1; 48]));
        assert_eq!(asked["timeout"], 300_000);
        assert_eq!(asked["rp"]["id"], "a.example");
        assert_eq!(asked["user"]["id"], encoding::base64url(&[3; 16]));
        assert_eq!(asked["user"]["name"], "a@acme.example");
        assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(asked["attestation"], "none");
        let there = json!([{"type": "public-key", "id": "Y3JlZA", "transports": ["usb"]}]);
        assert_eq!(asked["excludeCredentials"], there);
        let proof: Value = serde_json::from_str(&party.request(&[2; 48], &[kept])).unwrap();
        assert_eq!(proof["allowCredentials"], there);
        assert_eq!(CHALLENGE, Duration::from_secs(600));
    }
}
