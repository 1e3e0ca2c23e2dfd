//! `lienthong permissions`

use std::io::Write;

use clap::Args;

use super::{CommandError, Exit};
use crate::identity::permission;

/// Print which kind of tenant may do what
#[derive(Debug, Args)]
pub(super) struct PermissionsArgs {}

pub(super) fn run(out: &mut dyn Write) -> Result<Exit, CommandError> {
    out.write_all(permission::matrix().as_bytes())?;
    Ok(Exit::Good)
}
