//! Races: many tries at the same moment, on two threads, and what they need beforehand.

use std::future::Future;

use axum::body::Body;
use countersign::base::encoding;
use countersign::base::secret::Secret;
use countersign::domain::audit::Origin;
use countersign::domain::consent::AuthorizationRequest;
use countersign::domain::scope::ScopeSet;
use countersign::ops::authorization::AuthorizationParameters;
use countersign::ops::consent::Allowed;
use countersign::ops::consent::Choice;
use countersign::ops::prove_factor::Proof;
use countersign::ops::sessions::LiveSession;
use http::Request;
use http::StatusCode;

use crate::harness;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::VERIFIER;
use crate::harness::posting;

/// Rounds of each race.
pub const ROUNDS: usize = 1000;
/// Tries in each round.
pub const TRIES: usize = 32;
/// What is asked for.
pub const SCOPE: &str = "customers:readonly";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Lets all tries run at the same time, each a task of its own.
#[expect(clippy::disallowed_methods, reason = "each try is a task, and all are waited for")]
pub async fn at_once<F>(tries: impl IntoIterator<Item = F>) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let running: Vec<_> = tries.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::with_capacity(running.len());
    for task in running {
        done.push(task.await.unwrap());
    }
    done
}

/// Sends all requests at the same time. None may fail by our fault.
pub async fn send_at_once(
    house: &House,
    requests: impl IntoIterator<Item = Request<Body>>,
) -> Vec<Answer> {
    let requests: Vec<_> = requests.into_iter().collect();
    let paths: Vec<String> = requests.iter().map(|request| request.uri().path().into()).collect();
    let sending = |request| harness::send(house.router.clone(), request);
    let answers = at_once(requests.into_iter().map(sending)).await;
    for (path, answer) in paths.iter().zip(&answers) {
        assert!(!answer.status.is_server_error(), "{answer:?}");
        house.assert_leads_where_it_may(path, answer);
    }
    answers
}

/// The answers with this status.
pub fn won(answers: &[Answer], status: StatusCode) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status == status).collect()
}

/// A token request of the public app.
fn token_request(house: &House, form: &[(&str, &str)]) -> Request<Body> {
    let mut form = form.to_vec();
    form.push(("client_id", &house.app("oauth_public").client_id));
    posting("/oauth/token", &form, &[])
}

/// Redeems a code of the public app.
pub fn redeeming(house: &House, code: &str) -> Request<Body> {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token_request(house, &form)
}

/// Uses a refresh token of the public app.
pub fn refreshing(house: &House, token: &str) -> Request<Body> {
    token_request(house, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// The tag of a form as a page would carry it.
pub fn tag(browser: &Browser<'_>, form: &str, subject: &str) -> String {
    let cookie = |name: &str| browser.cookies.get(name).cloned().unwrap_or_default();
    let (mark, session) = (cookie("__Host-cs_browser"), cookie("__Host-cs_session"));
    let parts = [mark.as_bytes(), session.as_bytes(), form.as_bytes(), subject.as_bytes()];
    encoding::base64url(&browser.house.ops.form_tag(&parts))
}

/// Opens a page in every fiftieth round: the hours of a thousand rounds would end an idle session.
pub async fn stay_active(browser: &mut Browser<'_>, round: usize) {
    if round.is_multiple_of(50) {
        browser.get("/").await;
    }
}

/// The signed-in person behind a browser.
pub fn live(browser: &Browser<'_>) -> LiveSession {
    browser.house.ops.session(&browser.cookies["__Host-cs_session"]).unwrap().unwrap()
}

/// Another checked request of the public app.
pub async fn checked(house: &House) -> AuthorizationRequest {
    let text = |text: &str| Some(text.to_owned());
    let parameters = AuthorizationParameters {
        client_id: text(&house.app("oauth_public").client_id),
        redirect_uri: text(CALLBACK),
        response_type: text("code"),
        scope: text(SCOPE),
        challenge: text(CHALLENGE),
        challenge_method: text("S256"),
        ..AuthorizationParameters::default()
    };
    house.ops.check_authorization(&Default::default(), &parameters).await.unwrap()
}

/// Allows `request` with a verification code: the operation behind the consent page.
pub async fn allow(
    house: &House,
    live: &LiveSession,
    request: AuthorizationRequest,
    code: &str,
) -> Option<Secret> {
    let choice = Choice {
        place: house.company("acme").parse().ok(),
        ticked: ScopeSet::parse(SCOPE),
        proof: Proof::given(code, ""),
    };
    let mark = house.ops.browser_mark("a browser");
    match house.ops.allow(live, request, choice, mark, Origin::default()).await {
        Ok(Allowed::Code(code)) => Some(code),
        _ => None,
    }
}
