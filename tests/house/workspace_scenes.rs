//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::scenes::Scene;

/// The place of a fresh verification code among the fields.
const CODE: &str = "(code)";

/// A form: its route, the page that it stands on, and its visible fields. What stands in braces is
/// filled in by [`Things`].
type Form = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const FORMS: &[Form] = &[
    (
        "/settings/app-connect/api-credentials/{app}/revoke",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("code", CODE)],
    ),
    ("/settings/app-connect/activity/verify", "/settings/app-connect/activity", &[]),
    (
        "/settings/app-connect/oauth-connections/idle",
        "/settings/app-connect/oauth-connections/idle",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/review",
        "/settings/app-connect/oauth-connections/{connection}/review",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/delete",
        "/settings/app-connect/oauth-connections/{connection}/delete",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-connections/{connection}/change",
        "/settings/app-connect/oauth-connections/{connection}/change",
        &[("permission", "customers:readonly"), ("purpose", "Reports"), ("review", "90")],
    ),
    (
        "/settings/app-connect/oauth-apps/create",
        "/settings/app-connect/oauth-apps/create",
        &[
            ("name", "Portal"),
            ("client_type", "public"),
            ("redirect_uris", "https://portal.example/cb"),
            ("permission", "customers:readonly"),
            ("owner", "{owner}"),
            ("pkce", "yes"),
            ("review", "90"),
        ],
    ),
    ("/settings/app-connect/oauth-apps/create/change", "(summary)", &[]),
    ("/settings/app-connect/oauth-apps/create/confirm", "(summary)", &[("code", CODE)]),
    (
        "/settings/app-connect/oauth-apps/{app}/approve",
        "/settings/app-connect/oauth-apps/{app}/approve",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/block",
        "/settings/app-connect/oauth-apps/{app}/block",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/unblock",
        "/settings/app-connect/oauth-apps/{app}/unblock",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/revoke",
        "/settings/app-connect/oauth-apps/{app}/revoke",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/saved",
        "/settings/app-connect/oauth-apps/{app}/saved",
        &[("saved", "yes")],
    ),
    (
        "/settings/app-connect/oauth-apps/{app}/saved/env",
        "/settings/app-connect/oauth-apps/{app}/saved",
        &[],
    ),
    ("/settings/app-connect/mcp-server/check", "/settings/app-connect/mcp-server", &[]),
    (
        "/settings/app-connect/through-firm/{what}/block",
        "/settings/app-connect/through-firm/{what}/block",
        &[("code", CODE)],
    ),
    (
        "/settings/app-connect/through-firm/{what}/unblock",
        "/settings/app-connect/through-firm/{what}/unblock",
        &[("code", CODE)],
    ),
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

/// The page on which the summary of a registration stands: what the form of it is answered with.
const SUMMARY: &str = "(summary)";
const REGISTER: &str = "/settings/app-connect/oauth-apps/create";

/// The scene of the form at `route`, if it is one of the workspace. Whoever it is for, the owner sends
/// it, from a session of their own each time and about things made for it; what only the operator may
/// do is sent by one.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    let (route, page, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let things = Things::made(house, route).await;
    let (mut browser, seed) = if route.ends_with("/approve") {
        house.operator().await
    } else {
        (house.signed_in("owner").await, None)
    };
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    if route.ends_with("/saved/env") {
        let live = house.ops.session(&browser.cookies["__Host-cs_session"]).unwrap().unwrap();
        let of = things.put_into("oauth app {app}");
        house.ops.keep_secret(&live, &of, "cs_sec_shown_once".to_owned().into());
    }
    let page = if *page == SUMMARY {
        let form = browser.get(REGISTER).await;
        let sent = FORMS.iter().find(|form| form.0 == REGISTER).unwrap().2;
        let sent = things.filled(sent, "");
        let sent: Vec<(&str, &str)> =
            sent.iter().map(|(field, value)| (*field, value.as_str())).collect();
        browser.submit(&form, REGISTER, &sent).await
    } else {
        browser.get(&things.put_into(page)).await
    };
    assert!(page.status.is_success(), "{route}: {page:?}");
    let code = match &seed {
        Some(seed) => house.next_code_of(seed),
        None => house.next_code("owner"),
    };
    let fields = things.filled(fields, &code);
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
    Some(Scene::of(&browser, &page, &things.put_into(route), &fields))
}

/// What stands in place of the braces.
struct Things(Vec<(&'static str, String)>);

impl Things {
    async fn made(house: &House, route: &str) -> Self {
        let app = if route.contains("oauth-apps/{app}") {
            oauth_app(house, route).await
        } else {
            let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
            house.ops.create_app(new, MACHINE).await.unwrap().app.id.to_string()
        };
        let mut things = vec![
            ("{app}", app),
            ("{company}", house.company("acme-test")),
            ("{owner}", house.user_id("owner").to_string()),
        ];
        if route.contains("oauth-connections") {
            things.push(("{connection}", connection(house, "owner", &house.company("acme")).await));
        }
        if route.ends_with("/idle") {
            house.advance(31 * 24 * 3600);
        }
        if route.contains("{what}") {
            let what = connection(house, "partner", &house.firm()).await;
            if route.ends_with("/unblock") {
                block(house, &what).await;
            }
            things.push(("{what}", what));
        }
        Self(things)
    }

    fn put_into(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
    }

    fn filled(
        &self,
        fields: &[(&'static str, &'static str)],
        code: &str,
    ) -> Vec<(&'static str, String)> {
        let value =
            |value: &str| if value == CODE { code.to_owned() } else { self.put_into(value) };
        fields.iter().map(|(field, text)| (*field, value(text))).collect()
    }
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
    if ["approve", "/block", "unblock"].iter().any(|word| route.ends_with(word)) {
        connection(house, "owner", &house.company("acme")).await;
        let app = house.app("oauth_public").client_id.clone();
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
    house.ops.create_app(new, MACHINE).await.unwrap().app.id.to_string()
}
