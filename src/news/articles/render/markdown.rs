//! Markdown to HTML: CommonMark with tables, footnotes and strikethrough. The result is not sanitized yet.

use std::collections::HashMap;

use pulldown_cmark::{Alignment, CowStr, Event, Options, Parser, Tag, TagEnd};

use crate::news::articles::render::limits::check_nesting;
use crate::problem::Text;

/// The roles of the links between a text and its notes (DPUB-ARIA 1.1).
pub const NOTE_LINKS: [&str; 2] = ["doc-noteref", "doc-backlink"];
/// The role of the notes at the end.
pub const NOTES: &str = "doc-endnotes";

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH);

/// Converts a body in Markdown.
///
/// # Errors
/// If it is nested too deeply.
pub fn to_html(body: &str) -> Result<String, Text> {
    check_nesting(Parser::new_ext(body, OPTIONS))?;
    let events = aligned(Parser::new_ext(body, OPTIONS));
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Notes::at_the_end(events).into_iter());
    Ok(html)
}

/// Aligns the cells of tables with the attribute `align`, because styles are removed.
fn aligned<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut alignments = Vec::new();
    let mut cell = 0;
    let mut name = "td";
    events.map(move |event| {
        match &event {
            Event::Start(Tag::Table(columns)) => alignments.clone_from(columns),
            Event::Start(Tag::TableHead) => (cell, name) = (0, "th"),
            Event::Start(Tag::TableRow) => (cell, name) = (0, "td"),
            Event::Start(Tag::TableCell) => {
                cell += 1;
                let side = match alignments.get(cell - 1) {
                    Some(Alignment::Left) => "left",
                    Some(Alignment::Center) => "center",
                    Some(Alignment::Right) => "right",
                    _ => return event,
                };
                return Event::InlineHtml(format!("<{name} align=\"{side}\">").into());
            }
            _ => {}
        }
        event
    })
}

/// The footnotes of a body, numbered in the order of the first references to them.
#[derive(Default)]
struct Notes<'a> {
    /// The content of each.
    content: HashMap<CowStr<'a>, Vec<Event<'a>>>,
    /// The number of each, and how many references to it there are.
    places: HashMap<CowStr<'a>, (usize, usize)>,
    order: Vec<CowStr<'a>>,
}

impl<'a> Notes<'a> {
    /// Moves the notes to the end, with links in both directions. Their ids are generated, not taken from the text, so that
    /// none clashes with one of the page around it.
    fn at_the_end(events: impl Iterator<Item = Event<'a>>) -> Vec<Event<'a>> {
        let mut notes = Self::default();
        let mut labels = Vec::new();
        let text = notes.extract(events, &mut labels);
        let mut all = notes.link_references(text);
        if labels.is_empty() {
            return all;
        }
        all.push(Event::Html(
            format!("<section role=\"{NOTES}\">\n<ol>\n").into(),
        ));
        let mut labels = labels.into_iter();
        let mut next = 0;
        let mut back_links = Vec::new();
        // A note may refer to another one; notes without a reference come last.
        loop {
            if next == notes.order.len() {
                match labels.find(|label| !notes.places.contains_key(label)) {
                    Some(label) => notes.number(&label, 0),
                    None => break,
                }
            }
            let label = notes.order[next].clone();
            next += 1;
            let content = notes.content.remove(&label).unwrap_or_default();
            let mut content = notes.link_references(content);
            let ends_with_paragraph = content.last() == Some(&Event::End(TagEnd::Paragraph));
            let place = content.len() - usize::from(ends_with_paragraph);
            // A later note may refer to this one: the links back are filled in at the end.
            content.insert(place, Event::InlineHtml(CowStr::Borrowed("")));
            all.push(Event::Html(format!("<li id=\"fn-{next}\">").into()));
            back_links.push(all.len() + place);
            all.append(&mut content);
            all.push(Event::Html(CowStr::Borrowed("</li>\n")));
        }
        for (at, label) in back_links.into_iter().zip(&notes.order) {
            all[at] = notes.back_links(label);
        }
        all.push(Event::Html(CowStr::Borrowed("</ol>\n</section>\n")));
        all
    }

    /// Separates the notes from the text, which is returned. The labels of the notes go to `labels`, in order.
    fn extract(
        &mut self,
        events: impl Iterator<Item = Event<'a>>,
        labels: &mut Vec<CowStr<'a>>,
    ) -> Vec<Event<'a>> {
        let mut text = Vec::new();
        let mut open: Vec<(CowStr<'a>, Vec<Event<'a>>)> = Vec::new();
        for event in events {
            match event {
                Event::Start(Tag::FootnoteDefinition(label)) => open.push((label, Vec::new())),
                Event::End(TagEnd::FootnoteDefinition) => {
                    if let Some((label, content)) = open.pop()
                        && !self.content.contains_key(&label)
                    {
                        labels.push(label.clone());
                        self.content.insert(label, content);
                    }
                }
                event => open
                    .last_mut()
                    .map_or(&mut text, |(_, content)| content)
                    .push(event),
            }
        }
        text
    }

    fn number(&mut self, label: &CowStr<'a>, references: usize) {
        self.order.push(label.clone());
        self.places
            .insert(label.clone(), (self.order.len(), references));
    }

    /// Turns references into links.
    fn link_references(&mut self, events: Vec<Event<'a>>) -> Vec<Event<'a>> {
        let link = |event| {
            let Event::FootnoteReference(label) = event else {
                return event;
            };
            if !self.places.contains_key(&label) {
                self.number(&label, 0);
            }
            let (number, references) = self.places.entry(label).or_default();
            *references += 1;
            let id = reference_id(*number, *references);
            let role = NOTE_LINKS[0];
            Event::InlineHtml(
                format!(
                    "<sup><a href=\"#fn-{number}\" id=\"{id}\" role=\"{role}\">{number}</a></sup>"
                )
                .into(),
            )
        };
        events.into_iter().map(link).collect()
    }

    /// The links from a note back to its references.
    fn back_links(&self, label: &CowStr<'a>) -> Event<'a> {
        let (number, references) = self.places.get(label).copied().unwrap_or_default();
        let role = NOTE_LINKS[1];
        let link = |nth| {
            let id = reference_id(number, nth);
            format!(" <a href=\"#{id}\" role=\"{role}\">↩</a>")
        };
        let links: String = (1..=references).map(link).collect();
        Event::InlineHtml(links.into())
    }
}

fn reference_id(number: usize, nth: usize) -> String {
    match nth {
        1 => format!("fnref-{number}"),
        _ => format!("fnref-{number}-{nth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_numbered_by_first_reference_and_link_back() {
        let html = to_html("Un[^b] deux[^a], un encore[^b].\n\n[^a]: *Dit* ici[^c].\n[^b]: Là.\n[^c]: Enfin.\n[^d]: Seul.\n").unwrap();
        assert_eq!(
            html,
            "<p>Un<sup><a href=\"#fn-1\" id=\"fnref-1\" role=\"doc-noteref\">1</a></sup> deux\
             <sup><a href=\"#fn-2\" id=\"fnref-2\" role=\"doc-noteref\">2</a></sup>, un encore\
             <sup><a href=\"#fn-1\" id=\"fnref-1-2\" role=\"doc-noteref\">1</a></sup>.</p>\n\
             <section role=\"doc-endnotes\">\n<ol>\n\
             <li id=\"fn-1\">\n<p>Là. <a href=\"#fnref-1\" role=\"doc-backlink\">↩</a> <a href=\"#fnref-1-2\" role=\"doc-backlink\">↩</a></p>\n</li>\n\
             <li id=\"fn-2\">\n<p><em>Dit</em> ici<sup><a href=\"#fn-3\" id=\"fnref-3\" role=\"doc-noteref\">3</a></sup>. \
             <a href=\"#fnref-2\" role=\"doc-backlink\">↩</a></p>\n</li>\n\
             <li id=\"fn-3\">\n<p>Enfin. <a href=\"#fnref-3\" role=\"doc-backlink\">↩</a></p>\n</li>\n\
             <li id=\"fn-4\">\n<p>Seul.</p>\n</li>\n</ol>\n</section>\n"
        );
    }

    #[test]
    fn table_cells_are_aligned_with_attributes() {
        assert_eq!(
            to_html("| a | b |\n|---|--:|\n| c | 1 |\n").unwrap(),
            "<table><thead><tr><th>a</th><th align=\"right\">b</th></tr></thead><tbody>\n\
             <tr><td>c</td><td align=\"right\">1</td></tr>\n</tbody></table>\n"
        );
    }

    #[test]
    fn undefined_notes_and_other_syntax_stay_text() {
        assert_eq!(
            to_html("a[^x] ~~b~~ {#id}\n\n# t {#id .c}").unwrap(),
            "<p>a[^x] <del>b</del> {#id}</p>\n<h1>t {#id .c}</h1>\n"
        );
    }
}
