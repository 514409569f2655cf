//! Uses of live tokens, of which there are many: introspection, and a call through the guard.

use super::Bench;
use super::Outcome;
use super::contest::Contest;
use super::report::Report;
use super::report::Target;
use super::script::Script;
use super::site::GUARDED;
use super::sites::Site;
use super::sites::Sites;

/// `POST /oauth/introspect` by a resource server.
pub(crate) fn introspection(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.full(bench, report)?;
    let scripts = scripts(bench, |n| Script::introspection(&site.seeded, &site.tokens, n))?;
    contest(bench, site, report, "introspection", scripts)
}

/// A call that the guard lets pass, answered in the server's process.
pub(crate) fn calls(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.full(bench, report)?;
    let scripts = scripts(bench, |n| Script::call(&site.seeded, &site.tokens, GUARDED, n))?;
    contest(bench, site, report, "guarded call", scripts)
}

fn scripts(bench: &Bench, script: impl Fn(u64) -> Outcome<Script>) -> Outcome<Vec<Script>> {
    (0..bench.plan.most_connections()).map(|n| script(u64::try_from(n)?)).collect()
}

fn contest(
    bench: &Bench,
    site: &mut Site,
    report: &mut Report,
    kind: &'static str,
    scripts: Vec<Script>,
) -> Outcome<()> {
    let mut contest = Contest::prepare(bench, &mut site.host, kind, scripts, false)?;
    report.rows_head(&format!("One {kind} of {} live tokens", bench.plan.tokens), &[])?;
    for &connections in &bench.plan.connections {
        let row = contest.row(bench, &mut site.host, connections)?;
        report.row(bench, &row, &[])?;
        let what = format!("{kind} of its ceiling, {connections}");
        report.judge(&what, row.ratio(), Target::AtLeast(0.45))?;
    }
    Ok(())
}
