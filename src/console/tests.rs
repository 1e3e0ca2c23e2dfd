//! Every page, with every sample, in both languages.

use askama::Template;

use crate::domain::rejection::Language;
use crate::http::extract::Page;

use super::frame::Frame;

/// Every page by a name of its own.
fn all(language: Language) -> Vec<(String, String)> {
    let mut drawn = Vec::new();
    let frame = |page, path| Frame::sample(language, page, path);
    let tag = frame(Page::LookUp, "/").tag();
    let mut add = |name: &str, pages: Vec<String>| {
        drawn.extend(
            pages
                .into_iter()
                .enumerate()
                .map(|(i, html)| (format!("{name}-{i}-{tag}"), html)),
        );
    };
    fn draw<T: Template>(pages: Vec<T>) -> Vec<String> {
        pages.into_iter().map(|p| p.render().unwrap()).collect()
    }
    add(
        "overview",
        draw(super::overview::Overview::sample(&frame(Page::Overview, "/"))),
    );
    add(
        "dossier",
        draw(super::dossier::Dossier::sample(&frame(
            Page::Dossier,
            "/dossiers/dos_1",
        ))),
    );
    add(
        "lookup",
        draw(super::lookup::LookUp::sample(&frame(Page::LookUp, "/tra-cuu"))),
    );
    add(
        "public",
        draw(super::lookup::Found::sample(&frame(Page::LookedUp, "/tra-cuu"))),
    );
    add(
        "errors",
        draw(super::errors::Errors::sample(&frame(Page::Errors, "/errors"))),
    );
    add(
        "error",
        draw(super::errors::One::sample(&frame(Page::Error, "/errors/x"))),
    );
    add(
        "message",
        draw(super::message::Message::sample(&frame(Page::NotFound, "/errors"))),
    );
    drawn
}

const VOID: [&str; 6] = ["meta", "link", "img", "input", "br", "!doctype"];

/// Holds a page to what its author may write: every element closed in order, attributes quoted, ids unique, every `for` and
/// `aria-…` reference leading to an id, nothing from elsewhere, no script and no style of its own.
fn well_formed(html: &str) -> Result<(), String> {
    let (mut open, mut ids, mut wanted) = (Vec::new(), Vec::new(), Vec::new());
    let mut rest = html;
    while let Some((text, tail)) = rest.split_once('<') {
        if text.contains('>') {
            return Err(format!("a stray > in {text:?}"));
        }
        let (tag, after) = tail.split_once('>').ok_or("a tag without its end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> closes {last:?}"));
            }
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        if matches!(name, "script" | "style" | "iframe" | "font" | "center") {
            return Err(format!("<{name}>"));
        }
        for (key, value) in pairs(attributes.trim_end_matches('/'))? {
            match key {
                "id" => ids.push(value),
                "for" | "aria-labelledby" | "aria-describedby" => wanted.extend(value.split(' ')),
                "href" | "src" | "action" if !value.starts_with('/') && !value.starts_with('#') => {
                    return Err(format!("{key}={value} leads elsewhere"));
                }
                k if k == "style" || k.starts_with("on") => return Err(format!("{k} in <{name}>")),
                _ => {}
            }
        }
        if name == "img" && !attributes.contains("alt=") {
            return Err("an image without alt".to_owned());
        }
        if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    match (open.last(), wanted.iter().find(|w| !ids.contains(w))) {
        (Some(name), _) => Err(format!("<{name}> is never closed")),
        (_, Some(id)) => Err(format!("nothing has the id {id}")),
        _ if ids.len() != count => Err("an id twice".to_owned()),
        _ => Ok(()),
    }
}

fn pairs(mut attributes: &str) -> Result<Vec<(&str, &str)>, String> {
    let mut found = Vec::new();
    loop {
        attributes = attributes.trim_start();
        if attributes.is_empty() {
            return Ok(found);
        }
        let end = attributes.find(['=', ' ']).unwrap_or(attributes.len());
        let (key, tail) = attributes.split_at(end);
        match tail.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted
                    .split_once('"')
                    .ok_or_else(|| format!("{key} is not closed"))?;
                found.push((key, value));
                attributes = after;
            }
            None if tail.starts_with('=') => return Err(format!("{key} is not quoted")),
            None => {
                found.push((key, ""));
                attributes = tail;
            }
        }
    }
}

#[test]
fn every_page_is_well_formed_in_both_languages() {
    for language in [Language::Vietnamese, Language::English] {
        for (name, html) in all(language) {
            well_formed(&html).unwrap_or_else(|e| panic!("{name}: {e}\n{html}"));
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(html.contains("<main id=\"main\""), "{name}");
            let tag = if language == Language::English { "en" } else { "vi" };
            assert!(html.contains(&format!("<html lang=\"{tag}\">")), "{name}");
        }
    }
}

#[test]
fn the_checker_finds_what_it_is_there_for() {
    for bad in [
        "<p><b></p></b>",
        "<p>",
        "<p onclick=\"x\"></p>",
        "<p style=\"x\"></p>",
        "<a href=\"https://elsewhere\"></a>",
        "<label for=\"x\"></label>",
        "<p id=\"a\"></p><p id=\"a\"></p>",
        "<script></script>",
        "<img src=\"/a\">",
        "<p class=x></p>",
    ] {
        assert!(well_formed(bad).is_err(), "{bad}");
    }
}

#[test]
fn drawing_twice_gives_the_same_page() {
    assert_eq!(all(Language::Vietnamese), all(Language::Vietnamese));
}

#[test]
fn a_secret_that_was_typed_is_never_written_back() {
    for (_, html) in all(Language::Vietnamese)
        .iter()
        .filter(|(n, _)| n.starts_with("lookup"))
    {
        let secrets = html
            .split("<input")
            .filter(|input| input.contains("type=\"password\"") || input.contains("name=\"secret\""));
        for input in secrets {
            assert!(
                !input.split('>').next().unwrap_or_default().contains("value="),
                "{input}"
            );
        }
    }
}

/// Writes every page and its assets into the folder named by `LIENTHONG_PAGES`, to look at them in a browser.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test asks where to write its pages")]
fn pages_can_be_written_out() {
    let Some(folder) = std::env::var_os("LIENTHONG_PAGES") else {
        return;
    };
    let folder = std::path::PathBuf::from(folder);
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for file in ["console.css", "mark.svg"] {
        let asset = super::assets::file(file).ok().unwrap();
        std::fs::write(folder.join("assets").join(file), asset.body).unwrap();
    }
    for language in [Language::Vietnamese, Language::English] {
        for (name, html) in all(language) {
            std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
        }
    }
}
