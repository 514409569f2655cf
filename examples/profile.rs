#![allow(warnings)]
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

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
const SCOPES: &str =
    "companies:readonly customer_invoices:readonly customers:readonly products:readonly";
const FORM: &str = "application/x-www-form-urlencoded";
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

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[1].parse().unwrap();
    let what = args.get(2).cloned().unwrap_or("issue".into());
    let rt = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    rt.block_on(async move {
        let dir = tempfile::tempdir_in("/work/main/target").unwrap();
        let settings = settings(dir.path(), 8443).unwrap();
        let _log = logs::init(logs::Format::Text, settings.log.level.as_str()).unwrap();
        let options = installation::Options::of(&settings, Kind::Real);
        let installation = serving::open(dir.path(), options).await.unwrap();
        let ops = wire::ops(&settings, &installation).unwrap();
        let authorization = credentials(&ops).await.unwrap();
        let (clock, entropy) = (Arc::clone(&installation.clock), Arc::clone(&installation.entropy));
        let router = router::build(&settings, &ops, clock, entropy, None).unwrap();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", SCOPES)
            .finish();
        let mut t = std::time::Instant::now();
        let mut handles = Vec::new();
        for i in 0..n {
            let request = Request::post(paths::TOKEN)
                .header(HOST, "localhost:8443")
                .header(AUTHORIZATION, &authorization)
                .header(CONTENT_TYPE, FORM)
                .body(Body::from(form.clone()))
                .unwrap();
            let r = router.clone();
            handles.push(tokio::spawn(async move {
                r.oneshot(request).await.unwrap().into_body().collect().await.unwrap().to_bytes()
            }));
            if handles.len() == 64 {
                for h in handles.drain(..) {
                    h.await.unwrap();
                }
            }
        }
        eprintln!("{:?} each", t.elapsed() / n as u32);
    });
}
