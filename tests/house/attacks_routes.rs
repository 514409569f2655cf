//! Attacks on whatever route forgot a check: the properties that hold for every route, generated
//! from the list in `routes`.
//!
//! R (routes that nobody lists), N (`what_proxies_say_…`), V (cross-origin reading), 4.2, 4.16 and the
//! headers of K: all tests here.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use http::StatusCode;
use http::header;

use crate::disk;
use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;
use crate::hostile;
use crate::routes;
use crate::routes::Door;
use crate::routes::Route;

const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"];

/// What the router says of itself: each path with its methods.
fn registered(router: &axum::Router) -> BTreeMap<String, BTreeSet<String>> {
    let text = format!("{router:?}");
    let own = text.split("fallback_router").next().unwrap();
    let (handlers, paths) = own.split_once("node: Node").unwrap();
    let id_of = |part: &str| part.split(')').next().unwrap().to_owned();
    let mut methods: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for part in handlers.split("RouteId(").skip(1) {
        let named = ["get", "delete", "options", "patch", "post", "put", "trace", "connect"];
        let has = |name: &&&str| !part.contains(&format!("{name}: None"));
        let mut found: BTreeSet<String> =
            named.iter().filter(has).map(|name| name.to_uppercase()).collect();
        if found.is_empty() || !part.contains("MethodRouter") {
            found = BTreeSet::from(["*".to_owned()]);
        }
        methods.insert(id_of(part), found);
    }
    let named = paths.split("RouteId(").skip(1).map(|part| {
        let path = part.split('"').nth(1).unwrap();
        (path.to_owned(), methods[&id_of(part)].clone())
    });
    named.collect()
}

#[tokio::test]
async fn the_router_has_exactly_the_routes_of_the_list() {
    let mut listed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for route in routes::all() {
        listed.entry(route.path).or_default().insert(route.method.to_owned());
    }
    assert!(listed.len() > 20);
    assert_eq!(registered(&House::empty().router), listed);
}

async fn send(house: &House, method: &str, path: &str) -> Answer {
    house.send(request(method, path).body(Body::empty()).unwrap()).await
}

/// The methods that the list has for a path, HEAD where there is GET.
fn allowed(path: &str) -> BTreeSet<String> {
    let on_path = routes::concrete().into_iter().filter(|route| route.path == path);
    let mut methods: BTreeSet<String> = on_path.map(|route| route.method.to_owned()).collect();
    if methods.contains("GET") {
        methods.insert("HEAD".to_owned());
    }
    methods
}

#[tokio::test]
async fn every_path_refuses_every_other_method_with_405_and_says_which_it_takes() {
    let house = House::new().await;
    for path in routes::paths(|door| door != Door::Absent) {
        // Fresh for each: the time that all of them take is longer than a token lives.
        let token = house.client_token().await;
        let allowed = allowed(&path);
        let open = routes::paths(Door::is_open_to_other_sites).contains(&path);
        for method in METHODS {
            house.advance(5);
            let request =
                request(method, &path).header(header::AUTHORIZATION, format!("Bearer {token}"));
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            if open && method == "OPTIONS" {
                assert_eq!(answer.status, StatusCode::NO_CONTENT, "{method} {path}");
                continue;
            }
            let refused = answer.status == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, !allowed.contains(method), "{method} {path}: {answer:?}");
            if refused {
                let named = answer.header("allow").split(',').map(|name| name.trim().to_owned());
                assert_eq!(named.collect::<BTreeSet<_>>(), allowed, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_document_that_does_not_exist_is_absent_by_every_method_and_no_page() {
    let house = House::new().await;
    for path in routes::paths(|door| door == Door::Absent) {
        for method in METHODS.into_iter().filter(|method| *method != "OPTIONS") {
            let answer = send(&house, method, &path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {answer:?}");
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        }
    }
}

/// A document that is the same for everybody, and that no data are read for.
fn is_public_document(route: &Route) -> bool {
    route.path.starts_with("/.well-known/") || route.path == "/openapi.json"
}

#[track_caller]
fn assert_protected(route: &Route, answer: &Answer) {
    let of = format!("{} {}: {answer:?}", route.method, route.path);
    assert!(answer.header("x-request-id").starts_with("req_"), "{of}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {of}");
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name} of {of}");
    }
    let policy = answer.header("content-security-policy");
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{part} of {of}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{of}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{of}");
    let opener = answer.header("cross-origin-opener-policy");
    assert!(route.door.is_for_people() || opener == "same-origin", "{of}");
    let readers = answer.header("cross-origin-resource-policy");
    assert!(readers == "same-origin" || route.door.is_open_to_other_sites(), "{of}");
    let public = route.door == Door::File || is_public_document(route);
    let kept = answer.header("cache-control");
    assert!(kept == "no-store" || (public && answer.status == StatusCode::OK), "{of}");
    for name in ["server", "x-powered-by", "via"] {
        assert!(answer.headers.get(name).is_none(), "{name} of {of}");
    }
    let moved = answer.headers.contains_key(header::LOCATION);
    assert_eq!(moved, answer.status.is_redirection(), "{of}");
    assert!(!moved || answer.status == StatusCode::SEE_OTHER, "{of}");
    assert!(!answer.body.contains("CANARY"), "{of}");
}

/// Requests to one route that break one thing each.
fn broken(route: &Route) -> Vec<Request<Body>> {
    let method = route.method;
    let start = |target: &str| request(method, target);
    let form = "application/x-www-form-urlencoded";
    let bare = |target: &str| Request::builder().method(method).uri(target.to_owned());
    let long = format!("{}?x={}", route.path, "x".repeat(9000));
    let many = (0..120).fold(start(&route.path), |to, n| to.header(format!("x-{n}"), "x"));
    let with =
        |request: http::request::Builder, body: Vec<u8>| request.body(Body::from(body)).unwrap();
    vec![
        with(start(&route.path), vec![]),
        with(start(&format!("{}/nothing", route.path)), vec![]),
        with(bare(&route.path).header(header::HOST, "evil.example"), vec![]),
        with(bare(&route.path), vec![]),
        with(start(&route.path).header(header::HOST, "cs.example"), vec![]),
        with(start(&long), vec![]),
        with(start(&route.path).header("x-large", "x".repeat(20_000)), vec![]),
        with(many, vec![]),
        with(start(&route.path).header(header::CONTENT_TYPE, form), vec![b'x'; 70 * 1024]),
        with(start(&route.path).header(header::CONTENT_TYPE, "application/json"), b"{}".to_vec()),
        with(start(&route.path).header(header::AUTHORIZATION, "Bearer CANARY"), vec![]),
        with(start(&route.path).header("origin", "null"), vec![]),
        with(start(&route.path).header(header::COOKIE, "__Host-cs_session=CANARY"), vec![]),
        with(request("BREW", &route.path), vec![]),
    ]
}

#[tokio::test]
async fn every_answer_of_every_route_protects_the_browser_whatever_was_wrong() {
    let house = House::new().await;
    let mut seen = BTreeSet::new();
    for route in routes::concrete() {
        for request in broken(&route) {
            let answer = house.send(request).await;
            assert!(!answer.status.is_server_error(), "{route:?}: {answer:?}");
            assert_protected(&route, &answer);
            seen.insert(answer.status.as_u16());
        }
    }
    for status in [200, 303, 400, 401, 403, 404, 405, 413, 414, 421, 431] {
        assert!(seen.contains(&status), "no request was answered {status}: {seen:?}");
    }
}

#[tokio::test]
async fn every_failure_of_ours_protects_the_browser_too_and_tells_no_cause() {
    let (house, disk) = Disk::house().await;
    let browser = house.signed_in("owner").await;
    let (cookies, token) = (browser.cookie_header(), house.client_token().await);
    let id = house.app("oauth_public").client_id.clone();
    disk.break_down();
    let mut failed = BTreeSet::new();
    for route in routes::concrete() {
        let form = format!("client_id={id}&token=x&grant_type=refresh_token&refresh_token=x");
        let target = if route.method == "GET" {
            format!("{}?{form}", route.path)
        } else {
            route.path.clone()
        };
        let mut request = request(route.method, &target)
            .header(header::COOKIE, &cookies)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if route.door == Door::Surface {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = house.send(request.body(Body::from(form)).unwrap()).await;
        assert_protected(&route, &answer);
        assert!(!answer.body.contains(disk::CAUSE) && !answer.body.contains("i/o"));
        if answer.status.is_server_error() {
            failed.insert(format!("{} {}", route.method, route.path));
        } else {
            // Registration is closed here; `registration_attacks` has it fail while it is open.
            let quiet = matches!(
                route.door,
                Door::File | Door::Health | Door::Question | Door::Registration
            );
            assert!(quiet || is_public_document(&route), "{route:?} hid a failure: {answer:?}");
        }
    }
    assert!(failed.len() > 20, "{failed:?}");
}

#[tokio::test]
async fn other_sites_scripts_read_what_is_meant_for_them_and_no_page() {
    let house = House::new().await;
    for route in routes::concrete() {
        let methods = [route.method, "OPTIONS", "BREW"];
        for method in methods {
            let request = request(method, &route.path)
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization");
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            let of = format!("{method} {}: {answer:?}", route.path);
            assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{of}");
            let expected = if route.door.is_open_to_other_sites() { "*" } else { "" };
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{of}");
            let given =
                answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(given, route.door.is_open_to_other_sites(), "{of}");
        }
    }
}

#[tokio::test]
async fn a_page_opened_by_a_stranger_leads_to_the_sign_in_and_shows_nothing() {
    let house = House::new().await;
    let forged = ["", "__Host-cs_session=x", "__Host-cs_session=cs_ses_0; __Host-cs_browser=x"];
    for route in routes::concrete().into_iter().filter(|route| route.door == Door::Page) {
        for cookie in forged {
            let request = request(route.method, &route.path)
                .header(header::COOKIE, cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let answer = house.send(request.body(Body::empty()).unwrap()).await;
            // A consent page that cannot be opened in this browser says so before anything else.
            if route.path.starts_with("/consent/") {
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{route:?}: {answer:?}");
                assert!(answer.body.contains("Nothing was shared"));
            } else {
                // A page of the workspace is returned to afterwards; a form is not sent again.
                let returns = route.path.starts_with("/settings/") && route.method == "GET";
                let location = answer.location();
                let resumed = location.strip_prefix("/sign-in?resume=~").filter(|_| returns);
                assert!(resumed.is_some() != (location == "/sign-in"), "{route:?}: {location}");
                assert_eq!(answer.body, "");
            }
            assert!(!answer.body.contains("acme") && !answer.body.contains("Acme"));
        }
    }
}

#[tokio::test]
async fn a_consent_page_opened_by_nobody_leads_to_the_sign_in() {
    let house = House::new().await;
    let mut browser = crate::harness::Browser::new(&house);
    let handle = browser.get(&house.authorize_url("oauth_public", &[])).await.location();
    for path in [handle.clone(), format!("{handle}/cancel")] {
        let answer = browser.post(&path, &[("context", "x")]).await;
        assert!(answer.location().starts_with("/sign-in?resume="), "{path}");
    }
    assert!(browser.get(&handle).await.location().starts_with("/sign-in?resume="));
}

/// What proxies say of a request, each saying something else than is so.
const CLAIMED: [(&str, &str); 26] = [
    ("forwarded", "for=198.51.100.66;host=evil.example;proto=http"),
    ("x-forwarded-for", "198.51.100.66"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-scheme", "http"),
    ("x-forwarded-ssl", "off"),
    ("x-forwarded-port", "8443"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-uri", "/evil"),
    ("x-forwarded-method", "DELETE"),
    ("x-forwarded-user", "evil@evil.example"),
    ("x-forwarded-client-cert", "By=evil"),
    ("x-original-url", "/evil"),
    ("x-original-uri", "/evil"),
    ("x-original-method", "DELETE"),
    ("x-original-host", "evil.example"),
    ("x-rewrite-url", "/evil"),
    ("x-host", "evil.example"),
    ("x-real-ip", "198.51.100.66"),
    ("true-client-ip", "198.51.100.66"),
    ("x-http-method-override", "DELETE"),
    ("x-method-override", "DELETE"),
    ("remote-user", "evil@evil.example"),
    ("x-auth-request-email", "evil@evil.example"),
    ("x-request-id", "evil"),
];

/// `page` without a new seed, which is another each time it is opened.
fn without_seed(page: &str) -> String {
    let mut page = page.to_owned();
    for (start, end) in [("<svg class=\"qr\"", "</svg>"), ("<code class=\"key\"", "</code>")] {
        if let Some(at) = page.find(start) {
            let length = page[at..].find(end).unwrap();
            page.replace_range(at..at + length, "");
        }
    }
    page
}

/// What of an answer has to be the same each time: all but references, tags, handles and what is left of
/// a rate.
fn same_each_time(answer: &Answer) -> String {
    let mut headers = answer.headers.clone();
    for name in ["x-request-id", "content-length", "ratelimit-remaining", "ratelimit-reset"] {
        headers.remove(name);
    }
    let mut seen = String::new();
    let mut word = String::new();
    // A file that is taken out tells of its own taking.
    let is_file = headers.contains_key(header::CONTENT_DISPOSITION);
    let body = if is_file { String::new() } else { without_seed(&answer.body) };
    for c in format!("{} {headers:?} {body}\n", answer.status).chars() {
        if c.is_ascii_alphanumeric() || "_-".contains(c) {
            word.push(c);
            continue;
        }
        // No word of ours is as long as an id, a tag or a handle.
        seen.push_str(if word.len() < 22 { &word } else { "…" });
        word.clear();
        seen.push(c);
    }
    seen
}

/// N: with no trusted proxy, nothing that a request says of itself changes an answer, a link or a cookie.
#[tokio::test]
async fn what_proxies_say_changes_the_answer_of_no_route() {
    let house = House::new().await;
    let owner = house.signed_in("owner").await.cookie_header();
    for route in routes::concrete() {
        for cookies in ["", owner.as_str()] {
            house.advance(1);
            let token = house.client_token().await;
            let asking = |claims: &[(&str, &str)]| {
                let mut asking = request(route.method, &route.path)
                    .header(header::COOKIE, cookies)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                if route.door == Door::Surface {
                    asking = asking.header(header::AUTHORIZATION, format!("Bearer {token}"));
                }
                for (name, value) in claims {
                    asking = asking.header(*name, *value);
                }
                asking.body(Body::empty()).unwrap()
            };
            let plain = same_each_time(&house.send(asking(&[])).await);
            let claimed = house.send(asking(&CLAIMED)).await;
            let lines = same_each_time(&claimed);
            for (line, before) in lines.lines().zip(plain.lines()) {
                assert_eq!(line, before, "{route:?}");
            }
            assert_eq!(lines.len(), plain.len(), "{route:?}");
            assert!(!hostile::echoed(&format!("{claimed:?}")), "{route:?}: {claimed:?}");
        }
    }
}

#[tokio::test]
async fn nothing_answers_where_no_route_is() {
    let house = House::new().await;
    let absent = [
        "/admin",
        "/debug",
        "/metrics",
        "/debug/pprof",
        "/actuator",
        "/server-status",
        "/console",
        "/.env",
        "/.git/config",
        "/config.toml",
        "/countersign.redb",
        "/assets/",
        "/assets/../",
        "/assets/%2e%2e/style.css",
        "/setup",
        "/setup/",
        "/consent",
        "/consent/",
        "/users",
        "/oauth",
        "/oauth/",
        "/oauth/token/",
        "/OAUTH/TOKEN",
        "/oauth/Token",
        "//oauth/token",
        "/oauth//token",
        "/oauth/token;x",
        "/sign-in/",
        "/sign-in;x",
        "/sign-in%2fverify",
    ];
    for path in absent {
        for method in ["GET", "POST"] {
            let answer = send(&house, method, path).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}: {answer:?}");
        }
    }
}
