//! The reader of circles itself: what is a circle, and what is none.

use super::House;

/// Every circle of a made house.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter();
    House::of(files.map(|(place, text)| ((*place).to_owned(), (*text).to_owned()))).circles()
}

#[test]
fn a_circle_is_seen_and_what_is_handed_on_is_none() {
    let handed_on = [
        (
            "a/mod.rs",
            "mod b; mod c; pub use b::{B, Other as Named}; pub(crate) use c::C;",
        ),
        (
            "a/b.rs",
            "pub struct B; pub struct Other; #[cfg(test)] mod tests { use super::super::C; }",
        ),
        ("a/c.rs", "use super::{B, Named}; pub struct C(B, Named);"),
        ("d.rs", "use crate::a; fn f(_: a::C) {} // crate::e::E"),
        ("e.rs", "pub struct E(crate::d::Missing);"),
    ];
    assert_eq!(circles_of(&handed_on), [""; 0]);
    let circles: [&[(&str, &str)]; 7] = [
        &[
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "pub struct B(crate::a::A);"),
        ],
        // Defined in the parent that uses the child.
        &[
            ("a/mod.rs", "mod b; pub struct A(b::B);"),
            ("a/b.rs", "use super::A; pub struct B;"),
        ],
        // Handed on, and used as well.
        &[
            ("a/mod.rs", "mod b; pub use b::B; pub struct A(B);"),
            ("a/b.rs", "pub struct B; fn f(_: super::A) {}"),
        ],
        // By a module's name, inside a macro, and by an attribute.
        &[
            ("a.rs", "use crate::b; pub struct A; fn f() { b::g() }"),
            ("b.rs", "fn h() { m!(x, [crate::a::A]) } pub fn g() {}"),
        ],
        &[
            (
                "a.rs",
                "#[serde(with = \"crate::b\")] pub struct A; #[x(y = \"crate::b::g\")] struct C;",
            ),
            ("b.rs", "use crate::a::A; pub fn g() {}"),
        ],
        // Through a glob, and through a name of one's own.
        &[
            ("a.rs", "use crate::c::*; pub struct A; fn f(_: crate::c::B) {}"),
            ("b.rs", "use crate::a::A as It; pub struct B;"),
            ("c.rs", "pub use crate::b::*;"),
        ],
        &[
            ("a.rs", "use crate::{b::{self, B as Renamed}}; pub struct A;"),
            ("b.rs", "pub struct B; pub struct D(crate::c::C);"),
            ("c.rs", "pub struct C; fn f(x: crate::a::A) -> u8 { x.b }"),
        ],
    ];
    for files in circles {
        assert_eq!(circles_of(files).len(), 1, "{files:?}");
    }
}

/// Circles by way of what is handed on: files, each with its text.
const CIRCLES: [&[(&str, &str)]; 8] = [
    // Two children take from each other by way of their parent, which uses neither.
    &[
        (
            "a/mod.rs",
            "mod b; mod c; pub use b::B; pub(crate) use self::c::C;",
        ),
        ("a/b.rs", "use super::C; pub struct B(C);"),
        ("a/c.rs", "pub struct C; fn f(_: super::B) {}"),
    ],
    // Handed on twice, under other names, and as a module.
    &[
        ("a/mod.rs", "mod b; pub use b::B as Shown;"),
        ("a/b.rs", "pub struct B; fn f(_: crate::d::front::D) {}"),
        (
            "d/mod.rs",
            "mod e; pub use crate::a::Shown as Again; pub use self::e as front;",
        ),
        ("d/e.rs", "pub struct D(super::Again);"),
    ],
    // By a star.
    &[
        ("a/mod.rs", "mod b; mod c; pub use b::*; pub use c::*;"),
        ("a/b.rs", "use super::C; pub struct B(C);"),
        ("a/c.rs", "pub struct C; fn f(_: super::B) {}"),
    ],
    // By a star, and made by a macro.
    &[
        ("a/mod.rs", "mod b; pub use b::*;"),
        (
            "a/b.rs",
            "rows! { B in table { name: Text } } fn f(_: crate::d::D) {}",
        ),
        ("d.rs", "pub struct D(crate::a::B);"),
    ],
    // Brought in by a star, so that no path is left where it is used.
    &[
        ("a.rs", "use crate::b::*; pub struct A; fn f(_: B) {}"),
        ("b.rs", "pub struct B(crate::a::A);"),
    ],
    &[
        ("a/mod.rs", "mod b; pub use b::*; pub struct A(B);"),
        ("a/b.rs", "pub struct B; fn f(_: super::A) {}"),
    ],
    // The variants of one.
    &[
        ("a.rs", "use crate::b::Kind::*; pub struct A;"),
        ("b.rs", "pub enum Kind { One } fn f(_: crate::a::A) {}"),
    ],
    // Handed on by a module inside a file.
    &[
        ("a/mod.rs", "mod b; pub mod shown { pub use super::b::B; }"),
        ("a/b.rs", "pub struct B; fn f(_: crate::d::D) {}"),
        ("d.rs", "pub struct D(crate::a::shown::B);"),
    ],
];

/// No circles, though they look like it.
const STRAIGHT: [&[(&str, &str)]; 3] = [
    // What a star could bring is not what it does bring.
    &[
        (
            "a/mod.rs",
            "mod b; pub use b::*; pub struct A; fn f(_: String) {}",
        ),
        ("a/b.rs", "rows! { B { name: String } } fn f(_: super::A) {}"),
    ],
    &[
        ("a.rs", "use crate::b::*; use crate::c::C; pub struct A(B, C);"),
        ("b.rs", "pub struct B; pub struct C;"),
        ("c.rs", "pub struct C(crate::b::B);"),
    ],
    // A name of its own goes before one that a star brings.
    &[
        ("a/mod.rs", "mod b; pub use b::*; pub struct Own; fn f(_: Own) {}"),
        ("a/b.rs", "pub struct B; pub fn g(_: super::Own) {}"),
    ],
];

/// A module that hands a thing on stands for the file that defines it, however often and under whatever name it is handed on.
#[test]
fn a_circle_through_what_is_handed_on_is_seen() {
    for files in CIRCLES {
        assert_eq!(circles_of(files).len(), 1, "{files:?}");
    }
    for files in STRAIGHT {
        assert_eq!(circles_of(files), [""; 0], "{files:?}");
    }
}
