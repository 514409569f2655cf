//! `/docs`: the guide. Anybody may read it, in the language that they choose; who is signed in keeps
//! their frame.

use axum::Router;
use axum::body::Bytes;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::HeaderMap;
use http::StatusCode;
use http::header::SET_COOKIE;

use crate::domain::resource::API_PATH;
use crate::http::cookies;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::view::guide::api::ApiFacts;
use crate::view::guide::chapter::Chapter;
use crate::view::language::Language;
use crate::view::pages::ErrorKind;
use crate::view::pages::GuidePage;
use crate::view::pages::GuideValues;
use crate::web::WebState;
use crate::web::visitor::Visitor;

/// Adds a page for every chapter, and the choice of their language.
pub(super) fn add(pages: Router<WebState>) -> Router<WebState> {
    let pages = pages.route(paths::GUIDE_LANGUAGE, post(choose_language));
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
    let csrf = visitor.form_tag(paths::GUIDE_LANGUAGE, "");
    let page = GuidePage::of(chapter, visitor.frame(), values, csrf);
    let page = match chapter {
        Chapter::Reference => {
            page.listing(visitor.state.views.api().groups(&facts, visitor.language()))
        }
        _ => page,
    };
    visitor.show(&page, StatusCode::OK)
}

/// Speaks another language from here on, in this browser. Leads back to a chapter and nowhere else.
async fn choose_language(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    if !visitor.sent(&sent, paths::GUIDE_LANGUAGE, "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    let Some(language) = Language::of_code(sent.first("language")) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let read = Chapter::ALL.into_iter().find(|one| one.path() == sent.first("page"));
    let mut response = visitor.go(read.unwrap_or(Chapter::Overview).path());
    if let Some(cookie) = cookies::for_long(cookies::LANGUAGE, language.code()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
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
