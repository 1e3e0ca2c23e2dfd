//! The files the pages use, carried in the executable.

use crate::domain::rejection::problems;
use crate::http::extract::{PageOutcome, PageReply};

const FILES: [(&str, &str, &[u8]); 2] = [
    (
        "console.css",
        "text/css; charset=utf-8",
        include_bytes!("assets/console.css"),
    ),
    ("mark.svg", "image/svg+xml", include_bytes!("assets/mark.svg")),
];

/// One file by its name.
pub(super) fn file(name: &str) -> PageOutcome {
    let found = FILES.iter().find(|(n, _, _)| *n == name);
    let (_, media, body) = found.ok_or(problems::NotFound)?;
    Ok(PageReply {
        status: 200,
        media,
        body: body.to_vec(),
        keep: true,
    })
}
