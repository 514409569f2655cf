//! Clients that register themselves: what they send, and their way to a token.

use axum::body::Body;
use countersign::app::sandbox_guide::GuideApp;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;

pub const OPEN: (&str, &str) = ("clients.registration", "open");
pub const REGISTER: &str = "/oauth/register";
pub const REDIRECT: &str = "https://app.example/cb";
pub const SCOPE: &str = "customers:readonly";

/// The least that a public client says.
pub fn public() -> Value {
    json!({"redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none"})
}

/// The least that a client says which then gets a secret.
pub fn confidential() -> Value {
    json!({"redirect_uris": [REDIRECT]})
}

/// A request with a JSON body, and a bearer token if there is one.
pub fn asking(method: &str, path: &str, bearer: Option<&str>, body: &str) -> Request<Body> {
    let mut request = request(method, path).header(header::CONTENT_TYPE, "application/json");
    if let Some(bearer) = bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

impl House {
    pub async fn open_to_clients() -> Self {
        Self::quick_with(&[OPEN]).await
    }

    /// What a registration is answered.
    pub async fn registers(&self, body: &Value) -> Answer {
        self.send(asking("POST", REGISTER, None, &body.to_string())).await
    }

    /// A client registers itself, and is then found under `kind`.
    pub async fn lets_in(&mut self, kind: &str, body: &Value) -> Client {
        let answer = self.registers(body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{kind}: {answer:?}");
        let told = answer.json();
        let text = |name: &str| told[name].as_str().map(str::to_owned);
        self.guide.apps.push(GuideApp {
            kind: kind.to_owned(),
            client_id: text("client_id").unwrap(),
            client_secret: text("client_secret"),
            ..GuideApp::default()
        });
        Client {
            id: text("client_id").unwrap(),
            uri: text("registration_client_uri").unwrap(),
            token: text("registration_access_token").unwrap(),
            told,
        }
    }

    /// The code that comes of the owner's consent for a client that registered itself.
    pub async fn code_for(&self, kind: &str, redirect_uri: &str) -> String {
        let mut browser = self.signed_in("owner").await;
        let url = self.authorize_url(kind, &[("redirect_uri", redirect_uri), ("scope", SCOPE)]);
        let answer = browser.allow(&url, &self.company("acme"), None).await;
        assert!(answer.location().starts_with(redirect_uri), "{kind}: {answer:?}");
        answer.redirected("code").unwrap_or_else(|| panic!("{kind} got no code: {answer:?}"))
    }

    /// The tokens that come of it.
    pub async fn connected(&self, kind: &str, redirect_uri: &str) -> Value {
        let code = self.code_for(kind, redirect_uri).await;
        let answer = self.redeem_with(kind, &code, &[("redirect_uri", redirect_uri)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind}: {answer:?}");
        answer.json()
    }
}

/// A registered client, as it sees itself.
pub struct Client {
    pub id: String,
    pub uri: String,
    pub token: String,
    pub told: Value,
}

impl Client {
    /// Where it manages its registration.
    pub fn path(&self) -> String {
        format!("{REGISTER}/{}", self.id)
    }

    pub async fn read(&self, house: &House) -> Answer {
        house.send(asking("GET", &self.path(), Some(&self.token), "")).await
    }

    /// Sends an update that names itself.
    pub async fn update(&self, house: &House, metadata: &Value) -> Answer {
        let mut body = metadata.clone();
        body["client_id"] = json!(self.id);
        self.put(house, &body).await
    }

    /// Sends an update as it is.
    pub async fn put(&self, house: &House, body: &Value) -> Answer {
        house.send(asking("PUT", &self.path(), Some(&self.token), &body.to_string())).await
    }

    pub async fn delete(&self, house: &House) -> Answer {
        house.send(asking("DELETE", &self.path(), Some(&self.token), "")).await
    }
}
