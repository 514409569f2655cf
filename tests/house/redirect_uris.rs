//! Redirect URIs at the authorization endpoint: RFC 6749 section 3.1.2, RFC 9700 sections 2.1 and
//! 4.1, RFC 8252 section 7.3.

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::hostile;

async fn house_with(uris: &[&str]) -> House {
    let mut house = House::new().await;
    let new = NewApp {
        redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..NewApp::of(AppKind::OauthPublic, "Other addresses")
    };
    house.register("other", new).await;
    house
}

fn assert_page(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
    assert!(answer.headers.get("location").is_none(), "{what}");
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_the_clients_gets_a_page_and_never_a_redirect() {
    let house = House::new().await;
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1:5555/callback/",
        "http://127.0.0.1:5555/Callback",
        "http://127.0.0.1:5555/callback?x=1",
        "http://127.0.0.1:5555/callback#x",
        "http://127.0.0.1:5555@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://localhost:5555/callback",
        "http://127.0.0.2/callback",
        "https://127.0.0.1/callback",
        "http://127.0.0.1:5555/x/../callback",
        "http://127.0.0.1:5555//callback",
        "http://127.0.0.1:5555/%63allback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:5555\\@evil.example/callback",
        "javascript:alert(1)",
        "//evil.example/callback",
        "/callback",
    ] {
        for (prompt, response_type) in [("", "code"), ("none", "code"), ("", "token")] {
            let more =
                [("redirect_uri", uri), ("prompt", prompt), ("response_type", response_type)];
            let answer = house.get(&house.authorize_url("oauth_public", &more)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri} {prompt} {response_type}");
            assert!(answer.headers.get("location").is_none(), "{uri}");
            assert!(!answer.body.contains("evil.example"), "the page echoes {uri}");
        }
    }
}

#[tokio::test]
async fn an_https_address_is_compared_byte_for_byte_on_every_way_that_could_redirect() {
    let house = house_with(&["https://app.example/cb", "https://app.example:8443/cb?t=1"]).await;
    for uri in [
        "https://app.example/cb/",
        "https://app.example/cb?",
        "https://app.example/cb?t=1",
        "https://app.example/cb#",
        "https://app.example/cb#access",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example:8443/cb?t=1&u=2",
        "https://app.example:8443/cb?t=2",
        "https://APP.example/cb",
        "HTTPS://app.example/cb",
        "http://app.example/cb",
        "https://app.example/CB",
        "https://app.example//cb",
        "https://app.example/./cb",
        "https://app.example/x/../cb",
        "https://app.example/%2e/cb",
        "https://app.example/cb%00",
        "https://app.example/cb\t",
        "https://app.example/cb\r\nLocation: https://evil.example/",
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://app.example/cb,https://evil.example/cb",
        "https://app.example.evil.example/cb",
        "https://evil.example/cb?https://app.example/cb",
        "https://app.example@evil.example/cb",
        "https://evil.example\\@app.example/cb",
        "https://evil.example#@app.example/cb",
        "https://app\u{2024}example/cb",
        "https://\u{430}pp.example/cb",
        "https://*.example/cb",
        "https:app.example/cb",
        "//app.example/cb",
        "data:text/html,<script>",
        "JavaScript:alert(1)",
    ] {
        for (name, value) in [("nonce", "x"), ("prompt", "none"), ("scope", "no:such")] {
            let url = house.authorize_url("other", &[("redirect_uri", uri), (name, value)]);
            assert_page(&house.get(&url).await, &format!("{uri} {name}={value}"));
        }
    }
}

#[tokio::test]
async fn a_hostile_address_cannot_be_pushed_either() {
    let house = House::new().await;
    for uri in ["https://evil.example/", "http://127.0.0.1/callback/", "http://localhost/callback"]
    {
        let form = [("response_type", "code"), ("redirect_uri", uri)];
        let answer = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert_eq!(answer.error(), "invalid_request", "{uri}");
        assert!(answer.json().get("request_uri").is_none(), "{uri}");
    }
}

#[tokio::test]
async fn the_addresses_of_real_clients_are_answered_as_they_stand() {
    let uris = [
        "https://claude.ai/api/mcp/auth_callback",
        "https://claude.com/api/mcp/auth_callback",
        "https://chatgpt.com/connector_platform_oauth_redirect",
        "https://chatgpt.com/connector/oauth/abc123",
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
        "http://127.0.0.1:33418/",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
        "http://localhost:8787/callback",
    ];
    let house = house_with(&uris).await;
    for uri in uris {
        let more = [("redirect_uri", uri), ("prompt", "none")];
        let location = house.get(&house.authorize_url("other", &more)).await.location();
        assert!(location.starts_with(&format!("{uri}?error=")), "{location}");
        let location = house.get(&house.authorize_url("other", &more[..1])).await.location();
        assert!(location.starts_with("/consent/"), "{uri}: {location}");
    }
}

#[tokio::test]
async fn on_http_loopback_any_port_may_be_used_and_is_answered() {
    let house = house_with(&["http://localhost:8787/callback", "http://[::1]/cb"]).await;
    for (uri, good) in [
        ("http://localhost/callback", true),
        ("http://localhost:1/callback", true),
        ("http://localhost:65535/callback", true),
        ("http://[::1]:49152/cb", true),
        ("http://localhost:49152/cb", false),
        ("http://127.0.0.1:8787/callback", false),
        ("http://[::1]:49152/callback", false),
        ("http://localhost.:8787/callback", false),
        ("http://LOCALHOST:8787/callback", false),
        ("HTTP://localhost:8787/callback", false),
        ("https://localhost:8787/callback", false),
    ] {
        let more = [("redirect_uri", uri), ("prompt", "none")];
        let answer = house.get(&house.authorize_url("other", &more)).await;
        if good {
            assert!(answer.location().starts_with(&format!("{uri}?error=")), "{uri}");
        } else {
            assert_page(&answer, uri);
        }
    }
}

#[tokio::test]
async fn a_missing_or_empty_redirect_uri_means_the_only_one_and_is_needed_where_there_are_two() {
    let house = house_with(&["https://app.example/cb", "https://app.example/cb2"]).await;
    let only = house.authorize_url("oauth_public", &[("redirect_uri", ""), ("prompt", "none")]);
    for url in [only.clone(), format!("{only}&redirect_uri=")] {
        let location = house.get(&url).await.location();
        assert!(location.starts_with("http://127.0.0.1/callback?error="), "{location}");
    }
    let two = house.authorize_url("other", &[("redirect_uri", ""), ("prompt", "none")]);
    assert_page(&house.get(&two).await, "two are registered");
}

#[tokio::test]
async fn a_query_that_the_client_registered_is_kept() {
    let uri = "https://app.example/cb?tenant=1&x=%C3%A9";
    let house = house_with(&[uri]).await;
    let to = ("redirect_uri", uri);
    let url = house.authorize_url("other", &[to, ("scope", "customers:readonly")]);
    let mut browser = house.signed_in("owner").await;
    let allowed = browser.allow(&url, &house.company("acme"), None).await;
    assert!(allowed.location().starts_with(&format!("{uri}&code=")), "{allowed:?}");
    let refused = house.get(&house.authorize_url("other", &[to, ("scope", "no:such")])).await;
    assert!(refused.location().starts_with(&format!("{uri}&error=")), "{refused:?}");
}

/// RFC 6749 section 3.1.2.2: nobody is redirected to who has not registered where.
#[tokio::test]
async fn no_app_that_asks_in_a_browser_is_registered_without_a_fit_address() {
    let house = House::new().await;
    for kind in [AppKind::OauthPublic, AppKind::OauthConfidential] {
        for uris in [
            &[][..],
            &["/callback"],
            &["https://app.example/cb#x"],
            &["http://app.example/cb"],
            &["https://*.example/cb"],
            &["unknown://cb"],
            &["javascript:alert(1)"],
            &[CALLBACK, "https://user@app.example/"],
        ] {
            let new = NewApp {
                redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
                ..NewApp::of(kind, "Unfit")
            };
            assert!(house.ops.create_app(new, MACHINE).await.is_err(), "{uris:?}");
        }
    }
}

/// RFC 9700 section 4.11: only a proven redirect URI leads away from this server.
#[tokio::test]
async fn no_parameter_of_a_page_leads_to_another_site() {
    let house = House::new().await;
    let user = house.user("owner");
    for target in
        ["https://evil.example/", "//evil.example/", "\\\\evil.example", "/\t/evil.example"]
    {
        for name in ["resume", "next", "return_to", "redirect_uri", "url"] {
            let mut browser = Browser::new(&house);
            let page = browser.get(&format!("/sign-in?{}", encoded(&[(name, target)]))).await;
            let fields = [
                ("email", user.email.as_str()),
                ("password", user.password.as_str()),
                (name, target),
            ];
            let answer = browser.submit(&page, "/sign-in", &fields).await;
            let location = answer.location();
            assert!(location.starts_with("/sign-in/verify"), "{name}={target}: {location}");
            assert!(!hostile::echoed(&location), "{name}={target}: {location}");
            let signed_out = browser.post("/sign-out", &[(name, target)]).await;
            let location = signed_out.header("location");
            assert!(!hostile::echoed(location), "{name}={target}: {location}");
        }
    }
}
