//! What passkeys are asked to sign: challenges that name the session and the act that they were made
//! for. None is stored before it is answered; an answered one is remembered until it is over.

use crate::base::id::RawId;
use crate::crypto::digest;
use crate::domain::lifetimes;
use crate::domain::passkey::CHALLENGE;
use crate::domain::passkey::PasskeyFault;
use crate::domain::passkey::RelyingParty;
use crate::ops::Ops;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::AnsweredChallenges;

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Asked {
    /// Proving who it is.
    Proof,
    /// Making a passkey.
    Creation,
}

impl Asked {
    const fn purpose(self) -> &'static str {
        match self {
            Self::Proof => "passkey proof",
            Self::Creation => "passkey creation",
        }
    }
}

/// A challenge: a time-ordered id, and a tag that binds it to session and act.
fn challenge(ops: &Ops, asked: Asked, session: &RawId, act: &str, id: &RawId) -> Vec<u8> {
    let tag = ops.keys.bind(asked.purpose(), &[session.bytes(), act.as_bytes(), id.bytes()]);
    [&id.bytes()[..], &tag].concat()
}

/// Whether `presented` was given to this session for this act, is not over and was not answered.
pub(in crate::ops) fn judge(
    ops: &Ops,
    reader: &Reader<'_>,
    asked: Asked,
    session: &RawId,
    act: &str,
    presented: &[u8],
) -> Result<Result<RawId, PasskeyFault>, Fault> {
    let Some(id) = presented.first_chunk::<16>().map(|bytes| RawId::from_bytes(*bytes)) else {
        return Ok(Err(PasskeyFault::Challenge));
    };
    if !digest::equal(&challenge(ops, asked, session, act, &id), presented) {
        return Ok(Err(PasskeyFault::Challenge));
    }
    let over = lifetimes::is_over(id.made_at(), CHALLENGE, ops.now())
        || reader.has::<AnsweredChallenges>(&id)?;
    Ok(if over { Err(PasskeyFault::Over) } else { Ok(id) })
}

/// Uses a challenge up.
pub(in crate::ops) fn answered(changes: &mut Changes, id: &RawId) -> Result<(), Fault> {
    changes.put::<AnsweredChallenges>(id, &())
}

impl Ops {
    /// The issuer as passkeys know it.
    #[must_use]
    pub fn relying_party(&self) -> Option<RelyingParty> {
        RelyingParty::of(&self.settings.issuer)
    }

    /// What the browser is asked so that a passkey of this person proves `act` in this session. None
    /// if they have no passkey.
    ///
    /// # Errors
    /// The store failed.
    pub fn passkey_request(&self, live: &LiveSession, act: &str) -> Result<Option<String>, Fault> {
        let factors = self.store.read(|reader| reader.get::<tables::Factors>(&live.user.id))?;
        let passkeys = factors.unwrap_or_default().passkeys;
        let Some(party) = self.relying_party().filter(|_| !passkeys.is_empty()) else {
            return Ok(None);
        };
        let challenge = self.draw_challenge(Asked::Proof, live, act);
        Ok(Some(party.request(&challenge, &passkeys)))
    }

    /// What the browser is asked so that it makes a passkey for this person. None where it cannot.
    ///
    /// # Errors
    /// The store failed.
    pub fn passkey_creation(&self, live: &LiveSession, act: &str) -> Result<Option<String>, Fault> {
        let factors = self.store.read(|reader| reader.get::<tables::Factors>(&live.user.id))?;
        let challenge = self.draw_challenge(Asked::Creation, live, act);
        let passkeys = factors.unwrap_or_default().passkeys;
        Ok(self.relying_party().map(|party| party.creation(&challenge, &live.user, &passkeys)))
    }

    fn draw_challenge(&self, asked: Asked, live: &LiveSession, act: &str) -> Vec<u8> {
        let id = RawId::make(self.now(), self.entropy.as_ref());
        challenge(self, asked, live.id(), act, &id)
    }
}
