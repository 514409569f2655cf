//! Refreshing: each connection has a grant of its own and rotates its chain.

use super::Bench;
use super::Outcome;
use super::contest::Contest;
use super::issuance;
use super::report::Report;
use super::report::Target;
use super::script::Script;
use super::side::Side;
use super::sites::Sites;

/// The refresh grant beside its ceiling, and beside issuance in the same rounds.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.small(bench)?;
    let mut issuing = issuance::contest(bench, site, false)?;
    let mut scripts = Vec::new();
    for first in &site.seeded.chains {
        scripts.push(Script::refresh(&site.seeded, first)?);
    }
    let mut contest = Contest::prepare(bench, &mut site.host, "refresh", scripts, false)?;
    report.rows_head("Refreshing", &["of issuance", "a commit"])?;
    for &connections in &bench.plan.connections {
        let mut issuance = Side::default();
        let mut row = contest.start(connections);
        for _ in 0..bench.plan.rounds {
            contest.round(bench, &mut site.host, &mut row)?;
            issuing.subject_round(bench, &mut site.host, connections, &mut issuance)?;
        }
        let of_issuance = row.subject.rate() / issuance.rate().max(f64::EPSILON);
        let more = [format!("{of_issuance:.2}"), format!("{:.1}", row.subject.per_commit())];
        report.row(bench, &row, &more)?;
        let what = format!("refresh of issuance, {connections}");
        report.judge(&what, of_issuance, Target::AtLeast(0.5))?;
    }
    Ok(())
}
