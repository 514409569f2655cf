//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::base::encoding;
use countersign::base::id::AppId;
use countersign::base::id::UserId;
use countersign::domain::app::AppKind;
use countersign::domain::block::Blocked;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_user::NewUser;
use countersign::ops::administration::judge_client::Judgement;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::scenes::CODE;
use crate::scenes::CODED;
use crate::scenes::Fields;
use crate::scenes::Scene;
use crate::scenes::Things;

/// A picture that may be a logo.
pub const LOGO: &[u8] = include_bytes!("../../src/domain/logo/samples/plain.png");

/// A form: its route, the page that it stands on, and its visible fields. What stands in braces is
/// filled in by [`Things`].
type Form = (&'static str, &'static str, Fields);

/// A form that stands on what others lead to: its route, the first page, what is sent on the way (where,
/// and what), and its visible fields.
type Later = (&'static str, &'static str, &'static [(&'static str, Fields)], Fields);

const CREDENTIALS: &[(&str, &str)] = &[
    ("name", "Nightly sync"),
    ("place", "{company}"),
    ("permission", "customers:readonly"),
    ("expires", "quarter"),
    ("owner", "{me}"),
    ("purpose", "Sends orders as drafts"),
    ("review", "90"),
    ("mcp", "yes"),
];
/// The same with a permission more than the app of the scene has.
const WIDER: &[(&str, &str)] = &[
    ("name", "Nightly sync"),
    ("permission", "customers:readonly"),
    ("permission", "products:readonly"),
    ("expires", "quarter"),
    ("owner", "{me}"),
    ("purpose", "Sends orders as drafts"),
    ("review", "90"),
];
const REAL: &[(&str, &str)] = &[
    ("name", "Nightly sync"),
    ("place", "{real}"),
    ("permission", "customers:readonly"),
    ("expires", "quarter"),
    ("owner", "{me}"),
    ("purpose", "Sends orders as drafts"),
    ("review", "90"),
];
const PORTAL: &[(&str, &str)] = &[
    ("name", "Portal"),
    ("client_type", "confidential"),
    ("redirect_uris", "https://portal.example/cb"),
    ("permission", "customers:readonly"),
    ("owner", "{me}"),
    ("pkce", "yes"),
    ("review", "90"),
    ("purpose", "Sells"),
    ("website", "https://portal.example"),
    ("required", "customers:readonly"),
    ("logo_kept", "{logo}"),
];
/// The same of an app that is there, leading elsewhere than before.
const PORTAL_CHANGED: &[(&str, &str)] = &[
    ("name", "Portal"),
    ("redirect_uris", "https://portal.example/other"),
    ("permission", "customers:readonly"),
    ("owner", "{me}"),
    ("pkce", "yes"),
    ("review", "90"),
    ("purpose", "Sells"),
    ("website", "https://portal.example"),
    ("logo_kept", "{logo}"),
];
const HANDED: &[(&str, &str)] = &[("successor", "{admin}"), ("code", CODE)];
const ROTATED: &[(&str, &str)] = &[("overlap", "now"), ("code", CODE)];

const FORMS: &[Form] = &[
    (
        "/settings/app-connect/oauth-connections/idle",
        "/settings/app-connect/oauth-connections/idle",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/review",
        "/settings/app-connect/oauth-connections/{connection}/review",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/delete",
        "/settings/app-connect/oauth-connections/{connection}/delete",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/change",
        "/settings/app-connect/oauth-connections/{connection}/change",
        &[
            ("owner", "{me}"),
            ("permission", "customers:readonly"),
            ("purpose", "Reports"),
            ("review", "90"),
        ],
    ),
    ("/settings/app-connect/oauth-apps/create", "/settings/app-connect/oauth-apps/create", PORTAL),
    (
        "/settings/app-connect/oauth-apps/{app}/change",
        "/settings/app-connect/oauth-apps/{app}/change",
        PORTAL_CHANGED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/approve",
        "/settings/app-connect/oauth-apps/{app}/approve",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/block",
        "/settings/app-connect/oauth-apps/{app}/block",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/unblock",
        "/settings/app-connect/oauth-apps/{app}/unblock",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/revoke",
        "/settings/app-connect/oauth-apps/{app}/revoke",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/review",
        "/settings/app-connect/oauth-apps/{app}/review",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/rotate",
        "/settings/app-connect/oauth-apps/{app}/rotate",
        ROTATED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/delete",
        "/settings/app-connect/oauth-apps/{app}/delete",
        &[("typed_name", "Portal"), ("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/restore",
        "/settings/app-connect/oauth-apps/{app}/restore",
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/saved",
        "/settings/app-connect/oauth-apps/{app}/saved",
        &[("saved", "yes")],
    ),
    ("/settings/app-connect/mcp-server/check", "/settings/app-connect/mcp-server", &[]),
    (
        "/settings/app-connect/through-firm/{what}/block",
        "/settings/app-connect/through-firm/{what}/block",
        CODED,
    ),
    (
        "/settings/app-connect/through-firm/{what}/unblock",
        "/settings/app-connect/through-firm/{what}/unblock",
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/create",
        "/settings/app-connect/api-credentials/create",
        CREDENTIALS,
    ),
    (
        "/settings/app-connect/api-tokens/create",
        "/settings/app-connect/api-tokens/create",
        CREDENTIALS,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/review",
        "/settings/app-connect/api-credentials/{app}/review",
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/rotate",
        "/settings/app-connect/api-credentials/{app}/rotate",
        ROTATED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/delete",
        "/settings/app-connect/api-credentials/{app}/delete",
        &[("typed_name", "Acting"), ("code", CODE)],
    ),
    (
        "/settings/app-connect/api-credentials/{app}/restore",
        "/settings/app-connect/api-credentials/{revoked}/restore",
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/hand_over",
        "/settings/app-connect/api-credentials/{app}/hand_over",
        HANDED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/take_over",
        "/settings/app-connect/api-credentials/{orphan}/take_over",
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/change",
        "/settings/app-connect/api-credentials/{app}/change",
        WIDER,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/publish",
        "/settings/app-connect/api-credentials/{test}/publish",
        REAL,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/saved",
        "/settings/app-connect/api-credentials/{app}/saved",
        &[("saved", "yes")],
    ),
    (
        "/settings/app-connect/api-tokens/{app}/saved",
        "/settings/app-connect/api-tokens/{token}/saved",
        &[("saved", "yes")],
    ),
    (
        "/settings/app-connect/api-tokens/{app}/review",
        "/settings/app-connect/api-tokens/{token}/review",
        CODED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/delete",
        "/settings/app-connect/api-tokens/{token}/delete",
        CODED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/hand_over",
        "/settings/app-connect/api-tokens/{token}/hand_over",
        HANDED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/take_over",
        "/settings/app-connect/api-tokens/{lost}/take_over",
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/revoke",
        "/settings/app-connect/api-credentials/{app}/revoke",
        CODED,
    ),
    ("/settings/app-connect/activity/verify", "/settings/app-connect/activity", &[]),
    (
        "/settings/switch",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("place", "{company}")],
    ),
    (
        "/settings/language",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("language", "fr")],
    ),
];

const LATER: &[Later] = &[
    (
        "/settings/app-connect/oauth-apps/{app}/change/again",
        "/settings/app-connect/oauth-apps/{app}/change",
        &[("/settings/app-connect/oauth-apps/{app}/change", PORTAL_CHANGED)],
        &[],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/change/confirm",
        "/settings/app-connect/oauth-apps/{app}/change",
        &[("/settings/app-connect/oauth-apps/{app}/change", PORTAL_CHANGED)],
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/create/again",
        "/settings/app-connect/oauth-apps/create",
        &[("/settings/app-connect/oauth-apps/create", PORTAL)],
        &[],
    ),
    (
        "/settings/app-connect/oauth-apps/create/confirm",
        "/settings/app-connect/oauth-apps/create",
        &[("/settings/app-connect/oauth-apps/create", PORTAL)],
        CODED,
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/saved/env",
        "/settings/app-connect/oauth-apps/create",
        &[
            ("/settings/app-connect/oauth-apps/create", PORTAL),
            ("/settings/app-connect/oauth-apps/create/confirm", CODED),
        ],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/create/again",
        "/settings/app-connect/api-credentials/create",
        &[("/settings/app-connect/api-credentials/create", CREDENTIALS)],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/create/confirm",
        "/settings/app-connect/api-credentials/create",
        &[("/settings/app-connect/api-credentials/create", CREDENTIALS)],
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/saved/env",
        "/settings/app-connect/api-credentials/create",
        &[
            ("/settings/app-connect/api-credentials/create", CREDENTIALS),
            ("/settings/app-connect/api-credentials/create/confirm", CODED),
        ],
        &[],
    ),
    (
        "/settings/app-connect/api-tokens/create/again",
        "/settings/app-connect/api-tokens/create",
        &[("/settings/app-connect/api-tokens/create", CREDENTIALS)],
        &[],
    ),
    (
        "/settings/app-connect/api-tokens/create/confirm",
        "/settings/app-connect/api-tokens/create",
        &[("/settings/app-connect/api-tokens/create", CREDENTIALS)],
        CODED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/saved/env",
        "/settings/app-connect/api-tokens/create",
        &[
            ("/settings/app-connect/api-tokens/create", CREDENTIALS),
            ("/settings/app-connect/api-tokens/create/confirm", CODED),
        ],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/{app}/change/again",
        "/settings/app-connect/api-credentials/{app}/change",
        &[("/settings/app-connect/api-credentials/{app}/change", WIDER)],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/{app}/change/confirm",
        "/settings/app-connect/api-credentials/{app}/change",
        &[("/settings/app-connect/api-credentials/{app}/change", WIDER)],
        CODED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/publish/again",
        "/settings/app-connect/api-credentials/{test}/publish",
        &[("/settings/app-connect/api-credentials/{test}/publish", REAL)],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/{app}/publish/confirm",
        "/settings/app-connect/api-credentials/{test}/publish",
        &[("/settings/app-connect/api-credentials/{test}/publish", REAL)],
        CODED,
    ),
];

/// The forms that only ask: they answer with a page, and change nothing.
const ASKING: [&str; 5] = ["/create", "/again", "/change", "/publish", "/env"];

/// The scene of the form at `route`, if it is one of the workspace. Whoever it is for, the owner sends
/// it, from a session of their own each time and about things made for it.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    let alone = FORMS.iter().find(|form| form.0 == route);
    let later = LATER.iter().find(|form| form.0 == route);
    let (first, steps, fields): (_, &[(&str, Fields)], _) = match (alone, later) {
        (Some((_, page, fields)), _) => (*page, &[], *fields),
        (None, Some((_, page, steps, fields))) => (*page, *steps, *fields),
        (None, None) => return None,
    };
    let things = made_for(house, route).await;
    let mut browser: Browser<'_> = match things.sender.clone() {
        Some((email, password, seed)) => house.entered(&email, &password, &seed).await,
        None => house.signed_in("owner").await,
    };
    if is_of_access(route) {
        browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    }
    let mut page = browser.get(&things.put_into(first)).await;
    let mut action = things.put_into(&route.replace("{app}", named_in(&things, first)));
    for (step, fields) in steps {
        let fields = things.filled(house, fields);
        page = browser.submit(&page, &things.put_into(step), &borrowed(&fields)).await;
        if page.status == StatusCode::SEE_OTHER {
            let at = page.location();
            page = browser.get(&at).await;
            action = format!("{at}/env");
        }
    }
    assert!(page.status.is_success(), "{route}: {page:?}");
    let fields = things.filled(house, fields);
    let scene = Scene::of(&browser, &page, &action, &fields);
    let only_asks = ASKING.iter().any(|end| route.ends_with(end));
    let only_asks = only_asks && !route.contains("oauth-connections");
    let accepted = if only_asks { StatusCode::OK } else { StatusCode::SEE_OTHER };
    Some(Scene { accepted, ..scene })
}

fn borrowed<'a>(fields: &'a [(&str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(field, value)| (*field, value.as_str())).collect()
}

/// Whether a route is of lists, connections, OAuth apps, MCP servers or firms.
fn is_of_access(route: &str) -> bool {
    ["/oauth-", "/through-firm", "/mcp-server"].iter().any(|part| route.contains(part))
}

/// What the form at `route` can be about.
async fn made_for(house: &House, route: &str) -> Things {
    if is_of_access(route) {
        return made_for_access(house, route).await;
    }
    let revoked = made(house, AppKind::ApiCredentials, "acme").await;
    house.ops.revoke_app(revoked, MACHINE).await.unwrap();
    let (orphan, lost) = left_behind(house).await;
    let things = [
        ("{app}", made(house, AppKind::ApiCredentials, "acme").await),
        ("{test}", made(house, AppKind::ApiCredentials, "acme-test").await),
        ("{token}", made(house, AppKind::ApiToken, "acme").await),
        ("{revoked}", revoked),
        ("{orphan}", orphan),
        ("{lost}", lost),
    ];
    let mut things: Vec<_> = things.map(|(name, app)| (name, app.to_string())).into();
    things.push(("{company}", house.company("acme-test")));
    things.push(("{real}", house.company("acme")));
    things.push(("{me}", house.user_id("owner").to_string()));
    things.push(("{admin}", colleague(house).await.to_string()));
    Things::of(things)
}

async fn made_for_access(house: &House, route: &str) -> Things {
    let acme = house.company("acme");
    let mut named = vec![
        ("{company}", house.company("acme-test")),
        ("{me}", house.user_id("owner").to_string()),
        ("{logo}", encoding::base64url(LOGO)),
    ];
    if route.contains("/oauth-apps/{app}") && !route.ends_with("/env") {
        named.push(("{app}", oauth_app(house, route).await));
    }
    if route.contains("/oauth-connections") {
        named.push(("{connection}", connection(house, "owner", &acme).await));
    }
    if route.ends_with("/idle") {
        house.advance(31 * 24 * 3600);
    }
    if route.contains("{what}") {
        let what = connection(house, "partner", &house.firm()).await;
        if route.ends_with("/unblock") {
            block(house, &what).await;
        }
        named.push(("{what}", what));
    }
    let sender = if route.ends_with("/approve") { Some(house.new_operator().await) } else { None };
    Things { named, sender }
}

/// The app that a path is about.
fn named_in(things: &Things, path: &str) -> &'static str {
    let named = things.named.iter().find(|(name, _)| path.contains(name));
    named.map_or("{app}", |(name, _)| name)
}

async fn made(house: &House, kind: AppKind, place: &str) -> AppId {
    let new = house.acting(kind, place, "owner", "customers:readonly");
    house.ops.create_app(new, MACHINE).await.unwrap().app.id
}

/// Somebody else who administers the company.
async fn colleague(house: &House) -> UserId {
    let number = house.ops.users().unwrap().len();
    let new = NewUser {
        email: format!("colleague{number}@acme.example").parse().unwrap(),
        name: "Kim Colleague".to_owned(),
        password: None,
        operator: false,
    };
    let user = house.ops.create_user(new, MACHINE).await.unwrap().id;
    let acme = house.company("acme").parse().unwrap();
    let role = RoleName("admin".to_owned());
    house.ops.grant_role(user, acme, role, MACHINE).await.unwrap();
    user
}

/// API credentials and an API token of somebody who has left.
async fn left_behind(house: &House) -> (AppId, AppId) {
    let acme = house.company("acme").parse().unwrap();
    let number = house.ops.users().unwrap().len();
    let new = NewUser {
        email: format!("leaver{number}@acme.example").parse().unwrap(),
        name: "Robin Gone".to_owned(),
        password: None,
        operator: false,
    };
    let leaver = house.ops.create_user(new, MACHINE).await.unwrap().id;
    let role = RoleName("viewer".to_owned());
    house.ops.grant_role(leaver, acme, role, MACHINE).await.unwrap();
    let mut left = Vec::new();
    for kind in [AppKind::ApiCredentials, AppKind::ApiToken] {
        let new = house.acting(kind, "acme", "owner", "customers:readonly");
        let new = NewApp { delegated_by: Some(leaver), ..new };
        left.push(house.ops.create_app(new, MACHINE).await.unwrap().app.id);
    }
    house.ops.remove_role(leaver, acme, MACHINE).await.unwrap();
    (left[0], left[1])
}

/// The connection that comes of a consent.
async fn connection(house: &House, name: &str, place: &str) -> String {
    house.tokens("oauth_public", name, place, "customers:readonly").await;
    house.ops.connections().unwrap().pop().unwrap().id.to_string()
}

async fn block(house: &House, what: &str) {
    let (acme, what) = (house.company("acme").parse().unwrap(), what.parse().unwrap());
    house.ops.block(acme, what, None, "", MACHINE).await.unwrap();
}

/// An OAuth app of the company; for judging, the one that is nobody's own and connected there.
async fn oauth_app(house: &House, route: &str) -> String {
    if ["/approve", "/block", "/unblock"].iter().any(|word| route.ends_with(word)) {
        let app = house.app("oauth_public").client_id.clone();
        // Scenes are set one after the other: what the one before blocked is let in again.
        let acme = house.company("acme").parse().unwrap();
        let named: AppId = app.parse().unwrap();
        let _ = house.ops.unblock(acme, Blocked::App(named), None, MACHINE).await;
        let _ = house.ops.judge_client(named, Judgement::Unblock, MACHINE).await;
        connection(house, "owner", &house.company("acme")).await;
        if route.ends_with("/unblock") {
            block(house, &app).await;
        }
        return app;
    }
    let new = NewApp {
        place: Some(house.company("acme").parse().unwrap()),
        redirect_uris: vec!["https://portal.example/cb".to_owned()],
        ..NewApp::of(AppKind::OauthConfidential, "Portal")
    };
    let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
    if route.ends_with("/restore") {
        house.ops.revoke_app(app, MACHINE).await.unwrap();
    }
    app.to_string()
}
