//! Renders the guides of `docs/` as HTML, which the server shows at `/docs/{name}`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use comrak::{Options, markdown_to_html};

/// The guides, in the order in which one reads them.
const GUIDES: &[&str] = &[
    "reading",
    "writing",
    "live",
    "search-and-languages",
    "authentication",
    "problems",
    "clients",
    "caching",
    "stability",
    "operations",
    "settings",
    "architecture",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=docs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo sets it"));
    require_all_guides(Path::new("docs"));
    let mut list = String::from("&[\n");
    for name in GUIDES {
        let text = fs::read_to_string(format!("docs/{name}.md")).expect("the guide can be read");
        let (title, summary) = title_and_summary(&text);
        let file = out.join(format!("{name}.html"));
        fs::write(&file, render(name, &text)).expect("the page can be written");
        writeln!(
            list,
            "Guide {{ name: {name:?}, title: {title:?}, summary: {:?}, html: include_str!({file:?}) }},",
            render(name, summary)
        )
        .expect("a string takes all");
    }
    list.push(']');
    fs::write(out.join("guides.rs"), list).expect("the list can be written");
}

fn require_all_guides(folder: &Path) {
    let files = fs::read_dir(folder).expect("docs can be read");
    for file in files.map(|file| file.expect("docs can be read").path()) {
        let is_guide = file.extension().is_some_and(|extension| extension == "md");
        let name = file.file_stem().and_then(|name| name.to_str());
        let is_listed = name.is_some_and(|name| GUIDES.contains(&name));
        assert!(
            !is_guide || is_listed,
            "{} is not listed in build.rs",
            file.display()
        );
    }
}

/// The heading of a guide, and its first paragraph.
fn title_and_summary(text: &str) -> (&str, &str) {
    let mut parts = text.split("\n\n");
    let title = parts.next().and_then(|first| first.strip_prefix("# "));
    let summary = parts.next().expect("a guide begins with a paragraph");
    (title.expect("a guide begins with a heading"), summary)
}

fn render(name: &'static str, text: &str) -> String {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.header_id_prefix = Some(String::new());
    options.extension.link_url_rewriter = Some(Arc::new(move |url: &str| page_of(name, url)));
    markdown_to_html(text, &options)
        // A wide table or a long line scrolls by itself: by keyboard, too.
        .replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>")
        .replace("<pre>", "<pre tabindex=\"0\">")
}

/// The page for a link in a guide to another file of the repository, or to a heading.
fn page_of(guide: &str, url: &str) -> String {
    let (path, fragment) = url.split_once('#').unwrap_or((url, ""));
    let page = match path.strip_suffix(".md") {
        Some(name) if GUIDES.contains(&name) => format!("/docs/{name}"),
        _ if path == "../openapi/openapi.json" => "/openapi.json".to_owned(),
        _ if path.is_empty() => format!("/docs/{guide}"),
        _ if path.contains("://") || path.starts_with('/') => path.to_owned(),
        _ => panic!("a link to {url} has no page"),
    };
    match fragment {
        "" => page,
        fragment => format!("{page}#{fragment}"),
    }
}
