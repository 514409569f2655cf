//! People of a company: who is invited, changed, removed and recovered by whom, and what that never
//! gives anybody.

use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::issue_recovery::Account;
use countersign::ops::failure::Failure;
use countersign::ops::prove_factor::Proof;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::members::give;
use crate::members::grant;
use crate::members::inside;
use crate::members::person;
use crate::members::place;
use crate::scenes::secret_on;

const PASSWORD: &str = "quiet-otter-plays-banjo";

/// Opens the page of an act, and does it with a fresh code.
async fn act(browser: &mut Browser<'_>, who: &str, path: &str) -> Answer {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    let code = browser.house.next_code(who);
    browser.submit(&page, path, &[("code", &code)]).await
}

/// The one-time link on the page that an act leads to.
async fn link_of(browser: &mut Browser<'_>, answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = browser.get(&answer.location()).await;
    let start = page.body.find(&format!("{ISSUER}/setup/")).unwrap();
    let link = page.body[start + ISSUER.len()..].split(['"', '<']).next().unwrap();
    link.to_owned()
}

/// Invites an address; the last answer, whatever it is.
async fn invite(browser: &mut Browser<'_>, who: &str, email: &str, role: &str) -> Answer {
    let page = browser.get("/settings/people/invite").await;
    let fields = [("name", "Nora New"), ("email", email), ("role", role)];
    let summary = browser.submit(&page, "/settings/people/invite", &fields).await;
    if summary.status != StatusCode::OK {
        return summary;
    }
    let code = browser.house.next_code(who);
    browser.submit(&summary, "/settings/people/invite/confirm", &[("code", &code)]).await
}

async fn accept(browser: &mut Browser<'_>, link: &str) -> Answer {
    let page = browser.get(link).await;
    let fields = [("name", "Nora New"), ("password", PASSWORD), ("password_again", PASSWORD)];
    browser.submit(&page, link, &fields).await
}

#[tokio::test]
async fn somebody_invited_sets_a_password_and_a_factor_and_appears() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let answer = invite(&mut owner, "owner", "nora@acme.example", "viewer").await;
    let link = link_of(&mut owner, &answer).await;
    assert!(owner.get("/settings/people").await.body.contains("Invited"));
    let mut nora = Browser::new(&house);
    assert_eq!(accept(&mut nora, &link).await.location(), "/sign-in/enrol");
    let page = nora.get("/sign-in/enrol").await;
    let seed = data_encoding::BASE32_NOPAD.decode(secret_on(&page.body).as_bytes()).unwrap();
    let step = countersign::crypto::totp::step_at(house.ops.now());
    let code = countersign::crypto::totp::code(&seed, step);
    let answer = nora.submit(&page, "/sign-in/enrol", &[("code", &code)]).await;
    assert_eq!(answer.location(), "/sign-in/recovery-codes");
    let page = owner.get("/settings/people").await;
    assert!(page.body.contains("Nora New") && !page.body.contains("Invited"), "{}", page.body);
    assert_eq!(Browser::new(&house).get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_invitation_tells_nothing_of_who_has_an_account() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let mut pages = Vec::new();
    for email in ["partner@ledgerwise.example", "nobody@ledgerwise.example"] {
        owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme-test"));
        let answer = invite(&mut owner, "owner", email, "viewer").await;
        let link = link_of(&mut owner, &answer).await;
        let shown = Browser::new(&house).get(&link).await;
        assert_eq!(shown.status, StatusCode::OK);
        assert!(!shown.body.contains("Partner"), "{}", shown.body);
        let token = link.rsplit('/').next().unwrap();
        let body = shown.body.replace(email, "(email)").replace(token, "(link)");
        let neutral = |line: &&str| !line.contains("csrf") && !line.contains("resume=");
        pages.push(body.lines().filter(neutral).collect::<Vec<_>>().join("\n"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn an_account_joins_only_by_its_own_person() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme-test"));
    let answer = invite(&mut owner, "owner", "viewer@acme.example", "viewer").await;
    // Where somebody has a role already, the form says so: that is no secret there.
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = invite(&mut owner, "owner", "partner@ledgerwise.example", "viewer").await;
    let link = link_of(&mut owner, &answer).await;
    let member = || house.ops.person(house.user_id("partner")).unwrap().unwrap().memberships.len();
    let before = member();
    let mut thief = Browser::new(&house);
    assert_eq!(accept(&mut thief, &link).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut stranger = inside(&house, "junior").await;
    assert_eq!(accept(&mut stranger, &link).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(member(), before);
    let mut partner = inside(&house, "partner").await;
    let page = partner.get(&link).await;
    assert!(page.body.contains("Join "), "{}", page.body);
    let answer = partner.submit(&page, &link, &[]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(member(), before + 1);
}

#[tokio::test]
async fn an_invitation_ends_with_the_power_of_whoever_made_it() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let answer = invite(&mut owner, "owner", "nora@acme.example", "owner").await;
    let link = link_of(&mut owner, &answer).await;
    house.ops.remove_role(house.user_id("owner"), place(&house, "acme"), MACHINE).await.unwrap();
    assert_eq!(Browser::new(&house).get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_admin_makes_changes_and_removes_no_owner() {
    let house = House::new().await;
    give(&house, "viewer", "acme", "admin").await;
    let mut admin = inside(&house, "viewer").await;
    let answer = invite(&mut admin, "viewer", "nora@acme.example", "owner").await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let owner = person(&house, "owner");
    for act in ["change_role", "remove_person", "end_sessions", "disable", "erase", "password_link"]
    {
        let path = format!("{owner}/{act}");
        assert_eq!(admin.get(&path).await.status, StatusCode::FORBIDDEN, "{act}");
    }
    let own = person(&house, "viewer");
    assert_eq!(admin.get(&format!("{own}/change_role")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_firm_makes_nobody_administer_its_company() {
    let house = House::new().await;
    let mut partner = inside(&house, "partner").await;
    let page = partner.get("/settings/people/invite").await;
    assert!(page.body.contains("value=\"viewer\"") && !page.body.contains("value=\"admin\""));
    let invited = invite(&mut partner, "partner", "nora@acme.example", "admin").await;
    assert!(invited.status.is_client_error(), "{invited:?}");
    for role in ["admin", "owner"] {
        let by = partner.confirming("/x", Proof::given(&house.next_code("partner"), ""));
        let (viewer, role) = (house.user_id("viewer"), RoleName(role.to_owned()));
        let given = house.ops.grant_role(viewer, place(&house, "acme"), role, by).await;
        let why = matches!(&given, Err(Failure::Refused(why)) if why.is_beyond());
        assert!(why, "{given:?}");
    }
    // Nor does it act as somebody who does: a link for a lost password is one way in.
    give(&house, "viewer", "acme", "admin").await;
    let answer = partner.get(&format!("{}/password", person(&house, "viewer"))).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
}

#[tokio::test]
async fn a_viewer_sees_and_changes_nobody() {
    let house = House::new().await;
    let mut viewer = inside(&house, "viewer").await;
    for path in ["/settings/people", "/settings/people/invite", "/settings/data"] {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let owner = person(&house, "owner");
    assert_eq!(viewer.get(&owner).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_long_list_of_people_comes_in_pages_that_cost_what_they_show() {
    let house = House::quick().await;
    let acme = place(&house, "acme");
    for number in 0..120 {
        let new = NewUser {
            email: format!("clerk{number}@acme.example").parse().unwrap(),
            name: format!("Clerk {number}"),
            password: None,
            operator: false,
        };
        let user = house.ops.create_user(new, MACHINE).await.unwrap().id;
        let role = RoleName("viewer".to_owned());
        house.ops.grant_role(user, acme, role, MACHINE).await.unwrap();
    }
    let live = inside(&house, "owner").await.live();
    let (mut seen, mut cursor) = (std::collections::BTreeSet::new(), None);
    loop {
        let page = house.ops.people_of(&live, acme, "", cursor.as_deref()).unwrap();
        assert!(page.looked_at <= 51 && page.members.len() <= 50, "{}", page.looked_at);
        for member in &page.members {
            assert!(seen.insert(member.user.id), "{} stands twice", member.user.name);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // With those whom the sandbox has, and those who come through the firm.
    assert!(seen.len() > 122 && seen.contains(&house.user_id("partner")), "{}", seen.len());
    let found = house.ops.people_of(&live, acme, "clerk 11", None).unwrap();
    assert_eq!((found.members.len(), found.next), (11, None));
    let mut owner = inside(&house, "owner").await;
    let page = owner.get("/settings/people").await;
    let next = page.body.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&amp;", "&");
    let second = owner.get(&format!("/settings/people{next}")).await;
    assert_eq!(second.status, StatusCode::OK);
    for forged in [format!("{next}x"), next.replace("?", "?q=clerk&")] {
        let answer = owner.get(&format!("/settings/people{forged}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{forged}");
    }
}

#[tokio::test]
async fn people_of_another_company_are_unknown() {
    let house = House::new().await;
    give(&house, "junior", "bakery", "owner").await;
    let mut junior = house.signed_in("junior").await;
    junior.cookies.insert("__Host-cs_place".to_owned(), house.company("bakery"));
    let viewer = person(&house, "viewer");
    assert_eq!(junior.get(&viewer).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_account_that_is_used_elsewhere_is_changed_by_operators_alone() {
    let house = House::new().await;
    give(&house, "junior", "acme", "viewer").await;
    give(&house, "viewer", "acme", "owner").await;
    let mut owner = inside(&house, "viewer").await;
    let shared = person(&house, "junior");
    for act in ["password_link", "factor_link", "disable", "erase"] {
        let path = format!("{shared}/{act}");
        assert_eq!(owner.get(&path).await.status, StatusCode::FORBIDDEN, "{act}");
    }
    let mut operator = inside(&house, "owner").await;
    let path = format!("{shared}/disable");
    let answer = act(&mut operator, "owner", &path).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn a_role_taken_down_takes_its_permissions_from_every_token() {
    let house = House::new().await;
    give(&house, "viewer", "acme", "accountant").await;
    let (acme, scope) = (house.company("acme"), "customers:all");
    let tokens = house.tokens("oauth_public", "viewer", &acme, scope).await;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(token, "/customers").await.status, StatusCode::OK);
    let invoice = "customer_invoices:all";
    let tokens = house.tokens("oauth_public", "viewer", &acme, invoice).await;
    let writing = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.call(&writing, "/customer_invoices").await.status, StatusCode::OK);
    assert_ne!(drafts(&house, &writing).await, StatusCode::FORBIDDEN);
    let mut owner = inside(&house, "owner").await;
    let path = format!("{}/change_role", person(&house, "viewer"));
    let page = owner.get(&path).await;
    let summary = owner.submit(&page, &path, &[("role", "viewer")]).await;
    assert_eq!(summary.status, StatusCode::OK, "{}", summary.body);
    let code = house.next_code("owner");
    let confirm = format!("{path}/confirm");
    let answer = owner.submit(&summary, &confirm, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let held = house.ops.person(house.user_id("viewer")).unwrap().unwrap().memberships;
    let acme: Place = acme.parse().unwrap();
    let role = held.iter().find(|held| held.place == acme).unwrap().role.0.clone();
    assert_eq!(role, "viewer");
    // What tokens do that were out before is what counts: looking is left to them, and no more.
    assert_eq!(house.call(&writing, "/customer_invoices").await.status, StatusCode::OK);
    assert_eq!(drafts(&house, &writing).await, StatusCode::FORBIDDEN);
}

/// What a token's draft of an invoice is answered: whether it may, not whether the draft is sound.
async fn drafts(house: &House, token: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    house.post_with("/api/external/v2/customer_invoices", &[], &headers).await.status
}

#[tokio::test]
async fn somebody_removed_leaves_apps_to_a_successor_and_takes_connections_along() {
    let house = House::new().await;
    let scope = "customers:readonly";
    let tokens = house.tokens("oauth_public", "viewer", &house.company("acme"), scope).await;
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let mut apps = Vec::new();
    for _ in 0..2 {
        let new = house.acting(AppKind::ApiCredentials, "acme", "viewer", scope);
        apps.push(house.ops.create_app(new, MACHINE).await.unwrap().app.id);
    }
    let mut owner = inside(&house, "owner").await;
    let path = format!("{}/remove_person", person(&house, "viewer"));
    let page = owner.get(&path).await;
    let code = house.next_code("owner");
    let (taken, successor) = (format!("take_over.{}", apps[0]), house.user_id("owner").to_string());
    let fields = [(taken.as_str(), successor.as_str()), ("code", &code)];
    let answer = owner.submit(&page, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let delegator = |app| house.ops.find_app(&format!("{app}")).unwrap().delegated_by;
    assert_eq!(delegator(apps[0]), Some(house.user_id("owner")));
    assert_eq!(delegator(apps[1]), None);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    give(&house, "viewer", "acme", "viewer").await;
    let again = house.call(&token, "/customers").await.status;
    assert_eq!(again, StatusCode::UNAUTHORIZED, "it asks for consent again");
}

#[tokio::test]
async fn a_link_for_a_lost_password_still_asks_for_the_factor_and_is_told() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let mut old = inside(&house, "viewer").await;
    let path = format!("{}/password_link", person(&house, "viewer"));
    // The sandbox's viewer belongs to both Acme companies, and the owner is an operator.
    let answer = act(&mut owner, "owner", &path).await;
    let link = link_of(&mut owner, &answer).await;
    let mut found = Browser::new(&house);
    let page = found.get(&link).await;
    let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
    let answer = found.submit(&page, &link, &fields).await;
    assert_eq!(answer.location(), "/sign-in/verify", "{}", answer.body);
    assert_eq!(old.get("/settings/app-connect/activity").await.status, StatusCode::SEE_OTHER);
    assert_eq!(found.get("/sign-in/enrol").await.location(), "/sign-in/verify");
    // Nor does a link for the factor follow before somebody signed in.
    let path = format!("{}/factor_link", person(&house, "viewer"));
    let page = owner.get(&path).await;
    let code = house.next_code("owner");
    let answer = owner.submit(&page, &path, &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let page = found.get("/sign-in/verify").await;
    let code = house.next_code("viewer");
    let answer = found.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = found.get("/settings/app-connect/activity").await;
    assert!(page.body.contains("A link for a lost password was made for you"), "{}", page.body);
    assert_eq!(found.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_for_a_lost_factor_counts_passwords_with_the_sign_in() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let path = format!("{}/factor_link", person(&house, "viewer"));
    let answer = act(&mut owner, "owner", &path).await;
    let link = link_of(&mut owner, &answer).await;
    let wrong = ("password", "not-the-password");
    let mut guessing = Browser::new(&house);
    for status in [422, 422, 422, 429] {
        let page = guessing.get(&link).await;
        let answer = guessing.submit(&page, &link, &[wrong]).await;
        assert_eq!(answer.status.as_u16(), status, "{answer:?}");
    }
    let page = guessing.get("/sign-in").await;
    let email = ("email", "viewer@acme.example");
    let answer = guessing.submit(&page, "/sign-in", &[email, wrong]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_link_for_a_lost_factor_still_asks_for_the_password_and_ends_in_an_hour() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let path = format!("{}/factor_link", person(&house, "viewer"));
    let answer = act(&mut owner, "owner", &path).await;
    let link = link_of(&mut owner, &answer).await;
    let mut found = Browser::new(&house);
    let page = found.get(&link).await;
    let answer = found.submit(&page, &link, &[("password", "not-the-password")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let old = house.code_now("viewer");
    let password = house.user("viewer").password.clone();
    let page = found.get(&link).await;
    let answer = found.submit(&page, &link, &[("password", &password)]).await;
    assert_eq!(answer.location(), "/sign-in/enrol", "{}", answer.body);
    let page = found.get("/sign-in/enrol").await;
    let seed = data_encoding::BASE32_NOPAD.decode(secret_on(&page.body).as_bytes()).unwrap();
    let step = countersign::crypto::totp::step_at(house.ops.now());
    let code = countersign::crypto::totp::code(&seed, step);
    let answer = found.submit(&page, "/sign-in/enrol", &[("code", &code)]).await;
    assert_eq!(answer.location(), "/sign-in/recovery-codes", "{}", answer.body);
    let mut thief = Browser::new(&house);
    thief.password("viewer").await;
    let page = thief.get("/sign-in/verify").await;
    let answer = thief.submit(&page, "/sign-in/verify", &[("code", &old)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "the lost factor is no factor");
    assert_eq!(found.get(&link).await.status, StatusCode::NOT_FOUND);
    let answer = act(&mut owner, "owner", &path).await;
    let link = link_of(&mut owner, &answer).await;
    house.advance(3601);
    assert_eq!(found.get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_erased_person_is_a_number_and_the_chain_stays_whole() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let (id, name) = (house.user_id("viewer"), house.user("viewer").email.clone());
    let shown = house.ops.person(id).unwrap().unwrap().user.name;
    let path = format!("{}/erase", person(&house, "viewer"));
    let page = owner.get(&path).await;
    let code = house.next_code("owner");
    let fields = [("typed_name", shown.as_str()), ("code", &code)];
    let answer = owner.submit(&page, &path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let left = house.ops.person(id).unwrap().unwrap();
    assert!(left.memberships.is_empty() && !left.second_factor && left.user.password.is_none());
    assert!(left.user.name != shown && left.user.email.as_str() != name);
    assert!(house.ops.find_user(&name).is_err());
    assert!(house.ops.verify_audit().unwrap().is_ok());
    assert_eq!(house.happened(1), [EventKind::PersonErased]);
    assert!(house.ops.enable_user(id, MACHINE).await.is_err());
    let answer = invite(&mut owner, "owner", &name, "viewer").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "the address is free again");
}

#[tokio::test]
async fn an_invitation_that_was_taken_back_opens_nothing() {
    let house = House::new().await;
    let mut owner = inside(&house, "owner").await;
    let answer = invite(&mut owner, "owner", "nora@acme.example", "viewer").await;
    let waiting = answer.location().split('?').next().unwrap().to_owned();
    let waiting = waiting.trim_end_matches("/link").to_owned();
    let link = link_of(&mut owner, &answer).await;
    let answer = act(&mut owner, "owner", &format!("{waiting}/remove_person")).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(house.happened(1), [EventKind::RoleRemoved]);
    assert_eq!(Browser::new(&house).get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&waiting).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_leaves_a_firm_leaves_the_companies_reached_only_through_it() {
    let house = House::new().await;
    let scope = "customers:readonly";
    give(&house, "junior", "acme", "viewer").await;
    let mut tokens = Vec::new();
    for company in ["bakery", "acme"] {
        let given = house.tokens("oauth_public", "junior", &house.company(company), scope).await;
        tokens.push(given["access_token"].as_str().unwrap().to_owned());
    }
    let firm: Place = house.firm().parse().unwrap();
    let junior = house.user_id("junior");
    house.ops.remove_person(junior, firm, Vec::new(), MACHINE).await.unwrap();
    let status = async |token: &str| house.call(token, "/customers").await.status;
    assert_eq!(status(&tokens[0]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&tokens[1]).await, StatusCode::OK, "a role of their own is not the firm's");
    grant(&house, "junior", firm, "accountant").await;
    assert_eq!(status(&tokens[0]).await, StatusCode::UNAUTHORIZED, "it asks for consent again");
}

#[tokio::test]
async fn whoever_was_erased_delegates_owns_and_is_confided_nothing() {
    let house = House::new().await;
    let junior = house.user_id("junior");
    give(&house, "junior", "bakery", "viewer").await;
    let new = house.acting(AppKind::ApiCredentials, "bakery", "junior", "customers:readonly");
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    let Place::Company(bakery) = place(&house, "bakery") else { panic!("a company") };
    let confided = vec![junior, house.user_id("partner")];
    house.ops.set_confidential(bakery, true, confided, MACHINE).await.unwrap();
    let account = Account { user: junior, place: None };
    house.ops.erase_person(account, MACHINE).await.unwrap();
    let app = house.ops.find_app(&app.to_string()).unwrap();
    assert_eq!((app.delegated_by, app.owner), (None, None));
    let company = house.ops.find_company(&bakery.to_string()).unwrap();
    assert_eq!(company.confided_to, [house.user_id("partner")]);
}
