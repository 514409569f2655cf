//! What a house has, what is asked of it, and what its clients do.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use countersign::app::sandbox_guide::GuideApp;
use countersign::app::sandbox_guide::GuideUser;
use countersign::base::clock::Clock as _;
use countersign::base::id::AppId;
use countersign::base::id::UserId;
use countersign::crypto::totp;
use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_user::NewUser;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::VERIFIER;
use crate::harness::encoded;
use crate::harness::posting;
use crate::harness::request;
use crate::harness::send;

impl House {
    pub fn app(&self, kind: &str) -> &GuideApp {
        self.guide.apps.iter().find(|app| app.kind == kind).unwrap()
    }

    /// Registers another app, which is then found under `kind`.
    pub async fn register(&mut self, kind: &str, new: NewApp) -> AppId {
        let created = self.ops.create_app(new, MACHINE).await.unwrap();
        self.guide.apps.push(GuideApp {
            kind: kind.to_owned(),
            name: created.app.name.clone(),
            client_id: created.app.id.to_string(),
            client_secret: created.secret.map(|secret| secret.expose().to_owned()),
            ..GuideApp::default()
        });
        created.app.id
    }

    /// An app that acts in its own right, for the company of a slug or for `firm`.
    pub fn acting(&self, kind: AppKind, place: &str, delegator: &str, scopes: &str) -> NewApp {
        let place = if place == "firm" { self.firm() } else { self.company(place) };
        NewApp {
            place: Some(place.parse().unwrap()),
            delegated_by: Some(self.user_id(delegator)),
            scopes: Some(ScopeSet::parse(scopes)),
            ..NewApp::of(kind, "Acting")
        }
    }

    /// A token that the API credentials of a kind get with these parameters.
    pub async fn grant(&self, kind: &str, more: &[(&str, &str)]) -> Answer {
        let form: Vec<_> =
            [("grant_type", "client_credentials")].iter().chain(more).copied().collect();
        self.as_app(kind, &form).await
    }

    /// GET with a bearer token.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        let request = request("GET", path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub fn user(&self, name: &str) -> &GuideUser {
        self.guide.users.iter().find(|user| user.email.starts_with(name)).unwrap()
    }

    pub fn user_id(&self, name: &str) -> UserId {
        self.ops.find_user(&self.user(name).email).unwrap().id
    }

    pub fn company(&self, slug: &str) -> String {
        self.guide.companies.iter().find(|company| company.slug == slug).unwrap().id.clone()
    }

    pub fn firm(&self) -> String {
        self.guide.firms[0].id.clone()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A code of the user's authenticator that was not used before: time moves on to the next step.
    pub fn next_code(&self, name: &str) -> String {
        self.advance(30);
        self.code_now(name)
    }

    /// The code that the authenticator shows now.
    pub fn code_now(&self, name: &str) -> String {
        let secret = self.user(name).totp_secret.as_bytes();
        let seed = data_encoding::BASE32_NOPAD.decode(secret).unwrap();
        totp::code(&seed, totp::step_at(self.clock.now()))
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let path = request.uri().path().to_owned();
        let answer = send(self.router.clone(), request).await;
        self.assert_leads_where_it_may(&path, &answer);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, form, &[]).await
    }

    pub async fn post_with(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        self.send(posting(path, form, headers)).await
    }

    /// A call of the API with a bearer token.
    pub async fn call(&self, token: &str, path: &str) -> Answer {
        self.call_with(token, path, &[]).await
    }

    pub async fn call_with(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/api/external/v2{path}");
        let mut request =
            request("GET", &path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A token request of the confidential app.
    pub async fn confidential(&self, form: &[(&str, &str)]) -> Answer {
        self.as_app("oauth_confidential", form).await
    }

    /// A token request of the app of a kind, with its secret if it has one.
    pub async fn as_app(&self, kind: &str, form: &[(&str, &str)]) -> Answer {
        self.as_app_at("/oauth/token", kind, form).await
    }

    /// A request of an app at some endpoint.
    pub async fn as_app_at(&self, path: &str, kind: &str, form: &[(&str, &str)]) -> Answer {
        let app = self.app(kind);
        let mut form = form.to_vec();
        form.push(("client_id", &app.client_id));
        if let Some(secret) = &app.client_secret {
            form.push(("client_secret", secret));
        }
        self.post(path, &form).await
    }

    /// A token of the API credentials.
    pub async fn client_token(&self) -> String {
        let answer = self.as_app("api_credentials", &[("grant_type", "client_credentials")]).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A browser in which this person is signed in.
    pub async fn signed_in(&self, name: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        browser.sign_in(name).await;
        browser
    }

    /// A new operator of the installation, an owner of Acme too: address, password, authenticator.
    pub async fn new_operator(&self) -> (String, String, String) {
        let email = format!("{}@acme.example", self.ops.unique());
        let password = "kept in a vault 7x".to_owned();
        let hash = self.ops.hash_new_password(password.as_str().into(), &[]).await.unwrap();
        let (name, address) = ("Otto Operator".to_owned(), email.parse().unwrap());
        let new = NewUser { email: address, name, password: Some(hash), operator: true };
        let user = self.ops.create_user(new, MACHINE).await.unwrap().id;
        let seed = self.ops.provision_factors(user, MACHINE).await.unwrap().totp_secret;
        let (place, role) = (self.company("acme").parse().unwrap(), RoleName("owner".to_owned()));
        self.ops.grant_role(user, place, role, MACHINE).await.unwrap();
        (email, password, seed)
    }

    /// A browser in which whoever has these is signed in.
    pub async fn entered(&self, email: &str, password: &str, seed: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        let page = browser.get("/sign-in").await;
        browser.submit(&page, "/sign-in", &[("email", email), ("password", password)]).await;
        let page = browser.get("/sign-in/verify").await;
        let code = self.next_code_of(seed);
        let answer = browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
        assert_eq!(answer.location(), "/");
        browser
    }

    /// As [`Self::next_code`], of an authenticator with this seed.
    pub fn next_code_of(&self, seed: &str) -> String {
        self.advance(30);
        let seed = data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap();
        totp::code(&seed, totp::step_at(self.clock.now()))
    }

    /// The code that comes of this person's consent for the app of a kind.
    pub async fn code(&self, kind: &str, name: &str, place: &str, scope: &str) -> String {
        let mut browser = self.signed_in(name).await;
        let url = self.authorize_url(kind, &[("scope", scope)]);
        let answer = browser.allow(&url, place, None).await;
        answer.redirected("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    /// The tokens that come of it.
    pub async fn tokens(&self, kind: &str, name: &str, place: &str, scope: &str) -> Value {
        let code = self.code(kind, name, place, scope).await;
        let answer = self.redeem(kind, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// Redeems a code as it should be.
    pub async fn redeem(&self, kind: &str, code: &str) -> Answer {
        self.redeem_with(kind, code, &[]).await
    }

    /// Redeems a code with some parameters replaced or added; an empty value takes one out.
    pub async fn redeem_with(&self, kind: &str, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, _) in more {
            form.retain(|(key, _)| key != name);
        }
        form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.as_app(kind, &form).await
    }

    /// Uses a refresh token and asks for something.
    pub async fn refresh_with(&self, kind: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        form.extend(more);
        self.as_app(kind, &form).await
    }

    /// What the newest audit entries say happened, newest first.
    pub fn happened(&self, most: usize) -> Vec<EventKind> {
        let entries = self.ops.audit_entries(None, most).unwrap();
        entries.iter().map(|entry| entry.event.kind).collect()
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, kind: &str, token: &str) -> Answer {
        self.refresh_with(kind, token, &[]).await
    }

    /// An authorization request with PKCE; `more` replaces or adds parameters, an empty value takes
    /// one out.
    pub fn authorize_url(&self, kind: &str, more: &[(&str, &str)]) -> String {
        let mut parameters = BTreeMap::from([
            ("client_id", self.app(kind).client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "s-1"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]);
        for (name, value) in more {
            if value.is_empty() {
                parameters.remove(name);
            } else {
                parameters.insert(name, value);
            }
        }
        let parameters: Vec<(&str, &str)> = parameters.into_iter().collect();
        format!("/oauth/authorize?{}", encoded(&parameters))
    }
}
