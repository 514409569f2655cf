//! Attacks by being quick (I, W) on people's proofs, sessions and links: everything that is good
//! once has one winner. As in `races`, a thousand rounds of 32 tries, through the real router unless
//! a test says why not.

use countersign::crypto::totp;
use countersign::domain::audit::Origin;
use countersign::domain::link::LinkPurpose;
use countersign::domain::link::Lost;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::invite::NewInvitation;
use countersign::ops::administration::issue_recovery::Account;
use countersign::ops::consent::Allowed;
use countersign::ops::consent::Choice;
use countersign::ops::prove_factor::Proof;
use countersign::ops::sessions::LiveSession;
use http::StatusCode;

use crate::harness;
use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::posting;
use crate::scenes;
use crate::storm::ROUNDS;
use crate::storm::SCOPE;
use crate::storm::TRIES;
use crate::storm::at_once;
use crate::storm::checked;
use crate::storm::live;
use crate::storm::send_at_once;
use crate::storm::stay_active;
use crate::storm::tag;
use crate::storm::won;

/// By the operation behind the consent page, each try with a request of its own: the page would be
/// rendered again for each of the 31 that lose.
async fn race_for_approval(house: &House, live: &LiveSession, code: &str) -> usize {
    let mut requests = Vec::new();
    for _ in 0..TRIES {
        requests.push(checked(house).await);
    }
    let tries = requests.into_iter().map(|request| {
        let (ops, live) = (house.ops.clone(), live.clone());
        let choice = Choice {
            place: house.company("acme").parse().ok(),
            ticked: ScopeSet::parse(SCOPE),
            proof: Proof::given(code, ""),
        };
        let mark = ops.browser_mark("a browser");
        async move {
            let allowed = ops.allow(&live, request, choice, mark, Origin::default()).await;
            matches!(allowed, Ok(Allowed::Code(_)))
        }
    });
    at_once(tries).await.into_iter().filter(|won| *won).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_code_of_an_authenticator_approves_one_request() {
    let house = House::quick().await;
    let mut browser = house.signed_in("owner").await;
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        let code = house.next_code("owner");
        assert_eq!(race_for_approval(&house, &live(&browser), &code).await, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_recovery_code_approves_one_request() {
    // Each try that loses is a wrong guess, and three of each round are evaluated.
    let house = House::quick_with(&[("attempts.strangers_per_day", "10000")]).await;
    let mut browser = house.signed_in("owner").await;
    let owner = house.user_id("owner");
    let mut codes = Vec::new();
    for round in 0..ROUNDS {
        stay_active(&mut browser, round).await;
        house.advance(6);
        if codes.is_empty() {
            let made = house.ops.provision_factors(owner, Origin::default()).await.unwrap();
            codes = made.recovery_codes;
        }
        let code = codes.pop().unwrap();
        assert_eq!(race_for_approval(&house, &live(&browser), &code).await, 1, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_step_of_the_sign_in_makes_one_session() {
    let house = House::quick().await;
    let user = house.user("owner");
    let mut browser = Browser::new(&house);
    browser.get("/sign-in").await;
    for round in 0..ROUNDS {
        browser.cookies.remove("__Host-cs_session");
        let sign_in = tag(&browser, "sign-in", "");
        let fields =
            [("csrf", sign_in.as_str()), ("email", &user.email), ("password", &user.password)];
        assert_eq!(browser.post("/sign-in", &fields).await.location(), "/sign-in/verify");
        let (verify, code) = (tag(&browser, "verify", ""), house.next_code("owner"));
        let form = [("csrf", verify.as_str()), ("code", &code)];
        let headers = [("cookie", browser.cookie_header())];
        let headers = [(headers[0].0, headers[0].1.as_str())];
        let tries = (0..TRIES).map(|_| posting("/sign-in/verify", &form, &headers));
        let answers = send_at_once(&house, tries).await;
        let sessions = answers.iter().filter(|answer| answer.headers.contains_key("set-cookie"));
        assert_eq!(sessions.count(), 1, "round {round}");
        let home = answers.iter().filter(|answer| answer.header("location") == "/");
        assert_eq!(home.count(), 1, "round {round}");
    }
}

async fn invite(house: &House, number: usize) -> String {
    let new = NewUser {
        email: format!("guest{number}@acme.example").parse().unwrap(),
        name: "A Guest".to_owned(),
        password: None,
        operator: false,
    };
    let user = house.ops.create_user(new, Origin::default()).await.unwrap();
    let link = house.ops.welcome(user.id, Origin::default()).await.unwrap();
    link.token.text().to_owned()
}

/// By the operation: the page also estimates how common the password is, which takes longer than
/// the race. Through the router: the next test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invitation_is_accepted_once() {
    let house = House::quick().await;
    for round in 0..ROUNDS {
        let link = invite(&house, round).await;
        let open = house.ops.open_link(&link).unwrap().unwrap();
        let tries = (0..TRIES).map(|number| {
            let (ops, open) = (house.ops.clone(), open.clone());
            let password = format!("a password of guest {number}");
            let name = format!("Guest {number}");
            async move {
                ops.accept_invitation(&open, name, password.into(), Origin::default()).await.is_ok()
            }
        });
        let won = at_once(tries).await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "round {round}");
        assert!(house.ops.open_link(&link).unwrap().is_none());
    }
}

/// Rounds of the races of links that are made with a code or a password.
const FEWER: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invitation_into_a_company_makes_one_account() {
    let house = House::quick().await;
    for round in 0..FEWER {
        let new = NewInvitation {
            email: format!("nora{round}@acme.example").parse().unwrap(),
            name: "Nora New".to_owned(),
            role: RoleName("viewer".to_owned()),
            place: house.company("acme").parse().unwrap(),
        };
        let invited = house.ops.invite(new, Origin::default()).await.unwrap();
        let open = house.ops.open_link(invited.link.token.text()).unwrap().unwrap();
        let before = house.ops.users().unwrap().len();
        let tries =
            (0..TRIES).map(|number| {
                let (ops, open) = (house.ops.clone(), open.clone());
                let (name, password) =
                    (format!("Nora {number}"), format!("a password of {number}"));
                async move {
                    ops.join_anew(&open, name, password.into(), Origin::default()).await.is_ok()
                }
            });
        let won = at_once(tries).await.into_iter().filter(|won| *won).count();
        assert_eq!((won, house.ops.users().unwrap().len()), (1, before + 1), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_for_a_lost_password_or_factor_is_used_once() {
    let house = House::quick().await;
    let (viewer, owner) = (house.user_id("viewer"), house.user_id("owner"));
    let known = house.user("owner").password.clone();
    for round in 0..FEWER {
        for (user, lost) in [(viewer, Lost::Password), (owner, Lost::Factor)] {
            let account = Account { user, place: None };
            let link = house.ops.issue_recovery(account, lost, Origin::default()).await.unwrap();
            let open = house.ops.open_link(link.token.text()).unwrap().unwrap();
            let tries = (0..TRIES).map(|number| {
                let (ops, open, known) = (house.ops.clone(), open.clone(), known.clone());
                let mark = ops.browser_mark("one browser");
                let (new, origin) = (format!("a password of {number}"), Origin::default());
                async move {
                    match lost {
                        Lost::Password => {
                            ops.replace_password(&open, new.into(), origin).await.is_ok()
                        }
                        Lost::Factor => {
                            let begun =
                                ops.begin_factor_replacement(&open, known.into(), mark, origin);
                            begun.await.is_ok()
                        }
                    }
                }
            });
            let won = at_once(tries).await.into_iter().filter(|won| *won).count();
            assert_eq!(won, 1, "round {round} {lost:?}");
        }
    }
}

/// Sends the form of a scene many times at once.
async fn send_scene_at_once(house: &House, path: &str) -> Vec<Answer> {
    let scene = scenes::set(house, path).await;
    let form: Vec<(&str, &str)> =
        scene.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let headers = [("cookie", scene.cookies.as_str())];
    let tries = (0..TRIES).map(|_| posting(&scene.action, &form, &headers));
    send_at_once(house, tries).await
}

/// Ten rounds: see above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_invitation_is_accepted_once_on_its_page() {
    let house = House::quick().await;
    for _ in 0..10 {
        let answers = send_scene_at_once(&house, "/setup/{link}").await;
        assert_eq!(won(&answers, StatusCode::SEE_OTHER).len(), 1);
    }
}

/// By the operation: the page draws a QR code for each of the 31 that lose. Through the router: the
/// next test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_enrolment_turns_on_one_factor() {
    let house = House::quick().await;
    for round in 0..ROUNDS {
        let link = invite(&house, round).await;
        let open = house.ops.open_link(&link).unwrap().unwrap();
        let password = "a password of the guest".into();
        let accepted =
            house.ops.accept_invitation(&open, "A Guest".to_owned(), password, Origin::default());
        let session = accepted.await.unwrap().cookie;
        let live = house.ops.session(session.expose()).unwrap().unwrap();
        let code = totp::code(&house.ops.enrolment_seed(&live), totp::step_at(house.ops.now()));
        let tries = (0..TRIES).map(|number| {
            let (ops, live, code) = (house.ops.clone(), live.clone(), code.as_str().into());
            let mark = ops.browser_mark(&format!("browser {number}"));
            async move { ops.enrol_totp(&live, &code, mark, Origin::default()).await.is_ok() }
        });
        let won = at_once(tries).await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "round {round}");
    }
}

/// Five rounds: see above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_enrolment_turns_on_one_factor_on_its_page() {
    let house = House::quick().await;
    for _ in 0..5 {
        let answers = send_scene_at_once(&house, "/sign-in/enrol").await;
        let done = answers.iter().filter(|answer| answer.headers.contains_key("set-cookie"));
        assert_eq!(done.count(), 1, "{answers:?}");
    }
}

/// By the operation, each round over a store of its own: a first run is the first of its store.
/// Through the router: the next test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_first_run_makes_one_owner() {
    let model = House::quick().await;
    for round in 0..ROUNDS {
        let ops = model.operations_over_nothing();
        let link = ops.issue_link(LinkPurpose::FirstOwner, Origin::default()).await.unwrap();
        let open = ops.open_link(link.token.text()).unwrap().unwrap();
        let tries = (0..TRIES).map(|number| {
            let (ops, open) = (ops.clone(), open.clone());
            let owner = countersign::ops::links::FirstOwner {
                name: format!("Owner {number}"),
                email: format!("owner{number}@acme.example").parse().unwrap(),
                company: format!("Company {number}"),
                slug: format!("company-{number}").parse().unwrap(),
                environment: countersign::domain::company::Environment::Production,
            };
            async move {
                let password = "quiet-otter-plays-banjo".into();
                ops.set_up_by_link(&open, owner, password, Origin::default()).await.is_ok()
            }
        });
        let won = at_once(tries).await.into_iter().filter(|won| *won).count();
        assert_eq!((won, ops.users().unwrap().len()), (1, 1), "round {round}");
        ops.close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_setup_link_makes_one_owner() {
    let house = House::empty();
    let link = house.ops.issue_link(LinkPurpose::FirstOwner, Origin::default()).await.unwrap();
    let link = link.url.expose().strip_prefix(harness::ISSUER).unwrap().to_owned();
    let mut requests = Vec::new();
    for number in 0..8 {
        let mut browser = Browser::new(&house);
        browser.get(&link).await;
        let tag = tag(&browser, "setup", link.strip_prefix("/setup/").unwrap());
        let email = format!("owner{number}@acme.example");
        let company = format!("Company {number}");
        let fields = [
            ("csrf", tag.as_str()),
            ("name", "Dana Reyes"),
            ("email", &email),
            ("company", &company),
            ("password", "quiet-otter-plays-banjo"),
            ("password_again", "quiet-otter-plays-banjo"),
        ];
        requests.push(posting(&link, &fields, &[("cookie", &browser.cookie_header())]));
    }
    let answers = send_at_once(&house, requests).await;
    assert_eq!(won(&answers, StatusCode::SEE_OTHER).len(), 1);
    assert_eq!(house.ops.users().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_made_at_once_are_all_counted() {
    let house = House::quick().await;
    let mut browser = Browser::new(&house);
    browser.get("/sign-in").await;
    for round in 0..ROUNDS / 10 {
        house.advance(86_400);
        let (tag, cookies) = (tag(&browser, "sign-in", ""), browser.cookie_header());
        let email = if round % 2 == 0 { "owner@acme.example" } else { "nobody@acme.example" };
        let form = [("csrf", tag.as_str()), ("email", email), ("password", "wrong one")];
        let tries = (0..TRIES).map(|_| posting("/sign-in", &form, &[("cookie", &cookies)]));
        let answers = send_at_once(&house, tries).await;
        let evaluated = won(&answers, StatusCode::UNPROCESSABLE_ENTITY).len();
        assert!(evaluated <= 3, "{evaluated} guesses were evaluated at once");
    }
}
