//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::base::id::AppId;
use countersign::domain::app::AppKind;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_user::NewUser;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::scenes::Scene;

/// The place of a fresh verification code among the fields.
const CODE: &str = "(code)";

/// A form: its route, the page that it stands on, and its visible fields. What stands in braces is
/// filled in by [`Things`].
type Form = (&'static str, &'static str, Fields);

/// Fields, by name.
type Fields = &'static [(&'static str, &'static str)];

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
const CONFIRMED: &[(&str, &str)] = &[("code", CODE)];
const ROTATED: &[(&str, &str)] = &[("overlap", "now"), ("code", CODE)];

const FORMS: &[Form] = &[
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
        CONFIRMED,
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
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/take_over",
        "/settings/app-connect/api-credentials/{orphan}/take_over",
        CONFIRMED,
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
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/delete",
        "/settings/app-connect/api-tokens/{token}/delete",
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/take_over",
        "/settings/app-connect/api-tokens/{lost}/take_over",
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/revoke",
        "/settings/app-connect/api-credentials/{app}/revoke",
        &[("code", CODE)],
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
        "/settings/app-connect/api-credentials/create/again",
        "/settings/app-connect/api-credentials/create",
        &[("/settings/app-connect/api-credentials/create", CREDENTIALS)],
        &[],
    ),
    (
        "/settings/app-connect/api-credentials/create/confirm",
        "/settings/app-connect/api-credentials/create",
        &[("/settings/app-connect/api-credentials/create", CREDENTIALS)],
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-credentials/{app}/saved/env",
        "/settings/app-connect/api-credentials/create",
        &[
            ("/settings/app-connect/api-credentials/create", CREDENTIALS),
            ("/settings/app-connect/api-credentials/create/confirm", CONFIRMED),
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
        CONFIRMED,
    ),
    (
        "/settings/app-connect/api-tokens/{app}/saved/env",
        "/settings/app-connect/api-tokens/create",
        &[
            ("/settings/app-connect/api-tokens/create", CREDENTIALS),
            ("/settings/app-connect/api-tokens/create/confirm", CONFIRMED),
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
        CONFIRMED,
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
        CONFIRMED,
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
    let things = Things::made(house).await;
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    let mut page = browser.get(&things.put_into(first)).await;
    let mut action = things.put_into(&route.replace("{app}", things.named_in(first)));
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
    let scene = Scene::of(&browser, &page, &action, &borrowed(&fields));
    let only_asks = ASKING.iter().any(|end| route.ends_with(end));
    let accepted = if only_asks { StatusCode::OK } else { StatusCode::SEE_OTHER };
    Some(Scene { accepted, ..scene })
}

fn borrowed<'a>(fields: &'a [(&str, String)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().map(|(field, value)| (*field, value.as_str())).collect()
}

/// What stands in place of the braces.
struct Things(Vec<(&'static str, String)>);

impl Things {
    async fn made(house: &House) -> Self {
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
        Self(things)
    }

    fn put_into(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
    }

    /// The app that a path is about.
    fn named_in(&self, path: &str) -> &'static str {
        let named = self.0.iter().find(|(name, _)| path.contains(name));
        named.map_or("{app}", |(name, _)| name)
    }

    fn filled(&self, house: &House, fields: Fields) -> Vec<(&'static str, String)> {
        let value = |value: &str| match value {
            CODE => house.next_code("owner"),
            value => self.put_into(value),
        };
        fields.iter().map(|(field, text)| (*field, value(text))).collect()
    }
}

async fn made(house: &House, kind: AppKind, place: &str) -> AppId {
    let new = house.acting(kind, place, "owner", "customers:readonly");
    house.ops.create_app(new, MACHINE).await.unwrap().app.id
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
