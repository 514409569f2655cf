//! Giving a user a second factor without their doing, for a sandbox whose secrets lie open.

use crate::base::id::UserId;
use crate::crypto::totp::SEED_LENGTH;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::user::Factors;
use crate::domain::user::RECOVERY_CODES;
use crate::domain::user::TotpFactor;
use crate::ops::Ops;
use crate::ops::enrol;
use crate::ops::prove_factor;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What was provisioned, in clear.
#[derive(Clone, Debug)]
pub struct Provisioned {
    /// The authenticator's seed, base32.
    pub totp_secret: String,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

struct ProvisionFactors {
    user: UserId,
    factors: Factors,
    event: Event,
}

impl Operation for ProvisionFactors {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<tables::Factors>(&self.user, &self.factors)?;
        changes.record(self.event);
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Draws an authenticator's seed and recovery codes for `user` and stores them.
    ///
    /// # Errors
    /// The store failed.
    pub async fn provision_factors(
        &self,
        user: UserId,
        origin: Origin,
    ) -> Result<Provisioned, Fault> {
        let seed = self.draw::<SEED_LENGTH>();
        let codes: Vec<String> =
            (0..RECOVERY_CODES).map(|_| prove_factor::recovery_text(self.draw())).collect();
        let totp = TotpFactor {
            sealed_seed: prove_factor::seal_seed(&self.keys, user, &seed, self.draw())?,
            last_step: 0,
            enrolled_at: self.now(),
        };
        let recovery = prove_factor::recovery_rows(&self.keys, user, &codes);
        let event = self.event(EventKind::SecondFactorEnrolled, origin).user(user);
        let factors = Factors { totp: Some(totp), recovery, passkeys: Vec::new() };
        self.store.submit(ProvisionFactors { user, factors, event }).await?;
        Ok(Provisioned { totp_secret: enrol::seed_text(&seed), recovery_codes: codes })
    }

    /// 128 random bits for a password that nobody has to remember.
    #[must_use]
    pub fn draw_secret(&self) -> [u8; 16] {
        self.draw()
    }
}
