//! The forms of the workspace, each with the page on which it stands and what its owner would send:
//! one line a form, from which every check of forms is generated.

use countersign::domain::app::AppKind;

use crate::harness::Browser;
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

/// The scene of the form at `route`, if it is one of the workspace. Whoever it is for, the owner sends
/// it, from a session of their own each time and about things made for it.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    let (route, page, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let things = Things::made(house).await;
    let mut browser: Browser<'_> = house.signed_in("owner").await;
    let page = browser.get(&things.put_into(page)).await;
    assert!(page.status.is_success(), "{route}: {page:?}");
    let code = house.next_code("owner");
    let value = |value: &str| if value == CODE { code.clone() } else { things.put_into(value) };
    let fields: Vec<(&str, String)> =
        fields.iter().map(|(field, text)| (*field, value(text))).collect();
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(field, value)| (*field, value.as_str())).collect();
    Some(Scene::of(&browser, &page, &things.put_into(route), &fields))
}

/// What stands in place of the braces.
struct Things(Vec<(&'static str, String)>);

impl Things {
    async fn made(house: &House) -> Self {
        let new = house.acting(AppKind::ApiCredentials, "acme", "owner", "customers:readonly");
        let app = house.ops.create_app(new, MACHINE).await.unwrap().app.id;
        Self(vec![("{app}", app.to_string()), ("{company}", house.company("acme-test"))])
    }

    fn put_into(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, thing)| text.replace(name, thing))
    }
}
