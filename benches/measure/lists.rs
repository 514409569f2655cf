//! The lists of App Connect in a company that has very much: how long a page takes, from the
//! request to the last byte.

use std::time::Duration;

use countersign::http::cookies;
use tokio::time::Instant;

use super::Bench;
use super::Outcome;
use super::client;
use super::client::Connection;
use super::contest;
use super::crowd::Crowd;
use super::host::Host;
use super::report::Report;
use super::report::Target;
use super::seed;
use super::sites::Sites;

/// Pages that are turned before the page that is measured.
const DEEP: usize = 20;
/// What is asked for, and whether pages are turned first.
const PAGES: [(&str, &str, bool); 9] = [
    ("everything", "/settings/app-connect", false),
    ("API credentials", "/settings/app-connect/api-credentials", false),
    ("API credentials, page 21", "/settings/app-connect/api-credentials", true),
    ("OAuth connections", "/settings/app-connect/oauth-connections", false),
    ("OAuth connections, page 21", "/settings/app-connect/oauth-connections", true),
    ("OAuth apps", "/settings/app-connect/oauth-apps", false),
    ("a name that one has", "/settings/app-connect/api-credentials?q=Job+00042", false),
    ("a name that none has", "/settings/app-connect/oauth-connections?q=nobody", false),
    ("what needs a review", "/settings/app-connect/reviews", false),
];

/// One page after the other, in a browser that stays connected.
pub(crate) fn measure(bench: &Bench, _sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let (folder, crowd) = (bench.folder.join("crowd"), bench.plan.crowd);
    let session = bench.cores.on_all(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(crowd.settle(&folder))
    })?;
    let host = Host::start(&folder, &bench.cores)?;
    let Crowd { apps, connections } = crowd;
    let title = format!("Lists of a company with {apps} apps and {connections} connections, in ms");
    report.head(&title, &["list", "p50", "p99", "KiB"])?;
    for (name, path, deep) in PAGES {
        let timed = bench.runtime.block_on(async {
            let mut reader = Reader::open(&host, &folder, &session).await?;
            reader.time(path, if deep { DEEP } else { 0 }, bench.plan.pages).await
        });
        let (times, bytes) = timed.map_err(|error| host.explain(&error))?;
        let at = |per_mille: usize| millis(times.get((times.len() - 1) * per_mille / 1000));
        report.say(&format!("| {name} | {:.1} | {:.1} | {} |", at(500), at(990), bytes / 1024))?;
        report.judge(&format!("{name}, median ms"), at(500), Target::AtMost(50.0))?;
    }
    host.stop()
}

fn millis(time: Option<&Duration>) -> f64 {
    time.map_or(f64::MAX, |time| time.as_secs_f64() * 1000.0)
}

/// A browser that is signed in.
struct Reader {
    connection: Connection,
    head: String,
}

impl Reader {
    async fn open(host: &Host, folder: &std::path::Path, session: &str) -> Outcome<Self> {
        let target = contest::host_target(host, host.ready.port)?;
        let issuer = seed::settings(folder)?.issuer;
        let authority = issuer.as_str().trim_start_matches("https://").to_owned();
        let head = format!("Host: {authority}\r\nCookie: {}={session}\r\n\r\n", cookies::SESSION);
        Ok(Self { connection: target.connect(0).await?, head })
    }

    /// How long each answer took, in order of size, and the length of the last.
    async fn time(
        &mut self,
        path: &str,
        turns: usize,
        count: usize,
    ) -> Outcome<(Vec<Duration>, usize)> {
        let (mut path, mut page) = (path.to_owned(), Vec::new());
        for _ in 0..turns {
            self.get(&path, &mut page).await?;
            let next =
                client::between(&page, "rel=\"next\" href=\"", "\"").ok_or("no next page")?;
            let query = std::str::from_utf8(next)?.replace("&amp;", "&");
            let list = path.split('?').next().unwrap_or_default();
            path = format!("{list}{query}");
        }
        let mut times = Vec::new();
        for _ in 0..count {
            let begun = Instant::now();
            self.get(&path, &mut page).await?;
            times.push(begun.elapsed());
        }
        times.sort_unstable();
        Ok((times, page.len()))
    }

    async fn get(&mut self, path: &str, page: &mut Vec<u8>) -> Outcome<()> {
        let request = format!("GET {path} HTTP/1.1\r\n{}", self.head);
        client::exchange(&mut self.connection, request.as_bytes(), page).await?;
        if page.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        Err(format!("{path}: {}", String::from_utf8_lossy(page.get(..200).unwrap_or(page))).into())
    }
}
