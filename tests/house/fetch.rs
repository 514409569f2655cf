//! The one fetch of what others name: where it does not go, and what it does not take.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign::domain::network::Network;
use countersign::outbound::fetch::FetchRefusal;
use countersign::outbound::fetch::Fetched;
use countersign::outbound::fetch::Fetcher;
use countersign::outbound::fetch::Resolve;
use countersign::outbound::fetch::Standing;
use countersign::outbound::fetch::Trust;
use serde_json::json;

use crate::harness::Elsewhere;
use crate::harness::Page;
use crate::harness::Resolver;

const URL: &str = "https://app.example/client.json";
const MOST: usize = 5 * 1024;

fn fetcher(allowed: &[&str], resolver: Arc<dyn Resolve>) -> Fetcher {
    let allowed: Vec<Network> = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Fetcher::new(allowed, Trust::default(), resolver)
}

/// One that reaches `elsewhere` and trusts it.
fn reaching(elsewhere: &Elsewhere) -> Fetcher {
    let trust = Trust::with_file(Path::new(&elsewhere.ca_file())).unwrap();
    Fetcher::new(vec!["127.0.0.0/8".parse().unwrap()], trust, elsewhere.resolver.clone())
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<Arc<Fetched>, FetchRefusal> {
    fetcher.json(url, MOST, Standing::Stranger).await
}

async fn refusal(fetcher: &Fetcher, url: &str) -> FetchRefusal {
    let Err(why) = get(fetcher, url).await else { panic!("{url} was fetched") };
    why
}

async fn elsewhere() -> Elsewhere {
    Elsewhere::of(&["app.example", "other.example"]).await
}

/// What a name must never lead to, and no literal either.
const SPECIAL: &[&str] = &[
    "0.0.0.0",
    "0.0.0.1",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

#[tokio::test]
async fn no_name_and_no_literal_leads_to_a_special_use_address() {
    for address in SPECIAL {
        let resolver = Arc::new(Resolver::saying("app.example", &[&[address]]));
        assert_eq!(
            refusal(&fetcher(&[], resolver), URL).await,
            FetchRefusal::NotPublic,
            "{address}"
        );
        let host =
            if address.contains(':') { format!("[{address}]") } else { (*address).to_owned() };
        let literal = format!("https://{host}/client.json");
        let nobody = Arc::new(Resolver::default());
        let refused = refusal(&fetcher(&[], nobody.clone()), &literal).await;
        assert_eq!(refused, FetchRefusal::NotPublic, "{literal}");
        assert!(nobody.asked.lock().unwrap().is_empty(), "a literal is no name to be resolved");
    }
}

#[tokio::test]
async fn odd_spellings_of_an_address_are_that_address() {
    let nobody = fetcher(&[], Arc::new(Resolver::default()));
    for host in [
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0x0",
        "127.0.0.1.",
        "１２７.0.0.1",
        "127。0。0。1",
        "[0:0:0:0:0:ffff:7f00:1]",
        "[::ffff:7f00:1]",
        "[0:0::1]",
        "%31%32%37.0.0.1",
        "169.254.43518",
        "0xA9.0xFE.0xA9.0xFE",
    ] {
        let url = format!("https://{host}/client.json");
        assert_eq!(refusal(&nobody, &url).await, FetchRefusal::NotPublic, "{url}");
    }
}

#[tokio::test]
async fn one_address_among_several_that_is_not_public_refuses_them_all() {
    for answer in [["8.8.8.8", "127.0.0.1"], ["10.0.0.1", "8.8.8.8"], ["2001:4860::1", "::1"]] {
        let resolver = Arc::new(Resolver::saying("app.example", &[&answer]));
        assert_eq!(refusal(&fetcher(&[], resolver), URL).await, FetchRefusal::NotPublic);
    }
    let none = Arc::new(Resolver::saying("app.example", &[&[]]));
    assert_eq!(refusal(&fetcher(&[], none), URL).await, FetchRefusal::Resolution);
    let unknown = Arc::new(Resolver::default());
    assert_eq!(refusal(&fetcher(&[], unknown), URL).await, FetchRefusal::Resolution);
}

#[tokio::test]
async fn a_name_is_resolved_once_and_what_it_says_later_changes_nothing() {
    let elsewhere = Elsewhere::listening_at("127.0.0.2:0", &["app.example"]).await;
    elsewhere.put(URL, Page::json(&json!({"here": true})));
    let answers: [&[&str]; 2] = [&["127.0.0.2"], &["127.0.0.1"]];
    let saying = Resolver::saying("app.example", &answers);
    let rebinding = Arc::new(Resolver { all: Some(elsewhere.address), ..saying });
    let trust = Trust::with_file(Path::new(&elsewhere.ca_file())).unwrap();
    let only = vec!["127.0.0.2/32".parse().unwrap()];
    let fetcher = Fetcher::new(only, trust, rebinding.clone());
    let fetched = get(&fetcher, URL).await.unwrap();
    assert_eq!(&fetched.body[..], br#"{"here":true}"#);
    assert_eq!(*rebinding.asked.lock().unwrap(), ["app.example"], "asked once");
    // The next fetch asks again, is told the second address, and does not go there.
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::NotPublic);
    assert_eq!(elsewhere.asked().len(), 1);
}

#[tokio::test]
async fn only_https_without_userinfo_and_on_the_public_internet_only_its_own_port() {
    let resolver = Arc::new(Resolver::saying("app.example", &[&["8.8.8.8"]]));
    let fetcher = fetcher(&[], resolver);
    for (url, why) in [
        ("http://app.example/a", FetchRefusal::Scheme),
        ("ftp://app.example/a", FetchRefusal::Scheme),
        ("file:///etc/passwd", FetchRefusal::Scheme),
        ("gopher://app.example/a", FetchRefusal::Scheme),
        ("https://user@app.example/a", FetchRefusal::Url),
        ("https://user:pass@app.example/a", FetchRefusal::Url),
        ("https://app.example/a#b", FetchRefusal::Url),
        ("https://", FetchRefusal::Url),
        ("/a", FetchRefusal::Url),
        ("https://app.example:8443/a", FetchRefusal::Port),
        ("https://app.example:22/a", FetchRefusal::Port),
        ("https://8.8.8.8:80/a", FetchRefusal::Port),
    ] {
        assert_eq!(refusal(&fetcher, url).await, why, "{url}");
    }
}

#[tokio::test]
async fn a_good_answer_is_taken_and_nothing_of_ours_is_sent_with_the_question() {
    let elsewhere = elsewhere().await;
    let url = "https://app.example/a/b?c=d";
    let headers =
        "content-type: application/json; charset=utf-8\r\ncache-control: public, max-age=600\r\n";
    elsewhere.put(url, Page::of(200, headers, b"{}"));
    let fetched = get(&reaching(&elsewhere), url).await.unwrap();
    assert_eq!(&fetched.body[..], b"{}");
    assert_eq!(fetched.max_age, Some(Duration::from_secs(600)));
    assert_eq!(
        elsewhere.asked(),
        ["GET /a/b?c=d HTTP/1.1\r\nhost: app.example\r\naccept: application/json\r\n\
          user-agent: countersign\r\nconnection: close\r\n\r\n"]
    );
}

#[tokio::test]
async fn no_redirect_is_followed_and_nothing_but_a_200_is_taken() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    elsewhere.put("https://other.example/x", Page::json(&json!({})));
    for status in [300, 301, 302, 303, 304, 307, 308] {
        let to = "location: https://other.example/x\r\ncontent-type: application/json\r\n";
        let url = format!("https://app.example/{status}");
        elsewhere.put(&url, Page::of(status, to, b"{}"));
        assert_eq!(refusal(&fetcher, &url).await, FetchRefusal::Redirect(status));
    }
    for status in [201, 202, 203, 206, 400, 401, 403, 404, 410, 500, 503] {
        let url = format!("https://app.example/{status}");
        elsewhere.put(&url, Page::of(status, "content-type: application/json\r\n", b"{}"));
        let refused = fetcher.json(&url, MOST, Standing::Known).await;
        assert_eq!(refused, Err(FetchRefusal::Status(status)));
    }
    assert!(elsewhere.asked().iter().all(|head| !head.contains("other.example")));
}

#[tokio::test]
async fn only_json_is_taken() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    let with = |lines: &str| Page::of(200, lines, b"{}");
    for wrong in [
        "",
        "content-type: text/html\r\n",
        "content-type: text/plain\r\n",
        "content-type: application/javascript\r\n",
        "content-type: application/jsonp\r\n",
        "content-type: text/html; x=application/json\r\n",
        "content-type: image/svg+xml\r\n",
        "content-type: application/json\r\ncontent-type: text/html\r\n",
    ] {
        elsewhere.put(URL, with(wrong));
        let refused = fetcher.json(URL, MOST, Standing::Known).await;
        assert_eq!(refused, Err(FetchRefusal::ContentType), "{wrong}");
    }
    for right in ["application/json", "Application/JSON;charset=utf-8", "application/jwk-set+json"]
    {
        elsewhere.put(URL, with(&format!("content-type: {right}\r\n")));
        assert!(fetcher.json(URL, MOST, Standing::Known).await.is_ok(), "{right}");
    }
}

#[tokio::test]
async fn what_is_compressed_is_never_inflated() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    for coding in ["gzip", "br", "deflate", "zstd", "identity, gzip"] {
        let lines = format!("content-type: application/json\r\ncontent-encoding: {coding}\r\n");
        elsewhere.put(URL, Page::of(200, &lines, b"\x1f\x8b\x08\x00"));
        assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::Encoded, "{coding}");
    }
}

#[tokio::test]
async fn no_more_is_read_than_is_taken() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    let json = "content-type: application/json\r\n";
    elsewhere.put(URL, Page::of(200, json, &vec![b' '; MOST]));
    assert_eq!(get(&fetcher, URL).await.unwrap().body.len(), MOST, "as much as is taken");
    elsewhere.put(URL, Page::of(200, json, &vec![b' '; MOST + 1]));
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::TooLarge(MOST));
    let claims = format!("HTTP/1.1 200 X\r\n{json}content-length: 999999999999\r\n\r\n");
    elsewhere.put(URL, Page::Bytes(claims.into()));
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::TooLarge(MOST));
    let head = format!("HTTP/1.1 200 X\r\n{json}transfer-encoding: chunked\r\n\r\n");
    let chunks = format!("400\r\n{}\r\n", " ".repeat(1024)).repeat(6);
    elsewhere.put(URL, Page::Bytes(format!("{head}{chunks}0\r\n\r\n").into()));
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::TooLarge(MOST));
    let endless = format!("HTTP/1.1 200 X\r\nx: {}\r\n", "y".repeat(64 * 1024));
    elsewhere.put(URL, Page::Bytes(endless.into()));
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::Broken);
    let many = format!("HTTP/1.1 200 X\r\n{}\r\n", "x: y\r\n".repeat(1000));
    elsewhere.put(URL, Page::Bytes(many.into()));
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::Broken);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_no_http_is_none() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    let cut = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{}";
    for bytes in [cut, "", "{}", "HTTP/1.1 200 X\r\n", "SSH-2.0-x\r\n"] {
        elsewhere.put(URL, Page::Bytes(bytes.into()));
        let refused = fetcher.json(URL, MOST, Standing::Known).await;
        assert_eq!(refused, Err(FetchRefusal::Broken), "{bytes}");
    }
}

#[tokio::test]
async fn whoever_drips_or_says_nothing_is_left_after_five_seconds() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 4000\r\n\r\n";
    let replies = [
        Page::Drip(head.into(), Duration::from_millis(500)),
        Page::Drip(b"HTTP/1.1 200 X\r\nx: ".to_vec(), Duration::from_millis(500)),
        Page::Drip(Vec::new(), Duration::from_secs(3600)),
    ];
    for (asked, reply) in replies.into_iter().enumerate() {
        elsewhere.put(URL, reply);
        let later = async {
            elsewhere.until_asked(asked + 1).await;
            tokio::time::pause();
            let began = tokio::time::Instant::now();
            tokio::time::sleep(Duration::from_secs(6)).await;
            tokio::time::resume();
            began
        };
        let (refused, _) = futures_util::join!(get(&fetcher, URL), later);
        assert_eq!(refused, Err(FetchRefusal::TimedOut));
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_for_another_name_ends_it() {
    let elsewhere = Elsewhere::of(&["other.example"]).await;
    elsewhere.put(URL, Page::json(&json!({})));
    elsewhere.put("https://other.example/a", Page::json(&json!({})));
    let trusting = reaching(&elsewhere);
    assert_eq!(refusal(&trusting, URL).await, FetchRefusal::Tls, "another name");
    let trust = Trust::with_file(Path::new(&self::elsewhere().await.ca_file())).unwrap();
    let all = vec!["127.0.0.0/8".parse().unwrap()];
    let other = Fetcher::new(all, trust, elsewhere.resolver.clone());
    assert_eq!(refusal(&other, "https://other.example/a").await, FetchRefusal::Tls, "another CA");
    assert!(get(&trusting, "https://other.example/a").await.is_ok());
    assert_eq!(elsewhere.asked().len(), 1, "nothing was asked before the certificate was checked");
}

#[tokio::test]
async fn an_address_of_the_name_that_does_not_answer_is_passed_over() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&json!({})));
    let saying = Resolver::saying("app.example", &[&["127.0.0.3", "127.0.0.1"]]);
    let resolver = Arc::new(Resolver { all: Some(elsewhere.address), ..saying });
    let trust = Trust::with_file(Path::new(&elsewhere.ca_file())).unwrap();
    let fetcher = Fetcher::new(vec!["127.0.0.0/8".parse().unwrap()], trust, resolver);
    assert!(get(&fetcher, URL).await.is_ok());
}

#[tokio::test]
async fn what_is_being_fetched_is_not_fetched_twice() {
    let elsewhere = elsewhere().await;
    elsewhere.put(URL, Page::json(&json!({})));
    let fetcher = reaching(&elsewhere);
    let all = futures_util::future::join_all((0..50).map(|_| get(&fetcher, URL))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(elsewhere.asked().len(), 1);
    assert!(get(&fetcher, URL).await.is_ok());
    assert_eq!(elsewhere.asked().len(), 2, "nothing is kept here");
}

#[tokio::test]
async fn strangers_never_keep_a_host_or_those_who_are_known_here_waiting() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    let slow: Vec<String> = (0..3).map(|n| format!("https://app.example/slow/{n}")).collect();
    for url in &slow {
        elsewhere.put(url, Page::silent());
    }
    elsewhere.put(URL, Page::json(&json!({})));
    let others = async {
        elsewhere.until_asked(2).await;
        assert_eq!(refusal(&fetcher, &slow[2]).await, FetchRefusal::Busy, "two for one host");
        assert!(fetcher.json(URL, MOST, Standing::Known).await.is_ok(), "who is known passes");
        elsewhere.put("https://other.example/a", Page::json(&json!({})));
        assert!(get(&fetcher, "https://other.example/a").await.is_ok(), "and so does another host");
    };
    // The slow ones end with this: whoever asked for them has gone.
    let slow = futures_util::future::join(get(&fetcher, &slow[0]), get(&fetcher, &slow[1]));
    let first = futures_util::future::select(Box::pin(slow), Box::pin(others)).await;
    assert!(matches!(first, futures_util::future::Either::Right(_)));
    drop(first);
    assert!(get(&fetcher, URL).await.is_ok(), "their turns are free again");
}

#[tokio::test]
async fn no_host_is_hammered_by_strangers() {
    let elsewhere = elsewhere().await;
    let fetcher = reaching(&elsewhere);
    for n in 0..20 {
        let refused = refusal(&fetcher, &format!("https://app.example/{n}")).await;
        assert_eq!(refused, FetchRefusal::Status(404));
    }
    assert_eq!(refusal(&fetcher, URL).await, FetchRefusal::Busy);
    assert_eq!(elsewhere.asked().len(), 20);
}
