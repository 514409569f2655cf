//! What is fed: each parser with samples of what it takes, and what must hold of whatever it took.
//! `fuzz/` has the same file.

use std::io::Cursor;
use std::io::Write as _;

use countersign::base::encoding::base64url;
use countersign::config::ConfigFile;
use countersign::config::Sources;
use countersign::crypto::jws::KeySet;
use countersign::crypto::jws::UnprovenToken;
use countersign::domain::client_assertion::Claims;
use countersign::domain::client_document::ClientDocument;
use countersign::domain::client_document::DocumentUrl;
use countersign::domain::logo::Logo;
use countersign::domain::passkey_answer::Assertion;
use countersign::domain::passkey_answer::NewPasskey;
use countersign::domain::redirect_uri::RedirectUri;
use countersign::domain::registration_request::RegistrationRequest;
use countersign::gateway::mcp::message::Message;
use countersign::http::multipart;
use countersign::http::parameters::Parameters;
use countersign::oauth::client;
use countersign::store::backup::read::Backup;
use http::HeaderMap;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

/// A parser.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// How many times as long as most it takes to be fed.
    pub cost: u64,
    /// What it takes, for a start.
    pub samples: fn() -> Vec<Vec<u8>>,
    /// Feeds it, and holds it to what it took.
    pub feed: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 13] = [
    Target { name: "form", cost: 1, samples: forms, feed: form },
    Target { name: "multipart", cost: 1, samples: forms_with_files, feed: form_with_files },
    Target { name: "basic", cost: 1, samples: basics, feed: basic },
    Target { name: "jwt", cost: 1, samples: jwts, feed: jwt },
    Target { name: "jwks", cost: 1, samples: key_sets, feed: key_set },
    Target { name: "json_rpc", cost: 1, samples: messages, feed: message },
    Target { name: "document", cost: 1, samples: documents, feed: document },
    Target { name: "registration", cost: 1, samples: registrations, feed: registration },
    Target { name: "redirect_uri", cost: 1, samples: redirect_uris, feed: redirect_uri },
    Target { name: "passkey", cost: 1, samples: passkeys, feed: passkey },
    Target { name: "logo", cost: 1, samples: logos, feed: logo },
    Target { name: "config", cost: 20, samples: configurations, feed: configuration },
    Target { name: "backup", cost: 1, samples: backups, feed: backup },
];

const URL: &str = "https://program.example/client.json";
const CLAIMS: &str = r#"{"iss":"https://program.example/client.json","sub":"https://program.example/client.json","aud":["https://books.example","https://books.example/oauth/token"],"exp":1900000000,"iat":1.9e9,"jti":"a1"}"#;
const KEYS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","use":"sig","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},{"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"oct"}]}"#;
const BOUNDARY: &str = "multipart/form-data; boundary=edge";

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn headers(of: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(of))])
}

fn forms() -> Vec<Vec<u8>> {
    texts(&[
        "grant_type=authorization_code&code=cs_code_1&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier=a-b",
        "scope=a+b&scope=&resource=x&resource=y&=&&a",
    ])
}

fn form(input: &[u8]) {
    let read = Parameters::of_form(&headers("application/x-www-form-urlencoded"), input);
    if let Ok(parameters) = read {
        let one = parameters.one("scope").ok().flatten();
        assert!(one.is_none_or(|one| parameters.all("scope") == [one]));
        let _ = (parameters.first("resource"), parameters.repeats_any_but(&["resource"]));
    }
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = Parameters::of_query(Some(text)).text("state");
    }
}

fn forms_with_files() -> Vec<Vec<u8>> {
    texts(&[
        "--edge\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntag\r\n--edge\r\nContent-Disposition: \
         form-data; name=\"logo\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x01\x02\r\n--edge--\r\n",
    ])
}

fn form_with_files(input: &[u8]) {
    if let Ok((_, files)) = multipart::read(&headers(BOUNDARY), input) {
        assert!(files.iter().all(|file| !file.bytes.is_empty()));
        assert!(files.iter().map(|file| file.bytes.len()).sum::<usize>() <= input.len());
    }
}

fn basics() -> Vec<Vec<u8>> {
    texts(&["Basic Y3NfYXBwXzE6Y3Nfc2VjXzE=", "basic  YSUzQWI6Yys=", "Bearer a"])
}

fn basic(input: &[u8]) {
    if let Ok(header) = std::str::from_utf8(input) {
        let _ = client::basic(header);
    }
}

fn jwt_of(header: &str, claims: &str, signature: &[u8]) -> Vec<u8> {
    let (header, claims) = (base64url(header.as_bytes()), base64url(claims.as_bytes()));
    format!("{header}.{claims}.{}", base64url(signature)).into_bytes()
}

fn jwts() -> Vec<Vec<u8>> {
    vec![
        jwt_of(r#"{"alg":"ES256","kid":"k"}"#, CLAIMS, &[1; 64]),
        jwt_of(r#"{"alg":"RS256"}"#, CLAIMS, &[1; 256]),
        jwt_of(r#"{"alg":"none","crit":["exp"]}"#, "{}", &[]),
        CLAIMS.as_bytes().to_vec(),
    ]
}

fn jwt(input: &[u8]) {
    let keys = KeySet::read(KEYS.as_bytes()).unwrap();
    let token = std::str::from_utf8(input).ok().and_then(UnprovenToken::read);
    if let Some(token) = &token {
        assert!(keys.verify(token).is_err(), "nobody has signed this");
    }
    let payload = token.as_ref().map_or(input, UnprovenToken::payload);
    if let Ok(claims) = Claims::read(payload) {
        let _ = (claims.client_id(), claims.key());
    }
}

fn key_sets() -> Vec<Vec<u8>> {
    texts(&[KEYS])
}

fn key_set(input: &[u8]) {
    let _ = KeySet::read(input);
}

fn messages() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_invoices","arguments":{"a":[1,"b",null]},"_meta":{}}}"#,
        r#"{"jsonrpc":"2.0","id":"x","method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"books://a"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#,
    ])
}

fn message(input: &[u8]) {
    if let Ok(read) = Message::read(input) {
        let plain: serde_json::Value = serde_json::from_slice(input).unwrap();
        let method = plain.get("method").and_then(serde_json::Value::as_str);
        assert_eq!(read.method(), method, "two readers read two methods");
    }
}

fn documents() -> Vec<Vec<u8>> {
    let keys = format!(
        r#"{{"client_id":"{URL}","client_name":"Program","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks":{KEYS}}}"#
    );
    let plain = format!(
        r#"{{"client_id":"{URL}","client_name":"Program","redirect_uris":["https://program.example/cb","app:/cb"],"grant_types":["authorization_code"],"logo_uri":"https://program.example/a.png"}}"#
    );
    texts(&[&keys, &plain])
}

fn document(input: &[u8]) {
    let url = DocumentUrl::parse(URL).unwrap();
    let _ = ClientDocument::read(&url, input, &["app".to_owned()]);
    let _ = ClientDocument::pinned(input, &[]);
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = DocumentUrl::parse(text);
    }
}

fn registrations() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"redirect_uris":["http://localhost:1/cb","https://a.example/cb"],"client_name":"Program","token_endpoint_auth_method":"none","grant_types":["authorization_code","refresh_token"],"contacts":["a@a.example"],"scope":"a b","x":{"y":[1]}}"#,
    ])
}

fn registration(input: &[u8]) {
    let _ = RegistrationRequest::read(input, &["app".to_owned()]);
}

fn redirect_uris() -> Vec<Vec<u8>> {
    texts(&[
        "https://a.example/cb?x=1",
        "http://127.0.0.1:8080/cb",
        "http://[::1]/cb",
        "http://localhost/cb",
        "app:/cb",
        "https://user@a.example:443/../cb#f",
    ])
}

fn redirect_uri(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(registered) = RedirectUri::register(text, &["app".to_owned()]) {
        assert_eq!(registered.as_str(), text);
        assert!(registered.matches(text));
        assert!(!RedirectUri::is_hostile(text), "a hostile address was registered");
    }
    let other = RedirectUri::register("https://a.example/cb", &[]).unwrap();
    assert_eq!(other.matches(text), text == "https://a.example/cb");
}

fn passkeys() -> Vec<Vec<u8>> {
    let client = base64url(br#"{"type":"webauthn.get","challenge":"AAAA","origin":"https://books.example","crossOrigin":false}"#);
    let data = base64url(&[5; 37]);
    let statement = [b"\xa3cfmtdnonegattStmt\xa0hauthDataX%".as_slice(), &[0x45; 37]].concat();
    texts(&[
        &format!(
            r#"{{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{{"clientDataJSON":"{client}","authenticatorData":"{data}","signature":"AAAA","userHandle":"AAAA"}},"clientExtensionResults":{{}}}}"#
        ),
        &format!(
            r#"{{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{{"clientDataJSON":"{client}","attestationObject":"{}","transports":["usb"]}}}}"#,
            base64url(&statement)
        ),
    ])
}

fn passkey(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = Assertion::read(text).map(|read| read.challenge().to_vec());
        let _ = NewPasskey::read(text).map(|read| read.challenge().to_vec());
    }
    let _ = countersign::crypto::cose::authenticator_data(input);
    let _ = countersign::crypto::cose::PublicKey::read(input);
}

fn logos() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../src/domain/logo/samples/plain.png").to_vec(),
        include_bytes!("../../src/domain/logo/samples/plain.jpg").to_vec(),
        include_bytes!("../../src/domain/logo/samples/plain.webp").to_vec(),
        include_bytes!("../../src/domain/logo/samples/transparent.webp").to_vec(),
    ]
}

fn logo(input: &[u8]) {
    if let Ok(logo) = Logo::read(input) {
        assert!(logo.bytes.len() <= input.len(), "a logo only becomes smaller");
        assert_eq!(Logo::read(&logo.bytes).unwrap().bytes, logo.bytes, "and stays as it is then");
    }
}

fn configurations() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../../config.toml.example").to_vec(),
        b"issuer = \"https://books.example\"\n[api]\nupstream = \"http://127.0.0.1:1\"\n[[api.routes]]\nmethod = \
          \"GET\"\npath = \"/a/{b}\"\nscope = \"a:readonly\"\n"
            .to_vec(),
    ]
}

fn configuration(input: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(input).unwrap();
    let file = ConfigFile::Named(file.path().to_owned());
    if let Err(faults) = countersign::config::load(&Sources { file, ..Sources::default() }) {
        assert!(!faults.to_string().is_empty());
    }
}

fn backups() -> Vec<Vec<u8>> {
    vec![
        include_bytes!("../fixtures/format-1/plain.backup").to_vec(),
        include_bytes!("../fixtures/format-1/sealed.backup").to_vec(),
    ]
}

fn backup(input: &[u8]) {
    if let Ok(mut backup) = Backup::open(Cursor::new(input), None)
        && backup.verify().is_ok()
    {
        assert_eq!(input, include_bytes!("../fixtures/format-1/plain.backup"), "it was changed");
    }
}
