//! What the two processes say to each other: a line of JSON at a time.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// What answers.
#[derive(Clone, Copy)]
pub(crate) enum Site {
    /// A handler that gives a constant, with nothing around it: the ceiling.
    Bare,
    /// The same handler inside the middleware that every request passes.
    Layered,
    /// The real router.
    Real,
}

/// Where the server is and what to ask it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ready {
    /// A port for each [`Site`].
    pub(crate) ports: [u16; 3],
    /// What to trust.
    pub(crate) ca_file: String,
    /// The path to post to.
    pub(crate) path: String,
    /// The `Authorization` header.
    pub(crate) authorization: String,
    /// The body.
    pub(crate) form: String,
}

impl Ready {
    /// Where `site` listens.
    pub(crate) const fn port(&self, site: Site) -> u16 {
        let [bare, layered, real] = self.ports;
        match site {
            Site::Bare => bare,
            Site::Layered => layered,
            Site::Real => real,
        }
    }
}

/// What the server has spent since it started.
#[derive(Clone, Copy, Serialize, Deserialize)]
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
