//! `lienthong keys`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use rand::RngExt;

use super::cert::write;
use super::{CommandError, Exit};
use crate::clock::Entropy;

/// Keys of an installation
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make the key files the settings name: readable by this user alone, never over a file that is there
    ///
    /// Without --encryption and --signing, all that a new installation needs, under the names of `lienthong config example`. Run
    /// it once, as the hub's own user, and carry the files to the other hubs: every hub of an installation has the same keys. Keep a
    /// copy in another place than the copies of the database: whoever loses them loses the data.
    New(NewArgs),
}

#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// Folder to write to; made if absent
    #[arg(value_name = "DIR", default_value = "keys")]
    dir: PathBuf,

    /// Make only a further encryption key: ID.hex, to be named in `keys.encryption` on all hubs, then in `keys.current`
    #[arg(long, value_name = "ID")]
    encryption: Option<String>,

    /// Make only a further signing key: NAME.key, to be named in `tokens.further_key_files` on all hubs, then exchanged
    #[arg(long, value_name = "NAME")]
    signing: Option<String>,
}

/// What a key file holds.
#[derive(Clone, Copy)]
enum Kind {
    /// 32 random bytes as 64 hexadecimal digits.
    Symmetric,
    /// A P-256 key (PKCS#8, PEM).
    Signing,
}

/// The keys of a new installation: file, kind, setting.
const ALL: [(&str, Kind, &str); 5] = [
    ("tokens.key", Kind::Signing, "tokens.signing_key_file"),
    ("receipts.key", Kind::Signing, "tokens.receipt_key_file"),
    ("k1.hex", Kind::Symmetric, "keys.encryption.k1"),
    ("blind.hex", Kind::Symmetric, "keys.blind_index_file"),
    ("lookup.hex", Kind::Symmetric, "keys.lookup_file"),
];

pub(super) fn run(command: &KeysCommand, out: &mut dyn Write) -> Result<Exit, CommandError> {
    let KeysCommand::New(args) = command;
    let further = [
        (&args.encryption, "hex", Kind::Symmetric, "keys.encryption"),
        (&args.signing, "key", Kind::Signing, "tokens.further_key_files"),
    ];
    let mut wanted = Vec::new();
    for (name, ending, kind, setting) in further {
        if let Some(name) = name {
            wanted.push((format!("{}.{ending}", sound(name)?), kind, setting));
        }
    }
    if wanted.is_empty() {
        wanted.extend(ALL.map(|(file, kind, setting)| (file.to_owned(), kind, setting)));
    }
    // Before the first is written: half an installation's keys are harder to understand than none.
    let there: Vec<String> = wanted
        .iter()
        .map(|(file, ..)| args.dir.join(file))
        .filter(|path| path.exists())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() {
        return Err(CommandError::new(
            format!(
                "đã có {}; không khóa nào được tạo, vì mất khóa cũ là mất dữ liệu",
                there.join(", ")
            ),
            format!(
                "{} is there already; nothing was made, for whoever loses a key loses the data",
                there.join(", ")
            ),
        ));
    }
    std::fs::create_dir_all(&args.dir)?;
    for (file, kind, setting) in wanted {
        let path = args.dir.join(file);
        make(&path, kind)?;
        writeln!(out, "{}  {setting}", path.display())?;
    }
    Ok(Exit::Good)
}

/// The name of a key is its id in the settings, and no path.
fn sound(name: &str) -> Result<&str, CommandError> {
    let good = (1..=32).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good {
        return Ok(name);
    }
    Err(CommandError::new(
        format!("tên khóa {name:?} phải gồm 1 đến 32 ký tự a-z, 0-9, gạch nối"),
        format!("the name {name:?} must be 1 to 32 of a-z, 0-9 and hyphen"),
    ))
}

fn make(path: &Path, kind: Kind) -> Result<(), CommandError> {
    let text = match kind {
        Kind::Symmetric => {
            let bytes: [u8; 32] = Entropy::System.generator().random();
            format!("{}\n", hex::encode(bytes))
        }
        Kind::Signing => rcgen::KeyPair::generate()
            .map_err(|e| CommandError::new("không tạo được khóa", e))?
            .serialize_pem(),
    };
    write(path, &text, 0o600)
}
