//! placeholder
use serde::{Deserialize, Serialize};
/// Reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RouteReason {}
