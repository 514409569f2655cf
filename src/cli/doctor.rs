//! `countersign doctor`.

use serde::Serialize;

use crate::admin::VERSION;
use crate::app::backup::schedule;
use crate::app::certificates;
use crate::app::checkup;
use crate::app::stopped::Stopped;
use crate::base::clock::SystemClock;
use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::cli::table;
use crate::config;
use crate::config::ConfigFaults;
use crate::config::Settings;
use crate::domain::checkup::Finding;
use crate::domain::checkup::Level;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::ops::failure::Outcome;

/// Look after the clock, the certificate, files, the disk, the proxy: what is wrong and how to mend it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  countersign doctor
  countersign doctor --accept-clock

Exit status 1 if something needs attention. The last line is for support; it holds no secret.
With --json: {\"healthy\", \"findings\": [{\"code\", \"level\", \"about\", \"fix\"}], \"support\"}.")]
pub(super) struct Args {
    /// Accept a date that is more than a year after the last that was noted
    #[arg(long)]
    accept_clock: bool,
    #[command(flatten)]
    pub(super) shared: Shared,
}

/// Columns of a terminal that nobody made larger.
const WIDTH: usize = 80;
const INDENT: &str = "      ";
const STOPPED: &str = "start it, if it should: systemctl start countersign; if it does not stay up, the last line of its log says why";

/// All that was found.
#[derive(Serialize)]
struct Report {
    healthy: bool,
    findings: Vec<Finding>,
    support: String,
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let report = match examined(given, context) {
        Ok((findings, settings)) => report(findings, Some(&settings), context),
        Err(CliError::Config(faults)) => report(of_the_configuration(&faults), None, context),
        Err(other) => return Err(other),
    };
    context.out(given.shared.json).answer(&report, || told(&report))?;
    if report.healthy { Ok(()) } else { Err(CliError::Told) }
}

fn examined(given: &Args, context: &Context) -> Result<(Vec<Finding>, Settings), CliError> {
    let settings = match &context.running {
        Some(running) => running.settings.as_ref().clone(),
        None => config::load(&given.shared.sources.sources(Vec::new()))?.settings,
    };
    let mut found = vec![Finding::good("configuration", "the configuration has no fault")];
    match Session::existing(context, &given.shared) {
        Ok(session) => found.extend(of_the_data(&session, context, given.accept_clock)?),
        Err(CliError::Failed(why)) if given.accept_clock => return Err(CliError::Failed(why)),
        Err(CliError::Failed(why)) => found.push(unopened(&why)),
        Err(other) => return Err(other),
    }
    found.extend(checkup::of_the_machine(&settings, context.running.as_ref()));
    let ops = context.running.as_ref().map(|running| &running.ops);
    found.push(schedule::finding(&settings, ops, SystemClock::wall()));
    Ok((found, settings))
}

/// A store that fails hides nothing else: it is when somebody looks.
fn of_the_data(
    session: &Session,
    context: &Context,
    accept_clock: bool,
) -> Result<Vec<Finding>, CliError> {
    if accept_clock {
        session.wait(async { accepted(session.ops.accept_clock().await) })?;
    }
    let running = context.running.as_ref();
    let mut found = match checkup::of_the_clock(&session.ops, running) {
        Ok(found) => found,
        Err(fault) => vec![failing(&fault)],
    };
    found.push(match running {
        Some(_) => Finding::good("server", "the server runs"),
        None => Finding::note("server.stopped", "the server does not run", STOPPED),
    });
    if let Some(running) = running {
        let asked = async { Outcome::<_, String>::Ok(checkup::of_the_server(running).await) };
        found.extend(session.wait(asked)?);
    }
    Ok(found)
}

fn accepted(done: Result<(), Fault>) -> Outcome<(), String> {
    done.map_err(Failure::Fault)
}

fn failing(fault: &Fault) -> Finding {
    let about = format!("{fault}; requests are answered with 503 meanwhile");
    let fix =
        "free space on its disk if that is full; else the server's log says what is wrong with it";
    Finding::attention("data.failing", about, fix)
}

/// The sentence says what is wrong, and after that how to mend it.
fn unopened(why: &Stopped) -> Finding {
    let (about, fix) = match (why.sentence.split_once("; "), &why.hint) {
        (_, Some(hint)) => (why.sentence.as_str(), hint.as_str()),
        (Some((about, fix)), None) => (about, fix),
        (None, None) => (why.sentence.as_str(), "restore a backup if it was damaged"),
    };
    Finding::attention("data.unopened", about, fix)
}

fn of_the_configuration(faults: &ConfigFaults) -> Vec<Finding> {
    let found = faults.0.iter().map(|fault| {
        let about = match fault.key.as_str() {
            "" => format!("{} (from {})", fault.problem, fault.source),
            key => format!("{key}: {} (from {})", fault.problem, fault.source),
        };
        let fix = match fault.fix.as_str() {
            "" => "correct it; config.toml.example shows every key".to_owned(),
            fix => fix.to_owned(),
        };
        Finding::attention("configuration.fault", about, fix)
    });
    let rest = "nothing else was looked at, since the configuration says where it is";
    found
        .chain([Finding::note("configuration", rest, "run doctor again once it is good")])
        .collect()
}

/// What somebody must mend comes first.
fn report(mut findings: Vec<Finding>, settings: Option<&Settings>, context: &Context) -> Report {
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let healthy = findings.iter().all(|finding| finding.level != Level::Attention);
    let support = support(&findings, settings, context);
    Report { healthy, findings, support }
}

/// What support needs to know: no name, no address, no path.
fn support(findings: &[Finding], settings: Option<&Settings>, context: &Context) -> String {
    // Hidden from a server in its unit (ProcSubset=pid).
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let machine = [std::env::consts::OS, std::env::consts::ARCH, kernel.trim()].join(" ");
    let state = if context.running.is_some() { "running" } else { "stopped" };
    let mut parts = vec![format!("countersign {VERSION}"), machine.trim().to_owned()];
    parts.push(state.to_owned());
    if let Some(settings) = settings {
        parts.push(format!("tls {}", certificates::files(settings).2.as_str()));
        let folder = &settings.data.folder;
        let data = std::fs::metadata(folder.join(crate::app::installation::DATA_FILE));
        parts.push(format!("data {} B", data.map(|file| file.len()).unwrap_or_default()));
        if let Some(disk) = checkup::file_system(folder) {
            let mib = |bytes: u64| bytes / (1024 * 1024);
            let (total, free) = (mib(disk.total), mib(disk.free));
            parts.push(format!("disk {:#x} {free}/{total} MiB free", disk.magic));
        }
    }
    let codes = findings.iter().filter(|finding| finding.level != Level::Good);
    let codes: Vec<&str> = codes.map(|finding| finding.code).collect();
    parts.push(if codes.is_empty() { "healthy".to_owned() } else { codes.join(" ") });
    parts.join("; ")
}

/// For a terminal: what is the case in lines of its width, each fix whole, so that it can be copied.
fn told(report: &Report) -> String {
    let widest = report.findings.iter().map(|finding| finding.code.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &report.findings {
        let about = table::visible(&finding.about);
        match &finding.fix {
            None => text.push_str(&format!("ok    {:<widest$}  {about}\n", finding.code)),
            Some(fix) => {
                let mark = if finding.level == Level::Attention { "MEND" } else { "note" };
                text.push_str(&format!("{mark}  {}\n", finding.code));
                table::wrapped(&about, WIDTH - INDENT.len())
                    .iter()
                    .for_each(|line| text.push_str(&format!("{INDENT}{line}\n")));
                text.push_str(&format!("{INDENT}→ {}\n", table::visible(fix)));
            }
        }
    }
    let verdict = match report.healthy {
        true => "Nothing needs attention.",
        false => "Something needs attention: see what is marked MEND.",
    };
    format!("{text}\n{verdict}\nFor support: {}\n", report.support)
}
