//! Passkeys as second factor (WebAuthn level 3, section 7.2): what counts, and every way of answering
//! wrongly.

use countersign::base::encoding::base64url;
use countersign::domain::audit::EventKind;
use countersign::domain::passkey::PasskeyFault;
use countersign::ops::failure::Failure;
use countersign::ops::own_security::OwnRefusal;
use countersign::ops::own_security::factors::FactorName;
use countersign::ops::prove_factor::CodeRefusal;
use countersign::ops::prove_factor::Proof;
use http::StatusCode;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::Authenticator;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::authenticator::ADD_PASSKEY;
use crate::harness::authenticator::PRESENT;
use crate::harness::authenticator::SECURITY;
use crate::harness::authenticator::VERIFIED;
use crate::harness::authenticator::asked;
use crate::harness::authenticator::asked_to_make;
use crate::harness::authenticator::with_a_bit_flipped;

const VERIFY: &str = "/sign-in/verify";
const END_OTHERS: &str = "/settings/security/sessions/end";

/// The owner, who has a passkey beside the authenticator app.
async fn owner(house: &House) -> Authenticator {
    house.signed_in("owner").await.add_passkey("owner").await
}

/// The page of the second step, in a new browser.
async fn second_step<'h>(house: &'h House, name: &str) -> (Browser<'h>, Answer) {
    let mut browser = Browser::new(house);
    browser.password(name).await;
    let page = browser.get(VERIFY).await;
    (browser, page)
}

async fn answer(browser: &mut Browser<'_>, page: &Answer, passkey: &str) -> Answer {
    browser.submit(page, VERIFY, &[("passkey", passkey)]).await
}

/// The passkey is refused, and nobody is signed in.
async fn assert_refused(browser: &mut Browser<'_>, page: &Answer, passkey: &str, what: &str) {
    let refused = answer(browser, page, passkey).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {refused:?}");
    assert!(refused.body.contains("does not prove who you are"), "{what}");
    assert_eq!(browser.get("/").await.location(), VERIFY, "{what}");
}

#[tokio::test]
async fn a_passkey_signs_in_and_allows_access_without_any_code() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let passkey = key.get(&asked(&page.body).unwrap());
    assert_eq!(answer(&mut browser, &page, &passkey).await.location(), "/");
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let (path, page) = browser.consent_page(&url).await;
    let passkey = key.get(&asked(&page.body).unwrap());
    let acme = house.company("acme");
    let fields =
        [("context", acme.as_str()), ("scope", "customers:readonly"), ("passkey", &passkey)];
    let allowed = browser.submit(&page, &path, &fields).await;
    assert!(allowed.location().starts_with(CALLBACK), "{allowed:?}");
    assert!(allowed.redirected("code").is_some());
    let happened = house.happened(3);
    assert!(happened.contains(&EventKind::ConsentGiven), "{happened:?}");
}

#[tokio::test]
async fn only_whoever_proved_the_password_learns_whether_there_is_a_passkey() {
    let house = House::new().await;
    owner(&house).await;
    for email in [house.user("owner").email.as_str(), "nobody@acme.example"] {
        let mut browser = Browser::new(&house);
        let page = browser.get("/sign-in").await;
        assert!(asked(&page.body).is_none());
        let fields = [("email", email), ("password", "not the password")];
        let refused = browser.submit(&page, "/sign-in", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(asked(&refused.body).is_none());
    }
    assert!(asked(&second_step(&house, "owner").await.1.body).is_some());
    assert!(asked(&second_step(&house, "viewer").await.1.body).is_none(), "has a code alone");
}

#[tokio::test]
async fn an_answer_that_is_wrong_in_one_part_proves_nothing() {
    type Wrong = fn(&mut Authenticator);
    let wrong: &[(&str, Wrong)] = &[
        ("another site's page", |key| key.origin = "https://cs.example.evil.example".to_owned()),
        ("another port", |key| key.origin = "https://cs.example:8443".to_owned()),
        ("no TLS", |key| key.origin = "http://cs.example".to_owned()),
        ("a page inside another's", |key| key.more = json!({"crossOrigin": true})),
        ("a page below another's", |key| key.more = json!({"topOrigin": "https://evil.example"})),
        ("another relying party", |key| key.party = "evil.example".to_owned()),
        ("the party above ours", |key| key.party = "example".to_owned()),
        ("nobody verified", |key| key.flags = PRESENT),
        ("nobody there", |key| key.flags = VERIFIED),
        ("backed up but not eligible", |key| key.flags |= 1 << 4),
        ("the answer that makes one", |key| key.ceremony = Some("webauthn.create")),
        ("another ceremony", |key| key.ceremony = Some("payment.get")),
        ("somebody else's handle", |key| key.user_handle = Some(base64url(&[1; 16]))),
        ("a credential nobody has", |key| key.credential[0] ^= 1),
    ];
    let house = House::new().await;
    let mut key = owner(&house).await;
    for (what, make_wrong) in wrong {
        let right = (key.credential.clone(), key.user_handle.clone());
        let (mut browser, page) = second_step(&house, "owner").await;
        let asked = asked(&page.body).unwrap();
        make_wrong(&mut key);
        let passkey = key.get(&asked);
        assert_refused(&mut browser, &page, &passkey, what).await;
        house.advance(10);
        let fresh = Authenticator::default();
        (key.credential, key.user_handle) = right;
        (key.origin, key.party, key.flags) = (fresh.origin, fresh.party, fresh.flags);
        (key.ceremony, key.more) = (fresh.ceremony, fresh.more);
        let passkey = key.get(&asked);
        assert_eq!(answer(&mut browser, &page, &passkey).await.location(), "/", "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_was_changed_or_is_none_proves_nothing() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let asked = asked(&page.body).unwrap();
    let good = key.get(&asked);
    let mut wrong: Vec<String> = ["clientDataJSON", "authenticatorData", "signature"]
        .iter()
        .map(|part| with_a_bit_flipped(&good, part))
        .collect();
    let other = Authenticator { credential: key.credential.clone(), ..Authenticator::default() };
    let mut other = Authenticator { user_handle: key.user_handle.clone(), ..other };
    wrong.push(other.get(&asked));
    wrong.push(good.replace("public-key", "password"));
    for junk in ["{}", "null", "[]", "\u{0}", "123456", &"[".repeat(20_000), &good[1..]] {
        wrong.push(junk.to_owned());
    }
    for passkey in &wrong {
        assert_refused(&mut browser, &page, passkey, &passkey[..passkey.len().min(300)]).await;
        house.advance(6);
    }
    assert_eq!(answer(&mut browser, &page, &good).await.location(), "/");
}

#[tokio::test]
async fn another_persons_passkey_proves_nothing_even_with_the_right_challenge() {
    let house = House::new().await;
    owner(&house).await;
    let mut others = house.signed_in("viewer").await.add_passkey("viewer").await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let passkey = others.get(&asked(&page.body).unwrap());
    assert_refused(&mut browser, &page, &passkey, "the viewer's").await;
}

#[tokio::test]
async fn an_answer_counts_in_the_session_that_asked_and_nowhere_else() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (_, elsewhere) = second_step(&house, "owner").await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let passkey = key.get(&asked(&elsewhere.body).unwrap());
    assert_refused(&mut browser, &page, &passkey, "asked in another session").await;
    let mut made_up: serde_json::Value = serde_json::from_str(&asked(&page.body).unwrap()).unwrap();
    made_up["challenge"] = base64url(&[7; 48]).into();
    let passkey = key.get(&made_up.to_string());
    assert_refused(&mut browser, &page, &passkey, "asked by nobody").await;
}

#[tokio::test]
async fn an_answer_to_one_act_does_not_allow_another() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let mut key = browser.add_passkey("owner").await;
    let live = browser.live();
    let acts = [
        house.ops.passkey_request(&live, "sign-in").unwrap().unwrap(),
        house.ops.passkey_request(&live, END_OTHERS).unwrap().unwrap(),
        house.ops.passkey_creation(&live, ADD_PASSKEY).unwrap().unwrap(),
    ];
    let url = house.authorize_url("oauth_public", &[("scope", "customers:readonly")]);
    let (_, other_request) = browser.consent_page(&url).await;
    let (path, page) = browser.consent_page(&url).await;
    let acme = house.company("acme");
    let consent = asked(&page.body).unwrap();
    for asked in acts.into_iter().chain([asked(&other_request.body).unwrap()]) {
        let mut challenge: serde_json::Value = serde_json::from_str(&consent).unwrap();
        let of_other: serde_json::Value = serde_json::from_str(&asked).unwrap();
        challenge["challenge"] = of_other["challenge"].clone();
        let passkey = key.get(&challenge.to_string());
        let fields =
            [("context", acme.as_str()), ("scope", "customers:readonly"), ("passkey", &passkey)];
        let refused = browser.submit(&page, &path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        house.advance(10);
    }
}

fn faulted<T: std::fmt::Debug>(done: Result<T, Failure<OwnRefusal>>) -> Option<PasskeyFault> {
    match done {
        Err(Failure::Refused(OwnRefusal::Proof(CodeRefusal::Passkey(fault)))) => Some(fault),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_counts_once() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let mut key = browser.add_passkey("owner").await;
    let asked = house.ops.passkey_request(&browser.live(), END_OTHERS).unwrap().unwrap();
    let first = key.get(&asked);
    let own = |passkey: &str| browser.confirming(END_OTHERS, Proof::given("", passkey));
    house.ops.end_other_sessions(own(&first)).await.unwrap();
    let again = house.ops.end_other_sessions(own(&first)).await;
    assert_eq!(faulted(again), Some(PasskeyFault::Over), "the same answer");
    let anew = key.get(&asked);
    let again = house.ops.end_other_sessions(own(&anew)).await;
    assert_eq!(faulted(again), Some(PasskeyFault::Over), "the same challenge");
}

#[tokio::test]
async fn of_one_answer_sent_many_times_at_once_one_counts() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    let mut key = browser.add_passkey("owner").await;
    let asked = house.ops.passkey_request(&browser.live(), END_OTHERS).unwrap().unwrap();
    let passkey = key.get(&asked);
    let sent = (0..32).map(|_| {
        house.ops.end_other_sessions(browser.confirming(END_OTHERS, Proof::given("", &passkey)))
    });
    let done = futures_util::future::join_all(sent).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
}

#[tokio::test]
async fn an_answer_that_comes_after_ten_minutes_is_asked_for_again_and_not_counted() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let passkey = key.get(&asked(&page.body).unwrap());
    house.advance(600);
    for _ in 0..4 {
        let refused = answer(&mut browser, &page, &passkey).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
        assert!(refused.body.contains("open for too long"), "{refused:?}");
    }
    let page = browser.get(VERIFY).await;
    let passkey = key.get(&asked(&page.body).unwrap());
    house.advance(599);
    assert_eq!(answer(&mut browser, &page, &passkey).await.location(), "/");
}

#[tokio::test]
async fn a_counter_that_does_not_go_up_tells_of_a_copy() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    key.counter = 41;
    let (mut browser, page) = second_step(&house, "owner").await;
    let passkey = key.get(&asked(&page.body).unwrap());
    assert_eq!(answer(&mut browser, &page, &passkey).await.location(), "/");
    for counted in [0, 41, 42] {
        let (mut browser, page) = second_step(&house, "owner").await;
        key.counter = counted;
        let passkey = key.get(&asked(&page.body).unwrap());
        let right = counted == 42;
        let answered = answer(&mut browser, &page, &passkey).await;
        house.advance(30);
        assert_eq!(answered.status == StatusCode::SEE_OTHER, right, "{counted}: {answered:?}");
    }
    assert!(house.happened(6).contains(&EventKind::CodeRefused), "it is written down");
}

#[tokio::test]
async fn a_code_beside_a_passkey_is_refused_whichever_of_them_is_right() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let asked = asked(&page.body).unwrap();
    for (right_code, right_passkey) in [(true, true), (true, false), (false, true)] {
        let code = if right_code { house.next_code("owner") } else { "000000".to_owned() };
        let passkey = if right_passkey { key.get(&asked) } else { "{}".to_owned() };
        let fields = [("code", code.as_str()), ("passkey", &passkey)];
        let refused = browser.submit(&page, VERIFY, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{right_code}");
        house.advance(10);
    }
    let code = house.next_code("owner");
    let signed_in = browser.submit(&page, VERIFY, &[("code", &code)]).await;
    assert_eq!(signed_in.location(), "/", "no right one was spent");
}

#[tokio::test]
async fn wrong_passkeys_and_wrong_codes_are_counted_together() {
    let house = House::new().await;
    let mut key = owner(&house).await;
    let (mut browser, page) = second_step(&house, "owner").await;
    let good = key.get(&asked(&page.body).unwrap());
    for wrong in [("passkey", "{}"), ("code", "000000"), ("passkey", "junk")] {
        browser.submit(&page, VERIFY, &[wrong]).await;
    }
    let slowed = answer(&mut browser, &page, &good).await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS, "{slowed:?}");
    house.advance(1);
    assert_eq!(answer(&mut browser, &page, &good).await.location(), "/");
}

#[tokio::test]
async fn the_last_second_factor_cannot_be_removed() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let ops = &house.ops;
    let path = |factor: FactorName| format!("{SECURITY}/factors/{factor}/remove");
    let totp = path(FactorName::Totp);
    assert_eq!(browser.get(&totp).await.status, StatusCode::NOT_FOUND, "the only one");
    let proof = Proof::given(&house.next_code("owner"), "");
    let last = ops.remove_factor(browser.confirming(&totp, proof), FactorName::Totp).await;
    assert!(matches!(last, Err(Failure::Refused(OwnRefusal::LastFactor))), "{last:?}");
    let mut key = browser.add_passkey("owner").await;
    let page = browser.get(&totp).await;
    let code = house.next_code("owner");
    let removed = browser.submit(&page, &totp, &[("code", &code)]).await;
    assert_eq!(removed.location(), SECURITY);
    let (mut again, page) = second_step(&house, "owner").await;
    let code = house.next_code("owner");
    let refused = again.submit(&page, VERIFY, &[("code", &code)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "the app is gone");
    let passkey = key.get(&asked(&page.body).unwrap());
    assert_eq!(answer(&mut again, &page, &passkey).await.location(), "/");
    let only = FactorName::Passkey(ops.own_security(&browser.live()).unwrap().passkeys[0].id);
    assert_eq!(browser.get(&path(only)).await.status, StatusCode::NOT_FOUND);
    let asked = ops.passkey_request(&browser.live(), &path(only)).unwrap().unwrap();
    let recovery = house.user("owner").recovery_codes[0].clone();
    for proof in [Proof::given("", &key.get(&asked)), Proof::given(&recovery, "")] {
        let last = ops.remove_factor(browser.confirming(&path(only), proof), only).await;
        assert!(matches!(last, Err(Failure::Refused(OwnRefusal::LastFactor))), "{last:?}");
    }
    let held = ops.own_security(&browser.live()).unwrap();
    assert_eq!(held.recovery_left, 10, "nothing was spent");
}

#[tokio::test]
async fn a_new_passkey_that_is_wrong_in_one_part_is_not_kept_and_spends_no_code() {
    type Wrong = fn(&mut Authenticator);
    let wrong: &[(&str, Wrong)] = &[
        ("another site's page", |key| key.origin = "https://evil.example".to_owned()),
        ("another relying party", |key| key.party = "evil.example".to_owned()),
        ("nobody verified", |key| key.flags = PRESENT),
        ("a proof instead", |key| key.ceremony = Some("webauthn.get")),
        ("no name", |key| key.credential = Vec::new()),
        ("an endless name", |key| key.credential = vec![7; 1024]),
        ("extensions that are not there", |key| key.flags |= 1 << 7),
    ];
    let house = House::new().await;
    let mut others = house.signed_in("viewer").await;
    let of_another = asked_to_make(&others.get(ADD_PASSKEY).await.body).unwrap();
    let mut browser = house.signed_in("owner").await;
    let page = browser.get(ADD_PASSKEY).await;
    let ask = asked_to_make(&page.body).unwrap();
    let code = house.next_code("owner");
    let mut made: Vec<(&str, String)> = Vec::new();
    for (what, make_wrong) in wrong {
        let mut key = Authenticator::default();
        make_wrong(&mut key);
        made.push((what, key.create(&ask)));
    }
    made.push(("asked of another", Authenticator::default().create(&of_another)));
    made.push(("nothing", String::new()));
    made.push(("junk", "{}".to_owned()));
    for (what, credential) in &made {
        let fields = [("name", "Laptop"), ("credential", credential), ("code", &code)];
        let refused = browser.submit(&page, ADD_PASSKEY, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{what}: {refused:?}");
        assert!(refused.body.contains("could not be used"), "{what}");
    }
    assert!(house.ops.own_security(&browser.live()).unwrap().passkeys.is_empty());
    let mut key = Authenticator { attestation: "packed", ..Authenticator::default() };
    let credential = key.create(&ask);
    let fields = [("name", "Laptop"), ("credential", credential.as_str()), ("code", &code)];
    assert_eq!(browser.submit(&page, ADD_PASSKEY, &fields).await.location(), SECURITY);
    let page = browser.get(ADD_PASSKEY).await;
    let credential = key.create(&asked_to_make(&page.body).unwrap());
    let code = house.next_code("owner");
    let fields = [("name", "Laptop"), ("credential", credential.as_str()), ("code", &code)];
    let twice = browser.submit(&page, ADD_PASSKEY, &fields).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "the same one twice");
}

#[tokio::test]
async fn a_passkeys_page_tells_the_authenticator_nothing_but_an_id() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let asked = asked_to_make(&browser.get(ADD_PASSKEY).await.body).unwrap();
    let asked: serde_json::Value = serde_json::from_str(&asked).unwrap();
    let handle = asked["user"]["id"].as_str().unwrap();
    assert_eq!(handle, base64url(house.user_id("owner").raw().bytes()));
    assert_eq!(asked["rp"]["id"], "cs.example");
}

#[tokio::test]
async fn a_confirmation_takes_a_passkey_as_well_as_a_code() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let mut key = browser.add_passkey("owner").await;
    let elsewhere = house.signed_in("owner").await;
    let mut elsewhere = elsewhere;
    let page = browser.get(END_OTHERS).await;
    let passkey = key.get(&asked(&page.body).unwrap());
    let done = browser.submit(&page, END_OTHERS, &[("passkey", &passkey)]).await;
    assert_eq!(done.location(), SECURITY);
    assert_eq!(elsewhere.get("/").await.location(), "/sign-in");
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
}
