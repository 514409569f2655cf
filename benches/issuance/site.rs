//! The server's process: each [`Site`] on a port of its own.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::post;
use bytes::Bytes;
use countersign::app::installation;
use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Installation;
use countersign::app::router;
use countersign::app::serving;
use countersign::app::wire;
use countersign::base::secret::Secret;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::domain::app::AppKind;
use countersign::domain::audit::Origin;
use countersign::domain::company::Environment;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::http::limits::RequestLimits;
use countersign::http::paths;
use countersign::ops::Ops;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::installation::Kind;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use countersign::server;
use countersign::server::LayerContext;
use countersign::server::Limits;
use countersign::server::Server;
use countersign::server::Shutdown;
use countersign::server::binding;
use countersign::store::Store;
use countersign::store::redb::RedbEngine;
use countersign::telemetry::logs;
use countersign::tls::acceptor;
use countersign::tls::acceptor::Certificates;
use countersign::tls::acceptor::MinVersion;
use countersign::tls::private_ca;
use http::Request;
use http::header::AUTHORIZATION;
use http::header::CONTENT_TYPE;
use http::header::HOST;
use http_body_util::BodyExt as _;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::Outcome;
use crate::machine;
use crate::metered::Meter;
use crate::metered::Metered;
use crate::protocol::Ready;
use crate::protocol::Site;

const SCOPES: &str =
    "companies:readonly customer_invoices:readonly customers:readonly products:readonly";
const FORM: &str = "application/x-www-form-urlencoded";

/// Serves until the standard input ends; answers each line of it with what was spent so far.
pub(crate) fn serve(folder: &Path, processor: Option<usize>) -> Outcome<()> {
    if let Some(core) = processor {
        machine::pin(core)?;
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (shutdown, tasks) = (Shutdown::new(), TaskTracker::new());
    let meter = Arc::new(Meter::default());
    let ready = runtime.block_on(start(folder, &meter, &shutdown, &tasks))?;
    say(&ready)?;
    for line in std::io::stdin().lines() {
        line?;
        say(&meter.read())?;
    }
    shutdown.begin();
    tasks.close();
    runtime.block_on(tasks.wait());
    Ok(())
}

fn say(what: &impl serde::Serialize) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, what)?;
    out.write_all(b"\n")?;
    Ok(out.flush()?)
}

async fn start(
    folder: &Path,
    meter: &Arc<Meter>,
    shutdown: &Shutdown,
    tasks: &TaskTracker,
) -> Outcome<Ready> {
    let listeners = [listen().await?, listen().await?, listen().await?];
    let ports = listeners.each_ref().map(|(_, port)| *port);
    let [bare, layered, real] = listeners;
    let settings = settings(folder, real.1)?;
    std::mem::forget(logs::init(logs::Format::Text, settings.log.level.as_str())?);
    let installation = metered(folder, &settings, meter).await?;
    let ops = wire::ops(&settings, &installation)?;
    let authorization = credentials(&ops).await?;
    let (clock, entropy) = (Arc::clone(&installation.clock), Arc::clone(&installation.entropy));
    let context = LayerContext {
        issuer: format!("https://localhost:{}", layered.1).parse()?,
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        limits: RequestLimits::default(),
    };
    let router = router::build(&settings, &ops, clock, entropy, None)?;

    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "client_credentials")
        .append_pair("scope", SCOPES)
        .finish();
    let ca = private_ca::ensure(
        &serving::tls_folder(folder),
        &[settings.issuer.host()],
        installation.clock.now(),
    )?;
    let ready = Ready {
        ports,
        ca_file: ca.ca_file.display().to_string(),
        path: paths::TOKEN.to_owned(),
        authorization,
        form,
    };
    let constant = sample(&router, &ready).await?;
    let tls = acceptor::server_config(&Certificates::new(&ca.material), MinVersion::default())?;
    let serve = |listener: TcpListener, router: Router| {
        let limits = Limits::default();
        let server = Server { listeners: vec![listener], tls: Arc::clone(&tls), router, limits };
        tasks.spawn(server.run(shutdown.clone()));
    };
    let constant = Router::new().route(paths::TOKEN, post(|_: Bytes| async move { constant }));
    serve(bare.0, constant.clone());
    serve(layered.0, server::layers(constant, context));
    serve(real.0, router);
    Ok(ready)
}

async fn listen() -> Outcome<(TcpListener, u16)> {
    let listener = binding::bind("127.0.0.1:0".parse()?).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// The defaults, but for where.
fn settings(folder: &Path, port: u16) -> Outcome<Settings> {
    let flag =
        |key: &str, value: String| Flag { name: "bench".to_owned(), key: key.to_owned(), value };
    let sources = Sources {
        flags: vec![
            flag("issuer", format!("https://localhost:{port}")),
            flag("data.folder", folder.display().to_string()),
        ],
        ..Sources::default()
    };
    Ok(config::load(&sources)?.settings)
}

/// A new installation, its data file opened once more behind the meter.
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

/// A company, its owner, and API credentials that the owner delegated; returns the header by which
/// these authenticate.
async fn credentials(ops: &Ops) -> Outcome<String> {
    let new = NewCompany::named("Acme Trading", Environment::Production);
    let company = ops.create_company(new, Origin::default()).await.map_err(said)?;
    let new = NewUser {
        email: "owner@acme.example".parse()?,
        name: "Olive Owner".to_owned(),
        password: None,
        operator: false,
    };
    let owner = ops.create_user(new, Origin::default()).await.map_err(said)?;
    let place = Place::Company(company.id);
    let role = RoleName("owner".to_owned());
    ops.grant_role(owner.id, place, role, Origin::default()).await.map_err(said)?;
    let new = NewApp {
        place: Some(place),
        delegated_by: Some(owner.id),
        owner: Some(owner.id),
        scopes: Some(ScopeSet::parse(SCOPES)),
        purpose: "Asks for tokens".to_owned(),
        ..NewApp::of(AppKind::ApiCredentials, "Load")
    };
    let created = ops.create_app(new, Origin::default()).await.map_err(said)?;
    let secret = created.secret.as_ref().map_or("", Secret::expose);
    let pair = format!("{}:{secret}", created.app.id);
    Ok(format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes())))
}

fn said(failure: Failure<Refusal>) -> String {
    match failure {
        Failure::Refused(refusal) => refusal.to_string(),
        Failure::Fault(fault) => fault.to_string(),
    }
}

/// The body of one real answer, for the bare handler to give.
async fn sample(router: &Router, ready: &Ready) -> Outcome<Bytes> {
    let request = Request::post(&ready.path)
        .header(HOST, format!("localhost:{}", ready.port(Site::Real)))
        .header(AUTHORIZATION, &ready.authorization)
        .header(CONTENT_TYPE, FORM)
        .body(Body::from(ready.form.clone()))?;
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(body)
}
