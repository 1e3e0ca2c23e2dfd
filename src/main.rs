//! `lienthong`: the command line of the hub. What it can do is in [`lienthong::cli`].

use std::io::Write;
use std::process::ExitCode;

use lienthong::cli::{self, Exit};

fn main() -> ExitCode {
    // Libraries that ask for the process' provider get the one everything else is given by hand.
    if lienthong::net::provider()
        .as_ref()
        .clone()
        .install_default()
        .is_err()
    {
        eprintln!(
            "lienthong: lỗi: đã có thư viện mã hóa khác | error: another crypto provider was installed"
        );
        return Exit::Usage.into();
    }
    // Not locked: a demo's progress is written by another thread.
    let mut out = std::io::stdout();
    match cli::run(std::env::args_os(), &mut out) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            drop(out.flush());
            eprintln!("lienthong: {failure}");
            Exit::Usage.into()
        }
    }
}
