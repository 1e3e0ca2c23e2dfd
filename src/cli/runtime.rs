//! What asynchronous commands run on.

use super::exit::CommandError;

/// A runtime for a command that speaks to the network.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| not_started(&e))
}

/// Runs a hub on all of the machine's processors.
pub(super) fn run_hub<T>(
    hub: impl Future<Output = Result<T, crate::app::AppError>>,
) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| not_started(&e))?;
    runtime
        .block_on(hub)
        .map_err(|e| CommandError::new("không chạy được", e))
}

fn not_started(error: &std::io::Error) -> CommandError {
    CommandError::new(
        format!("không khởi động được: {error}"),
        format!("cannot start: {error}"),
    )
}
