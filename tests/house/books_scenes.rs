//! The forms about companies and firms: one line a form, as in `workspace_scenes.rs`.

use countersign::domain::company::Environment;
use countersign::ops::administration::create_company::NewCompany;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::scenes::CODE;
use crate::scenes::CODED;
use crate::scenes::Fields;
use crate::scenes::Scene;
use crate::scenes::Things;

/// A form: its route, which is also its page's, and its visible fields.
type Form = (&'static str, Fields);

const FORMS: &[Form] = &[
    (
        "/settings/companies/create",
        &[
            ("name", "Company {number}"),
            ("environment", "test"),
            ("firm", "{firm}"),
            ("code", CODE),
        ],
    ),
    (
        "/settings/firms/create",
        &[("name", "Firm {number}"), ("environment", "test"), ("code", CODE)],
    ),
    ("/settings/companies/{slug}/link", &[("firm", "{firm}"), ("code", CODE)]),
    ("/settings/companies/{slug}/unlink", CODED),
    ("/settings/companies/{slug}/confide", &[("member", "{member}"), ("code", CODE)]),
    ("/settings/companies/{slug}/open", CODED),
];

/// The scene of the form at `route`, if it is one of these. The owner sends it, from a session of their
/// own each time and about a company made for it.
pub async fn set(house: &House, route: &str) -> Option<Scene> {
    let (route, fields) = FORMS.iter().find(|form| form.0 == route)?;
    let browser = &mut house.signed_in("owner").await;
    let about = Things::of([
        ("{number}", house.ops.unique()),
        ("{firm}", house.firm()),
        ("{member}", house.user_id("partner").to_string()),
        ("{slug}", company(house, route).await),
    ]);
    let page = browser.get(&about.put_into(route)).await;
    assert!(page.status.is_success(), "{route}: {page:?}");
    let fields = about.filled(house, fields);
    Some(Scene::of(browser, &page, &about.put_into(route), &fields))
}

/// A company that the form at `route` can be about: without a firm where it is to get one.
async fn company(house: &House, route: &str) -> String {
    let new = NewCompany {
        firm: if route.ends_with("/link") { None } else { house.firm().parse().ok() },
        confidential: route.ends_with("/open"),
        ..NewCompany::named(format!("Client {}", house.ops.unique()), Environment::Production)
    };
    house.ops.create_company(new, MACHINE).await.unwrap().slug.to_string()
}
