//! The app that a path names, in the list that the path names.

use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::response::Response;
use http::request::Parts;

use crate::base::id::AppId;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::ops::administration::app_facts::CredentialFacts;
use crate::view::pages::ErrorKind;
use crate::view::pages::workspace::Section;
use crate::web::WebState;
use crate::web::workspace::inside::Inside;

/// What a path names. Whether it exists, and who may see it, is asked when it is looked up.
pub(super) struct Object {
    id: Option<AppId>,
    section: Option<Section>,
}

impl FromRequestParts<WebState> for Object {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &WebState) -> Result<Self, Response> {
        let id = Path::<String>::from_request_parts(parts, state).await.ok();
        let id = id.and_then(|Path(id)| id.parse().ok());
        let path = parts.uri.path();
        let below = |section: &Section| {
            path.strip_prefix(section.path()).is_some_and(|rest| rest.starts_with('/'))
        };
        let sections = [Section::ApiCredentials, Section::ApiTokens, Section::OauthApps];
        Ok(Self { id, section: sections.into_iter().find(below) })
    }
}

impl Object {
    /// The app, and the person in its company or firm.
    pub(super) fn find(&self, inside: Inside) -> Result<(Inside, App), Box<Response>> {
        let Some(id) = self.id else { return Err(unknown(&inside)) };
        let app = inside.told(inside.ops().app_for(&inside.live, id))?;
        if self.section == Some(section_of(app.kind)) {
            Ok((inside.beside(app.place), app))
        } else {
            Err(unknown(&inside))
        }
    }

    /// The same, with all that its page tells.
    pub(super) fn credential(
        &self,
        inside: Inside,
    ) -> Result<(Inside, CredentialFacts), Box<Response>> {
        let (inside, app) = self.find(inside)?;
        let facts = inside.told(inside.ops().credential_for(&inside.live, app.id))?;
        Ok((inside, facts))
    }
}

fn unknown(inside: &Inside) -> Box<Response> {
    Box::new(inside.refuse(ErrorKind::NotFound))
}

/// The list that an app of this kind stands in.
pub(super) const fn section_of(kind: AppKind) -> Section {
    match kind {
        AppKind::ApiCredentials => Section::ApiCredentials,
        AppKind::ApiToken => Section::ApiTokens,
        AppKind::OauthPublic | AppKind::OauthConfidential | AppKind::ResourceServer => {
            Section::OauthApps
        }
    }
}

/// The app's own page.
pub(super) fn home_of(app: &App) -> String {
    format!("{}/{}", section_of(app.kind).path(), app.id)
}
