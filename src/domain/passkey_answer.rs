//! What browsers answer when they are asked for a passkey, and the checks of WebAuthn level 3,
//! sections 7.1 (a new one) and 7.2 (one that proves who it is).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::base::encoding;
use crate::base::id::UserId;
use crate::crypto::cose;
use crate::crypto::cose::PublicKey;
use crate::crypto::digest;
use crate::domain::passkey;
use crate::domain::passkey::Passkey;
use crate::domain::passkey::PasskeyFault;
use crate::domain::passkey::RelyingParty;

/// An answer that is longer is not read.
const LONGEST: usize = 32 * 1024;
/// The longest name that an authenticator gives a credential (WebAuthn section 4).
const LONGEST_CREDENTIAL: usize = 1023;

/// What the browser says that it asked, and where.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    ceremony: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

impl ClientData {
    fn read(bytes: &[u8]) -> Option<(Self, Vec<u8>)> {
        let read: Self = serde_json::from_slice(bytes).ok()?;
        let challenge = encoding::base64url_decode(&read.challenge)?;
        Some((read, challenge))
    }

    fn check(&self, ceremony: &str, party: &RelyingParty) -> Result<(), PasskeyFault> {
        if self.ceremony != ceremony {
            return Err(PasskeyFault::Ceremony);
        }
        if self.origin != party.origin || self.cross_origin || self.top_origin.is_some() {
            return Err(PasskeyFault::Origin);
        }
        Ok(())
    }
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// Authenticator data (WebAuthn section 6.1).
struct AuthenticatorData<'a> {
    party: &'a [u8],
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (party, after) = bytes.split_at_checked(32)?;
        let (flags, after) = after.split_first()?;
        let (counter, rest) = after.split_first_chunk::<4>()?;
        Some(Self { party, flags: *flags, counter: u32::from_be_bytes(*counter), rest })
    }

    const fn has(&self, flags: u8) -> bool {
        self.flags & flags == flags
    }

    fn check(&self, party: &RelyingParty) -> Result<(), PasskeyFault> {
        if !digest::equal(self.party, &digest::sha256(party.id.as_bytes())) {
            return Err(PasskeyFault::RelyingParty);
        }
        if !self.has(PRESENT | VERIFIED) {
            return Err(PasskeyFault::NotVerified);
        }
        if self.has(BACKED_UP) && !self.has(BACKUP_ELIGIBLE) {
            return Err(PasskeyFault::Malformed);
        }
        Ok(())
    }

    /// The credential and its key, if the authenticator just made one.
    fn attested(&self) -> Option<(&'a [u8], PublicKey)> {
        let (_model, after) = self.rest.split_at_checked(16)?;
        let (length, after) = after.split_first_chunk::<2>()?;
        let (credential, after) =
            after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let (key, after) = PublicKey::read(after)?;
        let sound = self.has(ATTESTED)
            && (1..=LONGEST_CREDENTIAL).contains(&credential.len())
            && after.is_empty() != self.has(EXTENDED);
        sound.then_some((credential, key))
    }
}

/// `AuthenticationResponseJSON` and `RegistrationResponseJSON`, as far as they matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<R> {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: R,
}

impl<R: DeserializeOwned> Told<R> {
    fn read(json: &str) -> Option<Self> {
        if json.len() > LONGEST {
            return None;
        }
        let told: Self = serde_json::from_str(json).ok()?;
        (told.kind == "public-key" && told.id == told.raw_id).then_some(told)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldProof {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: Option<String>,
}

/// The answer of a passkey that there is. Nothing in it is proven until [`Self::check`] says so.
#[derive(Debug)]
pub struct Assertion {
    credential: String,
    client: ClientData,
    challenge: Vec<u8>,
    /// Its hash is what was signed.
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
    user_handle: Option<Vec<u8>>,
}

impl Assertion {
    /// Reads what the browser made of it.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let told: Told<ToldProof> = Told::read(json)?;
        let bytes = encoding::base64url_decode;
        let client_data = bytes(&told.response.client_data)?;
        let (client, challenge) = ClientData::read(&client_data)?;
        let user_handle = match &told.response.user_handle {
            Some(text) => Some(bytes(text)?),
            None => None,
        };
        Some(Self {
            credential: told.id,
            client,
            challenge,
            client_data,
            authenticator_data: bytes(&told.response.authenticator_data)?,
            signature: bytes(&told.response.signature)?,
            user_handle,
        })
    }

    /// The challenge that it says it answers.
    #[must_use]
    pub fn challenge(&self) -> &[u8] {
        &self.challenge
    }

    /// Checks everything but the challenge. `passkeys` are those of `user`. Answers which of them it
    /// is, and its new count.
    ///
    /// # Errors
    /// [`PasskeyFault`].
    pub fn check(
        &self,
        party: &RelyingParty,
        user: UserId,
        passkeys: &[Passkey],
    ) -> Result<(usize, u32), PasskeyFault> {
        let theirs = passkeys.iter().position(|passkey| passkey.credential == self.credential);
        let found = theirs.and_then(|at| passkeys.get(at).map(|passkey| (at, passkey)));
        let (at, passkey) = found.ok_or(PasskeyFault::NotTheirs)?;
        if self.user_handle.as_ref().is_some_and(|told| told != passkey::handle(&user)) {
            return Err(PasskeyFault::NotTheirs);
        }
        self.client.check("webauthn.get", party)?;
        let data =
            AuthenticatorData::read(&self.authenticator_data).ok_or(PasskeyFault::Malformed)?;
        data.check(party)?;
        let signed = [&self.authenticator_data[..], &digest::sha256(&self.client_data)].concat();
        if !passkey.key.signed(&signed, &self.signature) {
            return Err(PasskeyFault::Signature);
        }
        // Authenticators that do not count say 0 for ever.
        let counts = data.counter != 0 || passkey.counter != 0;
        if counts && data.counter <= passkey.counter {
            return Err(PasskeyFault::Counter);
        }
        Ok((at, data.counter))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldNew {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
    #[serde(default)]
    transports: Vec<String>,
}

/// A passkey that a browser says it made. Nothing in it is proven until [`Self::check`] says so.
#[derive(Debug)]
pub struct NewPasskey {
    credential: String,
    client: ClientData,
    challenge: Vec<u8>,
    authenticator_data: Vec<u8>,
    transports: Vec<String>,
}

/// What is kept of a new passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePasskey {
    /// The authenticator's name for it, in base64url.
    pub credential: String,
    /// Its key.
    pub key: PublicKey,
    /// Its count.
    pub counter: u32,
    /// How it can be reached.
    pub transports: Vec<String>,
}

impl NewPasskey {
    /// Reads what the browser made of it.
    #[must_use]
    pub fn read(json: &str) -> Option<Self> {
        let told: Told<ToldNew> = Told::read(json)?;
        let client_data = encoding::base64url_decode(&told.response.client_data)?;
        let (client, challenge) = ClientData::read(&client_data)?;
        let attestation = encoding::base64url_decode(&told.response.attestation_object)?;
        Some(Self {
            credential: told.id,
            client,
            challenge,
            authenticator_data: cose::authenticator_data(&attestation)?,
            transports: passkey::transports(&told.response.transports),
        })
    }

    /// The challenge that it says it answers.
    #[must_use]
    pub fn challenge(&self) -> &[u8] {
        &self.challenge
    }

    /// Checks everything but the challenge. Whose authenticator made it is not asked (attestation
    /// `none`): a person who is signed in with two factors chose it.
    ///
    /// # Errors
    /// [`PasskeyFault`].
    pub fn check(&self, party: &RelyingParty) -> Result<MadePasskey, PasskeyFault> {
        self.client.check("webauthn.create", party)?;
        let data =
            AuthenticatorData::read(&self.authenticator_data).ok_or(PasskeyFault::Malformed)?;
        data.check(party)?;
        let (credential, key) = data.attested().ok_or(PasskeyFault::Malformed)?;
        if encoding::base64url(credential) != self.credential {
            return Err(PasskeyFault::Malformed);
        }
        Ok(MadePasskey {
            credential: self.credential.clone(),
            key,
            counter: data.counter,
            transports: self.transports.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
