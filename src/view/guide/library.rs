//! All chapters of one language.

use crate::view::guide::chapter::Chapter;
use crate::view::guide::document::Document;
use crate::view::guide::fault::GuideFault;
use crate::view::guide::markdown;
use crate::view::language::Language;

/// All chapters of one language.
#[derive(Debug)]
pub(in crate::view) struct Library(Vec<(Chapter, Document)>);

impl Library {
    /// Reads them.
    pub(in crate::view) fn of(language: Language) -> Result<Self, GuideFault> {
        let read = |chapter: Chapter| {
            let name = format!("{} ({})", chapter.path(), language.code());
            Ok((chapter, markdown::read(&name, chapter.source(language))?))
        };
        Chapter::ALL.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// All of them, in order.
    pub(in crate::view) fn chapters(&self) -> impl Iterator<Item = (Chapter, &Document)> {
        self.0.iter().map(|(chapter, document)| (*chapter, document))
    }

    /// The one that templates call `word`.
    pub(in crate::view) fn called(&self, word: &str) -> Option<&Document> {
        self.chapters().find(|(chapter, _)| chapter.word() == word).map(|(_, document)| document)
    }
}
