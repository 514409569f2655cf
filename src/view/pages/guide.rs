//! The pages of the built-in guide. Anybody may open them.

use serde::Serialize;

use crate::view::guide::api::ApiDescription;
use crate::view::guide::api::ApiFacts;
use crate::view::guide::api::ApiGroup;
use crate::view::guide::chapter::Chapter;
use crate::view::guide::chapter::ChapterGroup;
use crate::view::language::Language;
use crate::view::pages::Frame;
use crate::view::pages::Page;

/// A chapter in the navigation.
#[derive(Debug, Clone, Serialize)]
pub struct GuideEntry {
    /// Which.
    pub chapter: Chapter,
    /// Under which heading it stands.
    pub group: ChapterGroup,
    /// Where it is.
    pub href: &'static str,
    /// It is the one that is open.
    pub open: bool,
}

/// What this installation fills into the guide.
#[derive(Debug, Clone, Serialize)]
pub struct GuideValues {
    /// The origin of this server.
    pub issuer: String,
    /// Where the protected API is.
    pub api: String,
    /// How a company's MCP URL looks.
    pub mcp: String,
}

/// `/docs` and what lies below: one chapter.
#[derive(Clone, Serialize)]
pub struct GuidePage {
    /// The frame.
    pub frame: Frame,
    /// The tag of the form that posts `language`, and `page` (the path of this one), to
    /// `/docs/language`.
    pub language_csrf: String,
    /// All chapters.
    pub chapters: Vec<GuideEntry>,
    /// This one.
    pub chapter: Chapter,
    /// What is filled in.
    pub values: GuideValues,
    /// The operations of the API; only the chapter that lists them has any.
    pub groups: Vec<ApiGroup>,
}

impl GuidePage {
    /// The page of `chapter`.
    #[must_use]
    pub fn of(chapter: Chapter, frame: Frame, values: GuideValues, language_csrf: String) -> Self {
        let entry = |one: Chapter| GuideEntry {
            chapter: one,
            group: one.group(),
            href: one.path(),
            open: one == chapter,
        };
        Self {
            frame,
            language_csrf,
            chapters: Chapter::ALL.into_iter().map(entry).collect(),
            chapter,
            values,
            groups: Vec::new(),
        }
    }

    /// The same, listing the operations of the API.
    #[must_use]
    pub fn listing(self, groups: Vec<ApiGroup>) -> Self {
        Self { groups, ..self }
    }
}

impl Page for GuidePage {
    const TEMPLATE: &'static str = "guide/chapter.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let values = GuideValues {
            issuer: "https://books.acme.example".to_owned(),
            api: "https://books.acme.example/api/external/v2".to_owned(),
            mcp: "https://books.acme.example/companies/your-company/mcp".to_owned(),
        };
        let facts =
            ApiFacts { issuer: values.issuer.clone(), api: true, mcp: true, registration: true };
        let description = ApiDescription::new();
        let groups = |chapter| match (&description, chapter) {
            (Ok(description), Chapter::Reference) => description.groups(&facts, Language::English),
            _ => Vec::new(),
        };
        let page = |chapter, frame| {
            let csrf = "Sample-csrf".to_owned();
            Self::of(chapter, frame, values.clone(), csrf).listing(groups(chapter))
        };
        let known = Frame::of("owner@acme.example".to_owned(), "Sample-csrf".to_owned());
        Chapter::ALL
            .into_iter()
            .map(|chapter| (chapter.word(), page(chapter, Frame::default())))
            .chain([("signed_in", page(Chapter::Overview, known))])
            .collect()
    }
}
