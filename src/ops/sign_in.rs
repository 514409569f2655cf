//! Signing in: the password, then the second factor or its enrolment.
//!
//! Known and unknown addresses take the same steps and the same time. A guess is counted before it
//! is evaluated, so that guesses made at once are all counted.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::domain::attempts::Attempts;
use crate::domain::attempts::Slowed;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::session::Level;
use crate::domain::session::Session;
use crate::domain::user::Email;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::people;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::prove_factor::Counter;
use crate::ops::prove_factor::FactorProof;
use crate::ops::prove_factor::Proof;
use crate::ops::prove_factor::Proved;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::AccountKey;
use crate::store::tables::BrowserMark;
use crate::store::tables::Browsers;
use crate::store::tables::KnownBrowser;
use crate::store::tables::Sessions;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;
use crate::telemetry::measures;

/// What a passkey's answer at the second step is for.
pub const ACT: &str = "sign-in";

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// The address or the password is wrong, or the account is disabled: never told apart.
    Wrong,
    /// The guess was not evaluated.
    Slowed(Slowed),
}

/// A session that was just made, with its cookie.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The cookie's value.
    pub cookie: Secret,
    /// Whether the account has a second factor to ask for; otherwise it is enrolled next.
    pub enrolled: bool,
}

impl Ops {
    /// Checks an address and a password; the session that comes of it is good only for the second
    /// factor. A session that the browser had before, `replaced`, ends.
    ///
    /// # Errors
    /// [`SignInRefusal`]; [`Fault::Busy`] when too many are signing in.
    pub async fn sign_in(
        &self,
        email: &str,
        password: Secret,
        browser: BrowserMark,
        replaced: Option<RawId>,
        origin: Origin,
    ) -> Outcome<NewSession, SignInRefusal> {
        let place = self.hashing.place()?;
        let email = email.parse::<Email>().ok();
        let now = self.now();
        let ticket = flatten(
            self.store
                .submit(ChargeGuess {
                    unknown: self.unknown_account(email.as_ref()),
                    email,
                    browser,
                    now,
                    strangers_per_day: self.settings.strangers_per_day,
                })
                .await,
        )?;
        let phc = ticket.user.as_ref().and_then(|user| user.password.clone());
        let rehash = phc.as_deref().is_some_and(|phc| self.hashing.outdated(phc));
        let again = password.clone();
        let right = self.hashing.verify(place, password, phc).await?;
        match ticket.user.filter(|user| right && user.is_active()) {
            Some(user) => {
                // A hash that cannot be renewed now is renewed at the next sign-in.
                let new_hash = match rehash {
                    true => self.hashing.hash(again, self.draw()).await.ok(),
                    false => None,
                };
                let begun = self.begin_session(user, replaced, browser, new_hash, origin).await?;
                // It changed while it was being checked: the next try sees the new one.
                begun.ok_or(Failure::Fault(Fault::Busy))
            }
            None => {
                self.note_failed_sign_in(ticket.known, origin);
                Err(Failure::Refused(SignInRefusal::Wrong))
            }
        }
    }

    /// Written down a moment later: waiting for it here would tell known addresses from unknown.
    fn note_failed_sign_in(&self, user: Option<UserId>, origin: Origin) {
        let event = self.event(EventKind::SignInFailed, origin).cause("wrong password");
        self.note_refusal_later(match user {
            Some(user) => event.user(user),
            None => event,
        });
    }

    /// None if the password was changed while it was being checked.
    async fn begin_session(
        &self,
        user: User,
        replaced: Option<RawId>,
        browser: BrowserMark,
        new_hash: Option<String>,
        origin: Origin,
    ) -> Result<Option<NewSession>, Fault> {
        let now = self.now();
        let token = self.draw_session(now);
        let row = sessions::row(self, &token, user.id, Level::Password, origin);
        let id = *token.id();
        let begun = BeginSession { id, row, verified: user.password, replaced, browser, new_hash };
        let enrolled = self.store.submit(begun).await?;
        Ok(enrolled.map(|enrolled| NewSession { cookie: token.text().into(), enrolled }))
    }

    /// The counter for an address that nobody has: one of a bounded number.
    fn unknown_account(&self, email: Option<&Email>) -> AccountKey {
        let text = email.map(Email::as_str).unwrap_or_default();
        let [high, low, ..] = self.keys.bind("unknown account", &[text.as_bytes()]);
        AccountKey::Unknown(u16::from_be_bytes([high, low]))
    }

    /// Proves the second factor; the session gets a new id and its full level.
    ///
    /// # Errors
    /// [`CodeRefusal`].
    pub async fn verify_second_factor(
        &self,
        live: &LiveSession,
        proof: &Proof,
        browser: BrowserMark,
        origin: Origin,
    ) -> Outcome<NewSession, CodeRefusal> {
        let user = live.user.id;
        let token = self.draw_session(self.now());
        let verified = flatten(
            self.store
                .submit(VerifySecondFactor {
                    ops: self.frozen(),
                    from: *live.id(),
                    token: token.clone(),
                    proof: proof.clone(),
                    browser,
                    origin,
                })
                .await,
        );
        if let Err(Failure::Refused(why)) = &verified
            && let Some(cause) = why.told("sign-in")
        {
            let event = self.event(EventKind::CodeRefused, origin).cause(cause).user(user);
            self.note_refusal(event).await;
        }
        verified.map(|()| NewSession { cookie: token.text().into(), enrolled: true })
    }
}

/// Whom a guess is charged to, and what to compare it with.
struct Ticket {
    known: Option<UserId>,
    user: Option<User>,
}

struct ChargeGuess {
    email: Option<Email>,
    unknown: AccountKey,
    browser: BrowserMark,
    now: Timestamp,
    strangers_per_day: u32,
}

impl Operation for ChargeGuess {
    type Outcome = Result<Ticket, SignInRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let user = match &self.email {
            Some(email) => people::by_email(reader, email)?,
            None => None,
        };
        let account = user.as_ref().map_or(self.unknown, |user| AccountKey::User(user.id));
        let counter = Counter::load(reader, account, Some(self.browser))?;
        if let Err(slowed) = counter.may_try(self.now, self.strangers_per_day) {
            measures::LOCKOUTS.of(slowed.word()).count();
            return Ok(Decision::unchanged(Err(SignInRefusal::Slowed(slowed))));
        }
        let mut changes = Changes::new();
        counter.store(&mut changes, counter.attempts().charged(self.now))?;
        let known = user.as_ref().map(|user| user.id);
        Ok(Decision { changes, outcome: Ok(Ticket { known, user }) })
    }
}

struct BeginSession {
    id: RawId,
    row: Session,
    verified: Option<String>,
    replaced: Option<RawId>,
    browser: BrowserMark,
    new_hash: Option<String>,
}

impl Operation for BeginSession {
    type Outcome = Option<bool>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Option<bool>>, Fault> {
        let id = self.row.user;
        let user = reader.get::<Users>(&id)?;
        let Some(user) = user.filter(|user| user.is_active() && user.password == self.verified)
        else {
            return Ok(Decision::unchanged(None));
        };
        let mut changes = Changes::new();
        let counter = Counter::load(reader, AccountKey::User(id), Some(self.browser))?;
        counter.store(&mut changes, Attempts::refunded(counter.attempts()))?;
        if self.new_hash.is_some() {
            changes.put::<Users>(&id, &User { password: self.new_hash, ..user })?;
        }
        if let Some(replaced) = &self.replaced {
            changes.delete::<Sessions>(replaced);
        }
        let factors = reader.get::<tables::Factors>(&id)?.unwrap_or_default();
        sessions::begin(reader, &mut changes, &self.id, &self.row)?;
        Ok(Decision { changes, outcome: Some(factors.enrolled()) })
    }
}

struct VerifySecondFactor {
    ops: Ops,
    from: RawId,
    token: PlainToken,
    proof: Proof,
    browser: BrowserMark,
    origin: Origin,
}

impl Operation for VerifySecondFactor {
    type Outcome = Result<(), CodeRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let mut changes = Changes::new();
        let Some(live) = sessions::still(reader, &self.from, &self.ops, Level::Password)? else {
            return Ok(Decision::unchanged(Err(CodeRefusal::Wrong)));
        };
        let proof = FactorProof {
            ops: &self.ops,
            user: live.user.id,
            session: live.id(),
            act: ACT,
            browser: self.browser,
            proof: &self.proof,
        };
        let outcome = match proof.judge(reader, &mut changes)? {
            Ok(proved) => {
                raise(&self.ops, reader, &mut changes, &live, &self.token, self.browser, false)?;
                changes.record(signed_in(&self.ops, self.origin, live.user.id, proved));
                if proved == Proved::RecoveryCode {
                    let used = self.ops.event(EventKind::RecoveryCodeUsed, self.origin);
                    changes.record(used.user(live.user.id));
                }
                Ok(())
            }
            Err(why) => Err(why),
        };
        Ok(Decision { changes, outcome })
    }
}

pub(in crate::ops) fn signed_in(ops: &Ops, origin: Origin, user: UserId, proved: Proved) -> Event {
    let factor = match proved {
        Proved::Totp => "password and authenticator app",
        Proved::RecoveryCode => "password and recovery code",
        Proved::Passkey => "password and passkey",
    };
    measures::SIGN_INS.of("succeeded").count();
    ops.event(EventKind::SignedIn, origin).cause(factor).user(user)
}

/// Replaces a session by one with a new id and the full level, and remembers the browser.
pub(in crate::ops) fn raise(
    ops: &Ops,
    reader: &Reader<'_>,
    changes: &mut Changes,
    live: &LiveSession,
    token: &PlainToken,
    browser: BrowserMark,
    recovery_codes_waiting: bool,
) -> Result<(), Fault> {
    let row = Session {
        hash: ops.keys.hash(token),
        level: Level::SecondFactor,
        seen_at: ops.now(),
        recovery_codes_waiting,
        replaces_factor_until: None,
        ..live.session.clone()
    };
    changes.delete::<Sessions>(live.id());
    // Whoever signs in is told once that somebody made them a link for what they had lost.
    let recovered = live.user.recovery.clone();
    if recovered.is_some() {
        let user = User { recovery: None, ..live.user.clone() };
        changes.put::<Users>(&user.id, &user)?;
    }
    sessions::begin(reader, changes, token.id(), &Session { recovered, ..row })?;
    remember_browser(reader, changes, live.user.id, browser, ops.now())
}

/// As many browsers are known for an account; the one not seen for longest makes room.
const KNOWN_BROWSERS: usize = 20;

fn remember_browser(
    reader: &Reader<'_>,
    changes: &mut Changes,
    user: UserId,
    browser: BrowserMark,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut others = reader.under::<Browsers>(&user)?;
    others.retain(|(key, _)| !key.ends_with(&browser.0));
    others.sort_by_key(|(_, known)| known.seen_at);
    let surplus = (others.len() + 1).saturating_sub(KNOWN_BROWSERS);
    for (key, _) in others.iter().take(surplus) {
        if let Some(mark) = key.last_chunk::<16>() {
            changes.delete::<Browsers>(&(user, BrowserMark(*mark)));
        }
    }
    let known = KnownBrowser { seen_at: now, attempts: Attempts::default() };
    changes.put::<Browsers>(&(user, browser), &known)
}
