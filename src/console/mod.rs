//! temp
/// temp
pub fn pages(_sandbox: bool) -> crate::http::extract::Pages {
    std::sync::Arc::new(|_call| Box::pin(async { Err(crate::domain::rejection::Label::NotFound.into()) }))
}
