//! Attacks on the workspace by people who are in it: another company's things, and things of one's own
//! company that a role does not open. Generated from the list of routes: a route that is added is
//! attacked, and a parameter that nobody fills fails the suite.
//!
//! R, T: `no_role_opens_or_changes_…`, `whoever_does_not_administer_…`, `nobody_makes_access_…`

use std::collections::BTreeSet;

use countersign::base::encoding;
use countersign::domain::audit::EventKind;
use countersign::domain::scope::ScopeSet;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::routes::Route;
use crate::worlds;
use crate::worlds::World;
use crate::worlds::join;

/// The tag that a page of the workspace would have for a form that posts to `path`: the attacker's own.
fn tag(browser: &Browser<'_>, path: &str) -> String {
    let cookie = |name: &str| browser.cookies[name].clone();
    let (own, session) = (cookie("__Host-cs_browser"), cookie("__Host-cs_session"));
    let parts: [&[u8]; 4] = [own.as_bytes(), session.as_bytes(), b"workspace", path.as_bytes()];
    encoding::base64url(&browser.house.ops.form_tag(&parts))
}

/// All that any form of the workspace takes, each rightly filled in, to be done in `place`.
fn all_fields<'a>(code: &'a str, place: &'a str, me: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("code", code),
        ("name", "Taken"),
        ("place", place),
        ("permission", "customers:readonly"),
        ("expires", "quarter"),
        ("owner", me),
        ("purpose", "Taking"),
        ("review", "90"),
        ("typed_name", worlds::NAME),
        ("file", "people.csv"),
        ("saved", "yes"),
        ("overlap", "now"),
        ("role", "viewer"),
        ("email", "taken@work.example"),
        ("client_type", "confidential"),
        ("redirect_uris", "https://portal.example/cb"),
        ("pkce", "yes"),
        ("url", "https://taken.example/in"),
        ("event", "connection.created"),
    ]
}

/// Somebody signed in, whose code is fresh: it stays so, because what is refused spends none.
struct Attacker<'h> {
    browser: Browser<'h>,
    code: String,
    me: String,
}

impl<'h> Attacker<'h> {
    async fn enters(house: &'h House, name: &str, open: &str) -> Self {
        let mut browser = house.signed_in(name).await;
        browser.cookies.insert("__Host-cs_place".to_owned(), open.to_owned());
        let code = house.next_code(name);
        Self { browser, code, me: house.user_id(name).to_string() }
    }

    /// Asks for `path` as the page would, with all that could be wanted, to be done in `place`.
    async fn asks(&mut self, method: &str, path: &str, place: &str) -> Answer {
        if method == "GET" {
            return self.browser.get(path).await;
        }
        let tag = tag(&self.browser, path);
        let mut fields = all_fields(&self.code, place, &self.me);
        fields.push(("csrf", &tag));
        self.browser.post(path, &fields).await
    }
}

/// All that is there, apart from when it was last seen, and how much happened that was no refusal.
fn state(house: &House) -> (String, usize) {
    let things = format!("{:?}", (house.ops.apps().unwrap(), house.ops.connections().unwrap()));
    let happened = house.happened(usize::MAX).into_iter();
    // That somebody took their own activity along is written down and changes nothing.
    let changes = |kind: &EventKind| !kind.is_refusal() && *kind != EventKind::DataExported;
    (things, happened.filter(changes).count())
}

fn is_refused(answer: &Answer) -> bool {
    [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status)
}

/// The routes about something that `name` is not refused for the things of `world`, apart from what is
/// meant for them.
async fn reached(
    house: &House,
    name: &str,
    open: &str,
    world: &World,
    meant: &[&str],
) -> BTreeSet<String> {
    let mut attacker = Attacker::enters(house, name, open).await;
    let before = state(house);
    let mut reached = BTreeSet::new();
    let about = worlds::workspace().filter(worlds::is_about_something);
    for route in about.filter(|route| !meant.contains(&route.path.as_str())) {
        let path = world.filled(&route.path);
        let answer = attacker.asks(route.method, &path, &world.place).await;
        if is_refused(&answer) {
            assert!(!world.shown_in(&answer, &path), "{name} {route:?}: {}", answer.body);
        } else {
            reached.insert(format!("{} {}", route.method, route.path));
        }
    }
    if reached.iter().all(|route| route.starts_with("GET")) {
        assert_eq!(state(house), before, "{name} changed something");
    }
    reached
}

/// Which routes show their page for the things of `world` to `name`.
async fn shown(house: &House, name: &str, world: &World) -> BTreeSet<String> {
    let mut browser = house.signed_in(name).await;
    browser.cookies.insert("__Host-cs_place".to_owned(), world.place.clone());
    let mut shown = BTreeSet::new();
    for route in worlds::workspace()
        .filter(|route| worlds::is_about_something(route) && route.method == "GET")
    {
        let answer = browser.get(&world.filled(&route.path)).await;
        if answer.status == StatusCode::OK {
            shown.insert(route.path);
        }
    }
    shown
}

/// People of Acme, one for each role that there is and one with a role of Acme's own.
async fn people_of_acme(house: &mut House) -> Vec<String> {
    let acme = house.company("acme");
    let mut roles: Vec<String> =
        house.ops.catalogue().roles().map(|role| role.name.0.clone()).collect();
    let scopes = ScopeSet::parse("customers:all products:readonly");
    let own = house.ops.save_role(acme.parse().unwrap(), None, "Desk", &scopes, MACHINE).await;
    roles.push(own.unwrap().0);
    let mut names = Vec::new();
    for (number, role) in roles.iter().enumerate() {
        let name = format!("acme{number}");
        join(house, &name, &[(&acme, role)]).await;
        names.push(name);
    }
    names
}

#[tokio::test]
async fn no_role_opens_or_changes_what_is_another_companys_by_any_route() {
    let mut house = House::quick().await;
    let acme = house.company("acme");
    let (bakery, ledgerwise) = (house.company("bakery"), house.firm());
    let people = people_of_acme(&mut house).await;
    let (firm, company, test) = worlds::rival(&mut house).await;
    join(&mut house, "baker", &[(&bakery, "owner")]).await;
    let mut rival = World::made(&mut house, company, Some(&test), "rita").await;
    house.tokens("oauth_public", "rita", &firm, "customers:readonly").await;
    let through = house.ops.connections().unwrap().pop().unwrap().id.to_string();
    rival.things.retain(|(name, _)| *name != "{what}");
    rival.things.push(("{what}", through));
    let bakery = World::made(&mut house, bakery, None, "baker").await;
    let firm = World::made(&mut house, ledgerwise, None, "partner").await;
    // Whose they are sees them: what is refused below is refused for whose they are, and for nothing else.
    let all = worlds::workspace()
        .filter(|route| worlds::is_about_something(route) && route.method == "GET");
    let hidden: Vec<String> = {
        let shown = shown(&house, "rita", &rival).await;
        all.map(|route| route.path).filter(|path| !shown.contains(path)).collect()
    };
    assert_eq!(hidden, NOT_EVEN_FOR_OWNERS);
    let insiders = people.iter().map(String::as_str).chain(["owner", "viewer"]);
    for name in insiders {
        for world in [&rival, &bakery, &firm] {
            let is_through_firm = world.place == firm.place && administers(&house, name).await;
            let meant = if is_through_firm { THROUGH_FIRM } else { &[] };
            let reached = reached(&house, name, &acme, world, meant).await;
            let of_company = world.place != firm.place;
            let may: &[&str] = if name == "owner" && of_company { OPERATORS } else { &[] };
            assert_eq!(reached.iter().collect::<Vec<_>>(), may, "{name}");
        }
    }
    // Those who reach several companies, and a cookie that opens one that they do not reach.
    for (name, open) in [("partner", &acme), ("junior", &acme), ("acme0", &rival.place)] {
        let reached = reached(&house, name, open, &rival, &[]).await;
        assert!(reached.is_empty(), "{name} reaches {reached:#?}");
    }
}

/// Whether `name` administers Acme.
async fn administers(house: &House, name: &str) -> bool {
    let live = house.signed_in(name).await.live();
    house.ops.standing(&live, house.company("acme").parse().unwrap()).unwrap().administers
}

/// What an operator may do with companies of others: say which firm looks after them.
const OPERATORS: &[&str] = &[
    "GET /settings/companies/{slug}/link",
    "GET /settings/companies/{slug}/unlink",
    "POST /settings/companies/{slug}/link",
    "POST /settings/companies/{slug}/unlink",
];

/// What a company sees of the firm that looks after it: what reaches it from there, which it can block,
/// and who does.
const THROUGH_FIRM: &[&str] = &[
    "/settings/app-connect/through-firm/{what}/block",
    "/settings/app-connect/through-firm/{what}/unblock",
    "/settings/people/{person}",
];

/// Pages that whoever owns the world of an attack does not see: apps of one's own are not
/// judged, one that lives is not restored, a company that has a firm is given to no other, and one that is
/// open to it is not opened.
const NOT_EVEN_FOR_OWNERS: &[&str] = &[
    "/settings/app-connect/oauth-apps/{app}/approve",
    "/settings/app-connect/oauth-apps/{app}/block",
    "/settings/app-connect/oauth-apps/{app}/unblock",
    "/settings/app-connect/oauth-apps/{app}/restore",
    "/settings/companies/{slug}/link",
    "/settings/companies/{slug}/open",
];

/// What a person who administers nothing may do with what is another's.
const OF_OTHERS: &[&str] = &[];

/// What they see of what is their own.
const THEIR_OWN: &[&str] = &[
    "/settings/app-connect/api-credentials/{app}",
    "/settings/app-connect/api-credentials/{app}/change",
    "/settings/app-connect/api-credentials/{app}/delete",
    "/settings/app-connect/api-credentials/{app}/restore",
    "/settings/app-connect/api-credentials/{app}/review",
    "/settings/app-connect/api-credentials/{app}/revoke",
    "/settings/app-connect/api-credentials/{app}/rotate",
    "/settings/app-connect/api-credentials/{app}/saved",
    "/settings/app-connect/api-tokens/{app}",
    "/settings/app-connect/api-tokens/{app}/delete",
    "/settings/app-connect/api-tokens/{app}/review",
    "/settings/app-connect/api-tokens/{app}/saved",
    "/settings/app-connect/oauth-connections/{connection}",
    "/settings/app-connect/oauth-connections/{connection}/change",
    "/settings/app-connect/oauth-connections/{connection}/delete",
    "/settings/app-connect/oauth-connections/{connection}/review",
    "/settings/security/factors/{factor}/remove",
];

/// What they reach that is about nothing that a path names, and how it answers when they ask for
/// it in another company.
const FOR_ALL: &[&str] = &[
    "GET /settings/app-connect/api-credentials/create 200",
    "POST /settings/app-connect/api-credentials/create 422",
    "POST /settings/app-connect/api-credentials/create/again 200",
    "POST /settings/app-connect/api-credentials/create/confirm 422",
    "GET /settings/security 200",
    "GET /settings/security/password 200",
    "GET /settings/security/totp 200",
    "GET /settings/security/passkeys/add 200",
    "GET /settings/security/recovery-codes 200",
    "GET /settings/security/sessions/end 200",
    "GET /settings/app-connect/api-tokens/create 200",
    "POST /settings/app-connect/api-tokens/create 422",
    "POST /settings/app-connect/api-tokens/create/again 200",
    "POST /settings/app-connect/api-tokens/create/confirm 422",
    "GET /settings/app-connect/activity 200",
    "GET /settings/app-connect/activity/export.csv 200",
    "GET /settings/app-connect/activity/export.jsonl 200",
    "GET /settings/app-connect 200",
    "GET /settings/app-connect/api-credentials 200",
    "GET /settings/app-connect/oauth-connections 200",
    "GET /settings/app-connect/api-tokens 200",
    "GET /settings/app-connect/reviews 200",
    "GET /settings/app-connect/mcp-server 200",
    "GET /settings/integrations 200",
    "POST /settings/app-connect/mcp-server/check 303",
    "POST /settings/app-connect/oauth-connections/idle 400",
    "GET /settings/app-connect/create 200",
    "POST /settings/language 400",
];

#[tokio::test]
async fn whoever_does_not_administer_a_company_reaches_their_own_there_and_nothing_else() {
    let mut house = House::quick().await;
    let acme = house.company("acme");
    let people = people_of_acme(&mut house).await;
    let of_owner = World::made(&mut house, acme.clone(), None, "owner").await;
    for name in people {
        if administers(&house, &name).await {
            continue;
        }
        let reached = reached(&house, &name, &acme, &of_owner, &[]).await;
        assert_eq!(reached.iter().collect::<Vec<_>>(), OF_OTHERS, "{name}");
        let own = World::called(&name, &mut house, acme.clone(), None, &name).await;
        let shown = shown(&house, &name, &own).await;
        assert_eq!(shown.iter().collect::<Vec<_>>(), THEIR_OWN, "{name}");
        let open = open_to(&house, &name, &house.company("bakery"), &of_owner).await;
        assert_eq!(open, FOR_ALL, "{name}");
    }
}

/// The routes about nothing in particular that `name` is not refused, with their answers, where all is
/// asked for in `place`; none shows a thing of `others`. What changes the person's own account is
/// theirs, and left out.
async fn open_to(house: &House, name: &str, place: &str, others: &World) -> Vec<String> {
    let mut attacker = Attacker::enters(house, name, &house.company("acme")).await;
    let before = state(house);
    let mut open = Vec::new();
    for route in worlds::workspace().filter(|route| !worlds::is_about_something(route)) {
        if route.method == "POST" && route.path.starts_with("/settings/security/") {
            continue;
        }
        let answer = attacker.asks(route.method, &route.path, place).await;
        let path = &route.path;
        assert!(!others.shown_in(&answer, path), "{name} sees in {path}: {}", answer.body);
        if !is_refused(&answer) {
            open.push(format!("{} {} {}", route.method, route.path, answer.status.as_u16()));
        }
    }
    assert_eq!(state(house), before, "{name} changed something");
    open
}

#[tokio::test]
async fn nobody_makes_access_to_a_company_that_they_do_not_reach_or_ends_all_access_everywhere() {
    let mut house = House::quick().await;
    let people = people_of_acme(&mut house).await;
    let places = [house.company("bakery"), house.firm(), house.company("acme-test")];
    let makes = |route: &Route| {
        let of_apps = ["/api-credentials/create", "/api-tokens/create"];
        route.method == "POST" && of_apps.iter().any(|path| route.path.contains(path))
    };
    for name in &people {
        let mut attacker = Attacker::enters(&house, name, &house.company("acme")).await;
        let before = state(&house);
        for route in worlds::workspace().filter(makes) {
            for place in &places {
                let answer = attacker.asks(route.method, &route.path, place).await;
                // "Change" shows the form again, whatever stands in it.
                let asks = route.path.ends_with("/again") && answer.status == StatusCode::OK;
                let refused = answer.status == StatusCode::UNPROCESSABLE_ENTITY;
                assert!(asks || refused, "{name} {route:?} {place}: {answer:?}");
            }
        }
        for route in worlds::workspace().filter(|route| route.path.ends_with("-everywhere")) {
            let answer = attacker.asks(route.method, &route.path, &places[0]).await;
            assert!(is_refused(&answer), "{name} {route:?}: {answer:?}");
        }
        assert_eq!(state(&house), before, "{name} changed something");
    }
}
