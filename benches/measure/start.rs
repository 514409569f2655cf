//! Starting, memory and disk: the binary itself, over a file with many live tokens and over one
//! with hardly anything.

use std::path::Path;
use std::time::Duration;

use countersign::app::installation::DATA_FILE;
use countersign::store::Store;
use countersign::store::table::TableId;

use super::Bench;
use super::Outcome;
use super::binary::Binary;
use super::load::Load;
use super::report::Report;
use super::report::Target;
use super::script::Script;
use super::side;
use super::sites;
use super::sites::Data;
use super::sites::Sites;

/// Memory is looked at once this has passed since the start.
const SETTLED: Duration = Duration::from_secs(1);
/// How long tokens are issued before the server is killed.
const BEFORE_KILLING: Duration = Duration::from_millis(300);
/// Connections that introspect.
const CONNECTIONS: usize = 16;

/// All of it.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    sites.full(bench, report)?;
    report.head("Starting, to the first answer; ms", &["file", "median", "slowest"])?;
    let fresh = bench.folder.join("fresh");
    sites::make(bench, &fresh, 0)?;
    let (starts, idle) = fresh_starts(bench, &fresh)?;
    said(report, "hardly anything", &starts)?;
    let data = sites.release_full(bench, report)?;
    let stopped = after_stops(bench, &data.folder)?;
    said(report, &format!("{} tokens, after a stop", bench.plan.tokens), &stopped)?;
    let killed = after_kills(bench, &data)?;
    said(report, &format!("{} tokens, after kill -9", bench.plan.tokens), &killed)?;
    report.judge("start after a stop, ms", slowest(&stopped), Target::AtMost(100.0))?;
    report.judge("start after kill -9, ms", slowest(&killed), Target::AtMost(100.0))?;
    memory(bench, &data, idle, report)?;
    disk(&data.folder, report)
}

fn said(report: &mut Report, file: &str, times: &[Duration]) -> Outcome<()> {
    let median = side::median(times.iter().map(|time| millis(*time)).collect());
    report.say(&format!("| {file} | {median:.1} | {:.1} |", slowest(times)))
}

fn millis(time: Duration) -> f64 {
    side::micros(time) / 1000.0
}

fn slowest(times: &[Duration]) -> f64 {
    millis(times.iter().copied().max().unwrap_or_default())
}

/// How long each start took, and the memory of a server that was never asked for anything.
fn fresh_starts(bench: &Bench, folder: &Path) -> Outcome<(Vec<Duration>, f64)> {
    let (mut times, mut memory) = (Vec::new(), 0.0);
    for _ in 0..bench.plan.starts() {
        let (binary, took) = Binary::start(bench, folder)?;
        times.push(took);
        std::thread::sleep(SETTLED);
        memory = f64::max(memory, binary.memory()?);
        binary.stop()?;
    }
    Ok((times, memory))
}

fn after_stops(bench: &Bench, folder: &Path) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    for _ in 0..bench.plan.starts() {
        let (binary, took) = Binary::start(bench, folder)?;
        times.push(took);
        binary.stop()?;
    }
    Ok(times)
}

/// Each start follows a kill in the middle of issuing.
fn after_kills(bench: &Bench, data: &Data) -> Outcome<Vec<Duration>> {
    let (mut binary, _) = Binary::start(bench, &data.folder)?;
    let mut times = Vec::new();
    for _ in 0..bench.plan.starts() {
        issue_and_kill(bench, data, binary)?;
        let (next, took) = Binary::start(bench, &data.folder)?;
        times.push(took);
        binary = next;
    }
    binary.stop()?;
    Ok(times)
}

fn issue_and_kill(bench: &Bench, data: &Data, binary: Binary) -> Outcome<()> {
    let script = Script::issuance(&data.seeded);
    let load = Load { connections: CONNECTIONS, ..bench.plan.load(CONNECTIONS) };
    let load = Load { warm_up: BEFORE_KILLING, measured: Duration::from_secs(10), ..load };
    let target = binary.target.clone();
    bench.runtime.block_on(async {
        let connections = load.connect(&target).await?;
        let mut scripts = vec![script; CONNECTIONS];
        let issuing = load.run(connections, &mut scripts, None);
        let killing = async {
            tokio::time::sleep(BEFORE_KILLING).await;
            binary.kill()
        };
        let (issued, killed) = tokio::join!(issuing, killing);
        killed?;
        match issued {
            // The connections broke, as they must.
            Err(_) => Ok(()),
            Ok(_) => Err("the server went on although it was killed".into()),
        }
    })
}

/// Idle, and after many of the live tokens were introspected at random.
fn memory(bench: &Bench, data: &Data, idle: f64, report: &mut Report) -> Outcome<()> {
    let (binary, _) = Binary::start(bench, &data.folder)?;
    let unasked = binary.memory()?;
    let mut scripts = Vec::new();
    for number in 0..u64::try_from(CONNECTIONS)? {
        scripts.push(Script::introspection(&data.seeded, &data.tokens, number)?);
    }
    let (load, mut answers) = (bench.plan.load(CONNECTIONS), 0);
    while answers < bench.plan.introspections {
        let introspecting = async {
            let connections = load.connect(&binary.target).await?;
            load.run(connections, &mut scripts, None).await
        };
        answers += bench.runtime.block_on(introspecting)?.answers;
    }
    let used = binary.memory()?;
    binary.stop()?;
    report.head("Memory, MiB", &["server", "in use"])?;
    report.say(&format!("| fresh, hardly anything in its file | {idle:.1} |"))?;
    report.say(&format!("| fresh, {} tokens | {unasked:.1} |", bench.plan.tokens))?;
    report.say(&format!("| after introspecting {answers} of them at random | {used:.1} |"))?;
    report.judge("idle memory, MiB", idle, Target::AtMost(32.0))?;
    report.judge("memory with all tokens, MiB", used, Target::AtMost(256.0))
}

/// The file's size, and what of it is in use, for each token in it.
fn disk(folder: &Path, report: &mut Report) -> Outcome<()> {
    let file = folder.join(DATA_FILE);
    let store = Store::open(&file, 64 * 1024 * 1024)?;
    let tokens = store.read(|reader| reader.state().count(TableId::ClientAccessTokens))?;
    store.close();
    drop(store);
    let database = redb::Database::open(&file)?;
    let transaction = database.begin_write()?;
    let stats = transaction.stats()?;
    let pages = stats.allocated_pages() * u64::try_from(stats.page_size())?;
    let (stored, whole) = (stats.stored_bytes(), std::fs::metadata(&file)?.len());
    transaction.abort()?;
    let each = |bytes: u64| side::real(bytes / 1024) * 1024.0 / side::real(tokens).max(1.0);
    report
        .head("Disk, bytes a live token", &["tokens", "file", "pages in use", "keys and values"])?;
    report.say(&format!(
        "| {tokens} | {:.0} | {:.0} | {:.0} |",
        each(whole),
        each(pages),
        each(stored)
    ))?;
    report.judge("bytes of file a live token", each(whole), Target::AtMost(400.0))
}
