//! Markdown into our own HTML: the few things that chapters have, and a fault for all else.
//!
//! `# Title` first, once. Every other heading says its anchor: `## When {#when}`. `{{issuer}}` is a gap.
//! Links lead inside this server. The first cell of a table's row is the row's heading.

use pulldown_cmark::CodeBlockKind;
use pulldown_cmark::Event;
use pulldown_cmark::HeadingLevel;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;
use pulldown_cmark::TextMergeStream;

use crate::view::escape::escaped;
use crate::view::escape::push_escaped;
use crate::view::guide::document::Document;
use crate::view::guide::document::Part;
use crate::view::guide::document::SLOTS;
use crate::view::guide::document::Section;
use crate::view::guide::fault::GuideFault;

/// Reads the chapter called `name`.
pub(in crate::view) fn read(name: &str, source: &str) -> Result<Document, GuideFault> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut writer = Writer::default();
    for event in TextMergeStream::new(Parser::new_ext(source, options)) {
        writer
            .event(event)
            .map_err(|what| GuideFault::NoPlaceFor { chapter: name.to_owned(), what })?;
    }
    writer.flush();
    let document = writer.document;
    if document.title.is_empty() {
        let what = "text without a title".to_owned();
        return Err(GuideFault::NoPlaceFor { chapter: name.to_owned(), what });
    }
    Ok(document)
}

#[derive(Default)]
struct Writer {
    document: Document,
    html: String,
    /// The heading that is open, as it will be listed.
    heading: Option<Section>,
    table: Table,
}

/// The table that is open.
#[derive(Default)]
struct Table {
    headings: Vec<String>,
    in_head: bool,
    column: usize,
}

type Step = Result<(), String>;

impl Writer {
    fn event(&mut self, event: Event<'_>) -> Step {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(end),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => {
                self.raw("<code>");
                self.text(&code)?;
                self.raw("</code>");
                Ok(())
            }
            Event::SoftBreak => {
                self.raw("\n");
                Ok(())
            }
            other => Err(format!("{other:?}")),
        }
    }

    fn start(&mut self, tag: Tag<'_>) -> Step {
        match tag {
            Tag::Paragraph => self.raw("<p>"),
            Tag::Heading { level, id, .. } => {
                return self.begin_heading(level, id.as_deref());
            }
            Tag::BlockQuote(None) => self.raw("<div class=\"note\">"),
            Tag::CodeBlock(CodeBlockKind::Fenced(_)) => self.raw("<pre><code>"),
            Tag::List(None) => self.raw("<ul class=\"bullets\">"),
            Tag::List(Some(1)) => self.raw("<ol class=\"bullets\">"),
            Tag::Item => self.raw("<li>"),
            Tag::Strong => self.raw("<strong>"),
            Tag::Emphasis => self.raw("<em>"),
            Tag::Link { dest_url, title, .. } if title.is_empty() => return self.link(&dest_url),
            Tag::Table(_) => {
                self.table = Table::default();
                self.raw("<div class=\"card flush\"><table class=\"list\">");
            }
            Tag::TableHead => {
                self.table.in_head = true;
                self.raw("<thead><tr>");
            }
            Tag::TableRow => {
                self.table.column = 0;
                self.raw("<tr>");
            }
            Tag::TableCell => self.begin_cell(),
            other => return Err(format!("{other:?}")),
        }
        Ok(())
    }

    fn end(&mut self, end: TagEnd) -> Step {
        match end {
            TagEnd::Paragraph => self.raw("</p>"),
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::BlockQuote(_) => self.raw("</div>"),
            TagEnd::CodeBlock => self.raw("</code></pre>"),
            TagEnd::List(ordered) => self.raw(if ordered { "</ol>" } else { "</ul>" }),
            TagEnd::Item => self.raw("</li>"),
            TagEnd::Strong => self.raw("</strong>"),
            TagEnd::Emphasis => self.raw("</em>"),
            TagEnd::Link => self.raw("</a>"),
            TagEnd::Table => self.raw("</tbody></table></div>"),
            TagEnd::TableHead => {
                self.table.in_head = false;
                self.raw("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.raw("</tr>"),
            TagEnd::TableCell => {
                if self.table.in_head && self.table.headings.last().is_some_and(String::is_empty) {
                    return Err("column without a heading".to_owned());
                }
                let row_heading = self.table.in_head || self.table.column == 0;
                self.raw(if row_heading { "</th>" } else { "</td>" });
                self.table.column = self.table.column.saturating_add(1);
            }
            other => return Err(format!("{other:?}")),
        }
        Ok(())
    }

    fn begin_heading(&mut self, level: HeadingLevel, id: Option<&str>) -> Step {
        if self.heading.is_some() {
            return Err("heading inside a heading".to_owned());
        }
        let (level, id) = match (level, id) {
            (HeadingLevel::H1, None) if self.document.title.is_empty() => (1, ""),
            (HeadingLevel::H2, Some(id)) => (2, id),
            (HeadingLevel::H3, Some(id)) => (3, id),
            _ => return Err(format!("heading {level:?} with the anchor {id:?}")),
        };
        if level > 1 {
            self.raw(&format!("<h{level} id=\"{}\">", escaped(id)));
        }
        self.heading = Some(Section { level, id: id.to_owned(), title: String::new() });
        Ok(())
    }

    /// The title is the page's to show: it is not part of the text.
    fn end_heading(&mut self, level: HeadingLevel) {
        let Some(section) = self.heading.take() else { return };
        if level == HeadingLevel::H1 {
            self.html.clear();
            self.document.title = section.title;
            return;
        }
        self.raw(&format!("</h{}>", section.level));
        self.document.sections.push(section);
    }

    fn begin_cell(&mut self) {
        if self.table.in_head {
            self.table.headings.push(String::new());
            return self.raw("<th scope=\"col\">");
        }
        if self.table.column == 0 {
            return self.raw("<th scope=\"row\">");
        }
        let label = self.table.headings.get(self.table.column).map_or("", String::as_str);
        let cell = format!("<td class=\"wrap\" data-label=\"{}\">", escaped(label));
        self.raw(&cell);
    }

    /// Inside this server only: the guide works where nothing else can be reached.
    fn link(&mut self, target: &str) -> Step {
        let inside = target.starts_with('#')
            || (target.starts_with('/') && !target.starts_with("//") && !target.contains('{'));
        if !inside {
            return Err(format!("link to {target}"));
        }
        self.document.links.push(target.to_owned());
        self.raw(&format!("<a href=\"{}\">", escaped(target)));
        Ok(())
    }

    fn text(&mut self, text: &str) -> Step {
        if let Some(section) = &mut self.heading {
            section.title.push_str(text);
        }
        if self.table.in_head
            && let Some(heading) = self.table.headings.last_mut()
        {
            heading.push_str(text);
        }
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, behind) = after.split_once("}}").ok_or("gap without an end")?;
            let slot = SLOTS.into_iter().find(|slot| *slot == name);
            let slot = slot.ok_or_else(|| format!("gap for {name}"))?;
            push_escaped(&mut self.html, before);
            self.flush();
            self.document.body.push(Part::Slot(slot));
            rest = behind;
        }
        push_escaped(&mut self.html, rest);
        Ok(())
    }

    fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn flush(&mut self) {
        if !self.html.is_empty() {
            let html = std::mem::take(&mut self.html);
            self.document.body.push(Part::Html(html));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn html(source: &str) -> String {
        let values: BTreeMap<String, String> =
            SLOTS.iter().map(|name| ((*name).to_owned(), format!("<{name}>"))).collect();
        read("here", source).unwrap().html(&values).unwrap()
    }

    #[test]
    fn what_is_filled_in_is_escaped_in_texts_and_in_code() {
        let text = "# T\n\nAt {{issuer}}.\n\n```sh\ncurl {{api}}/me\n```\n";
        assert_eq!(
            html(text),
            "<p>At &lt;issuer&gt;.</p><pre><code>curl &lt;api&gt;/me\n</code></pre>"
        );
    }

    #[test]
    fn a_table_has_headings_for_columns_and_rows() {
        let text = "# T\n\n| Z | A |\n|---|---|\n| one | two |\n";
        assert_eq!(
            html(text),
            "<div class=\"card flush\"><table class=\"list\"><thead><tr><th scope=\"col\">Z</th>\
             <th scope=\"col\">A</th></tr></thead><tbody><tr><th scope=\"row\">one</th>\
             <td class=\"wrap\" data-label=\"A\">two</td></tr></tbody></table></div>"
        );
    }

    #[test]
    fn refuses_markup_pictures_and_links_to_elsewhere() {
        for bad in [
            "# T\n\n<b>x</b>",
            "# T\n\nx <img src=x>",
            "# T\n\n![x](/y)",
            "# T\n\n[x](https://elsewhere.example)",
            "# T\n\n[x](//elsewhere.example)",
            "# T\n\n[x](javascript:alert)",
            "# T\n\n<https://elsewhere.example>",
        ] {
            let fault = read("here", bad).unwrap_err();
            assert!(matches!(fault, GuideFault::NoPlaceFor { .. }), "{bad}");
        }
    }

    #[test]
    fn refuses_headings_without_an_anchor_columns_without_a_heading_and_unknown_gaps() {
        for bad in [
            "# T\n\n## x",
            "# T\n\n| | A |\n|-|-|\n",
            "# T\n\n# U",
            "text",
            "# T\n\n{{nobody}}",
            "# T\n\n{{issuer",
        ] {
            assert!(read("here", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sections_are_listed_with_their_anchors() {
        let document = read("here", "# T\n\n## A `b` {#a}\n\n### C {#c}\n").unwrap();
        let listed: Vec<_> = document
            .sections
            .iter()
            .map(|section| (section.level, section.id.as_str(), section.title.as_str()))
            .collect();
        assert_eq!(listed, [(2, "a", "A b"), (3, "c", "C")]);
        assert_eq!(document.title, "T");
    }
}
