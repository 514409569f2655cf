//! `countersign sandbox`: everything needed to try it, with nothing else installed.

use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::response::Response;
use http::Method;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::app::durable;
use crate::app::installation;
use crate::app::installation::DATA_FILE;
use crate::app::router::Protected;
use crate::app::router::ProtectedMcp;
use crate::app::running::Commands;
use crate::app::sandbox_guide::Guide;
use crate::app::sandbox_seed;
use crate::app::say;
use crate::app::serving;
use crate::app::serving::Serving;
use crate::app::stopped::Stopped;
use crate::app::supervised::Supervised;
use crate::app::upstreams::Behind;
use crate::app::wire;
use crate::base::clock::SystemClock;
use crate::config;
use crate::config::Settings;
use crate::config::Sources;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::mcp_surface::Pattern;
use crate::domain::mcp_surface::PromptPattern;
use crate::domain::mcp_surface::ResourcePattern;
use crate::domain::mcp_surface::Tool;
use crate::domain::mcp_surface::UnknownTools;
use crate::domain::rate::RateLimit;
use crate::domain::resource::API_PATH;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::Route;
use crate::domain::surface::Surface;
use crate::gateway::McpLimits;
use crate::gateway::Permitted;
use crate::ops::administration::installation::Kind;
use crate::sandbox::Ledger;
use crate::sandbox::ledger;
use crate::sandbox::mcp;
use crate::sandbox::mcp::McpServer;
use crate::server::binding;
use crate::telemetry::logs;
use crate::tls::private_ca;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder; none: a temporary one.
    pub data_dir: Option<PathBuf>,
    /// Where to listen; a loopback address, port 0 for any.
    pub listen: SocketAddr,
    /// Whether the guide is one line of JSON.
    pub json: bool,
    /// How far its clock stands ahead of the machine's, to see what expires, goes idle or is due.
    pub ahead: Duration,
}

/// The limit that integrators of accounting software know: 25 calls in 5 seconds for each token.
const PENNYLANE: RateLimit = RateLimit { calls: 25, window: Duration::from_secs(5) };

/// Secrets of a sandbox, so that a restart prints the same ones.
const GUIDE_FILE: &str = "sandbox.json";

/// Serves the sandbox until the process is told to stop.
///
/// # Errors
/// Why it could not start, or had to stop.
pub fn run(options: Options, commands: Commands) -> Result<(), Stopped> {
    if !options.listen.ip().is_loopback() {
        return Err(Stopped::because(
            &"the sandbox listens on this machine only; use an address like 127.0.0.1:8443",
        ));
    }
    let _log = logs::init(logs::Format::Text, "warn").map_err(|fault| Stopped::because(&fault))?;
    let folder = Folder::choose(options.data_dir)?;
    let kept = read_guide(&folder.path)?;
    if kept.is_none() && folder.path.join(DATA_FILE).exists() {
        return Err(Stopped::because(&format!(
            "{} holds data but no {GUIDE_FILE}, so it is no sandbox's folder; name another with --data-dir",
            folder.path.display()
        )));
    }
    let Options { listen, json, ahead, .. } = options;
    serving::block_on(serve(&folder.path, listen, json, ahead, kept, commands))
}

/// A folder that goes with the process, unless one was named.
struct Folder {
    path: PathBuf,
    _temporary: Option<TempDir>,
}

impl Folder {
    fn choose(named: Option<PathBuf>) -> Result<Self, Stopped> {
        if let Some(path) = named {
            return Ok(Self { path, _temporary: None });
        }
        let temporary = tempfile::Builder::new().prefix("countersign-sandbox-").tempdir();
        let temporary = temporary.map_err(|error| {
            Stopped::because(&format!("a temporary folder could not be made: {error}"))
        })?;
        Ok(Self { path: temporary.path().to_owned(), _temporary: Some(temporary) })
    }
}

async fn serve(
    folder: &Path,
    listen: SocketAddr,
    json: bool,
    ahead: Duration,
    kept: Option<Guide>,
    commands: Commands,
) -> Result<(), Stopped> {
    let listener = bind(listen, kept.as_ref()).await?;
    let address = listener.local_addr().map_err(|error| Stopped::because(&error))?;
    let settings = settings(folder, address)?;
    let issuer = settings.issuer.as_str().to_owned();
    if let Some(kept) = &kept
        && kept.issuer != issuer
    {
        let old = &kept.issuer;
        return Err(Stopped::because(&format!(
            "this sandbox was made for {old}, and its apps know it by that; listen on the same port, or use another --data-dir"
        )));
    }
    let opening = installation::Options {
        not_before: SystemClock::wall().plus(ahead),
        ..installation::Options::of(&settings, Kind::Sandbox)
    };
    let installation = serving::open(folder, opening).await?;
    let tls = serving::tls_folder(folder);
    let ca = private_ca::ensure(&tls, &[settings.issuer.host()], installation.clock.now())
        .map_err(|fault| Stopped::because(&fault))?;
    let ops = wire::ops(&settings, &installation)?;
    let guide = match kept {
        Some(kept) => Guide { ca_file: shown(&ca.ca_file), data_dir: shown(folder), ..kept },
        None => {
            let made = sandbox_seed::seed(&ops, shown(&ca.ca_file), shown(folder)).await?;
            write_guide(folder, &made)?;
            made
        }
    };
    let serving = Serving {
        settings: Arc::new(settings),
        installation: &installation,
        ops,
        listeners: vec![listener],
        behind: Some(Behind { protected: protected()?, clients: Vec::new() }),
        ahead,
        supervised: Supervised::default(),
        reread: None,
        commands: Some(commands),
    };
    let guide = guide.with_mcp_urls();
    serving.run(|| say::line(&if json { guide.to_json()? } else { guide.to_text() })).await
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Port 0 is chosen once and kept, since the issuer names it.
async fn bind(listen: SocketAddr, kept: Option<&Guide>) -> Result<TcpListener, Stopped> {
    let port = kept.and_then(|guide| url::Url::parse(&guide.issuer).ok()?.port_or_known_default());
    let address = match port {
        Some(port) if listen.port() == 0 => SocketAddr::new(listen.ip(), port),
        _ => listen,
    };
    binding::bind(address).await.map_err(|fault| Stopped::because(&fault))
}

/// The defaults, with what a sandbox needs; no configuration file is read.
fn settings(folder: &Path, address: SocketAddr) -> Result<Settings, Stopped> {
    let flag = |key: &str, value: String| config::Flag {
        name: "sandbox".to_owned(),
        key: key.to_owned(),
        value,
    };
    let sources = Sources {
        flags: vec![
            flag("issuer", format!("https://localhost:{}", address.port())),
            flag("server.listen", address.to_string()),
            flag("data.folder", folder.display().to_string()),
            // Only this machine reaches it: whoever can ask can also read its secrets.
            flag("server.trusted_proxies", String::from("127.0.0.0/8,::1")),
            flag("clients.registration", "open".to_owned()),
            // Whoever tries clients here serves their documents from the same machine.
            flag("clients.metadata_documents", "open".to_owned()),
            flag("outbound.allow_networks", "127.0.0.0/8, ::1/128".to_owned()),
            flag("outbound.ca_file", shown(&private_ca::ca_file(&serving::tls_folder(folder)))),
        ],
        ..Sources::default()
    };
    let loaded = config::load(&sources).map_err(|faults| Stopped::because(&faults))?;
    Ok(loaded.settings)
}

/// The sample ledger behind the gateway's guard.
///
/// # Errors
/// A route names a scope that cannot be one: a defect.
pub fn protected() -> Result<Protected, Stopped> {
    let mut routes = Vec::new();
    for (method, pattern, scope) in ledger::ROUTES {
        let scope = scope.map(str::parse).transpose();
        routes.push(Route {
            method: (*method).to_owned(),
            pattern: (*pattern).to_owned(),
            scope: scope.map_err(|error| Stopped::because(&error))?,
        });
    }
    let ledger = Arc::new(Ledger::new());
    let mcp = protected_mcp(Arc::clone(&ledger));
    Ok(Protected {
        surface: Arc::new(Surface::new(routes)),
        limit: Some(PENNYLANE),
        max_body: ledger::LONGEST_BODY as u64,
        origins: Vec::new(),
        mcp: Some(mcp),
        upstream: Some(Arc::new(move |permitted| {
            let ledger = Arc::clone(&ledger);
            Box::pin(async move { answer(&ledger, permitted).await })
        })),
    })
}

/// The sample MCP server over the same books.
fn protected_mcp(ledger: Arc<Ledger>) -> ProtectedMcp {
    let scopes = |names: &[&str]| ScopeSet::parse(&names.join(" "));
    let tools = mcp::TOOLS.iter();
    let resources = mcp::RESOURCES.iter();
    let prompts = mcp::PROMPTS.iter();
    let surface = McpSurface {
        tools: tools
            .map(|(name, needs)| Tool { name: (*name).to_owned(), scopes: scopes(needs) })
            .collect(),
        resources: resources
            .map(|(uri, needs)| ResourcePattern { uri: Pattern::new(uri), scopes: scopes(needs) })
            .collect(),
        prompts: prompts
            .map(|(name, needs)| PromptPattern { name: Pattern::new(name), scopes: scopes(needs) })
            .collect(),
        unknown_tools: UnknownTools::Deny,
    };
    let server = Arc::new(McpServer::new(ledger));
    ProtectedMcp {
        surface: Arc::new(surface),
        limit: Some(PENNYLANE),
        origins: Vec::new(),
        limits: McpLimits::default(),
        upstream: Arc::new(move |permitted| {
            let server = Arc::clone(&server);
            Box::pin(async move { server.respond(permitted.into_request()).await })
        }),
    }
}

async fn answer(ledger: &Ledger, permitted: Permitted) -> Response {
    let slug = permitted.company().slug.clone();
    let path = permitted.path().to_owned();
    let (parts, body) = permitted.into_request().into_parts();
    debug_assert!(parts.uri.path().starts_with(API_PATH));
    // A body past its limit is answered for by the middleware that cut it.
    let body = to_bytes(body, ledger::LONGEST_BODY).await.unwrap_or_default();
    let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
    ledger.respond(&slug, method, &path, parts.uri.query(), &body)
}

fn read_guide(folder: &Path) -> Result<Option<Guide>, Stopped> {
    let file = folder.join(GUIDE_FILE);
    match std::fs::read(&file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            Stopped::because(&format!("{} cannot be read: {error}", file.display()))
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Stopped::because(&format!("{} cannot be read: {error}", file.display()))),
    }
}

fn write_guide(folder: &Path, guide: &Guide) -> Result<(), Stopped> {
    let file = folder.join(GUIDE_FILE);
    let unfinished = folder.join("sandbox.json.new");
    durable::write_secret(&unfinished, guide.to_json()?.as_bytes())
        .and_then(|()| durable::rename(&unfinished, &file))
        .map_err(|error| {
            Stopped::because(&format!("{} cannot be written: {error}", file.display()))
        })
}
