//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use clap::ValueEnum;

use super::Bench;
use super::Outcome;
use super::crowd::Crowd;
use super::handshakes;
use super::issuance;
use super::lists;
use super::load::Load;
use super::million;
use super::proxy;
use super::reading;
use super::refresh;
use super::report::Report;
use super::sign_in;
use super::sites::Sites;
use super::start;
use super::storm;
use super::writer;

/// A part of the suite.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Durable issuance.
    Issuance,
    /// The refresh grant.
    Refresh,
    /// Issuance into a large table.
    Million,
    /// Introspection, with many live tokens.
    Introspection,
    /// Guarded calls, with many live tokens.
    Calls,
    /// Proxied calls, with and without the guard.
    Proxy,
    /// Sign-ins, and what a password costs.
    SignIn,
    /// Issuance while many sign in.
    Storm,
    /// Full TLS handshakes.
    Handshakes,
    /// The writer without HTTP.
    Writer,
    /// Starting, memory and disk.
    Start,
    /// The lists of App Connect in a large company.
    Lists,
}

impl Part {
    /// Measures it.
    pub(crate) fn measure(
        self,
        bench: &Bench,
        sites: &mut Sites,
        report: &mut Report,
    ) -> Outcome<()> {
        let measure = match self {
            Self::Issuance => issuance::measure,
            Self::Refresh => refresh::measure,
            Self::Million => million::measure,
            Self::Introspection => reading::introspection,
            Self::Calls => reading::calls,
            Self::Proxy => proxy::measure,
            Self::SignIn => sign_in::measure,
            Self::Storm => storm::measure,
            Self::Handshakes => handshakes::measure,
            Self::Writer => writer::measure,
            Self::Start => start::measure,
            Self::Lists => lists::measure,
        };
        measure(bench, sites, report)
    }
}

#[derive(Parser)]
pub(crate) struct Options {
    /// Parts to measure, with commas between them; by default all.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// How long each measurement takes, in all its rounds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// How long the load runs before that, in each round.
    #[arg(long, default_value_t = 0.3)]
    warm_up: f64,
    /// Rounds that product and ceiling take turns in; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Keep-alive connections at once, one row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    connections: Vec<usize>,
    /// Live tokens in the large file.
    #[arg(long, default_value_t = 1_000_000)]
    tokens: u32,
    /// Where data files lie meanwhile; must be on a disk. By default under cargo's target.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) folder: PathBuf,
    /// Write the tables and a picture into this folder.
    #[arg(long)]
    pub(crate) report: Option<PathBuf>,
    /// Measure nothing: make this data folder, with live tokens in it.
    #[arg(long)]
    pub(crate) fill: Option<PathBuf>,
    /// Given by `cargo bench`. Without it everything is run once, briefly, to see that it works.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the server over this data folder.
    #[arg(long, hide = true)]
    pub(crate) serve: Option<PathBuf>,
}

impl Options {
    /// The parts to measure.
    pub(crate) fn parts(&self, only: Option<Part>) -> Vec<Part> {
        match only {
            _ if !self.only.is_empty() => self.only.clone(),
            Some(part) => vec![part],
            None => Part::value_variants().to_vec(),
        }
    }

    /// How to measure.
    pub(crate) fn plan(&self) -> Outcome<Plan> {
        if !self.bench {
            return Ok(Plan::brief());
        }
        Ok(Plan {
            connections: self.connections.clone(),
            rounds: self.rounds.max(1),
            warm_up: Duration::try_from_secs_f64(self.warm_up)?,
            measured: Duration::try_from_secs_f64(self.seconds)? / self.rounds.max(1),
            tokens: self.tokens,
            introspections: u64::from(self.tokens / 5),
            crowd: Crowd { apps: 10_000, connections: 100_000 },
            pages: 101,
        })
    }
}

/// How much is measured, and for how long.
pub(crate) struct Plan {
    pub(crate) connections: Vec<usize>,
    pub(crate) rounds: u32,
    /// Of each round.
    pub(crate) warm_up: Duration,
    /// Of each round.
    pub(crate) measured: Duration,
    pub(crate) tokens: u32,
    /// Before memory is looked at.
    pub(crate) introspections: u64,
    /// What the large company has.
    pub(crate) crowd: Crowd,
    /// How often each list is asked for.
    pub(crate) pages: usize,
}

impl Plan {
    /// Just enough to see that everything works.
    fn brief() -> Self {
        Self {
            connections: vec![1, 16],
            rounds: 1,
            warm_up: Duration::from_millis(20),
            measured: Duration::from_millis(60),
            tokens: 20_000,
            introspections: 100,
            crowd: Crowd { apps: 2_100, connections: 4_200 },
            pages: 3,
        }
    }

    /// One round with so many connections.
    pub(crate) fn load(&self, connections: usize) -> Load {
        Load { connections, warm_up: self.warm_up, measured: self.measured }
    }

    /// How often each start is measured.
    pub(crate) fn starts(&self) -> u32 {
        self.rounds * 2 - 1
    }

    /// The number of connections for what is measured at one only.
    pub(crate) fn usual_connections(&self) -> usize {
        if self.connections.contains(&64) { 64 } else { self.most_connections() }
    }

    /// The most connections of any row.
    pub(crate) fn most_connections(&self) -> usize {
        self.connections.iter().copied().max().unwrap_or(1)
    }
}
