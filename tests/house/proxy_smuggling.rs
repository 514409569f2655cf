//! Requests that two readers could take for different ones, over real sockets in front of an upstream
//! that writes down every byte: each is refused, or exactly what was permitted arrives, once.

use tokio::io::AsyncReadExt as _;

use crate::harness::House;
use crate::harness::Recorder;
use crate::harness::Site;
use crate::proxy::config;

/// What upstream requests may look like, and never what was smuggled.
const PERMITTED: [&str; 3] =
    ["GET /customers/7 HTTP/1.1", "POST /notes HTTP/1.1", "HEAD /customers/7 HTTP/1.1"];

#[track_caller]
fn check(case: &str, upstream: &Recorder, answer: &str, bodies: &[&str]) {
    let seen = upstream.seen();
    assert!(seen.len() <= 1, "{case:?}: {seen:#?}");
    assert!(upstream.connections() <= 1, "{case:?}");
    let Some(seen) = seen.first() else {
        let cut = answer.is_empty();
        assert!(cut || answer.starts_with("HTTP/1.1 4"), "{case:?} was not refused: {answer}");
        if upstream.connections() > 0 {
            let raw = String::from_utf8_lossy(&upstream.raw(0)).into_owned();
            assert!(!raw.contains("smuggled"), "{case:?}: {raw}");
        }
        return;
    };
    assert!(PERMITTED.contains(&seen.line()), "{case:?}: {seen:?}");
    assert!(!seen.head.to_ascii_lowercase().contains("smuggled"), "{case:?}: {}", seen.head);
    // A line that ended in a bare LF (RFC 9112 section 2.2 lets a server take it) goes on as one of
    // its own, never as part of another.
    assert!(!seen.head.replace("\r\n", "").contains(['\r', '\n', '\0']), "{case:?}: {}", seen.head);
    assert_eq!(seen.all("host"), [upstream.address.to_string()], "{case:?}");
    assert_eq!(seen.all("x-countersign-company-slug"), ["acme"], "{case:?}");
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"], "{case:?}");
    let framings = seen.all("content-length").len() + seen.all("transfer-encoding").len();
    assert!(framings <= 1, "{case:?}: {}", seen.head);
    let body = String::from_utf8_lossy(&seen.body);
    assert!(bodies.contains(&&*body), "{case:?}: {body:?}");
}

const GET: &str = "GET /api/external/v2/customers/7 HTTP/1.1\r\n";
const POST: &str = "POST /api/external/v2/notes HTTP/1.1\r\n";

/// A request in two parts, between which the lines of an honest one stand, and the bodies with which
/// it may arrive if it does.
const FRAMINGS: &[(&str, &str, &[&str])] = &[
    (POST, "Content-Length: 3\r\nContent-Length: 9\r\n\r\nabcsmuggled", &[]),
    (POST, "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", &["abc"]),
    (POST, "Content-Length: 3, 9\r\n\r\nabcsmuggled", &[]),
    (POST, "Content-Length: 3, 3\r\n\r\nabc", &["abc"]),
    (POST, "Content-Length: +3\r\n\r\nabc", &[]),
    (POST, "Content-Length: -3\r\n\r\nabc", &[]),
    (POST, "Content-Length: 0x3\r\n\r\nabc", &[]),
    (POST, "Content-Length: 3 \r\n\r\nabcGET /smuggled HTTP/1.1\r\n\r\n", &["abc"]),
    (POST, "Content-Length: 99999999999999999999999\r\n\r\nabc", &[]),
    (POST, "Content-Length : 3\r\n\r\nabc", &[]),
    (
        POST,
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        &["", "0\r\n"],
    ),
    (
        POST,
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &["abc"],
    ),
    (
        POST,
        "Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nX: ",
        &[""],
    ),
    (POST, "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "Transfer-Encoding: chunked, identity\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "Transfer-Encoding: identity, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", &["abc"]),
    (POST, "Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", &["abc"]),
    (POST, "Transfer-Encoding:\u{b}chunked\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (
        POST,
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &[],
    ),
    (POST, "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", &[]),
    (POST, " Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X: 1\r\n\tsmuggled: 1\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X: 1\nsplit: 1\r\nContent-Length: 3\r\n\r\nabc", &["abc"]),
    (POST, "X: 1\rsmuggled: 1\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X: 1\0smuggled\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X\0: smuggled\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "X smuggled: 1\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "x_smuggled: 1\r\nContent-Length: 3\r\n\r\nabc", &["abc"]),
    (POST, "Content_Length: 9\r\nContent-Length: 3\r\n\r\nabcsmuggled", &["abc"]),
    (POST, ": smuggled\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "smuggled\r\nContent-Length: 3\r\n\r\nabc", &[]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n3;x=\"smuggled\"\r\nabc\r\n0\r\n\r\n", &["abc"]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n3;a\nb\r\nabc\r\n0\r\n\r\n", &["abc"]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", &["abc"]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc0\r\n\r\n", &[]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", &[]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", &[]),
    (POST, "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", &[]),
    (POST, "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n", &[]),
    (
        POST,
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Countersign-Company: smuggled\r\nAuthorization: smuggled\r\n\r\n",
        &["abc"],
    ),
    (
        POST,
        "Transfer-Encoding: chunked\r\nTrailer: X-Smuggled\r\n\r\n3\r\nabc\r\n0\r\nX-Smuggled: 1\r\n\r\n",
        &["abc"],
    ),
    (
        "POST /api/external/v2/notes HTTP/1.0\r\n",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        &["abc"],
    ),
    ("POST /api/external/v2/notes HTTP/1.0\r\n", "Content-Length: 3\r\n\r\nabc", &["abc"]),
    (GET, "Content-Length: 3\r\n\r\nabc", &["abc"]),
    (GET, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", &["abc"]),
    (GET, "Expect: 100-continue\r\nContent-Length: 0\r\n\r\n", &[""]),
    (GET, "Expect: smuggled\r\n\r\n", &[""]),
    (
        GET,
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        &[""],
    ),
    (
        GET,
        "Connection: X-Countersign-Company-Slug, X-Forwarded-For, Host, Content-Length\r\n\r\n",
        &[""],
    ),
    (GET, "Host: smuggled.example\r\n\r\n", &[]),
    (GET, "X-Company-Id: smuggled\r\n\r\n", &[]),
];

/// Lines of a request that is otherwise honest.
const LINES: &[&str] = &[
    "GET http://cs.example/api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET http://smuggled.example/api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET https://cs.example:1/api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET cs.example/api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET //cs.example/api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET /api/external/v2//customers/7 HTTP/1.1\r\n",
    "GET /api/external/v2/customers//7 HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%2fsmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%2Fsmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers%2f7 HTTP/1.1\r\n",
    "GET /api/external/v2/customers/%2e%2e HTTP/1.1\r\n",
    "GET /api/external/v2/customers/.. HTTP/1.1\r\n",
    "GET /api/external/v2/customers/..;/smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7;smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%3bsmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%00smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%0d%0asmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%20HTTP/1.1%0d%0a HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7%5csmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7\\smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/%zz HTTP/1.1\r\n",
    "GET /api/external/v2/customers/%252e%252e HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7#smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7 smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7\tsmuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7\0smuggled HTTP/1.1\r\n",
    "GET /api/external/v2/customers/7 HTTP/1.1\nX: split\r\n",
    "GET /api/external/v2/customers/7 HTTP/1.2\r\n",
    "GET /api/external/v2/customers/7 HTTP/2.0\r\n",
    "GET /api/external/v2/customers/7\r\n",
    "GET  /api/external/v2/customers/7 HTTP/1.1\r\n",
    "GET\t/api/external/v2/customers/7 HTTP/1.1\r\n",
    " GET /api/external/v2/customers/7 HTTP/1.1\r\n",
    "\r\nGET /api/external/v2/customers/7 HTTP/1.1\r\n",
    "G\0T /api/external/v2/customers/7 HTTP/1.1\r\n",
    "get /api/external/v2/customers/7 HTTP/1.1\r\n",
    "TRACE /api/external/v2/customers/7 HTTP/1.1\r\n",
    "CONNECT /api/external/v2/customers/7 HTTP/1.1\r\n",
    "CONNECT cs.example:443 HTTP/1.1\r\n",
    "PRI * HTTP/2.0\r\n",
    "HEAD /api/external/v2/customers/7 HTTP/1.1\r\n",
];

async fn tried(house: &House, upstream: &Recorder, first: &str, rest: &str, bodies: &[&str]) {
    let site = Site::of(house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    line.send(format!(
        "{first}Host: cs.example\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n{rest}"
    ))
    .await;
    let answer = line.text().await;
    check(&format!("{first}{rest}"), upstream, &answer, bodies);
}

#[tokio::test]
async fn no_framing_makes_two_requests_of_one() {
    for (first, rest, bodies) in FRAMINGS {
        let upstream = Recorder::agreeable().await;
        let house = House::guarding(&config(&upstream.url(), "")).await;
        tried(&house, &upstream, first, rest, bodies).await;
    }
}

#[tokio::test]
async fn no_request_line_means_two_things() {
    for line in LINES {
        let upstream = Recorder::agreeable().await;
        let house = House::guarding(&config(&upstream.url(), "")).await;
        tried(&house, &upstream, line, "\r\n", &[""]).await;
    }
}

/// What follows a request on its connection is a request of its own, with its own token or none.
#[tokio::test]
async fn a_pipelined_request_needs_its_own_token() {
    let upstream = Recorder::agreeable().await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    line.send(format!(
        "{POST}Host: cs.example\r\nAuthorization: Bearer {token}\r\nContent-Length: 3\r\n\r\nabc\
         GET /api/external/v2/customers/smuggled HTTP/1.1\r\nHost: cs.example\r\nConnection: close\r\n\r\n"
    ))
    .await;
    let answer = line.text().await;
    assert!(answer.contains("HTTP/1.1 200 ") && answer.contains("HTTP/1.1 401 "), "{answer}");
    assert_eq!(upstream.only().body, b"abc");
}

type Fields<'a> = Vec<(&'a str, String)>;

/// HTTP/2 as no honest client writes it: each field as a literal (RFC 7541 section 6.2.2).
fn headers_frame(fields: &Fields<'_>, ends: bool) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name.as_bytes(), value.as_bytes()] {
            // A prefix of 7 bits (RFC 7541 section 5.1).
            match u8::try_from(text.len()).ok().filter(|length| *length < 127) {
                Some(length) => block.push(length),
                None => {
                    let more = text.len() - 127;
                    assert!(more < 128);
                    block.extend([127, u8::try_from(more).unwrap()]);
                }
            }
            block.extend(text);
        }
    }
    frame(1, 4 | u8::from(ends), 1, &block)
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Reads until the first stream is over, in whatever way.
async fn over(line: &mut crate::harness::Raw) {
    loop {
        let mut head = [0; 9];
        if line.0.read_exact(&mut head).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        if line.0.read_exact(&mut payload).await.is_err() {
            return;
        }
        let (kind, flags, stream) = (head[3], head[4], head[8]);
        let ended = stream == 1 && (kind == 3 || (kind <= 1 && flags & 1 == 1));
        if ended || kind == 7 {
            return;
        }
    }
}

#[tokio::test]
async fn no_http2_field_becomes_another_request_or_header() {
    let long = |text: &str| text.to_owned();
    let cases: Vec<(&str, Fields<'_>, Option<&[u8]>)> = vec![
        ("space", vec![(":path", long("/api/external/v2/customers/7 HTTP/1.1"))], None),
        ("line", vec![(":path", long("/api/external/v2/customers/7\r\nsmuggled: 1"))], None),
        ("no slash", vec![(":path", long("api/external/v2/customers/7"))], None),
        ("empty", vec![(":path", String::new())], None),
        ("absolute", vec![(":path", long("http://smuggled/api/external/v2/customers/7"))], None),
        ("fragment", vec![(":path", long("/api/external/v2/customers/7#smuggled"))], None),
        ("NUL", vec![(":path", long("/api/external/v2/customers/7\0"))], None),
        ("method", vec![(":method", long("GET /smuggled HTTP/1.1\r\n"))], None),
        ("lower method", vec![(":method", long("get"))], None),
        ("scheme", vec![(":scheme", long("https://smuggled/?"))], None),
        ("authority", vec![(":authority", long("smuggled.example"))], None),
        ("user", vec![(":authority", long("smuggled@cs.example"))], None),
        ("two paths", vec![("+:path", long("/api/external/v2/customers/smuggled"))], None),
        ("late pseudo", vec![("x", long("1")), ("+:path", long("/smuggled"))], None),
        ("unknown pseudo", vec![("+:smuggled", long("1"))], None),
        ("protocol", vec![("+:protocol", long("websocket"))], None),
        ("value line", vec![("x", long("1\r\nsmuggled: 1"))], None),
        ("value LF", vec![("x", long("1\nsmuggled: 1"))], None),
        ("value NUL", vec![("x", long("1\0smuggled"))], None),
        ("name line", vec![("x: 1\r\nsmuggled", long("1"))], None),
        ("name space", vec![("x smuggled", long("1"))], None),
        ("name colon", vec![("x:smuggled", long("1"))], None),
        ("upper name", vec![("X-Smuggled", long("1"))], None),
        ("empty name", vec![("", long("smuggled"))], None),
        (
            "coding",
            vec![("transfer-encoding", long("chunked"))],
            Some(b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"),
        ),
        ("connection", vec![("connection", long("x-countersign-company"))], None),
        ("keep-alive", vec![("keep-alive", long("smuggled"))], None),
        ("upgrade", vec![("upgrade", long("smuggled"))], None),
        ("te", vec![("te", long("smuggled"))], None),
        ("host", vec![("host", long("smuggled.example"))], None),
        ("too short", vec![("content-length", long("9"))], Some(b"abc")),
        ("too long", vec![("content-length", long("1"))], Some(b"abc")),
        (
            "two lengths",
            vec![("content-length", long("3")), ("content-length", long("9"))],
            Some(b"abc"),
        ),
        ("length", vec![("content-length", long("3"))], Some(b"abc")),
        ("no length", vec![], Some(b"abc")),
    ];
    for (case, fields, body) in cases {
        let upstream = Recorder::agreeable().await;
        let house = House::guarding(&config(&upstream.url(), "")).await;
        let site = Site::of(&house).await;
        let token = house.client_token().await;
        let (method, path) = match body {
            Some(_) => ("POST", "/api/external/v2/notes"),
            None => ("GET", "/api/external/v2/customers/7"),
        };
        let mut all: Fields<'_> = Vec::new();
        for (name, honest) in [
            (":method", method),
            (":scheme", "https"),
            (":authority", "cs.example"),
            (":path", path),
        ] {
            let other = fields.iter().find(|(of, _)| *of == name);
            all.push((name, other.map_or_else(|| honest.to_owned(), |(_, value)| value.clone())));
        }
        all.push(("authorization", format!("Bearer {token}")));
        for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with(':')) {
            all.push((name.strip_prefix('+').unwrap_or(name), value.clone()));
        }
        let mut line = site.http2_frames().await;
        line.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        line.send(frame(4, 0, 0, &[])).await;
        line.send(headers_frame(&all, body.is_none())).await;
        if let Some(body) = body {
            line.send(frame(0, 1, 1, body)).await;
        }
        over(&mut line).await;
        let bodies: &[&str] = match case {
            "length" | "no length" => &["abc"],
            "coding" => &[],
            _ => &[""],
        };
        check(case, &upstream, "", bodies);
        let honest = ["length", "no length"].contains(&case);
        assert!(!honest || upstream.seen().len() == 1, "{case}: an honest request did not arrive");
    }
}
