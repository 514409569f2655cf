//! What is over goes: every bulk table with the longest life of its rows. So does, when the server starts,
//! what was issued by a clock that was wrong.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::client_assertion;
use crate::domain::lifetimes;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::passkey;
use crate::ops::Ops;
use crate::store::Store;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::sweep::SWEEP_AT_ONCE;
use crate::store::sweep::Sweep;
use crate::store::table::TableId;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

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

/// Where what is presented again lies, by when it was issued.
const ISSUED: [TableId; 7] = [
    TableId::Codes,
    TableId::AccessTokens,
    TableId::ClientAccessTokens,
    TableId::RefreshTokens,
    TableId::Sessions,
    TableId::PushedRequests,
    TableId::Links,
];

/// Removes some of what was issued ahead of `now`. Answers how much it was.
struct ForgetAhead {
    now: Timestamp,
}

impl Operation for ForgetAhead {
    type Outcome = usize;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<usize>, Fault> {
        let (mut changes, mut many) = (Changes::new(), 0);
        let ahead = RawId::floor(self.now.plus(lifetimes::AHEAD));
        for table in ISSUED {
            let rows = reader.state().range(table, ahead.bytes(), None, SWEEP_AT_ONCE)?;
            many += rows.len();
            rows.into_iter().for_each(|(key, _)| changes.delete_key(table, key));
        }
        Ok(Decision { changes, outcome: many })
    }
}

/// Removes what was issued while the clock was wrong, ahead of `now`; answers how much it was. It would be
/// good again once that time comes, and until an end as wrong. For a start, before anybody is served: in
/// service no clock goes back.
///
/// # Errors
/// The store failed.
pub fn forget_what_lies_ahead(store: &Store, now: Timestamp) -> Result<usize, Fault> {
    let mut all = 0;
    loop {
        let many = store.submit_blocking(ForgetAhead { now })?;
        all += many;
        if many == 0 {
            return Ok(all);
        }
    }
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
