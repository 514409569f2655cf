//! Turning on the second factor: the authenticator app, and recovery codes shown once.
//!
//! The seed and the codes are derived from the session under the server's key, so a page that is
//! loaded again shows the same ones and nothing is stored in clear.

use crate::base::encoding;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::totp;
use crate::crypto::totp::SEED_LENGTH;
use crate::crypto::totp::Verdict;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::session::Level;
use crate::domain::session::Session;
use crate::domain::user::Factors;
use crate::domain::user::RECOVERY_CODES;
use crate::domain::user::TotpFactor;
use crate::ops::Ops;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::prove_factor;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::prove_factor::Proved;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::ops::sign_in;
use crate::ops::sign_in::NewSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::BrowserMark;
use crate::store::tables::Sessions;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

impl Ops {
    /// Whether the account has a second factor that this session has to prove: not one that was lost,
    /// if the session may replace it.
    ///
    /// # Errors
    /// The store failed.
    pub fn has_second_factor(&self, live: &LiveSession) -> Result<bool, Fault> {
        let factors = self.store.read(|reader| reader.get::<tables::Factors>(&live.user.id))?;
        Ok(factors.unwrap_or_default().enrolled() && !live.replaces_factor(self.now()))
    }

    /// The seed that this session would enrol: the same each time it is shown, stored nowhere.
    #[must_use]
    pub fn enrolment_seed(&self, live: &LiveSession) -> Vec<u8> {
        enrolment_seed(self, live.id(), live.user.id)
    }

    /// Turns on the authenticator app after its first code. The session gets a new id and its full
    /// level, and recovery codes wait to be shown.
    ///
    /// # Errors
    /// [`CodeRefusal`].
    pub async fn enrol_totp(
        &self,
        live: &LiveSession,
        code: &Secret,
        browser: BrowserMark,
        origin: Origin,
    ) -> Outcome<NewSession, CodeRefusal> {
        let token = self.draw_session(self.now());
        let operation = EnrolTotp {
            ops: self.frozen(),
            from: *live.id(),
            token: token.clone(),
            code: code.clone(),
            browser,
            salt: self.draw(),
            origin,
        };
        flatten(self.store.submit(operation).await)?;
        Ok(NewSession { cookie: token.text().into(), enrolled: true })
    }

    /// The recovery codes that wait to be shown in this session; none once they were acknowledged.
    #[must_use]
    pub fn waiting_recovery_codes(&self, live: &LiveSession) -> Vec<String> {
        if live.session.recovery_codes_waiting {
            recovery_codes(self, live.id(), live.user.id)
        } else {
            Vec::new()
        }
    }

    /// The codes were saved: they are not shown again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn acknowledge_recovery_codes(&self, live: &LiveSession) -> Result<(), Fault> {
        self.store.submit(AcknowledgeCodes { id: *live.id() }).await
    }
}

fn enrolment_seed(ops: &Ops, session: &RawId, user: UserId) -> Vec<u8> {
    let tag = ops.keys.bind("totp enrolment", &[session.bytes(), user.raw().bytes()]);
    tag.into_iter().take(SEED_LENGTH).collect()
}

/// Derived from the session under the server's key, so that a reloaded page shows the same codes
/// and nothing is stored in clear.
pub(in crate::ops) fn recovery_codes(ops: &Ops, session: &RawId, user: UserId) -> Vec<String> {
    (0..RECOVERY_CODES)
        .map(|number| {
            let number = number.to_be_bytes();
            let parts: [&[u8]; 3] = [session.bytes(), user.raw().bytes(), &number];
            let tag = ops.keys.bind("new recovery code", &parts);
            let mut random = [0; 15];
            for (to, from) in random.iter_mut().zip(tag) {
                *to = from;
            }
            prove_factor::recovery_text(random)
        })
        .collect()
}

struct EnrolTotp {
    ops: Ops,
    from: RawId,
    token: PlainToken,
    code: Secret,
    browser: BrowserMark,
    salt: [u8; 32],
    origin: Origin,
}

impl Operation for EnrolTotp {
    type Outcome = Result<(), CodeRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let ops = &self.ops;
        let Some(live) = sessions::still(reader, &self.from, ops, Level::Password)? else {
            return Ok(Decision::unchanged(Err(CodeRefusal::Wrong)));
        };
        let user = live.user.id;
        let old = reader.get::<tables::Factors>(&user)?.unwrap_or_default();
        if self.code.expose().trim().is_empty() {
            return Ok(Decision::unchanged(Err(CodeRefusal::Missing)));
        }
        let seed = enrolment_seed(ops, &self.from, user);
        // An account that has a factor proves it; it is never replaced by whoever has a password.
        let Verdict::Accepted { step } = totp::judge(&seed, self.code.expose(), ops.now(), None)
        else {
            return Ok(Decision::unchanged(Err(CodeRefusal::Wrong)));
        };
        let replaces = live.replaces_factor(ops.now());
        if old.enrolled() && !replaces {
            return Ok(Decision::unchanged(Err(CodeRefusal::Wrong)));
        }
        let codes = recovery_codes(ops, self.token.id(), user);
        let factors = Factors {
            totp: Some(TotpFactor {
                sealed_seed: prove_factor::seal_seed(&ops.keys, user, &seed, self.salt)?,
                last_step: step,
                enrolled_at: ops.now(),
            }),
            recovery: prove_factor::recovery_rows(&ops.keys, user, &codes),
            passkeys: Vec::new(),
        };
        let mut changes = Changes::new();
        if replaces {
            // Whoever found the lost factor is signed out with it.
            sessions::end_all(reader, &mut changes, user, None)?;
            let event = ops.event(EventKind::SecondFactorRemoved, self.origin).user(user);
            changes.record(event.cause("lost_factor"));
        }
        changes.put::<tables::Factors>(&user, &factors)?;
        sign_in::raise(ops, reader, &mut changes, &live, &self.token, self.browser, true)?;
        for kind in [EventKind::SecondFactorEnrolled, EventKind::RecoveryCodesCreated] {
            changes.record(ops.event(kind, self.origin).user(user));
        }
        changes.record(sign_in::signed_in(ops, self.origin, user, Proved::Totp));
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

struct AcknowledgeCodes {
    id: RawId,
}

impl Operation for AcknowledgeCodes {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        if let Some(row) = reader.get::<Sessions>(&self.id)? {
            let row = Session { recovery_codes_waiting: false, ..row };
            changes.put::<Sessions>(&self.id, &row)?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

/// The seed as authenticator apps take it by hand.
#[must_use]
pub fn seed_text(seed: &[u8]) -> String {
    encoding::base32(seed)
}
