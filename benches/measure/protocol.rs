//! What load and server say to each other: a line of JSON at a time.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// What the load wants of the server's process.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask {
    /// What was spent so far: [`Spent`].
    Spent,
    /// A listener that answers everything with `body`: a port. `layered`: inside the middleware.
    Constant {
        /// The body.
        body: String,
        /// Whether the middleware is around it.
        layered: bool,
    },
    /// A listener that passes everything on to the upstream of proxied calls, without the guard: a
    /// port.
    Unguarded,
    /// A listener that shakes hands and does nothing else: a port.
    Handshakes,
    /// Issuing without HTTP, by so many at once: [`Issued`].
    Issue {
        /// How many submit, each one operation at a time.
        submitters: usize,
        /// How long before anything counts.
        warm_up: Duration,
        /// How long after that.
        measured: Duration,
    },
}

/// Where the server is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The product's own port.
    pub(crate) port: u16,
    /// What to trust.
    pub(crate) ca_file: String,
}

/// What came of [`Ask::Issue`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Issued {
    /// Operations a second.
    pub(crate) rate: f64,
    /// Operations a commit.
    pub(crate) per_commit: f64,
    /// Half took no longer.
    pub(crate) p50: Duration,
    /// 99 of 100 took no longer.
    pub(crate) p99: Duration,
    /// Processor time of the whole process, an operation.
    pub(crate) processor: Duration,
    /// How long a commit took by the clock.
    pub(crate) commit_time: Duration,
}

/// What the server has spent since it started.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Spent {
    /// Processor time of the whole process.
    pub(crate) processor: Duration,
    /// Commits.
    pub(crate) commits: u64,
    /// Of `processor`: the writer, deciding and applying.
    pub(crate) deciding: Duration,
    /// Of `processor`: the writer, committing.
    pub(crate) committing: Duration,
    /// How long the commits took by the clock.
    pub(crate) commit_time: Duration,
}

impl Spent {
    /// What was spent after `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            processor: self.processor.saturating_sub(before.processor),
            commits: self.commits.saturating_sub(before.commits),
            deciding: self.deciding.saturating_sub(before.deciding),
            committing: self.committing.saturating_sub(before.committing),
            commit_time: self.commit_time.saturating_sub(before.commit_time),
        }
    }
}
