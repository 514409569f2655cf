//! Durable issuance: `client_credentials` over TLS, each token committed before it is answered.

use super::Bench;
use super::Outcome;
use super::contest::Contest;
use super::report::Report;
use super::report::Row;
use super::report::Target;
use super::script::Script;
use super::sites::Site;
use super::sites::Sites;

/// What the picture and the tables call it.
pub(crate) const ISSUANCE: &str = "issuance";

/// A contest of issuance on a site.
pub(crate) fn contest(bench: &Bench, site: &mut Site, layered: bool) -> Outcome<Contest> {
    let scripts = vec![Script::issuance(&site.seeded); bench.plan.most_connections()];
    Contest::prepare(bench, &mut site.host, ISSUANCE, scripts, layered)
}

/// Both tables: rates, and where the server's processor time went.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.small(bench)?;
    let mut contest = contest(bench, site, true)?;
    let mut rows = Vec::new();
    let columns = ["connections", "ratio", ISSUANCE, "ceiling", "p50", "p99", "tokens a commit"];
    report.head("Issuance, answers a second; latency in µs", &columns)?;
    for &connections in &bench.plan.connections {
        let row = contest.row(bench, &mut site.host, connections)?;
        report.say(&format!(
            "| {connections} | {:.2} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} |",
            row.ratio(),
            row.subject.rate(),
            row.ceiling.rate(),
            row.subject.latency(500),
            row.subject.latency(990),
            row.subject.per_commit(),
        ))?;
        judge(&row, report)?;
        report.point(bench, &row);
        rows.push(row);
    }
    costs(bench, &rows, report)
}

fn judge(row: &Row, report: &mut Report) -> Outcome<()> {
    let side = &row.subject;
    match row.connections {
        64 => {
            report.judge("issuance of its ceiling, 64", row.ratio(), Target::AtLeast(0.22))?;
            let spread = side.latency(990) / side.latency(500);
            report.judge("p99 of p50, 64", spread, Target::AtMost(3.0))?;
            report.judge("tokens a commit, 64", side.per_commit(), Target::MoreThan(10.0))
        }
        256 => report.judge("issuance of its ceiling, 256", row.ratio(), Target::AtLeast(0.36)),
        _ => Ok(()),
    }
}

fn costs(bench: &Bench, rows: &[Row], report: &mut Report) -> Outcome<()> {
    let columns = [
        "connections",
        "bare",
        "in middleware",
        ISSUANCE,
        "outside the writer",
        "deciding",
        "committing",
        "a commit, by the clock",
        "busy",
        "busy when bare",
    ];
    let title = "Processor time of the server, µs an answer; how busy server, load and all other \
                 programs were, % of one processor";
    report.head(title, &columns)?;
    for Row { connections, ceiling, layered, subject, .. } in rows {
        let layered = layered.as_ref().map(super::side::Side::processor).unwrap_or_default();
        report.say(&format!(
            "| {connections} | {:.1} | {layered:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} | {} | {} |",
            ceiling.processor(),
            subject.processor(),
            subject.each(|spent| {
                spent.processor.saturating_sub(spent.deciding + spent.committing)
            }),
            subject.each(|spent| spent.deciding),
            subject.each(|spent| spent.committing),
            subject.commit_time(),
            subject.shares(&bench.cores),
            ceiling.shares(&bench.cores),
        ))?;
    }
    Ok(())
}
