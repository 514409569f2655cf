//! An ACME server (RFC 8555) that looks at names by TLS-ALPN-01 (RFC 8737), as strict as a real one in what
//! it checks, and as unkind as a test wants it.

use std::collections::HashMap;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::SystemTime;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::any;
use data_encoding::BASE64URL_NOPAD;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use ring::digest;
use ring::signature;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::authority::Authority;
use crate::authority::DAY;
use crate::client;

/// What it does to who asks.
#[derive(Clone, Debug, Default)]
pub struct Mood {
    /// So many requests are told that their nonce is old, though it is not.
    pub stale_nonces: usize,
    /// So many orders are refused because there were too many.
    pub too_many: usize,
    /// For how many seconds it then asks to be left alone.
    pub retry_after: Option<u64>,
    /// No name is confirmed, whatever is shown.
    pub never_satisfied: bool,
    /// The certificates that it issues next are so many days old, of 90.
    pub ages: Vec<u32>,
}

pub struct AcmeServer {
    pub directory: String,
    /// Signs its own certificate and those that it issues.
    pub authority: Arc<Authority>,
    state: Arc<Mutex<Books>>,
}

struct Books {
    base: String,
    mood: Mood,
    nonces: HashSet<String>,
    drawn: u64,
    /// The keys of accounts, by the URL of the account.
    accounts: HashMap<String, Value>,
    orders: Vec<Order>,
    authority: Arc<Authority>,
    /// Where the one who is looked at answers.
    target: Option<SocketAddr>,
}

struct Order {
    name: String,
    token: String,
    status: &'static str,
    challenge: &'static str,
    problem: Option<String>,
    certificate: Option<String>,
}

type Shared = Arc<Mutex<Books>>;

impl AcmeServer {
    pub async fn start(mood: Mood) -> Self {
        let authority = Arc::new(Authority::new("ACME test authority"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let state = Arc::new(Mutex::new(Books {
            base: base.clone(),
            mood,
            nonces: HashSet::new(),
            drawn: 0,
            accounts: HashMap::new(),
            orders: Vec::new(),
            authority: Arc::clone(&authority),
            target: None,
        }));
        let router = Router::new().fallback(any(answer)).with_state(Arc::clone(&state));
        TaskTracker::new().spawn(serve(listener, tls(&authority), router));
        Self { directory: format!("{base}/directory"), authority, state }
    }

    /// From here on names are looked at there.
    pub fn look_at(&self, target: SocketAddr) {
        self.state.lock().unwrap().target = Some(target);
    }

    /// Until it is told where, it looks at nothing.
    pub fn look_away(&self) {
        self.state.lock().unwrap().target = None;
    }

    pub fn change_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    pub fn accounts(&self) -> usize {
        self.state.lock().unwrap().accounts.len()
    }

    pub fn orders(&self) -> usize {
        self.state.lock().unwrap().orders.len()
    }
}

fn tls(authority: &Authority) -> TlsAcceptor {
    let pair = authority.issue("localhost");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.der], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(listener: TcpListener, tls: TlsAcceptor, router: Router) {
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (tls, router) = (tls.clone(), router.clone());
        tasks.spawn(async move {
            let Ok(stream) = tls.accept(stream).await else { return };
            let service = TowerToHyperService::new(router);
            let http = hyper::server::conn::http1::Builder::new();
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Books {
    fn nonce(&mut self) -> String {
        self.drawn += 1;
        let nonce = format!("nonce-{}", self.drawn);
        self.nonces.insert(nonce.clone());
        nonce
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn order(&self, at: usize) -> Value {
        let order = &self.orders[at];
        let mut shown = json!({
            "status": order.status,
            "identifiers": [{"type": "dns", "value": order.name}],
            "authorizations": [self.url(&format!("/authz/{at}"))],
            "finalize": self.url(&format!("/finalize/{at}")),
        });
        if order.certificate.is_some() {
            shown["certificate"] = self.url(&format!("/certificate/{at}")).into();
        }
        shown
    }

    fn challenge(&self, at: usize) -> Value {
        let order = &self.orders[at];
        let mut shown = json!({
            "type": "tls-alpn-01",
            "url": self.url(&format!("/challenge/{at}")),
            "token": order.token,
            "status": order.challenge,
        });
        if let Some(why) = &order.problem {
            let kind = "urn:ietf:params:acme:error:unauthorized";
            shown["error"] = json!({"type": kind, "detail": why, "status": 403});
        }
        shown
    }
}

fn problem(status: StatusCode, kind: &str, detail: &str) -> Response {
    let kind = format!("urn:ietf:params:acme:error:{kind}");
    let body = json!({"type": kind, "detail": detail, "status": status.as_u16()});
    let headers = [("content-type", "application/problem+json")];
    (status, headers, body.to_string()).into_response()
}

fn told(status: StatusCode, location: Option<String>, body: &Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    if let Some(location) = location {
        headers.insert("location", location.parse().unwrap());
    }
    (status, headers, body.to_string()).into_response()
}

async fn answer(
    State(state): State<Shared>,
    method: http::Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut answer = match method.as_str() {
        "POST" => post(&state, uri.path(), &headers, &body),
        _ => plain(&state, uri.path()),
    };
    let nonce = state.lock().unwrap().nonce();
    answer.headers_mut().insert("replay-nonce", nonce.parse().unwrap());
    answer
}

fn plain(state: &Shared, path: &str) -> Response {
    let books = state.lock().unwrap();
    match path {
        "/directory" => {
            let at = |path| books.url(path);
            let directory = json!({
                "newNonce": at("/nonce"), "newAccount": at("/account"), "newOrder": at("/order"),
                "revokeCert": at("/revoke"), "keyChange": at("/key"),
            });
            told(StatusCode::OK, None, &directory)
        }
        "/nonce" => StatusCode::OK.into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What was signed, by which account.
struct Signed {
    payload: Value,
    jwk: Value,
    account: Option<String>,
}

fn decoded(text: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_str().unwrap().as_bytes()).unwrap()
}

/// Checks nonce, URL and signature (RFC 8555 sections 6.2 to 6.5).
fn signed(
    books: &mut Books,
    path: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Signed, Box<Response>> {
    assert_eq!(headers["content-type"], "application/jose+json");
    let jws: Value = serde_json::from_slice(body).unwrap();
    let protected: Value = serde_json::from_slice(&decoded(&jws["protected"])).unwrap();
    assert_eq!(protected["alg"], "ES256");
    assert_eq!(protected["url"], books.url(path));
    let known = books.nonces.remove(protected["nonce"].as_str().unwrap());
    if !known || books.mood.stale_nonces > 0 {
        books.mood.stale_nonces = books.mood.stale_nonces.saturating_sub(1);
        return Err(Box::new(problem(StatusCode::BAD_REQUEST, "badNonce", "use a new one")));
    }
    let account = protected["kid"].as_str().map(str::to_owned);
    let jwk = match &account {
        Some(account) => match books.accounts.get(account) {
            Some(jwk) => jwk.clone(),
            None => {
                let kind = "accountDoesNotExist";
                return Err(Box::new(problem(StatusCode::BAD_REQUEST, kind, "no such account")));
            }
        },
        None => protected["jwk"].clone(),
    };
    let point = [vec![4], decoded(&jwk["x"]), decoded(&jwk["y"])].concat();
    let text = [jws["protected"].as_str().unwrap(), jws["payload"].as_str().unwrap()].join(".");
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
        .verify(text.as_bytes(), &decoded(&jws["signature"]))
        .unwrap();
    let payload = serde_json::from_slice(&decoded(&jws["payload"])).unwrap_or(Value::Null);
    Ok(Signed { payload, jwk, account })
}

fn post(state: &Shared, path: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut books = state.lock().unwrap();
    let signed = match signed(&mut books, path, headers, body) {
        Ok(signed) => signed,
        Err(refused) => return *refused,
    };
    let (kind, at) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
    let at = at.parse().ok();
    assert_eq!(signed.account.is_none(), kind == "account");
    match (kind, at) {
        ("account", None) => {
            assert_eq!(signed.payload["termsOfServiceAgreed"], true);
            assert_eq!(signed.payload["contact"], json!(["mailto:admin@auth.example"]));
            let url = books.url(&format!("/account/{}", books.accounts.len()));
            books.accounts.insert(url.clone(), signed.jwk);
            told(StatusCode::CREATED, Some(url), &json!({"status": "valid"}))
        }
        ("order", None) => order(&mut books, &signed.payload),
        ("order", Some(at)) => told(StatusCode::OK, None, &books.order(at)),
        ("authz", Some(at)) => {
            let order = &books.orders[at];
            let status = order.challenge;
            let name = json!({"type": "dns", "value": order.name});
            let shown = json!({
                "status": status, "identifier": name, "challenges": [books.challenge(at)],
            });
            told(StatusCode::OK, None, &shown)
        }
        ("challenge", Some(at)) => {
            TaskTracker::new().spawn(look(Arc::clone(state), at, thumbprint(&signed.jwk)));
            told(StatusCode::OK, None, &books.challenge(at))
        }
        ("finalize", Some(at)) => {
            let csr = decoded(&signed.payload["csr"]);
            let age = if books.mood.ages.is_empty() { 0 } else { books.mood.ages.remove(0) };
            let end = SystemTime::now() + DAY * (90 - age);
            let chain = books.authority.answer(&csr, &books.orders[at].name, end);
            let order = &mut books.orders[at];
            assert_eq!(order.status, "ready");
            order.status = "valid";
            order.certificate = Some(chain);
            told(StatusCode::OK, None, &books.order(at))
        }
        ("certificate", Some(at)) => {
            let chain = books.orders[at].certificate.clone().unwrap();
            ([("content-type", "application/pem-certificate-chain")], chain).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn order(books: &mut Books, asked: &Value) -> Response {
    if books.mood.too_many > 0 {
        books.mood.too_many -= 1;
        let detail = "too many certificates for this name";
        let mut refused = problem(StatusCode::TOO_MANY_REQUESTS, "rateLimited", detail);
        if let Some(seconds) = books.mood.retry_after {
            refused.headers_mut().insert("retry-after", seconds.into());
        }
        return refused;
    }
    let names = asked["identifiers"].as_array().unwrap();
    assert_eq!(names.len(), 1);
    books.orders.push(Order {
        name: names[0]["value"].as_str().unwrap().to_owned(),
        token: format!("token-of-order-{}", books.orders.len()),
        status: "pending",
        challenge: "pending",
        problem: None,
        certificate: None,
    });
    let at = books.orders.len() - 1;
    told(StatusCode::CREATED, Some(books.url(&format!("/order/{at}"))), &books.order(at))
}

/// RFC 7638.
fn thumbprint(jwk: &Value) -> String {
    let text = |member: &str| jwk[member].as_str().unwrap().to_owned();
    let (x, y) = (text("x"), text("y"));
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
}

/// Looks at the name, once there is something to look at.
async fn look(state: Shared, at: usize, thumbprint: String) {
    let target = loop {
        if let Some(target) = state.lock().unwrap().target {
            break target;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let (name, expected) = {
        let books = state.lock().unwrap();
        let authorization = format!("{}.{thumbprint}", books.orders[at].token);
        let digest = digest::digest(&digest::SHA256, authorization.as_bytes());
        (books.orders[at].name.clone(), digest.as_ref().to_vec())
    };
    let proof = client::challenge(target, &name).await;
    let mut books = state.lock().unwrap();
    let unkind = books.mood.never_satisfied;
    let order = &mut books.orders[at];
    if proof.is_ok_and(|proof| proof == expected) && !unkind {
        (order.challenge, order.status) = ("valid", "ready");
    } else {
        (order.challenge, order.status) = ("invalid", "invalid");
        order.problem = Some("what was shown is no proof".to_owned());
    }
}
