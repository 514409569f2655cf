//! Who guesses secrets of apps waits: see [`WrongSecrets`]. Counted in memory, and a bounded number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::audit::Origin;
use crate::domain::wrong_secrets::WrongSecrets;
use crate::ops::Ops;
use crate::ops::authenticate_client::AuthenticatedClient;
use crate::ops::authenticate_client::ClientRefusal;
use crate::ops::authenticate_client::PresentedClient;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::refusals;

/// Counters kept at once. Beyond it any of them makes room: to lose one's own takes thousands of
/// requests more than it saves.
const KEPT: usize = 10_000;

/// The app as it was named, whether it exists or not, and where from. All names that no app can have
/// are one.
type Guesser = (Option<AppId>, Option<IpAddr>);

/// The wrong secrets of late.
#[derive(Default)]
pub struct SecretGuesses(Mutex<HashMap<Guesser, WrongSecrets>>);

impl SecretGuesses {
    fn wait(&self, guesser: &Guesser, now: Timestamp) -> Duration {
        let Ok(counted) = self.0.lock() else { return Duration::ZERO };
        counted.get(guesser).map_or(Duration::ZERO, |wrong| wrong.wait(now))
    }

    fn note(&self, guesser: Guesser, now: Timestamp) {
        let Ok(mut counted) = self.0.lock() else { return };
        if counted.len() >= KEPT
            && !counted.contains_key(&guesser)
            && let Some(any) = counted.keys().next().copied()
        {
            counted.remove(&any);
        }
        counted
            .entry(guesser)
            .and_modify(|wrong| *wrong = wrong.and_one(now))
            .or_insert_with(|| WrongSecrets::first(now));
    }
}

impl Ops {
    /// Authenticates a client; if its secret seems to be guessed from `origin`, after a wait.
    ///
    /// # Errors
    /// As [`Self::authenticate_client`].
    pub async fn authenticate_client_from(
        &self,
        presented: &PresentedClient,
        origin: Origin,
    ) -> Outcome<AuthenticatedClient, (ClientRefusal, Option<AppId>)> {
        if presented.secret.is_none() {
            return self.authenticate_client(presented);
        }
        let guesser = (presented.id.parse().ok(), origin.address.map(refusals::network));
        let wait = self.secret_guesses.wait(&guesser, self.now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let proven = self.authenticate_client(presented);
        // Every refusal: were those of a revoked app not slowed, the missing wait would tell that it
        // was once there.
        if matches!(proven, Err(Failure::Refused(_))) {
            self.secret_guesses.note(guesser, self.now());
        }
        proven
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn guesser(number: u32) -> Guesser {
        (None, Some(IpAddr::V4(number.into())))
    }

    fn kept(guesses: &SecretGuesses) -> usize {
        guesses.0.lock().unwrap().len()
    }

    #[test]
    fn however_many_guess_at_most_ten_thousand_counters_are_kept() {
        let guesses = SecretGuesses::default();
        for number in 0..25_000 {
            guesses.note(guesser(number), START);
        }
        assert_eq!(kept(&guesses), KEPT);
        for _ in 0..20 {
            guesses.note(guesser(1_000_000), START);
        }
        assert!(!guesses.wait(&guesser(1_000_000), START).is_zero(), "the newest one counts too");
    }
}
