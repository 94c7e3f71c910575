//! Limits of a body's complexity: the time to parse HTML as browsers do can grow with the square of its nesting.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, local_name, ns};
use pulldown_cmark::Event;

use crate::news::messages;
use crate::problem::Text;

/// The maximum length of a body's HTML, in bytes: twice the length of the longest body in any script. The constraint
/// `articles_rendered_size` has the same limit.
pub const MAX_HTML: usize = 4 << 20;

/// The maximum number of open elements, and of character references (`&amp;`, `&quot;`).
const MAX_DEPTH: usize = 100;
const MAX_REFERENCES: usize = 20_000;

pub fn check_nesting<'a>(events: impl Iterator<Item = Event<'a>>) -> Result<(), Text> {
    let mut depth = 0_usize;
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
    }
    Ok(())
}

pub fn check_references(html: &str) -> Result<(), Text> {
    if html.bytes().filter(|byte| *byte == b'&').count() > MAX_REFERENCES {
        return Err(messages::html_references(MAX_REFERENCES));
    }
    Ok(())
}

pub fn too_long() -> Text {
    messages::html_too_large(MAX_HTML >> 20)
}

fn too_deep() -> Text {
    messages::html_too_deep(MAX_DEPTH)
}

/// Checks that HTML can be parsed in a time proportional to its length. Unclosed or misnested elements are reopened and
/// moved many times (HTML standard, section 13.2.6). So it is parsed once by the same parser, which only counts, and in
/// pieces, so that it can be stopped.
pub fn check_size(html: &str) -> Result<(), Text> {
    if html.len() > MAX_HTML {
        return Err(too_long());
    }
    check_references(html)?;
    let tags = html.bytes().filter(|byte| *byte == b'<').count();
    let name = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = html5ever::parse_fragment(
        Count::default(),
        ParseOpts::default(),
        name,
        Vec::new(),
        false,
    );
    let mut rest = html;
    // Characters that may separate attributes, in a tag that has not ended yet.
    let (mut tokens, mut separators) = (0, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        rest = after;
        parser.process(StrTendril::from(piece));
        let count = &parser.tokenizer.sink.sink;
        // The fragment itself is in an element of the document.
        if count.deepest.get() > MAX_DEPTH + 1 {
            return Err(too_deep());
        }
        if count.elements.get() > 3 * tags + 1_000 || count.moves.get() > MAX_MOVES {
            return Err(messages::html_misplaced());
        }
        if count.tokens.get() != tokens {
            (tokens, separators) = (count.tokens.get(), 0);
        }
        separators += piece
            .bytes()
            .filter(|byte| b" \t\r\n\x0c/\"'".contains(byte))
            .count();
        if count.most_attributes.get() > MAX_ATTRIBUTES || separators > MAX_SEPARATORS {
            return Err(messages::html_attributes(MAX_ATTRIBUTES));
        }
    }
    Ok(())
}

/// The number of bytes parsed at once.
const PIECE: usize = 1024;

/// The maximum number of moved elements: the cost of a move grows with their number.
const MAX_MOVES: usize = 2_000;

/// The maximum number of attributes of a tag: each is compared with all before it.
const MAX_ATTRIBUTES: usize = 100;

/// The maximum number of separators in a tag whose end is not yet known. A long comment has some too.
const MAX_SEPARATORS: usize = 20_000;

/// A tree builder that only counts.
#[derive(Default)]
struct Count {
    /// The tokens that add something to the tree.
    tokens: Cell<usize>,
    elements: Cell<usize>,
    moves: Cell<usize>,
    deepest: Cell<usize>,
    most_attributes: Cell<usize>,
}

struct Node {
    name: QualName,
    depth: Cell<usize>,
    takes_html: bool,
}

impl Count {
    fn node(name: QualName, takes_html: bool) -> Rc<Node> {
        Rc::new(Node {
            name,
            depth: Cell::new(0),
            takes_html,
        })
    }

    fn nameless() -> Rc<Node> {
        Self::node(QualName::new(None, ns!(), local_name!("")), false)
    }

    fn place(&self, node: &NodeOrText<Rc<Node>>, depth: usize) {
        self.tokens.set(self.tokens.get() + 1);
        if let NodeOrText::AppendNode(node) = node {
            node.depth.set(depth);
            self.deepest.set(self.deepest.get().max(depth));
        }
    }

    fn moved(&self) {
        self.moves.set(self.moves.get() + 1);
    }
}

impl TreeSink for Count {
    type Handle = Rc<Node>;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Rc<Node> {
        Self::nameless()
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(
        &self,
        name: QualName,
        attrs: Vec<Attribute>,
        flags: ElementFlags,
    ) -> Rc<Node> {
        self.elements.set(self.elements.get() + 1);
        let most = self.most_attributes.get().max(attrs.len());
        self.most_attributes.set(most);
        Self::node(name, flags.mathml_annotation_xml_integration_point)
    }

    fn create_comment(&self, _: StrTendril) -> Rc<Node> {
        Self::nameless()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Rc<Node> {
        Self::nameless()
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.place(&child, parent.depth.get() + 1);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Rc<Node>,
        previous: &Rc<Node>,
        child: NodeOrText<Rc<Node>>,
    ) {
        self.moved();
        self.place(&child, element.depth.get().max(previous.depth.get() + 1));
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        target.clone()
    }

    fn same_node(&self, x: &Rc<Node>, y: &Rc<Node>) -> bool {
        Rc::ptr_eq(x, y)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Rc<Node>, new: NodeOrText<Rc<Node>>) {
        self.moved();
        self.place(&new, sibling.depth.get());
    }

    fn add_attrs_if_missing(&self, _: &Rc<Node>, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, _: &Rc<Node>) {}

    fn reparent_children(&self, _: &Rc<Node>, _: &Rc<Node>) {
        self.moved();
    }

    fn is_mathml_annotation_xml_integration_point(&self, node: &Rc<Node>) -> bool {
        node.takes_html
    }
}
