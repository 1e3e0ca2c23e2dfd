//! Where a text stops being well-formed, in a person's terms: line and column, and what could stand there, in signs of the syntax
//! itself. A parser's own sentences are one language's, and some quote the document.

use serde_json::Error;

use super::rejection::{Problem, problems};

/// What is expected where a document has ended.
pub const END: &str = "EOF";

/// Line and column, both from 1 and in characters, of a byte of a text.
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[begin..].chars().count() + 1)
}

/// `syntax-invalid` at a byte of a text.
pub fn invalid(text: &str, offset: usize, expected: &str) -> Problem {
    let (line, column) = line_and_column(text, offset);
    problems::SyntaxInvalid {
        line: &line,
        column: &column,
        expected: &expected,
    }
    .into()
}

/// The byte a JSON parser's line and column (from 1, in bytes) name.
fn json_offset(text: &str, error: &Error) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    (before + error.column().saturating_sub(1)).min(text.len())
}

/// What is wrong with a text that is no JSON.
pub fn json(text: &str, error: &Error) -> Problem {
    let said = error.to_string();
    if said.starts_with("recursion limit") {
        return problems::TooDeep { limit: &JSON_DEPTH }.into();
    }
    let at = if error.is_eof() {
        text.len()
    } else {
        json_offset(text, error)
    };
    invalid(text, at, expected(&said))
}

/// Levels the JSON parser reads at most; documents have a lower limit of their own.
const JSON_DEPTH: usize = 127;

fn expected(said: &str) -> &'static str {
    const ANSWERS: [(&str, &str); 17] = [
        ("EOF while parsing a list", "]"),
        ("EOF while parsing an object", "}"),
        ("EOF while parsing a string", "\""),
        ("EOF while parsing a value", VALUE),
        ("expected `:`", ":"),
        ("expected `,` or `]`", ", ]"),
        ("expected `,` or `}`", ", }"),
        ("expected ident", "true, false, null"),
        ("expected value", VALUE),
        ("expected `\"`", "\"…\""),
        ("key must be a string", "\"…\""),
        ("invalid number", "123"),
        ("number out of range", "-9007199254740991 … 9007199254740991"),
        ("control character", "\\n, \\t, \\uXXXX"),
        (
            "invalid escape",
            "\\\", \\\\, \\/, \\b, \\f, \\n, \\r, \\t, \\uXXXX",
        ),
        ("trailing comma", "], }"),
        ("trailing characters", END),
    ];
    const VALUE: &str = "\"…\", 123, true, false, null, {…}, […]";
    let found = ANSWERS.iter().find(|(start, _)| said.starts_with(start));
    match found {
        Some((_, expected)) => expected,
        None if said.contains("hex escape")
            || said.contains("unicode code point")
            || said.contains("surrogate") =>
        {
            "\\uXXXX"
        }
        None => "JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rejection::Label;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let text = "Đỗ\nMười\n";
        assert_eq!(line_and_column(text, 0), (1, 1));
        assert_eq!(line_and_column(text, "Đ".len()), (1, 2));
        assert_eq!(line_and_column(text, "Đỗ\nM".len()), (2, 2));
        assert_eq!(line_and_column(text, text.len() + 9), (3, 1));
        assert_eq!(line_and_column(text, 1), (1, 1));
    }

    #[test]
    fn what_is_expected_is_said_in_signs_and_where_in_lines() {
        for (text, line, column, expected) in [
            ("{\n  \"a\": 1,\n  x\n}", 3, 3, "\"…\""),
            ("{\"Đ\" 1}", 1, 6, ":"),
            ("{\"a\":1 \"b\":2}", 1, 8, ", }"),
            ("[1 2]", 1, 4, ", ]"),
            ("[1,", 1, 4, "\"…\", 123, true, false, null, {…}, […]"),
            ("[1", 1, 3, "]"),
            ("{\"a\":1", 1, 7, "}"),
            ("{\"a\":\"x", 1, 8, "\""),
            ("{\"a\":tru}", 1, 9, "true, false, null"),
            ("[1,]", 1, 4, "], }"),
            ("{} x", 1, 4, "EOF"),
            ("{\"a\":01}", 1, 7, "123"),
            ("{\"a\":1e999}", 1, 10, "-9007199254740991 … 9007199254740991"),
            ("[\"\\ud800\"]", 1, 9, "\\uXXXX"),
        ] {
            let error = serde_json::from_str::<serde_json::Value>(text).unwrap_err();
            let problem = json(text, &error);
            assert_eq!(problem.args()["expected"], expected, "{text}: {error}");
            let at = (problem.args()["line"].parse(), problem.args()["column"].parse());
            assert_eq!(at, (Ok(line), Ok(column)), "{text}: {error}");
        }
        let deep = "[".repeat(200);
        let error = serde_json::from_str::<serde_json::Value>(&deep).unwrap_err();
        assert_eq!(json(&deep, &error).label, Label::TooDeep);
    }
}
