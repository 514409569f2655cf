//! One client of every kind that sends people here, each with the address to which it has them sent back
//! and with its own way of proving itself. What holds for one of them has to hold for all.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use countersign::app::sandbox_guide::GuideApp;
use countersign::base::clock::Clock as _;
use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::Elsewhere;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::Page;
use crate::harness::Signer;
use crate::harness::encoded;
use crate::registering::REDIRECT;
use crate::registering::confidential;
use crate::registering::public;

/// The one address of web clients.
pub const WEB: &str = REDIRECT;
/// Of the client on a phone.
pub const PRIVATE: &str = "com.example.app:/oauth2redirect";
const SCOPE: &str = "customers:readonly";
const DOCUMENT: &str = "https://app.example/oauth/client.json";
const SIGNING: &str = "https://app.example/oauth/signing.json";
const KEYS: &str = "https://app.example/oauth/keys.json";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client that sends people here.
pub struct Client {
    /// What it is called in the house.
    pub kind: &'static str,
    /// Where it has them sent back.
    pub back: &'static str,
    /// Whether somebody here has looked at it.
    pub is_reviewed: bool,
    /// What it asks for besides.
    asks: &'static [(&'static str, &'static str)],
    key: Option<Signer>,
}

/// A house that takes clients of every kind, and the rest of the world beside it.
pub struct Kinds {
    pub house: House,
    pub clients: Vec<Client>,
    /// As long as it is there, their documents are.
    _elsewhere: Elsewhere,
}

impl Kinds {
    pub async fn all() -> Self {
        let elsewhere = Elsewhere::of(&["app.example"]).await;
        let (key, another) = (Signer::p256("k1"), Signer::p256("k1"));
        let document = |url: &str, more: Value| {
            let mut document =
                json!({"client_id": url, "client_name": "An App", "redirect_uris": [WEB]});
            document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Page::json(&document)
        };
        let signing = json!({"token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256", "jwks_uri": KEYS});
        elsewhere.put(DOCUMENT, document(DOCUMENT, json!({})));
        elsewhere.put(SIGNING, document(SIGNING, signing));
        elsewhere.put(KEYS, Page::json(&key.jwks()));
        let settings =
            [("clients.registration", "open"), ("clients.custom_schemes", "com.example.app")];
        let mut house = House::beside(&elsewhere, &settings).await;
        for (name, kind, address) in [
            ("web", AppKind::OauthConfidential, WEB),
            ("private scheme", AppKind::OauthPublic, PRIVATE),
        ] {
            let redirect_uris = vec![address.to_owned()];
            house.register(name, NewApp { redirect_uris, ..NewApp::of(kind, name) }).await;
        }
        let with_key = json!({"redirect_uris": [WEB], "jwks": another.jwks(),
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256"});
        house.lets_in("registered itself", &public()).await;
        house.lets_in("registered itself, with a secret", &confidential()).await;
        house.lets_in("registered itself, with a key", &with_key).await;
        house.lets_in("MCP", &public()).await;
        for (kind, url) in [("document", DOCUMENT), ("document, with a key", SIGNING)] {
            let (kind, client_id) = (kind.to_owned(), url.to_owned());
            house.guide.apps.push(GuideApp { kind, client_id, ..GuideApp::default() });
        }
        let client = |kind: &'static str, back: &'static str, is_reviewed: bool| Client {
            kind,
            back,
            is_reviewed,
            asks: &[],
            key: None,
        };
        let clients = vec![
            client("web", WEB, true),
            client("oauth_public", CALLBACK, true),
            client("private scheme", PRIVATE, true),
            client("registered itself", WEB, false),
            client("registered itself, with a secret", WEB, false),
            Client { key: Some(another), ..client("registered itself, with a key", WEB, false) },
            client("document", WEB, false),
            Client { key: Some(key), ..client("document, with a key", WEB, false) },
            Client {
                asks: &[("resource", "https://cs.example/companies/acme/mcp")],
                ..client("MCP", WEB, false)
            },
        ];
        Self { house, clients, _elsewhere: elsewhere }
    }
}

impl Client {
    /// Where it sends a browser; `more` as for [`House::authorize_url`].
    pub fn url(&self, house: &House, more: &[(&str, &str)]) -> String {
        let own = [("redirect_uri", self.back), ("scope", SCOPE)];
        let all: Vec<_> = own.iter().chain(self.asks).chain(more).copied().collect();
        house.authorize_url(self.kind, &all)
    }

    /// Pushes a request that leads back to `back`.
    pub async fn push(&self, house: &House, back: &str) -> Answer {
        let mut form = vec![
            ("response_type", "code"),
            ("redirect_uri", back),
            ("scope", SCOPE),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ];
        form.extend(self.asks);
        let assertion = self.key.as_ref().map(|key| key.sign(&self.claims(house)));
        if let Some(assertion) = &assertion {
            form.extend([("client_assertion_type", ASSERTION), ("client_assertion", assertion)]);
        }
        house.as_app_at("/oauth/par", self.kind, &form).await
    }

    /// Where it sends a browser after a push, with something beside the reference.
    pub fn pushed_url(&self, house: &House, reference: &str, more: &[(&str, &str)]) -> String {
        let id = house.app(self.kind).client_id.as_str();
        let own = [("client_id", id), ("request_uri", reference)];
        let all: Vec<_> = own.iter().chain(more).copied().collect();
        format!("/oauth/authorize?{}", encoded(&all))
    }

    /// Good claims, each time with another id.
    fn claims(&self, house: &House) -> Value {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (now, id) = (house.clock.now().seconds(), NEXT.fetch_add(1, Ordering::Relaxed));
        let client = &house.app(self.kind).client_id;
        json!({"iss": client, "sub": client, "aud": ISSUER, "iat": now, "exp": now + 300,
            "jti": id.to_string()})
    }
}
