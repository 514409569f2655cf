//! What is over goes: every bulk table with the longest life of its rows.

use std::time::Duration;

use crate::domain::client_assertion;
use crate::domain::lifetimes;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::passkey;
use crate::ops::Ops;
use crate::store::fault::Fault;
use crate::store::sweep::Sweep;
use crate::store::table::TableId;

/// A row may be written a moment after its key was drawn.
const MARGIN: Duration = Duration::from_secs(60);

/// The bulk tables, each with the longest that a row of it may matter. Every other table belongs to
/// something that is kept, or is bounded by construction.
#[must_use]
pub fn swept(lifetimes: &Lifetimes) -> Vec<(TableId, Duration)> {
    vec![
        (TableId::Codes, lifetimes::CODE_MEMORY),
        (TableId::AccessTokens, lifetimes.access),
        (TableId::ClientAccessTokens, lifetimes.client_access),
        (TableId::RefreshTokens, lifetimes.refresh),
        (TableId::Sessions, lifetimes.session_absolute),
        (TableId::AnsweredRequests, lifetimes.consent_request + lifetimes.pushed_request),
        (TableId::PushedRequests, lifetimes.pushed_request),
        (TableId::Links, lifetimes::LINK),
        (TableId::AnsweredChallenges, passkey::CHALLENGE),
        (TableId::References, lifetimes::ACTIVITY),
        (TableId::UsageDays, lifetimes::ACTIVITY),
        (TableId::UsageHours, lifetimes::HOURS),
        // Keyed by their end, after which they count until clocks that differ agree.
        (TableId::AssertionIds, client_assertion::SKEW),
    ]
}

impl Ops {
    /// Removes what is over, a few rows at a time, so that no request waits for it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sweep(&self) -> Result<(), Fault> {
        for (table, lifetime) in swept(&self.settings.lifetimes) {
            let lifetime = lifetime + MARGIN;
            while self.store.submit(Sweep { table, lifetime, now: self.now() }).await? {}
        }
        self.reap_clients().await
    }
}
