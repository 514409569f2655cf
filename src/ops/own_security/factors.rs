//! Adding and removing second factors.

use std::fmt;
use std::str::FromStr;

use crate::base::id::NotAnId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::totp;
use crate::crypto::totp::SEED_LENGTH;
use crate::crypto::totp::Verdict;
use crate::domain::audit::EventKind;
use crate::domain::passkey;
use crate::domain::passkey::Passkey;
use crate::domain::passkey::PasskeyFault;
use crate::domain::passkey_answer::MadePasskey;
use crate::domain::passkey_answer::NewPasskey;
use crate::domain::user::Factors;
use crate::domain::user::TotpFactor;
use crate::ops::Ops;
use crate::ops::confirming::Confirming;
use crate::ops::failure::Outcome;
use crate::ops::own_security::Around;
use crate::ops::own_security::OwnChange;
use crate::ops::own_security::OwnRefusal;
use crate::ops::passkey_challenges;
use crate::ops::passkey_challenges::Asked;
use crate::ops::prove_factor;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::tables;

/// A factor as addresses name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorName {
    /// The authenticator app.
    Totp,
    /// A passkey.
    Passkey(RawId),
}

const TOTP: &str = "totp";

impl fmt::Display for FactorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Totp => f.write_str(TOTP),
            Self::Passkey(id) => id.fmt(f),
        }
    }
}

impl FromStr for FactorName {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text == TOTP { Ok(Self::Totp) } else { text.parse().map(Self::Passkey) }
    }
}

impl Ops {
    /// Keeps a passkey that the browser made, `answer`, under a name that was checked.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn add_passkey(
        &self,
        by: Confirming,
        name: String,
        answer: &str,
    ) -> Outcome<(), OwnRefusal> {
        let id = RawId::make(self.now(), self.entropy.as_ref());
        let made = self.read_new_passkey(answer);
        self.change_own(by, AddPasskey { id, name, made }).await
    }

    fn read_new_passkey(&self, answer: &str) -> Result<(MadePasskey, Vec<u8>), PasskeyFault> {
        let party = self.relying_party().ok_or(PasskeyFault::RelyingParty)?;
        let new = NewPasskey::read(answer).ok_or(PasskeyFault::Malformed)?;
        Ok((new.check(&party)?, new.challenge().to_vec()))
    }

    /// A name for the seed of an authenticator app that this person may add; the seed itself is stored
    /// nowhere until then.
    #[must_use]
    pub fn draw_seed_name(&self) -> RawId {
        RawId::make(self.now(), self.entropy.as_ref())
    }

    /// The seed of that name.
    #[must_use]
    pub fn seed_to_add(&self, live: &LiveSession, name: &RawId) -> Vec<u8> {
        seed_to_add(self, live.id(), live.user.id, name)
    }

    /// Adds an authenticator app by its first code, in place of the one there was.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn add_totp(
        &self,
        by: Confirming,
        seed: RawId,
        new_code: Secret,
    ) -> Outcome<(), OwnRefusal> {
        self.change_own(by, AddTotp { seed, new_code, salt: self.draw() }).await
    }

    /// Removes a factor that is not the last.
    ///
    /// # Errors
    /// [`OwnRefusal`].
    pub async fn remove_factor(
        &self,
        by: Confirming,
        factor: FactorName,
    ) -> Outcome<(), OwnRefusal> {
        self.change_own(by, RemoveFactor(factor)).await
    }
}

fn seed_to_add(ops: &Ops, session: &RawId, user: UserId, name: &RawId) -> Vec<u8> {
    let parts: [&[u8]; 3] = [session.bytes(), user.raw().bytes(), name.bytes()];
    ops.keys.bind("totp to add", &parts).into_iter().take(SEED_LENGTH).collect()
}

struct AddPasskey {
    id: RawId,
    name: String,
    made: Result<(MadePasskey, Vec<u8>), PasskeyFault>,
}

impl AddPasskey {
    /// The challenge, if it is one that this session was given to make a passkey.
    fn challenge(&self, around: &Around<'_>) -> Result<Result<RawId, PasskeyFault>, Fault> {
        let challenge = match &self.made {
            Ok((_, challenge)) => challenge,
            Err(fault) => return Ok(Err(*fault)),
        };
        let session = around.live.id();
        let (ops, reader, asked) = (around.ops, around.reader, Asked::Creation);
        passkey_challenges::judge(ops, reader, asked, session, around.by.act(), challenge)
    }
}

impl OwnChange for AddPasskey {
    type Done = ();

    fn check(
        &self,
        around: &Around<'_>,
        factors: &Factors,
    ) -> Result<Result<(), OwnRefusal>, Fault> {
        if factors.passkeys.len() >= passkey::MOST {
            return Ok(Err(OwnRefusal::TooManyPasskeys));
        }
        // A credential is looked for among its person's own alone, so another's of the same name
        // would do nothing.
        let is_there = |made: &MadePasskey| {
            factors.passkeys.iter().any(|passkey| passkey.credential == made.credential)
        };
        if self.made.as_ref().is_ok_and(|(made, _)| is_there(made)) {
            return Ok(Err(OwnRefusal::NewPasskey(PasskeyFault::Over)));
        }
        Ok(self.challenge(around)?.map(|_| ()).map_err(OwnRefusal::NewPasskey))
    }

    fn make(
        self,
        around: &Around<'_>,
        mut factors: Factors,
        changes: &mut Changes,
    ) -> Result<(), Fault> {
        let challenge = self.challenge(around)?;
        if let (Ok((made, _)), Ok(challenge)) = (self.made, challenge) {
            passkey_challenges::answered(changes, &challenge)?;
            factors.passkeys.push(Passkey {
                id: self.id,
                credential: made.credential,
                key: made.key,
                name: self.name,
                added_at: around.ops.now(),
                used_at: None,
                counter: made.counter,
                transports: made.transports,
            });
            keep(around, &factors, EventKind::SecondFactorEnrolled, "passkey", changes)?;
        }
        Ok(())
    }
}

struct AddTotp {
    seed: RawId,
    new_code: Secret,
    salt: [u8; 32],
}

impl AddTotp {
    fn judge(&self, around: &Around<'_>) -> (Vec<u8>, Result<u64, CodeRefusal>) {
        let live = around.live;
        let seed = seed_to_add(around.ops, live.id(), live.user.id, &self.seed);
        if self.new_code.expose().trim().is_empty() {
            return (seed, Err(CodeRefusal::Missing));
        }
        let verdict = totp::judge(&seed, self.new_code.expose(), around.ops.now(), None);
        let step = match verdict {
            Verdict::Accepted { step } => Ok(step),
            _ => Err(CodeRefusal::Wrong),
        };
        (seed, step)
    }
}

impl OwnChange for AddTotp {
    type Done = ();

    fn check(&self, around: &Around<'_>, _: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        Ok(self.judge(around).1.map(|_| ()).map_err(OwnRefusal::NewCode))
    }

    fn make(
        self,
        around: &Around<'_>,
        mut factors: Factors,
        changes: &mut Changes,
    ) -> Result<(), Fault> {
        let (seed, Ok(step)) = self.judge(around) else { return Ok(()) };
        let user = around.live.user.id;
        let replaced = factors.totp.replace(TotpFactor {
            sealed_seed: prove_factor::seal_seed(&around.ops.keys, user, &seed, self.salt)?,
            last_step: step,
            enrolled_at: around.ops.now(),
        });
        if replaced.is_some() {
            let event = around.event(EventKind::SecondFactorRemoved);
            changes.record(event.cause("authenticator app replaced"));
        }
        keep(around, &factors, EventKind::SecondFactorEnrolled, "authenticator app", changes)
    }
}

struct RemoveFactor(FactorName);

impl OwnChange for RemoveFactor {
    type Done = ();

    fn check(&self, _: &Around<'_>, factors: &Factors) -> Result<Result<(), OwnRefusal>, Fault> {
        let left = without(factors.clone(), self.0);
        Ok(if left == *factors {
            Err(OwnRefusal::UnknownFactor)
        } else if left.enrolled() {
            Ok(())
        } else {
            Err(OwnRefusal::LastFactor)
        })
    }

    fn make(
        self,
        around: &Around<'_>,
        factors: Factors,
        changes: &mut Changes,
    ) -> Result<(), Fault> {
        let what = match self.0 {
            FactorName::Totp => "authenticator app",
            FactorName::Passkey(_) => "passkey",
        };
        let left = without(factors, self.0);
        keep(around, &left, EventKind::SecondFactorRemoved, what, changes)
    }
}

fn without(mut factors: Factors, removed: FactorName) -> Factors {
    match removed {
        FactorName::Totp => factors.totp = None,
        FactorName::Passkey(id) => factors.passkeys.retain(|passkey| passkey.id != id),
    }
    factors
}

fn keep(
    around: &Around<'_>,
    factors: &Factors,
    kind: EventKind,
    what: &str,
    changes: &mut Changes,
) -> Result<(), Fault> {
    let user = around.live.user.id;
    changes.put::<tables::Factors>(&user, factors)?;
    changes.record(around.event(kind).cause(what));
    Ok(())
}
