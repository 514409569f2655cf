//! `/`: who is signed in, and what they reach.

use axum::response::Response;
use http::StatusCode;

use crate::domain::gate::PlaceFacts;
use crate::http::paths;
use crate::ops::overview::ReachedPlace;
use crate::view::pages::Home;
use crate::view::pages::HomePlace;
use crate::view::pages::PlaceKind;
use crate::web::visitor::Visitor;

/// Shows the home page; whoever is not signed in goes there first.
pub(super) async fn show(visitor: Visitor) -> Response {
    let Some(live) = visitor.signed_in() else {
        let next = if visitor.half_signed_in().is_some() { paths::VERIFY } else { paths::SIGN_IN };
        return visitor.go(next);
    };
    if live.session.recovery_codes_waiting {
        return visitor.go(paths::RECOVERY_CODES);
    }
    match visitor.ops().places_of(live) {
        Ok(places) => {
            let page = Home {
                frame: visitor.frame(),
                name: live.user.name.clone(),
                email: live.user.email.to_string(),
                places: places.iter().filter_map(|place| shown(&visitor, place)).collect(),
            };
            visitor.show(&page, StatusCode::OK)
        }
        Err(fault) => visitor.fail(&fault),
    }
}

fn shown(visitor: &Visitor, place: &ReachedPlace) -> Option<HomePlace> {
    let (name, slug, kind) = match &place.facts {
        PlaceFacts::Company(company) => (&company.name, &company.slug, PlaceKind::Company),
        PlaceFacts::Firm(firm) => (&firm.name, &firm.slug, PlaceKind::Firm),
        PlaceFacts::Gone => return None,
    };
    Some(HomePlace {
        name: name.clone(),
        kind,
        test: place.facts.environment().is_some_and(|environment| environment.is_test()),
        role_title: visitor.ops().role_titles(&place.roles),
        slug: slug.to_string(),
    })
}
