//! What happened: filtered, exported, and held against its chain.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::activity::What;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::paging::Paging;
use crate::view::pages::sample;
use crate::view::pages::sample::DAY;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/activity`. The filter asks (GET) for `app`, `person`, `what`, `outcome`,
/// `from` and `to`; the look-up asks for `reference` at `{path}/reference`; the check posts `csrf`
/// to `{path}/verify`.
#[derive(Clone, Serialize)]
pub struct Activity {
    /// The frame.
    pub frame: Frame,
    /// The rows of this page, newest first.
    pub rows: Vec<ActivityRow>,
    /// The way through.
    pub paging: Paging,
    /// Whose entries these are.
    pub scope: Scope,
    /// The person administers the installation, and may look at all of it (`?of=installation`).
    pub operator: bool,
    /// What the rows were filtered by.
    pub filter: ActivityFilter,
    /// The query of the filter, to be put behind the paths of the exports; with its `?`, or empty.
    pub query: String,
    /// Calls and refusals.
    pub calls: Chart,
    /// Tokens issued and refused.
    pub tokens: Chart,
    /// The token of the check.
    pub csrf: String,
    /// What the last check of the chain found.
    pub chain: Option<Chain>,
}

/// Whose entries are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What the person did, or what was done for them.
    Own,
    /// All that belongs to the company or firm.
    Place,
    /// All of the installation.
    Installation,
}

/// What the rows are filtered by.
#[derive(Clone, Serialize)]
pub struct ActivityFilter {
    /// The apps to choose from.
    pub apps: Vec<Choice>,
    /// The people to choose from.
    pub people: Vec<Choice>,
    /// The kinds to choose from.
    pub kinds: Vec<KindChoice>,
    /// Which outcome.
    pub outcome: OutcomeFilter,
    /// From this day, `2026-11-01`; may be empty.
    pub from: String,
    /// To this day; may be empty.
    pub to: String,
    /// Anything is filtered.
    pub on: bool,
}

/// A kind in the filter; its value is its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindChoice {
    /// Which.
    pub what: What,
    /// Chosen.
    pub chosen: bool,
}

/// Which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeFilter {
    /// Any.
    Any,
    /// What was done.
    Done,
    /// What was refused.
    Refused,
}

/// What a check of the chain found.
#[derive(Clone, Serialize)]
pub struct Chain {
    /// When.
    pub at: Moment,
    /// How many entries were checked.
    pub entries: u64,
    /// What was found.
    pub outcome: ChainOutcome,
    /// The number of the first entry that is not whole; 0 when all are.
    pub broken_at: u64,
}

/// What a check of the chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainOutcome {
    /// Every entry is there and unchanged.
    Whole,
    /// Whole, but for a fork that a restore declared.
    Forked,
    /// An entry was changed or is missing.
    Broken,
}

impl Page for Activity {
    const TEMPLATE: &'static str = "connect/activity.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let apps = || vec![sample::choice("app_01", "Nightly warehouse sync", false)];
        let filter = || ActivityFilter {
            apps: apps(),
            people: sample::people(),
            kinds: What::ALL.map(|what| KindChoice { what, chosen: false }).to_vec(),
            outcome: OutcomeFilter::Any,
            from: String::new(),
            to: String::new(),
            on: false,
        };
        let empty = Self {
            frame: sample::frame(Section::Activity),
            rows: Vec::new(),
            paging: Paging::default(),
            scope: Scope::Place,
            operator: false,
            filter: filter(),
            query: String::new(),
            calls: sample::empty_chart(),
            tokens: Chart::of(ChartKind::Tokens, Vec::new()),
            csrf: sample::csrf(),
            chain: None,
        };
        let rows = What::ALL.into_iter().zip(1_i64..);
        let full = Self {
            rows: rows
                .map(|(what, at)| sample::happened(-at * at * HOUR, what))
                .chain(sample::recent())
                .collect(),
            paging: Paging { previous: None, next: Some("?after=Sample-cursor".to_owned()) },
            calls: sample::chart(ChartKind::Calls),
            tokens: sample::chart(ChartKind::Tokens),
            ..empty.clone()
        };
        let filtered = Self {
            filter: ActivityFilter {
                outcome: OutcomeFilter::Refused,
                from: "2026-11-01".to_owned(),
                to: "2026-11-21".to_owned(),
                on: true,
                ..filter()
            },
            query: "?outcome=refused".to_owned(),
            ..empty.clone()
        };
        let further = Self {
            paging: Paging { previous: None, next: Some("?after=Sample-cursor".to_owned()) },
            ..filtered.clone()
        };
        let chain = |outcome, broken_at| {
            let at = sample::moment(-20);
            let chain = Some(Chain { at, entries: 18_204, outcome, broken_at });
            let rows = sample::recent();
            Self { chain, rows, ..empty.clone() }
        };
        let old = Self {
            rows: vec![sample::happened(-900 * DAY, What::InstallationCreated)],
            filter: ActivityFilter { outcome: OutcomeFilter::Done, on: true, ..filter() },
            ..empty.clone()
        };
        let own = Self { scope: Scope::Own, rows: sample::recent(), ..empty.clone() };
        let offered = Self { operator: true, rows: sample::recent(), ..empty.clone() };
        let everywhere = Self { scope: Scope::Installation, ..offered.clone() };
        vec![
            ("own", own),
            ("operator", offered),
            ("installation", everywhere),
            ("chain-whole", chain(ChainOutcome::Whole, 0)),
            ("chain-forked", chain(ChainOutcome::Forked, 0)),
            ("chain-broken", chain(ChainOutcome::Broken, 7_311)),
            ("full", full),
            ("nothing-found", filtered),
            ("nothing-found-yet", further),
            ("old", old),
            ("empty", empty),
        ]
    }
}
