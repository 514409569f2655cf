//! A person in a session who confirms an act with a fresh second factor.

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::user::Factors;
use crate::ops::Ops;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::prove_factor::FactorProof;
use crate::ops::prove_factor::Proof;
use crate::ops::prove_factor::Proved;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::BrowserMark;

/// Who confirms what.
#[derive(Clone, Debug)]
pub struct Confirming {
    session: RawId,
    user: UserId,
    browser: BrowserMark,
    act: String,
    proof: Proof,
    origin: Origin,
}

impl Confirming {
    /// The person of `live`, with what they gave as their second factor; nothing where none was asked
    /// for. A passkey's answer counts for `act` alone: the path of the page that asked.
    #[must_use]
    pub fn new(
        live: &LiveSession,
        browser: BrowserMark,
        act: &str,
        proof: Proof,
        origin: Origin,
    ) -> Self {
        let (session, user) = (*live.id(), live.user.id);
        Self { session, user, browser, act: act.to_owned(), proof, origin }
    }

    /// Their session.
    #[must_use]
    pub const fn session(&self) -> &RawId {
        &self.session
    }

    /// The person.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Their browser.
    #[must_use]
    pub const fn browser(&self) -> BrowserMark {
        self.browser
    }

    /// What is confirmed.
    #[must_use]
    pub fn act(&self) -> &str {
        &self.act
    }

    /// Where the request came from.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Judges the second factor and counts it. Answers the factors as they are after it, for acts that
    /// change them.
    pub(in crate::ops) fn prove(
        &self,
        ops: &Ops,
        reader: &Reader<'_>,
        changes: &mut Changes,
    ) -> Result<Result<Factors, CodeRefusal>, Fault> {
        let proof = FactorProof {
            ops,
            user: self.user,
            session: &self.session,
            act: &self.act,
            browser: self.browser,
            proof: &self.proof,
        };
        let proved = proof.judge_for(reader, changes)?;
        if let Ok((Proved::RecoveryCode, _)) = &proved {
            let event = ops.event(EventKind::RecoveryCodeUsed, self.origin);
            changes.record(event.user(self.user));
        }
        Ok(proved.map(|(_, factors)| factors))
    }
}

impl Ops {
    /// Writes down that a proof was refused, if it was a guess.
    pub(in crate::ops) async fn note_refused_proof(
        &self,
        user: UserId,
        origin: Origin,
        why: CodeRefusal,
    ) {
        if let Some(cause) = why.told("confirmation") {
            let event = self.event(EventKind::CodeRefused, origin).cause(cause);
            self.note_refusal(event.user(user)).await;
        }
    }
}
