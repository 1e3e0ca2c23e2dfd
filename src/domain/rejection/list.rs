//! How a line of the list of labels becomes a label.

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident $label:literal $status:literal $tv:literal $te:literal $av:literal $ae:literal;)*) => {
        /// A stable name for one kind of refusal or warning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Label { $(#[doc = $te] $name,)* }

        impl Label {
            /// Every label, in the order of `docs/ERRORS.md`.
            pub const ALL: &'static [Label] = &[$(Label::$name,)*];

            /// What is the same each time this label is used.
            pub const fn text(self) -> &'static LabelText {
                match self {
                    $(Label::$name => &LabelText {
                        label: $label, http_status: $status, title_vi: $tv, title_en: $te, advice_vi: $av, advice_en: $ae,
                    },)*
                }
            }
        }
    };
}
