//! Apps that always send the same PKCE challenge: noticed in memory, told once a day to the log and
//! the audit trail. See [`LastChallenges`].

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::id::AppId;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::pkce::Challenge;
use crate::domain::repeated_challenges::LastChallenges;
use crate::ops::Ops;
use crate::ops::refusals::Record;

/// Apps that are watched at once; beyond it any of them makes room.
const WATCHED: usize = 1000;

/// The last challenges of each app.
#[derive(Default)]
pub struct Challenges(Mutex<HashMap<AppId, LastChallenges>>);

impl Ops {
    /// Notes that `app` got a code for `challenge`.
    pub(in crate::ops) async fn note_challenge(
        &self,
        app: AppId,
        challenge: &Challenge,
        origin: Origin,
    ) {
        if !self.is_repeated(app, challenge) {
            return;
        }
        tracing::warn!(%app, "an app sends the same PKCE challenge again and again");
        let event = self.event(EventKind::ChallengeRepeated, origin).app(app);
        if let Err(fault) = self.store.submit(Record(vec![event])).await {
            tracing::error!(%fault, "a repeated challenge could not be written down");
        }
    }

    fn is_repeated(&self, app: AppId, challenge: &Challenge) -> bool {
        let Ok(mut watched) = self.challenges.0.lock() else { return false };
        if watched.len() >= WATCHED
            && !watched.contains_key(&app)
            && let Some(any) = watched.keys().next().copied()
        {
            watched.remove(&any);
        }
        watched.entry(app).or_default().note(challenge, self.now())
    }
}
