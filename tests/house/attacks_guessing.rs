//! Attacks by guessing: passwords, codes, names, and what an answer gives away.
//!
//! H: `every_way_to_guess_…`, `every_form_that_asks_for_a_proof_…`, `two_hundred_guesses_…`,
//! `an_address_in_another_form_…`; N: `an_address_that_somebody_claims_…`
//! I: `a_code_is_good_once_…`, `a_code_of_another_time_or_person_…`, `a_seed_has_160_bits`
//! T: `an_unknown_…` (four tests)

use std::time::Duration;

use countersign::base::clock::Clock as _;
use countersign::base::entropy::SystemEntropy;
use countersign::base::id::AppId;
use countersign::crypto::totp;
use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use countersign::http::Peer;
use futures_util::future::join_all;
use http::StatusCode;

use crate::disk::Disk;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::hidden_fields;
use crate::harness::posting;
use crate::harness::stopwatch;
use crate::routes::Door;
use crate::scenes;

const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
/// Nothing that is answered without the disk takes so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Guesses that come at once.
const GUESSES: usize = 200;
const SLOWED: StatusCode = StatusCode::TOO_MANY_REQUESTS;

/// The limit, whatever came at once; the others were told to wait, or that too many are being hashed.
#[track_caller]
fn assert_three_were_evaluated(statuses: impl Iterator<Item = StatusCode>, of: &str) {
    let (evaluated, others): (Vec<_>, Vec<_>) = statuses.partition(|status| *status == WRONG);
    assert_eq!(evaluated.len(), 3, "{of}: {others:?}");
    let refused = [SLOWED, StatusCode::SERVICE_UNAVAILABLE];
    assert!(others.iter().all(|status| refused.contains(status)), "{of}: {others:?}");
}

async fn guess_password(house: &House, email: &str) -> StatusCode {
    let mut browser = Browser::new(house);
    let page = browser.get("/sign-in").await;
    let fields = [("email", email), ("password", "wrong password here")];
    browser.submit(&page, "/sign-in", &fields).await.status
}

/// A browser of a stranger who knows the password.
async fn half_signed_in<'h>(house: &'h House, name: &str) -> (Browser<'h>, Answer) {
    let mut browser = Browser::new(house);
    browser.password(name).await;
    let page = browser.get("/sign-in/verify").await;
    (browser, page)
}

#[tokio::test]
async fn every_way_to_guess_counts_and_closes_every_other() {
    let wrong_recovery = "AAAAAAAAAAAAAAAAAAAAAAAA";
    for guess in ["password", "000000", wrong_recovery] {
        let house = House::new().await;
        let (mut browser, page) = half_signed_in(&house, "viewer").await;
        for _ in 0..3 {
            let status = match guess {
                "password" => guess_password(&house, "viewer@acme.example").await,
                code => browser.submit(&page, "/sign-in/verify", &[("code", code)]).await.status,
            };
            assert_eq!(status, WRONG, "{guess}");
        }
        assert_eq!(guess_password(&house, "viewer@acme.example").await, SLOWED, "{guess}");
        let recovery = house.user("viewer").recovery_codes[0].clone();
        for code in [house.code_now("viewer"), recovery.clone(), wrong_recovery.to_owned()] {
            let answer = browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
            assert_eq!(answer.status, SLOWED, "{guess}, then {code}");
        }
        house.advance(2);
        let answer = browser.submit(&page, "/sign-in/verify", &[("code", &recovery)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{guess}: a refused guess was used up");
    }
}

/// What a form asks for that could be guessed, and something that is surely wrong. What is chosen anew is
/// nothing to guess: a new password, the first code of a new authenticator.
fn guessed(path: &str, scene: &scenes::Scene) -> Option<(&'static str, &'static str)> {
    let new = ["/setup/{link}", "/sign-in/enrol"];
    let wrong = [
        ("current_password", "wrong password here"),
        ("code", "000000"),
        ("password", "wrong password here"),
    ];
    let asked = |name: &str| scene.form.iter().any(|(field, _)| field == name);
    wrong.into_iter().find(|(name, _)| asked(name)).filter(|_| !new.contains(&path))
}

/// Sends a wrong guess by one form two hundred times at once, of which three count, and then finds the same
/// browser slowed down: by that form, and by the sign-in.
async fn slows_down(house: &House, of: &str, scene: &scenes::Scene, field: &str, wrong: &str) {
    let mut browser = Browser::new(house);
    for pair in scene.cookies.split("; ") {
        let (name, value) = pair.split_once('=').unwrap();
        browser.cookies.insert(name.to_owned(), value.to_owned());
    }
    let session = browser.cookies.get("__Host-cs_session").cloned().unwrap_or_default();
    let owner = house.user("owner").email.clone();
    let live = house.ops.session(&session).unwrap();
    let email = live.map_or(owner, |live| live.user.email.to_string());
    let form = scene.form_with(field, wrong);
    let guesses = join_all((0..GUESSES).map(|_| scene.send(house, &form))).await;
    assert_three_were_evaluated(guesses.iter().map(|answer| answer.status), of);
    let answer = scene.send(house, &form).await;
    assert_eq!(answer.status, SLOWED, "{of} takes guesses for ever: {answer:?}");
    assert_eq!(scene.send(house, &scene.form).await.status, SLOWED, "{of}: the right one as well");
    browser.cookies.remove("__Host-cs_session");
    let page = browser.get("/sign-in").await;
    let fields = [("email", email.as_str()), ("password", "wrong password here")];
    let answer = browser.submit(&page, "/sign-in", &fields).await;
    assert_eq!(answer.status, SLOWED, "{of} counts apart from the sign-in");
}

/// Generated from the forms of the list of routes: one that is added is tried.
#[tokio::test]
async fn every_form_that_asks_for_a_proof_counts_wrong_ones_with_all_others() {
    let mut asking = 0;
    for path in scenes::all() {
        let house = House::quick().await;
        let scene = scenes::set(&house, &path).await;
        let Some((field, wrong)) = guessed(&path, &scene) else { continue };
        slows_down(&house, &path, &scene, field, wrong).await;
        asking += 1;
    }
    assert!(asking > 40, "{asking}");
}

/// There is no trusted proxy: what a request says of where it comes from is anybody's word.
#[tokio::test(start_paused = true)]
async fn an_address_that_somebody_claims_is_not_counted_as_theirs() {
    let house = House::with(&[("clients.registration", "open")]).await;
    let app = house.app("api_credentials").client_id.clone();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.as_str()),
        ("client_secret", "wrong"),
    ];
    let claims = |number: usize| {
        let address = format!("198.51.100.{number}");
        let names = ["x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip"];
        let mut claims: Vec<(&str, String)> =
            names.into_iter().map(|name| (name, address.clone())).collect();
        claims.push(("forwarded", format!("for={address}")));
        claims
    };
    let mut waits = Vec::new();
    for number in 0..20 {
        let claims = claims(number);
        let headers: Vec<(&str, &str)> = claims.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let mut request = posting("/oauth/token", &form, &headers);
        request.extensions_mut().insert(Peer(([192, 0, 2, 1], 443).into()));
        let begun = tokio::time::Instant::now();
        assert_eq!(house.send(request).await.status, StatusCode::UNAUTHORIZED);
        waits.push(begun.elapsed());
    }
    assert!(waits[19] > Duration::ZERO, "{waits:?}");
    let mut answers = Vec::new();
    for number in 0..40 {
        let body = crate::registering::public().to_string();
        let mut request = crate::registering::asking("POST", "/oauth/register", None, &body);
        for (name, value) in claims(number) {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request.extensions_mut().insert(Peer(([192, 0, 2, 1], 443).into()));
        answers.push(house.send(request).await.status);
    }
    assert_eq!(answers[39], StatusCode::TOO_MANY_REQUESTS, "{answers:?}");
}

#[tokio::test]
async fn guesses_on_the_consent_page_count_with_those_of_the_sign_in() {
    let house = House::new().await;
    let mut browser = house.signed_in("viewer").await;
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let (path, page) = browser.consent_page(&url).await;
    for _ in 0..3 {
        let acme = house.company("acme");
        assert_eq!(browser.answer(&page, &path, &acme, None, "000000").await.status, WRONG);
    }
    let sign_in = browser.get("/").await;
    browser.submit(&sign_in, "/sign-out", &[]).await;
    assert_eq!(browser.password("viewer").await.status, SLOWED);
}

#[tokio::test]
async fn an_address_in_another_form_is_the_same_account_and_the_same_counter() {
    let house = House::new().await;
    for email in ["viewer@acme.example", " Viewer@Acme.Example ", "VIEWER@ACME.EXAMPLE\t"] {
        assert_eq!(guess_password(&house, email).await, WRONG, "{email:?}");
    }
    assert_eq!(guess_password(&house, "viewer@acme.example").await, SLOWED);
    for other in ["viewer@acme.example.", "viewer+x@acme.example", "v\u{131}ewer@acme.example"] {
        assert_ne!(guess_password(&house, other).await, StatusCode::SEE_OTHER, "{other:?}");
    }
}

#[tokio::test]
async fn two_hundred_guesses_at_once_are_three() {
    let house = House::new().await;
    let (browser, page) = half_signed_in(&house, "viewer").await;
    let tag = hidden_fields(&page.body, "/sign-in/verify")[0].1.clone();
    let cookies = browser.cookie_header();
    let codes: Vec<String> = (0..GUESSES).map(|n| format!("{:06}", n * 37)).collect();
    let tries = codes.iter().map(|code| {
        let (house, cookies, tag) = (&house, &cookies, &tag);
        async move {
            let form = [("csrf", tag.as_str()), ("code", code.as_str())];
            house.post_with("/sign-in/verify", &form, &[("cookie", cookies)]).await.status
        }
    });
    let statuses = join_all(tries).await;
    assert_three_were_evaluated(statuses.into_iter(), "the second factor");
}

#[tokio::test]
async fn two_hundred_sign_ins_at_once_with_wrong_passwords_are_three() {
    let house = House::new().await;
    let tries = (0..GUESSES).map(|_| guess_password(&house, "viewer@acme.example"));
    let statuses = join_all(tries).await;
    assert_three_were_evaluated(statuses.into_iter(), "the sign-in");
}

#[tokio::test]
async fn a_code_is_good_once_and_none_before_it_is_good_after_it() {
    let house = House::new().await;
    let (mut browser, page) = half_signed_in(&house, "viewer").await;
    let seed = data_encoding::BASE32_NOPAD.decode(house.user("viewer").totp_secret.as_bytes());
    let seed = seed.unwrap();
    house.advance(300);
    let step = totp::step_at(house.ops.now());
    let newest = totp::code(&seed, step + 1);
    let answer = browser.submit(&page, "/sign-in/verify", &[("code", &newest)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let (mut other, page) = half_signed_in(&house, "viewer").await;
    for step in [step + 1, step, step - 1] {
        let code = totp::code(&seed, step);
        let answer = other.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
        assert_eq!(answer.status, WRONG, "step {step}");
    }
    house.advance(60);
    let consent = scenes::set_for(&house, "/consent/{handle}", "viewer").await;
    let first = consent.send(&house, &consent.form).await;
    assert!(first.redirected("code").is_some());
    let again = scenes::set_for(&house, "/consent/{handle}", "viewer").await;
    let used = consent.form.iter().find(|(name, _)| name == "code").unwrap().1.clone();
    let answer = again.send(&house, &again.form_with("code", &used)).await;
    assert_eq!(answer.status, WRONG, "{answer:?}");
}

#[tokio::test]
async fn a_code_of_another_time_or_person_is_none() {
    let house = House::new().await;
    let (mut browser, page) = half_signed_in(&house, "viewer").await;
    let seed = data_encoding::BASE32_NOPAD.decode(house.user("viewer").totp_secret.as_bytes());
    let (seed, step) = (seed.unwrap(), totp::step_at(house.ops.now()));
    let mut wrong: Vec<String> =
        [step - 3, step - 2, step + 2, step + 3].map(|step| totp::code(&seed, step)).into();
    wrong.extend([house.code_now("owner"), house.user("owner").recovery_codes[0].clone()]);
    let right = totp::code(&seed, step);
    wrong.extend([right[1..].to_owned(), format!("0{right}"), format!("{right}0")]);
    wrong.push(house.user("viewer").totp_secret.clone());
    for code in wrong {
        let answer = browser.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
        assert!(matches!(answer.status, WRONG | SLOWED), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn a_seed_has_160_bits_and_is_another_for_each_enrolment() {
    let house = House::new().await;
    let mut seeds: Vec<String> =
        house.guide.users.iter().map(|user| user.totp_secret.clone()).collect();
    for _ in 0..3 {
        let scene = scenes::set(&house, "/sign-in/enrol").await;
        let page =
            crate::harness::request("GET", "/sign-in/enrol").header("cookie", &scene.cookies);
        let page = house.send(page.body(axum::body::Body::empty()).unwrap()).await;
        seeds.push(scenes::secret_on(&page.body));
    }
    for seed in &seeds {
        assert_eq!(data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap().len(), 20);
    }
    seeds.sort();
    seeds.dedup();
    assert_eq!(seeds.len(), house.guide.users.len() + 3);
}

/// A cookie's name and attributes.
fn without_value(line: &http::HeaderValue) -> String {
    let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
    format!("{}{attributes}", pair.split('=').next().unwrap())
}

/// What a stranger can compare of an answer: all but what is new each time.
fn comparable(answer: &Answer, said: &str) -> String {
    let mut headers = answer.headers.clone();
    let reference = headers.remove("x-request-id").unwrap().to_str().unwrap().to_owned();
    if let Some(length) = headers.remove("content-length") {
        assert_eq!(length.to_str().unwrap(), answer.body.len().to_string());
    }
    let cookies: Vec<String> = headers.get_all("set-cookie").iter().map(without_value).collect();
    headers.remove("set-cookie");
    let mut body = answer.body.replace(&reference, "");
    if body.contains("action=\"/sign-in\"") {
        body = body.replace(&hidden_fields(&answer.body, "/sign-in")[0].1, "");
    }
    if !said.is_empty() {
        body = body.replace(said, "");
    }
    format!("{} {headers:?} {cookies:?} {body}", answer.status)
}

#[tokio::test]
async fn an_unknown_account_is_answered_like_a_known_one_whatever_its_state() {
    let house = House::new().await;
    for name in ["junior", "partner"] {
        house.ops.disable_user(house.user_id(name), MACHINE).await.unwrap();
    }
    let invited = scenes::set(&house, "/setup/{link}").await;
    assert!(invited.action.starts_with("/setup/"));
    let right = house.user("partner").password.clone();
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@acme.example", "wrong password here"),
        ("owner@acme.example", "wrong password here"),
        ("junior@ledgerwise.example", "wrong password here"),
        ("partner@ledgerwise.example", right.as_str()),
        ("new4@acme.example", "wrong password here"),
        ("no address", "wrong password here"),
    ] {
        let mut browser = Browser::new(&house);
        let page = browser.get("/sign-in").await;
        let fields = [("email", email), ("password", password)];
        let mut rounds = Vec::new();
        for _ in 0..4 {
            let answer = browser.submit(&page, "/sign-in", &fields).await;
            rounds.push(comparable(&answer, email));
        }
        answers.push((email, rounds));
        house.advance(86_400);
    }
    assert!(answers[0].1[0].starts_with("422") && answers[0].1[3].starts_with("429"));
    for (email, rounds) in &answers[1..] {
        assert_eq!(rounds, &answers[0].1, "{email} is told from an unknown address");
    }
}

/// Who guesses secrets waits: waiting takes no time here.
#[tokio::test(start_paused = true)]
async fn an_unknown_client_is_answered_like_a_known_one_with_a_wrong_secret() {
    let house = House::new().await;
    let known = ["oauth_confidential", "api_credentials", "resource_server"];
    let known: Vec<String> = known.iter().map(|kind| house.app(kind).client_id.clone()).collect();
    let of_another = house.app("resource_server").client_secret.clone().unwrap();
    let unknown = known[0].chars().rev().collect::<String>();
    let of_programs = |door: Door| !door.is_for_people() && door != Door::Registration;
    for path in crate::routes::paths(of_programs) {
        if !path.starts_with("/oauth/") && path != "/token" {
            continue;
        }
        for secret in ["x", of_another.as_str()] {
            let form = |id: &str| {
                [
                    ("client_id", id.to_owned()),
                    ("client_secret", secret.to_owned()),
                    ("grant_type", "client_credentials".to_owned()),
                    ("token", "x".to_owned()),
                    ("response_type", "code".to_owned()),
                ]
            };
            let mut answers = Vec::new();
            for id in [&unknown, "", "nobody", "cs_app_0"]
                .into_iter()
                .chain(known.iter().map(String::as_str))
            {
                if id == known[2] && secret == of_another {
                    continue;
                }
                let form = form(id);
                let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
                let answer = house.post(&path, &form).await;
                assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {id}: {answer:?}");
                answers.push(comparable(&answer, ""));
            }
            answers.dedup();
            assert_eq!(answers.len(), 1, "{path}: {answers:?}");
        }
    }
}

/// What is written down of a known client is written later: an answer that waited for the disk would tell it
/// from one that nobody knows.
#[tokio::test]
async fn no_answer_about_a_client_waits_for_what_is_written_of_it() {
    let (house, disk) = Disk::house().await;
    let id = house.app("oauth_confidential").client_id.clone();
    let of_another = house.app("resource_server").client_secret.clone().unwrap();
    disk.hold();
    let mut statuses = Vec::new();
    for path in ["/oauth/token", "/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par"] {
        let form = [
            ("client_id", id.as_str()),
            ("client_secret", &of_another),
            ("grant_type", "client_credentials"),
            ("token", "x"),
            ("response_type", "code"),
        ];
        let answer = tokio::time::timeout(PATIENCE, house.post(path, &form)).await;
        statuses.push((path, answer.ok().map(|answer| answer.status.as_u16())));
    }
    disk.release();
    for (of, status) in statuses {
        assert_eq!(status, Some(401), "{of}: no status means that it waited for the disk");
    }
    house.ops.flush().await.unwrap();
    assert_eq!(house.happened(1), [EventKind::TokenRefused]);
}

/// How long the answer to a token request waits, and its status.
async fn timed(house: &House, id: &str, secret: &str, from: [u8; 4]) -> (Duration, StatusCode) {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let mut request = posting("/oauth/token", &form, &[]);
    request.extensions_mut().insert(Peer((from, 443).into()));
    let begun = tokio::time::Instant::now();
    let status = house.send(request).await.status;
    (begun.elapsed(), status)
}

/// Time that waits stands still but for waiting: no try takes any by itself.
#[tokio::test(start_paused = true)]
async fn guessing_a_secret_is_slowed_and_a_right_one_is_never_refused() {
    const HERE: [u8; 4] = [192, 0, 2, 1];
    const THERE: [u8; 4] = [192, 0, 2, 2];
    let (free, longest) = (Duration::ZERO, Duration::from_secs(2));
    let house = House::new().await;
    let app = house.app("api_credentials").clone();
    let (id, secret) = (app.client_id.as_str(), app.client_secret.as_deref().unwrap());
    let unknown = AppId::make(house.clock.now(), &SystemEntropy::new()).to_string();
    for id in [id, &unknown] {
        let mut waits = Vec::new();
        for _ in 0..20 {
            let (wait, status) = timed(&house, id, "wrong", HERE).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            waits.push(wait);
        }
        assert_eq!(waits[..10], [free; 10], "{id}");
        assert!(waits[10] > free && waits[10..].is_sorted(), "{id}: {waits:?}");
        assert_eq!(waits[19], longest, "{id}");
    }
    assert_eq!(timed(&house, id, secret, HERE).await, (longest, StatusCode::OK));
    assert_eq!(timed(&house, id, secret, THERE).await, (free, StatusCode::OK));
    let other = house.app("oauth_confidential").client_id.clone();
    assert_eq!(timed(&house, &other, "wrong", HERE).await, (free, StatusCode::UNAUTHORIZED));
    house.advance(60);
    assert_eq!(timed(&house, id, secret, HERE).await, (free, StatusCode::OK));
}

#[tokio::test(start_paused = true)]
async fn the_wait_does_not_tell_a_revoked_app_from_one_that_never_was() {
    const HERE: [u8; 4] = [192, 0, 2, 1];
    let house = House::new().await;
    let revoked = house.app("api_credentials").client_id.clone();
    house.ops.revoke_app(revoked.parse().unwrap(), Origin::default()).await.unwrap();
    let never = AppId::make(house.clock.now(), &SystemEntropy::new()).to_string();
    let mut waits = [const { Vec::new() }; 2];
    for (waits, id) in waits.iter_mut().zip([&revoked, &never]) {
        for _ in 0..12 {
            waits.push(timed(&house, id, "wrong", HERE).await);
        }
    }
    assert!(waits[0][11].0 > Duration::ZERO);
    assert_eq!(waits[0], waits[1]);
}

#[tokio::test]
async fn an_unknown_client_or_link_gets_the_page_that_any_unusable_one_gets() {
    let house = House::new().await;
    let unusable =
        ["api_credentials", "resource_server"].map(|kind| house.app(kind).client_id.clone());
    let mut pages = Vec::new();
    for client in ["nobody", &unusable[0], &unusable[1], &unusable[0].to_uppercase()] {
        let url = house.authorize_url("oauth_public", &[("client_id", client)]);
        pages.push(comparable(&house.get(&url).await, client));
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:?}");
    let used = scenes::set(&house, "/setup/{link}").await;
    used.send(&house, &used.form).await;
    let mut links = Vec::new();
    for link in [used.action.as_str(), "/setup/x", "/setup/cs_link_0"] {
        links.push(comparable(&house.get(link).await, ""));
    }
    links.dedup();
    assert_eq!(links.len(), 1, "{links:?}");
}

/// The quickest of many tries, alternating, so that other work on the machine does not count: it
/// can delay each of them, but not make one quicker than its work takes.
#[tokio::test]
async fn an_unknown_account_takes_as_long_as_a_known_one() {
    let house = House::with(&[("attempts.strangers_per_day", "1000")]).await;
    let mut quickest = [Duration::MAX; 2];
    for round in 0.. {
        for (of, email) in ["nobody@acme.example", "owner@acme.example"].iter().enumerate() {
            house.advance(10);
            let begun = stopwatch();
            assert_eq!(guess_password(&house, email).await, WRONG);
            quickest[of] = quickest[of].min(begun.elapsed());
        }
        let [unknown, known] = quickest.map(|time| time.as_secs_f64());
        if round >= 12 && unknown < 2.0 * known && known < 2.0 * unknown {
            return;
        }
        assert!(round < 300, "{quickest:?}");
    }
}
