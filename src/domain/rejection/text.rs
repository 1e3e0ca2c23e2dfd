//! What a label says each time.

/// One kind of refusal or warning, with what is the same each time.
pub struct LabelText {
    /// The stable label, kebab-case.
    pub label: &'static str,
    /// The HTTP status of a refusal whose first problem it is.
    pub http_status: u16,
    /// What it is, in Vietnamese.
    pub title_vi: &'static str,
    /// What it is, in English.
    pub title_en: &'static str,
    /// What to do, in Vietnamese.
    pub advice_vi: &'static str,
    /// What to do, in English.
    pub advice_en: &'static str,
}
