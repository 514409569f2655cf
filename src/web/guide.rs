//! `/docs`: the guide. Anybody may read it; who is signed in keeps their frame.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use crate::domain::resource::API_PATH;
use crate::view::guide::api::ApiFacts;
use crate::view::guide::chapter::Chapter;
use crate::view::pages::GuidePage;
use crate::view::pages::GuideValues;
use crate::web::WebState;
use crate::web::visitor::Visitor;

/// Adds a page for every chapter.
pub(super) fn add(pages: Router<WebState>) -> Router<WebState> {
    Chapter::ALL.into_iter().fold(pages, |pages, chapter| {
        let page = move |visitor| show(chapter, visitor);
        pages.route(chapter.path(), get(page))
    })
}

async fn show(chapter: Chapter, visitor: Visitor) -> Response {
    let facts = facts(&visitor);
    let values = GuideValues {
        api: format!("{}{API_PATH}", facts.issuer),
        mcp: format!("{}/companies/your-company/mcp", facts.issuer),
        issuer: facts.issuer.clone(),
    };
    let page = GuidePage::of(chapter, visitor.frame(), values);
    let page = match chapter {
        Chapter::Reference => {
            page.listing(visitor.state.views.api().groups(&facts, visitor.language()))
        }
        _ => page,
    };
    visitor.show(&page, StatusCode::OK)
}

fn facts(visitor: &Visitor) -> ApiFacts {
    let settings = visitor.ops().settings();
    ApiFacts {
        issuer: settings.issuer.to_string(),
        api: visitor.state.surfaces.api.is_some(),
        mcp: visitor.state.surfaces.mcp.is_some(),
        registration: settings.registration.is_on(),
    }
}
