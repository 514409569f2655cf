//! The server's process: the product as `countersign serve` runs it, its engine behind a meter,
//! and beside it whatever the load asks for to compare it with.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use axum::response::IntoResponse as _;
use countersign::app::installation;
use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Installation;
use countersign::app::router::Protected;
use countersign::app::serving;
use countersign::app::serving::Serving;
use countersign::app::stopped::Stopped;
use countersign::app::supervised::Supervised;
use countersign::app::upstreams::Behind;
use countersign::app::wire;
use countersign::config::Settings;
use countersign::domain::surface::Route;
use countersign::domain::surface::Surface;
use countersign::gateway::forward;
use countersign::ops::administration::installation::Kind;
use countersign::outbound::upstream::UpstreamClient;
use countersign::server::binding;
use countersign::store::Store;
use countersign::store::redb::RedbEngine;
use countersign::telemetry::logs;
use countersign::tls::private_ca;
use http::header::CONTENT_TYPE;
use rustix::process::Signal;
use serde::Serialize;
use tokio::net::TcpListener;

use super::Outcome;
use super::ceiling::Ceilings;
use super::metered::Meter;
use super::metered::Metered;
use super::protocol::Ask;
use super::protocol::Ready;
use super::proxy;
use super::proxy::PROXIED;
use super::seed;
use super::submitters;

/// The path of the guarded call, below the API's.
pub(crate) const GUARDED: &str = "/customers";
/// What is behind the guard: answers at once.
const CUSTOMER: &str = r#"{"items":[{"id":1,"name":"Acme Trading","source_id":"C-1","emails":["billing@acme.example"],"updated_at":"2026-11-21T09:30:00Z"}],"has_more":false,"next_cursor":null}"#;

/// Serves until the standard input ends; answers each [`Ask`] on it.
pub(crate) fn serve(folder: &Path) -> Outcome<()> {
    let settings = seed::settings(folder)?;
    let _log = logs::init(logs::Format::Text, settings.log.level.as_str())?;
    Ok(serving::block_on(async {
        run(folder, &settings).await.map_err(|error| Stopped::because(&error))
    })?)
}

async fn run(folder: &Path, settings: &Settings) -> Outcome<()> {
    let meter = Arc::new(Meter::default());
    let installation = metered(folder, settings, &meter).await?;
    let ops = wire::ops(settings, &installation)?;
    let (listener, port) = listen().await?;
    let names = [settings.issuer.host()];
    let ca = private_ca::ensure(&serving::tls_folder(folder), &names, installation.clock.now())?;
    let ca_file = ca.ca_file.display().to_string();
    let upstream = proxy::upstream(CUSTOMER).await?;
    let serving = Serving {
        settings: Arc::new(settings.clone()),
        installation: &installation,
        ops: ops.clone(),
        listeners: vec![listener],
        behind: Some(Behind { protected: protected(settings, &upstream)?, clients: Vec::new() }),
        ahead: std::time::Duration::ZERO,
        supervised: Supervised::default(),
        reread: None,
        commands: None,
    };
    let ceilings = Ceilings::new(settings, &installation, &ca.material)?;
    let obeying = async {
        let obeyed =
            obey(Ready { port, ca_file }, &meter, &ceilings, &ops, folder, &upstream).await;
        ceilings.stop().await;
        // The product ends as it always does: by a signal.
        rustix::process::kill_process(rustix::process::getpid(), Signal::TERM)?;
        obeyed
    };
    let (served, obeyed) = tokio::join!(serving.run(|| Ok(())), obeying);
    served?;
    obeyed
}

/// Says that it is ready and does what it is asked, a line at a time.
async fn obey(
    ready: Ready,
    meter: &Meter,
    ceilings: &Ceilings,
    ops: &countersign::ops::Ops,
    folder: &Path,
    upstream: &Arc<UpstreamClient>,
) -> Outcome<()> {
    say(&ready)?;
    while let Some(ask) = asked().await? {
        match ask {
            Ask::Spent => say(&meter.read())?,
            Ask::Constant { body, layered } => say(&ceilings.constant(body, layered).await?)?,
            Ask::Unguarded => {
                let router = proxy::unguarded(Arc::clone(upstream));
                say(&ceilings.layered(router).await?)?;
            }
            Ask::Handshakes => say(&ceilings.handshakes().await?)?,
            Ask::Issue { submitters, warm_up, measured } => {
                let issuing = submitters::issue(ops, meter, folder, submitters, warm_up, measured);
                say(&issuing.await?)?;
            }
        }
    }
    Ok(())
}

/// The next line; none at the end of the input.
async fn asked() -> Outcome<Option<Ask>> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    let line = reading.await??;
    Ok(if line.is_empty() { None } else { Some(serde_json::from_str(&line)?) })
}

fn say(what: &impl Serialize) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, what)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

/// A socket on any port.
pub(crate) async fn listen() -> Outcome<(TcpListener, u16)> {
    let listener = binding::bind("127.0.0.1:0".parse()?).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// The installation, its data file opened once more behind the meter.
async fn metered(folder: &Path, settings: &Settings, meter: &Arc<Meter>) -> Outcome<Installation> {
    let options = installation::Options::of(settings, Kind::Real);
    let cache = options.cache_bytes;
    let Installation { store, keyring, clock, entropy, folder, is_new } =
        serving::open(folder, options).await?;
    store.close();
    drop(store);
    let engine = RedbEngine::open(&folder.join(DATA_FILE), cache)?;
    let store = Store::start(Arc::new(Metered { engine, meter: Arc::clone(meter) }))?;
    Ok(Installation { store, keyring, clock, entropy, folder, is_new })
}

/// The smallest surface: one route with a scope that is answered at once, and one whose calls are
/// passed on.
fn protected(settings: &Settings, upstream: &Arc<UpstreamClient>) -> Outcome<Protected> {
    let mut routes = Vec::new();
    for pattern in [GUARDED, PROXIED] {
        routes.push(Route {
            method: "GET".to_owned(),
            pattern: pattern.to_owned(),
            scope: Some("customers:readonly".parse()?),
        });
    }
    let passed_on = forward::to(Arc::clone(upstream), &settings.issuer);
    Ok(Protected {
        surface: Arc::new(Surface::new(routes)),
        limit: None,
        max_body: 64 * 1024,
        origins: Vec::new(),
        mcp: None,
        upstream: Some(Arc::new(move |permitted| {
            if permitted.path() == PROXIED {
                return passed_on(permitted);
            }
            Box::pin(std::future::ready(
                ([(CONTENT_TYPE, "application/json")], CUSTOMER).into_response(),
            ))
        })),
    })
}
