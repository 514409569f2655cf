use serde_json::json;

use super::*;

const URL: &str = "https://app.example/oauth/client.json";

fn url() -> DocumentUrl {
    DocumentUrl::parse(URL).unwrap()
}

fn document(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document = json!({
        "client_id": URL,
        "client_name": "An App",
        "redirect_uris": ["https://app.example/callback"],
    });
    change(&mut document);
    document.to_string().into_bytes()
}

fn read(change: impl FnOnce(&mut Value)) -> Result<ClientDocument, DocumentFault> {
    ClientDocument::read(&url(), &document(change), &["cursor".to_owned()])
}

fn with(name: &str, value: Value) -> Result<ClientDocument, DocumentFault> {
    read(|document| document[name] = value)
}

fn keys() -> Value {
    json!({"keys": [{
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }]})
}

#[test]
fn a_document_url_is_https_with_a_path_in_its_normal_form() {
    for good in [
        "https://claude.ai/oauth/claude-code-client-metadata",
        "https://vscode.dev/oauth/client-metadata.json",
        "https://app.example:8443/a/",
        "https://app.example/a?b=c",
        "https://127.0.0.1/a",
        "https://[2001:db8::1]/a",
        "https://app.example/%C3%A4",
    ] {
        assert_eq!(DocumentUrl::parse(good).unwrap().as_str(), good);
    }
    use NotADocumentUrl::Fragment;
    use NotADocumentUrl::NoPath;
    use NotADocumentUrl::NotHttps;
    use NotADocumentUrl::NotNormal;
    use NotADocumentUrl::Userinfo;
    for (bad, why) in [
        ("http://app.example/a", NotHttps),
        ("HTTPS://app.example/a", NotHttps),
        ("https:/app.example/a", NotHttps),
        (" https://app.example/a", NotHttps),
        ("https://", NotHttps),
        ("https:///a/b", NotNormal),
        ("https://app.example", NoPath),
        ("https://app.example/", NoPath),
        ("https://app.example?a", NoPath),
        ("https://user@app.example/a", Userinfo),
        ("https://user:pass@app.example/a", Userinfo),
        ("https://@app.example/a", Userinfo),
        ("https://app.example/a#", Fragment),
        ("https://app.example/a#b", Fragment),
        ("https://app.example/a/../b", NotNormal),
        ("https://app.example/./a", NotNormal),
        ("https://app.example/a/%2e%2e/b", NotNormal),
        ("https://app.example/a/b/.%2E", NotNormal),
        ("https://App.example/a", NotNormal),
        ("https://app.example:443/a", NotNormal),
        ("https://app.example\\a", NotNormal),
        ("https://127.1/a", NotNormal),
        ("https://0x7f.1/a", NotNormal),
        ("https://2130706433/a", NotNormal),
        ("https://[::ffff:127.0.0.1]/a", NotNormal),
        ("https://bücher.example/a", NotNormal),
        ("https://app.example/a b", NotNormal),
        ("https://app.example/a\t", NotNormal),
    ] {
        assert_eq!(DocumentUrl::parse(bad), Err(why), "{bad}");
    }
    let long = format!("https://app.example/{}", "a".repeat(1024));
    assert_eq!(DocumentUrl::parse(&long), Err(NotHttps));
}

#[test]
fn an_allowed_folder_covers_what_is_below_it_and_an_allowed_document_itself() {
    let covers = |entry: &str, url: &str| {
        let entry = AllowedDocuments::parse(entry).unwrap();
        entry.cover(&DocumentUrl::parse(url).unwrap())
    };
    assert!(covers("https://app.example/", "https://app.example/any/thing"));
    assert!(covers("https://app.example/a/", "https://app.example/a/b"));
    assert!(covers("https://app.example/a", "https://app.example/a"));
    assert!(!covers("https://app.example/a", "https://app.example/a/b"));
    assert!(!covers("https://app.example/a", "https://app.example/a?b"));
    assert!(!covers("https://app.example/a/", "https://app.example/ab"));
    assert!(!covers("https://app.example/", "https://app.example:8443/a"));
    assert!(!covers("https://app.example/", "https://app.example.evil.example/a"));
    for wrong in
        ["https://app.example", "http://app.example/", "https://*.example/", "app.example/", "/"]
    {
        assert!(AllowedDocuments::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_client_id_that_is_not_the_url_byte_for_byte_makes_no_client() {
    for other in [
        "https://app.example/oauth/client.json/",
        "https://app.example/oauth/Client.json",
        "https://app.example:443/oauth/client.json",
        "https://app.example/oauth/client%2Ejson",
        "",
    ] {
        assert_eq!(with("client_id", json!(other)), Err(DocumentFault::ClientId), "{other}");
    }
    assert_eq!(with("client_id", Value::Null), Err(DocumentFault::ClientId));
}

#[test]
fn name_and_redirect_uris_are_required_and_must_be_fit_to_be_shown() {
    assert_eq!(with("client_name", Value::Null), Err(DocumentFault::Name));
    for name in ["", "  ", "a\nb", "Ban\u{202e}k", "a\u{200b}", &"n".repeat(61)] {
        assert_eq!(with("client_name", json!(name)), Err(DocumentFault::Name), "{name:?}");
    }
    assert_eq!(with("redirect_uris", Value::Null), Err(DocumentFault::NoRedirectUri));
    assert_eq!(with("redirect_uris", json!([])), Err(DocumentFault::NoRedirectUri));
    for uri in [
        "javascript:alert(1)",
        "data:text/html,x",
        "http://app.example/",
        "https://a@b.example/",
        "https://app.example/#f",
        "/callback",
        "",
    ] {
        let listed = json!(["https://app.example/callback", uri]);
        let refused = with("redirect_uris", listed);
        assert!(matches!(refused, Err(DocumentFault::RedirectUri(_))), "{uri}: {refused:?}");
    }
}

#[test]
fn redirect_uris_of_schemes_that_nobody_allowed_are_left_out() {
    let listed = json!(["vscode://callback", "cursor://callback", "http://127.0.0.1/"]);
    let document = with("redirect_uris", listed).unwrap();
    let kept: Vec<_> =
        document.introduction.redirect_uris.iter().map(RedirectUri::as_str).collect();
    assert_eq!(kept, ["cursor://callback", "http://127.0.0.1/"]);
    let only = with("redirect_uris", json!(["vscode://callback"]));
    assert_eq!(only, Err(DocumentFault::NoRedirectUri));
}

#[test]
fn a_shared_secret_is_none_in_a_public_document() {
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt"] {
        let refused = with("token_endpoint_auth_method", json!(method));
        assert_eq!(refused, Err(DocumentFault::SharedSecret), "{method}");
    }
    assert_eq!(with("client_secret", json!("s")), Err(DocumentFault::SharedSecret));
    assert_eq!(with("client_secret_expires_at", json!(0)), Err(DocumentFault::SharedSecret));
    let refused = with("token_endpoint_auth_method", json!("tls_client_auth"));
    assert_eq!(refused, Err(DocumentFault::Method));
}

#[test]
fn a_client_that_signs_has_its_keys_in_one_place() {
    let signing = |jwks: Value, uri: Value| {
        read(|document| {
            document["token_endpoint_auth_method"] = json!("private_key_jwt");
            document["jwks"] = jwks;
            document["jwks_uri"] = uri;
        })
    };
    let inline = signing(keys(), Value::Null).unwrap();
    assert!(inline.introduction.signs);
    assert!(matches!(inline.keys, Some(DocumentKeys::Inline(_))));
    let at = signing(Value::Null, json!("https://keys.example/jwks.json")).unwrap();
    assert!(matches!(at.keys, Some(DocumentKeys::At(_))));
    for (jwks, uri) in [
        (Value::Null, Value::Null),
        (keys(), json!("https://keys.example/jwks.json")),
        (Value::Null, json!("http://keys.example/jwks.json")),
    ] {
        assert_eq!(signing(jwks, uri), Err(DocumentFault::Keys));
    }
    let shared = json!({"keys": [{"kty": "oct", "k": "AA"}]});
    let refused = signing(shared, Value::Null);
    assert_eq!(refused, Err(DocumentFault::KeySet(NotAKeySet::NotPublic)));
}

#[test]
fn what_is_unknown_or_more_than_is_offered_is_ignored() {
    let document = read(|document| {
        document["grant_types"] = json!(["authorization_code", "urn:x:device", "implicit"]);
        document["response_types"] = json!(["code", "token"]);
        document["logo_uri"] = json!("https://app.example/logo.svg");
        document["x_unknown"] = json!({"a": [1]});
        document["scope"] = json!("everything");
        document["token_endpoint_auth_method"] = Value::Null;
        document["jwks_uri"] = json!("https://app.example/jwks.json");
    })
    .unwrap();
    assert!(!document.introduction.signs);
}

#[test]
fn what_is_no_object_or_says_something_twice_is_refused() {
    for json in ["", "[]", "null", "\"x\"", "{", r#"{"client_id":7}"#] {
        let refused = ClientDocument::read(&url(), json.as_bytes(), &[]);
        assert!(
            matches!(refused, Err(DocumentFault::Malformed | DocumentFault::ClientId)),
            "{json}: {refused:?}"
        );
    }
    let twice = format!(
        r#"{{"client_id":"{URL}","client_id":"https://evil.example/a","client_name":"A","redirect_uris":["http://127.0.0.1/"]}}"#
    );
    let refused = ClientDocument::read(&url(), twice.as_bytes(), &[]);
    assert_eq!(refused, Err(DocumentFault::Malformed));
}

#[test]
fn a_pinned_document_says_itself_where_it_belongs() {
    let pinned = ClientDocument::pinned(&document(|_| {}), &[]).unwrap();
    assert_eq!(pinned.introduction.url, url());
    let wrong = document(|document| document["client_id"] = json!("cs_app_1"));
    assert_eq!(ClientDocument::pinned(&wrong, &[]), Err(DocumentFault::ClientId));
}

#[test]
fn a_document_and_its_url_are_no_longer_than_documented() {
    assert_eq!((LARGEST, LARGEST_KEY_SET), (5_120, 65_536));
    let long = |length: usize| {
        let start = "https://app.example/";
        DocumentUrl::parse(&format!("{start}{}", "a".repeat(length - start.len()))).is_ok()
    };
    assert!(long(1024) && !long(1025));
}

#[test]
fn a_folder_has_no_query() {
    let allowed = AllowedDocuments::parse("https://app.example/a?b/").unwrap();
    assert_eq!(allowed.as_str(), "https://app.example/a?b/");
    assert!(allowed.cover(&DocumentUrl::parse("https://app.example/a?b/").unwrap()));
    assert!(!allowed.cover(&DocumentUrl::parse("https://app.example/a?b/c").unwrap()));
    // Nor does one climb out of where it seems to be.
    assert!(AllowedDocuments::parse("https://app.example/a/..").is_err());
    // What ends in a slash behind a question mark must be the URL of a document itself.
    assert!(AllowedDocuments::parse("https://app.example/?b/").is_err());
}

#[test]
fn an_app_is_what_its_document_says_now_and_what_people_decided_stays() {
    let now = Timestamp::from_seconds(1);
    let public = read(|_| {}).unwrap().introduction;
    let app = public.app(crate::domain::samples::app().id, now);
    assert_eq!((app.client_id().as_str(), app.name.as_str()), (URL, "An App"));
    assert_eq!((app.kind, &app.proof), (AppKind::OauthPublic, &ClientProof::Secret));
    assert_eq!(app.redirect_uris, public.redirect_uris);
    assert_eq!(Introduction::of(&app), Some(public.clone()));

    let decided = App { reviewed: true, ..app };
    let signs = Introduction { signs: true, name: "Another".to_owned(), ..public };
    let renewed = signs.renewed(&decided);
    assert!(renewed.reviewed && renewed.name == "Another");
    assert_eq!(renewed.kind, AppKind::OauthConfidential);
    let keys = KeySource::Url(URL.to_owned());
    assert_eq!(renewed.proof, ClientProof::PrivateKeyJwt { keys });
    assert_eq!(Introduction::of(&renewed), Some(signs));
    assert_eq!(Introduction::of(&crate::domain::samples::app()), None);
}

#[test]
fn a_document_is_shown_by_its_host() {
    for (url, host) in [
        ("https://app.example:8443/a", Some("app.example")),
        ("https://127.0.0.1/a", Some("127.0.0.1")),
        ("https://[2001:db8::1]/a", Some("[2001:db8::1]")),
        ("nothing", None),
    ] {
        assert_eq!(display_host(url).as_deref(), host, "{url}");
    }
}
