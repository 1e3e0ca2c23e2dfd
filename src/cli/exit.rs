//! How a command went.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::app::AppError;
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::material::{AdapterError, DirectoryError, MaterialError};
use crate::net::NetError;
use crate::store::StoreError;

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: all is well.
    Good,
    /// 1: the work was done and something was found, or the hub refused.
    Findings,
    /// 2: the command line or the settings cannot be used.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Good => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
        })
    }
}

/// Why a command could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// Vietnamese, then English; never a person's data, never a password.
    Said(String),
    /// Whoever read the output has gone.
    Closed,
}

impl CommandError {
    /// A failure in both languages.
    pub fn new(vi: impl fmt::Display, en: impl fmt::Display) -> Self {
        CommandError::Said(format!("{vi} | {en}"))
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandError::Said(text) => f.write_str(text),
            CommandError::Closed => f.write_str("không ghi được đầu ra | the output is closed"),
        }
    }
}

impl std::error::Error for CommandError {}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => CommandError::Closed,
            _ => CommandError::new(format!("lỗi đọc ghi: {error}"), error),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        CommandError::new("cơ sở dữ liệu không dùng được (chạy `lienthong doctor`)", error)
    }
}

impl From<AppError> for CommandError {
    fn from(error: AppError) -> Self {
        CommandError::new("cổng không mở được (chạy `lienthong doctor`)", error)
    }
}

impl From<NetError> for CommandError {
    fn from(error: NetError) -> Self {
        CommandError::new("chứng thư hoặc khóa không dùng được", error)
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Transport { why, .. } => {
                let (vi, en) = why.said();
                CommandError::new(
                    format!("không gọi được cổng: {vi}"),
                    format!("the hub was not reached: {en}"),
                )
            }
            other => CommandError::new("không gọi được cổng", other),
        }
    }
}

macro_rules! said_in_both_languages {
    ($($error:ty),*) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                CommandError::Said(error.to_string())
            }
        })*
    };
}

said_in_both_languages!(ConfigError, MaterialError, DirectoryError, AdapterError);
