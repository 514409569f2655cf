//! What one side of a contest did in all its rounds: the medians of them.

use std::time::Duration;

use super::load::Measured;
use super::machine::Cores;
use super::protocol::Spent;

/// One round.
pub(crate) struct Round {
    pub(crate) measured: Measured,
    pub(crate) spent: Spent,
    /// How much of the whole machine was busy meanwhile: 0 to 1.
    pub(crate) busy: f64,
}

/// All rounds of one side.
#[derive(Default)]
pub(crate) struct Side {
    rounds: Vec<Round>,
}

impl Side {
    pub(crate) fn add(&mut self, round: Round) {
        self.rounds.push(round);
    }

    fn median(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.median(|round| round.measured.rate)
    }

    /// The latency in µs that so many in a thousand answers did not exceed.
    pub(crate) fn latency(&self, per_mille: usize) -> f64 {
        self.median(|round| micros(round.measured.latency(per_mille)))
    }

    /// Microseconds of something for each answer.
    pub(crate) fn each(&self, of: impl Fn(&Spent) -> Duration) -> f64 {
        self.median(|round| micros(of(&round.spent)) / real(round.measured.answers).max(1.0))
    }

    /// The server's processor time, µs an answer.
    pub(crate) fn processor(&self) -> f64 {
        self.each(|spent| spent.processor)
    }

    /// Answers a commit.
    pub(crate) fn per_commit(&self) -> f64 {
        self.median(|round| real(round.measured.answers) / real(round.spent.commits).max(1.0))
    }

    /// How long a commit took by the clock, in µs.
    pub(crate) fn commit_time(&self) -> f64 {
        self.median(|round| micros(round.spent.commit_time) / real(round.spent.commits).max(1.0))
    }

    /// How busy server, load and everybody else were, in percent of one processor.
    pub(crate) fn shares(&self, cores: &Cores) -> String {
        let (server, load) = (self.median(Round::server), self.median(Round::load));
        format!("{server:.0}, {load:.0}, {:.0}", self.others(cores))
    }

    /// How busy everybody else was.
    pub(crate) fn others(&self, cores: &Cores) -> f64 {
        let all = |round: &Round| 100.0 * round.busy * cores.online;
        self.median(|round| all(round) - round.server() - round.load()).max(0.0)
    }
}

impl Round {
    /// How busy the server was, in percent of one processor.
    fn server(&self) -> f64 {
        self.share(self.spent.processor)
    }

    /// How busy the load was.
    fn load(&self) -> f64 {
        self.share(self.measured.processor)
    }

    fn share(&self, time: Duration) -> f64 {
        100.0 * time.as_secs_f64() / self.measured.took.as_secs_f64().max(f64::EPSILON)
    }
}

/// The one in the middle; of an even count the upper one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn micros(time: Duration) -> f64 {
    if time == Duration::MAX { f64::INFINITY } else { time.as_secs_f64() * 1e6 }
}

pub(crate) fn real(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
