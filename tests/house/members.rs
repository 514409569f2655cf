//! Who has which role where, and their way into Acme's workspace: what tests of people and of their data
//! begin with.

use countersign::domain::company::Place;
use countersign::domain::role::RoleName;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;

/// The company with this name in addresses.
pub fn place(house: &House, slug: &str) -> Place {
    house.company(slug).parse().unwrap()
}

/// Gives a role in a company.
pub async fn give(house: &House, who: &str, slug: &str, role: &str) {
    grant(house, who, place(house, slug), role).await;
}

/// Gives a role in a company or firm.
pub async fn grant(house: &House, who: &str, place: Place, role: &str) {
    let role = RoleName(role.to_owned());
    house.ops.grant_role(house.user_id(who), place, role, MACHINE).await.unwrap();
}

/// Somebody in Acme's workspace.
pub async fn inside<'h>(house: &'h House, who: &str) -> Browser<'h> {
    let mut browser = house.signed_in(who).await;
    browser.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    browser
}

/// The page of somebody.
pub fn person(house: &House, who: &str) -> String {
    format!("/settings/people/{}", house.user_id(who))
}
