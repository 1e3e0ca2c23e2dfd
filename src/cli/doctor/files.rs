//! Key files: whether they can be used, and who else can read them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::report::{Report, say};
use crate::config::Config;
use crate::material;

pub(super) fn look(config: &Config, report: &mut Report) {
    match material::signing_keys(&config.tokens) {
        Ok(keys) => {
            let (kid, more, old) = (keys.tokens.public().kid(), keys.further.len(), keys.retired.len());
            let found = say(
                format!("kid {kid}, thêm {more} khóa, {old} khóa đã thôi dùng"),
                format!("kid {kid}, {more} further keys, {old} retired"),
            );
            report.good("signing key", found);
            if keys.receipts.public().kid() == kid {
                report.look(
                    "receipt key",
                    say(
                        "biên nhận số dùng chung khóa với mã truy cập",
                        "receipts are signed with the key of tokens",
                    ),
                    say(
                        "đặt tokens.receipt_key_file: biên nhận số được xuất trình trong nhiều năm",
                        "set tokens.receipt_key_file: receipts are shown for years",
                    ),
                );
            }
        }
        Err(error) => report.unusable("signing key", &error),
    }
    match material::cipher(&config.keys) {
        Ok(_) => {
            let (count, current) = (config.keys.encryption.len(), &config.keys.current);
            let found = say(
                format!("{count} khóa mã hóa, đang dùng {current}"),
                format!("{count} encryption keys, {current} in use"),
            );
            report.good("data keys", found);
        }
        Err(error) => report.unusable("data keys", &error),
    }
    for path in config.key_files() {
        permissions(path, report);
    }
}

/// Says so when a key can be read by others. A file that is absent has been said by whoever needs it.
fn permissions(path: &Path, report: &mut Report) {
    let Ok(metadata) = std::fs::metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o777;
    let what = format!("key file {}", path.display());
    let remedy = || {
        let command = format!("chmod 600 {}", path.display());
        say(command.clone(), command)
    };
    let found = |vi: &str, en: &str| say(format!("{vi} ({mode:03o})"), format!("{en} ({mode:03o})"));
    if mode & 0o007 != 0 {
        report.bad(what, found("ai cũng mở được", "open to everybody"), remedy());
    } else if mode & 0o020 != 0 {
        report.bad(what, found("nhóm ghi được", "its group may write it"), remedy());
    } else if mode & 0o040 != 0 {
        report.look(what, found("nhóm đọc được", "its group may read it"), remedy());
    } else {
        report.good(what, found("chỉ chủ đọc được", "its owner's alone"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Mark;
    use super::*;

    #[test]
    fn a_key_is_for_its_owner() {
        let path = std::env::temp_dir().join(format!("lienthong-doctor-{}.key", std::process::id()));
        std::fs::write(&path, "k").unwrap();
        let mark = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let mut report = Report::default();
            permissions(&path, &mut report);
            report.0[0].mark
        };
        assert_eq!(mark(0o600), Mark::Good);
        assert_eq!(mark(0o400), Mark::Good);
        assert_eq!(mark(0o640), Mark::Look);
        assert_eq!(mark(0o660), Mark::Bad);
        assert_eq!(mark(0o644), Mark::Bad);
        std::fs::remove_file(&path).unwrap();
    }
}
