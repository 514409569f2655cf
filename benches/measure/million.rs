//! Issuance into a table that holds many live tokens already, against one that holds none.

use super::Bench;
use super::Outcome;
use super::issuance;
use super::report::Report;
use super::report::Target;
use super::side::Side;
use super::sites::Site;
use super::sites::Sites;

/// Both take turns, over servers that are alike but for their files.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let connections = bench.plan.usual_connections();
    let full = sites.full(bench, report)?;
    let mut empty = Site::start(bench, "empty", 0)?;
    let mut on_full = issuance::contest(bench, full, false)?;
    let mut on_empty = issuance::contest(bench, &mut empty, false)?;
    let (mut many, mut none) = (Side::default(), Side::default());
    for _ in 0..bench.plan.rounds {
        on_empty.subject_round(bench, &mut empty.host, connections, &mut none)?;
        on_full.subject_round(bench, &mut full.host, connections, &mut many)?;
    }
    empty.host.stop()?;
    let columns = ["tokens before", "issuance", "p50", "p99", "a commit", "busy"];
    let title = format!("Issuance by the size of the table, {connections} connections");
    report.head(&title, &columns)?;
    for (tokens, side) in [(0, &none), (bench.plan.tokens, &many)] {
        report.say(&format!(
            "| {tokens} | {:.0} | {:.0} | {:.0} | {:.1} | {} |",
            side.rate(),
            side.latency(500),
            side.latency(990),
            side.per_commit(),
            side.shares(&bench.cores),
        ))?;
    }
    let ratio = many.rate() / none.rate().max(f64::EPSILON);
    report.judge("issuance, full table of empty", ratio, Target::AtLeast(0.85))
}
