//! Proving a second factor: an authenticator's code, a recovery code or a passkey's answer. The one
//! place that judges and counts them, whatever the path: sign-in, consent, confirmations.

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::digest;
use crate::crypto::keyring::Keyring;
use crate::crypto::token::HashedToken;
use crate::crypto::totp;
use crate::crypto::totp::Verdict;
use crate::domain::attempts::Attempts;
use crate::domain::attempts::Slowed;
use crate::domain::passkey::PasskeyFault;
use crate::domain::passkey_answer::Assertion;
use crate::domain::user::Factors;
use crate::domain::user::RECOVERY_CODES;
use crate::domain::user::RecoveryCode;
use crate::ops::Ops;
use crate::ops::passkey_challenges;
use crate::ops::passkey_challenges::Asked;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::AccountKey;
use crate::store::tables::BrowserMark;
use crate::store::tables::Browsers;
use crate::store::tables::KnownBrowser;

/// What a person gives to prove a second factor: a code, or a passkey's answer as the browser writes
/// it. Both at once prove nothing.
#[derive(Clone, Debug)]
pub struct Proof {
    code: Secret,
    passkey: Secret,
}

impl Proof {
    /// What stands in the two fields of a form.
    #[must_use]
    pub fn given(code: &str, passkey: &str) -> Self {
        Self { code: code.into(), passkey: passkey.into() }
    }
}

/// Why a proof does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    /// None was given.
    Missing,
    /// It is wrong.
    Wrong,
    /// It was right, but used already; not counted as a failure.
    AlreadyUsed {
        /// Seconds until the app shows another.
        next_in_seconds: u64,
    },
    /// It was not even looked at.
    Slowed(Slowed),
    /// The account has no second factor yet.
    NotEnrolled,
    /// A passkey's answer does not count.
    Passkey(PasskeyFault),
}

impl CodeRefusal {
    /// What the audit trail says of it, if it was a guess.
    #[must_use]
    pub fn told(self, where_it_was: &str) -> Option<String> {
        match self {
            Self::Wrong => Some(where_it_was.to_owned()),
            Self::Passkey(PasskeyFault::Over) => None,
            Self::Passkey(fault) => Some(format!("{where_it_was}: {fault}")),
            _ => None,
        }
    }
}

/// Which factor was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proved {
    /// The authenticator app.
    Totp,
    /// A recovery code, which is used up now.
    RecoveryCode,
    /// A passkey.
    Passkey,
}

const SEED: &str = "totp seed";
const RECOVERY: &str = "recovery code";
/// Recovery codes are 120 bits: 24 characters of base32.
const RECOVERY_LENGTH: usize = 24;
/// The scheme of a recovery code's hash: a tag under the binding key.
const RECOVERY_SCHEME: u8 = 1;

/// Everything that judging needs besides the store.
pub struct FactorProof<'a> {
    /// The operations, with the clock stopped.
    pub ops: &'a Ops,
    /// Whose factor.
    pub user: UserId,
    /// In which session.
    pub session: &'a RawId,
    /// What is proved for: a passkey's answer counts for one act in one session alone.
    pub act: &'a str,
    /// In which browser.
    pub browser: BrowserMark,
    /// What was given.
    pub proof: &'a Proof,
}

/// A verdict, and the factors as they are after it.
type Verdicted = Result<(Proved, Factors), CodeRefusal>;

impl FactorProof<'_> {
    /// Judges what was given and counts it; what follows is in `changes`, also when it is refused.
    pub fn judge(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
    ) -> Result<Result<Proved, CodeRefusal>, Fault> {
        Ok(self.judge_for(reader, changes)?.map(|(proved, _)| proved))
    }

    /// As [`Self::judge`]; answers the factors as they are after it too, for acts that change them.
    pub fn judge_for(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
    ) -> Result<Verdicted, Fault> {
        let (code, passkey) = (normal(self.proof.code.expose()), self.proof.passkey.expose());
        if code.is_empty() && passkey.is_empty() {
            return Ok(Err(CodeRefusal::Missing));
        }
        let factors = reader.get::<tables::Factors>(&self.user)?.unwrap_or_default();
        if !factors.enrolled() {
            return Ok(Err(CodeRefusal::NotEnrolled));
        }
        let (now, strangers) = (self.ops.now(), self.ops.settings.strangers_per_day);
        let counter = Counter::load(reader, AccountKey::User(self.user), Some(self.browser))?;
        if let Err(slowed) = counter.may_try(now, strangers) {
            return Ok(Err(CodeRefusal::Slowed(slowed)));
        }
        let verdict = match (code.as_str(), passkey) {
            ("", passkey) => self.judge_passkey(passkey, factors, reader, changes)?,
            (code, "") if code.len() == RECOVERY_LENGTH => self.judge_recovery(code, factors),
            (code, "") => self.judge_totp(code, factors)?,
            _ => Err(CodeRefusal::Passkey(PasskeyFault::BesideCode)),
        };
        match &verdict {
            Ok((_, factors)) => {
                changes.put::<tables::Factors>(&self.user, factors)?;
                counter.store(changes, counter.attempts().charged(now).cleared())?;
            }
            Err(why) if is_guess(*why) => {
                counter.store(changes, counter.attempts().charged(now))?;
            }
            Err(_) => {}
        }
        Ok(verdict)
    }

    fn judge_totp(&self, code: &str, factors: Factors) -> Result<Verdicted, Fault> {
        let Some(mut factor) = factors.totp.clone() else { return Ok(Err(CodeRefusal::Wrong)) };
        let seed = open_seed(&self.ops.keys, self.user, &factor.sealed_seed)?;
        Ok(match totp::judge(&seed, code, self.ops.now(), Some(factor.last_step)) {
            Verdict::Accepted { step } => {
                factor.last_step = step;
                Ok((Proved::Totp, Factors { totp: Some(factor), ..factors }))
            }
            Verdict::AlreadyUsed { next_in_seconds } => {
                Err(CodeRefusal::AlreadyUsed { next_in_seconds })
            }
            Verdict::Wrong => Err(CodeRefusal::Wrong),
        })
    }

    fn judge_recovery(&self, code: &str, mut factors: Factors) -> Verdicted {
        let presented = recovery_hash(&self.ops.keys, self.user, code);
        let found = factors
            .recovery
            .iter_mut()
            .find(|kept| digest::equal(kept.hash.mac(), presented.mac()));
        match found {
            Some(kept) if kept.used_at.is_none() => {
                kept.used_at = Some(self.ops.now());
                Ok((Proved::RecoveryCode, factors))
            }
            _ => Err(CodeRefusal::Wrong),
        }
    }

    fn judge_passkey(
        &self,
        answer: &str,
        mut factors: Factors,
        reader: &Reader<'_>,
        changes: &mut Changes,
    ) -> Result<Verdicted, Fault> {
        let refused = |why| Ok(Err(CodeRefusal::Passkey(why)));
        let Some(party) = self.ops.relying_party() else {
            return refused(PasskeyFault::RelyingParty);
        };
        let Some(answer) = Assertion::read(answer) else {
            return refused(PasskeyFault::Malformed);
        };
        let (asked, challenge) = (Asked::Proof, answer.challenge());
        let judged =
            passkey_challenges::judge(self.ops, reader, asked, self.session, self.act, challenge)?;
        let challenge = match judged {
            Ok(challenge) => challenge,
            Err(why) => return refused(why),
        };
        match answer.check(&party, self.user, &factors.passkeys) {
            Ok((at, count)) => {
                passkey_challenges::answered(changes, &challenge)?;
                if let Some(passkey) = factors.passkeys.get_mut(at) {
                    passkey.counter = count;
                    passkey.used_at = Some(self.ops.now());
                }
                Ok(Ok((Proved::Passkey, factors)))
            }
            Err(why) => refused(why),
        }
    }
}

/// Whether a refusal counts as a failure: not what was right once.
const fn is_guess(why: CodeRefusal) -> bool {
    match why {
        CodeRefusal::Wrong => true,
        CodeRefusal::Passkey(fault) => !matches!(fault, PasskeyFault::Over),
        _ => false,
    }
}

/// As people type codes: without spaces and dashes, in upper case.
fn normal(code: &str) -> String {
    code.chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .take(RECOVERY_LENGTH + 1)
        .collect()
}

/// Seals a seed for the user's row.
pub fn seal_seed(
    keys: &Keyring,
    user: UserId,
    seed: &[u8],
    salt: [u8; 32],
) -> Result<String, Fault> {
    let sealed = keys.seal(SEED, user.raw().bytes(), seed, salt).map_err(unusable)?;
    Ok(encoding::base64url(&sealed))
}

/// One user's row, not the store's failure.
fn unusable(error: impl std::fmt::Display) -> Fault {
    Fault::row("factors", error)
}

fn open_seed(keys: &Keyring, user: UserId, sealed: &str) -> Result<Vec<u8>, Fault> {
    let sealed = encoding::base64url_decode(sealed).unwrap_or_default();
    keys.open(SEED, user.raw().bytes(), &sealed).map_err(unusable)
}

/// What is stored of a recovery code.
pub fn recovery_hash(keys: &Keyring, user: UserId, code: &str) -> HashedToken {
    let tag = keys.bind(RECOVERY, &[user.raw().bytes(), normal(code).as_bytes()]);
    HashedToken::new(RECOVERY_SCHEME, tag)
}

/// The rows of a fresh set of codes.
pub fn recovery_rows(keys: &Keyring, user: UserId, codes: &[String]) -> Vec<RecoveryCode> {
    let row = |code: &String| RecoveryCode { hash: recovery_hash(keys, user, code), used_at: None };
    codes.iter().take(RECOVERY_CODES).map(row).collect()
}

/// A recovery code as people read it: four groups of six.
#[must_use]
pub fn recovery_text(random: [u8; 15]) -> String {
    let text = encoding::base32(&random);
    let group = |at: usize| text.get(at * 6..at * 6 + 6).unwrap_or_default();
    format!("{}-{}-{}-{}", group(0), group(1), group(2), group(3))
}

/// Guesses a day in a browser that is known: far more than anybody mistypes, far fewer than
/// guessing takes.
const KNOWN_PER_DAY: u32 = 200;

/// The counter that a guess is charged to: the browser's own if the account was signed in there
/// before, otherwise the one that all strangers share.
#[derive(Clone, Copy, Debug)]
pub enum Counter {
    /// A known browser.
    Known(UserId, BrowserMark, KnownBrowser),
    /// Everybody else.
    Strangers(AccountKey, Attempts),
}

impl Counter {
    /// Finds the counter.
    pub fn load(
        reader: &Reader<'_>,
        account: AccountKey,
        browser: Option<BrowserMark>,
    ) -> Result<Self, Fault> {
        if let (AccountKey::User(user), Some(browser)) = (account, browser)
            && let Some(known) = reader.get::<Browsers>(&(user, browser))?
        {
            return Ok(Self::Known(user, browser, known));
        }
        let attempts = reader.get::<tables::Attempts>(&account)?.unwrap_or_default();
        Ok(Self::Strangers(account, attempts))
    }

    /// The failures so far.
    #[must_use]
    pub const fn attempts(&self) -> Attempts {
        match self {
            Self::Known(_, _, known) => known.attempts,
            Self::Strangers(_, attempts) => *attempts,
        }
    }

    /// Whether another guess may be evaluated.
    pub fn may_try(&self, now: Timestamp, strangers_per_day: u32) -> Result<(), Slowed> {
        let budget = match self {
            Self::Known(..) => Some(KNOWN_PER_DAY),
            Self::Strangers(..) => Some(strangers_per_day),
        };
        self.attempts().may_try(now, budget)
    }

    /// Writes the counter with `attempts`.
    pub fn store(&self, changes: &mut Changes, attempts: Attempts) -> Result<(), Fault> {
        match self {
            Self::Known(user, browser, known) => {
                let known = KnownBrowser { attempts, ..*known };
                changes.put::<Browsers>(&(*user, *browser), &known)
            }
            Self::Strangers(account, _) => changes.put::<tables::Attempts>(account, &attempts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_four_groups_of_six_letters() {
        assert_eq!(recovery_text(*b"abcdefghijklmno"), "MFRGGZ-DFMZTW-Q2LKNN-WG23TP");
    }

    #[test]
    fn the_trail_tells_of_guesses_and_of_nothing_else() {
        let told = |why: CodeRefusal| why.told("at the sign-in");
        assert_eq!(told(CodeRefusal::Wrong).as_deref(), Some("at the sign-in"));
        let of_a_passkey = CodeRefusal::Passkey(PasskeyFault::NotTheirs);
        assert_eq!(told(of_a_passkey).unwrap(), "at the sign-in: not a passkey of this person");
        assert_eq!(told(CodeRefusal::Passkey(PasskeyFault::Over)), None);
        assert_eq!(told(CodeRefusal::NotEnrolled), None);
    }
}
