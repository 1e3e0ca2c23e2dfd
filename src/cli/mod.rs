//! temp
pub mod progress;
pub mod sandbox;
pub use sandbox::SandboxArgs;
use clap::Parser;
/// temp
#[derive(Debug, Parser)]
pub enum Cli { /// x
 Sandbox(SandboxArgs) }
