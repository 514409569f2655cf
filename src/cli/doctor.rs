//! `countersign doctor`.

use serde::Serialize;

use crate::admin::VERSION;
use crate::app::backup::schedule;
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
        Err(CliError::Failed(why)) => found.push(unopened(&why)),
        Err(other) => return Err(other),
    }
    found.extend(checkup::of_the_machine(&settings, context.running.as_ref()));
    let ops = context.running.as_ref().map(|running| &running.ops);
    found.push(schedule::finding(&settings, ops, SystemClock::wall()));
    Ok((found, settings))
}

fn of_the_data(
    session: &Session,
    context: &Context,
    accept_clock: bool,
) -> Result<Vec<Finding>, CliError> {
    if accept_clock {
        session.wait(async { accepted(session.ops.accept_clock().await) })?;
    }
    let running = context.running.as_ref();
    let mut found = checkup::of_the_clock(&session.ops, running)?;
    found.push(match running {
        Some(_) => Finding::good("server", "the server runs"),
        None => Finding::good("server", "the server does not run; its data file can be opened"),
    });
    if let Some(running) = running {
        let asked = async { Outcome::<_, String>::Ok(checkup::of_the_server(running).await) };
        found.extend(session.wait(asked)?);
    }
    Ok(found)
}

fn accepted(done: Result<(), crate::ops::failure::Fault>) -> Outcome<(), String> {
    done.map_err(Failure::Fault)
}

fn unopened(why: &Stopped) -> Finding {
    let fix = why.hint.clone().unwrap_or_else(|| "the sentence above says how".to_owned());
    Finding::attention("data.unopened", why.sentence.clone(), fix)
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

fn report(findings: Vec<Finding>, settings: Option<&Settings>, context: &Context) -> Report {
    let healthy = findings.iter().all(|finding| finding.level != Level::Attention);
    let support = support(&findings, settings, context);
    Report { healthy, findings, support }
}

/// What support needs to know: no name, no address, no path.
fn support(findings: &[Finding], settings: Option<&Settings>, context: &Context) -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let (os, arch, kernel) = (std::env::consts::OS, std::env::consts::ARCH, kernel.trim());
    let state = if context.running.is_some() { "running" } else { "stopped" };
    let mut parts = vec![format!("countersign {VERSION}"), format!("{os} {arch} {kernel}")];
    parts.push(state.to_owned());
    if let Some(settings) = settings {
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

fn told(report: &Report) -> String {
    let widest = report.findings.iter().map(|finding| finding.code.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in &report.findings {
        let mark = match finding.level {
            Level::Good => "ok  ",
            Level::Note => "note",
            Level::Attention => "MEND",
        };
        let (code, about) = (finding.code, table::visible(&finding.about));
        text.push_str(&format!("{mark}  {code:<widest$}  {about}\n"));
        if let Some(fix) = &finding.fix {
            let fix = table::visible(fix);
            text.push_str(&format!("      {:<widest$}  → {fix}\n", ""));
        }
    }
    let verdict = match report.healthy {
        true => "Nothing needs attention.",
        false => "Something needs attention: see the lines marked MEND.",
    };
    format!("{text}\n{verdict}\nFor support: {}\n", report.support)
}
