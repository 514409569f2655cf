//! A guarded, proxied call beside the same proxy without the guard: same listener, same middleware,
//! same client, same upstream, which answers from the server's process without TLS.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use countersign::outbound::upstream::UpstreamClient;
use countersign::outbound::upstream::UpstreamSettings;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::Bench;
use super::Outcome;
use super::contest::Contest;
use super::protocol::Ask;
use super::report::Report;
use super::report::Target;
use super::script::Script;
use super::sites::Sites;

/// The path of the proxied call, below the API's.
pub(crate) const PROXIED: &str = "/proxied";

/// Measures it: the guard may cost at most 15 % of the throughput.
pub(crate) fn measure(bench: &Bench, sites: &mut Sites, report: &mut Report) -> Outcome<()> {
    let site = sites.full(bench, report)?;
    // A client has one token, and each connection is another client's.
    let scripts = |n: usize| {
        let own = site.tokens.get(n % site.tokens.len().max(1)).cloned().unwrap_or_default();
        Script::call(&site.seeded, &Arc::from([own]), PROXIED, u64::try_from(n)?)
    };
    let scripts = (0..bench.plan.most_connections()).map(scripts).collect::<Outcome<Vec<_>>>()?;
    let unguarded = site.host.ask(&Ask::Unguarded)?;
    let mut contest = Contest::beside(&site.host, "proxied call", scripts, unguarded)?;
    let title = "One proxied call, beside the same proxy without the guard";
    report.rows_head(title, &[])?;
    for &connections in &bench.plan.connections {
        let row = contest.row(bench, &mut site.host, connections)?;
        report.row(bench, &row, &[])?;
        let what = format!("guarded proxying of unguarded, {connections}");
        report.judge(&what, row.ratio(), Target::AtLeast(0.85))?;
    }
    Ok(())
}

/// A client of a new upstream that answers everything with `body`.
pub(crate) async fn upstream(body: &'static str) -> Outcome<Arc<UpstreamClient>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?).parse()?;
    // It ends with the process, which has nothing to wait for in it.
    TaskTracker::new().spawn(answer(listener, body));
    Ok(Arc::new(UpstreamClient::new(&UpstreamSettings {
        url,
        ca_file: None,
        connect_timeout: Duration::from_secs(5),
        response_timeout: Duration::from_secs(60),
        idle_timeout: Duration::from_secs(60),
        connections: 512,
        keep: Duration::from_secs(60),
    })?))
}

async fn answer(listener: TcpListener, body: &'static str) {
    let router =
        Router::new().fallback(move || async move { ([(CONTENT_TYPE, "application/json")], body) });
    let tasks = TaskTracker::new();
    while let Ok((stream, _)) = listener.accept().await {
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let service = TowerToHyperService::new(router.clone());
        tasks.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// What passes everything on, whoever asks; the middleware is to be put around it.
pub(crate) fn unguarded(client: Arc<UpstreamClient>) -> Router {
    Router::new().fallback(move |request: Request<Body>| {
        let client = Arc::clone(&client);
        async move {
            let sent = client.send(PROXIED, request).await;
            sent.unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
        }
    })
}
