//! The formats: whether the files compile, and whether they are what the database has in use.

use std::path::Path;

use super::report::{Report, say};
use crate::adapt::Registry;
use crate::config::{Config, Database};
use crate::material;
use crate::store::StoreError;
use crate::store::conn::{Connector, Purpose};
use crate::store::{migrate, read};

const WHAT: &str = "adapters";

pub(super) fn look(config: &Config, report: &mut Report) {
    let registry = match material::adapters(config.adapters.folder.as_deref()) {
        Ok(registry) => registry,
        Err(error) => {
            report.bad(
                WHAT,
                say(error.to_string(), "do not compile"),
                say("chạy `lienthong adapter check`", "run `lienthong adapter check`"),
            );
            return;
        }
    };
    let names: Vec<&str> = registry.names().collect();
    let names = names.join(", ");
    report.good(
        WHAT,
        say(format!("dùng được: {names}"), format!("compiled: {names}")),
    );
    // A database that cannot be asked is told of by whoever looks at it.
    if let Ok(Some(kept)) = in_use(config) {
        drift(&registry, &kept, report);
    }
}

/// The formats that the database has in use; none where it is not there or not migrated.
fn in_use(config: &Config) -> Result<Option<read::KeptFormats>, StoreError> {
    if let Database::Sqlite { path } = &config.database
        && !Path::exists(path)
    {
        return Ok(None);
    }
    let Ok(backend) = material::backend(&config.database) else {
        return Ok(None);
    };
    let mut conn = Connector::new(backend).open(Purpose::Migration)?;
    if !migrate::pending(&mut conn)?.is_empty() {
        return Ok(None);
    }
    read::formats(&mut conn, 0)
}

fn drift(registry: &Registry, kept: &read::KeptFormats, report: &mut Report) {
    for version in &kept.versions {
        let name = format!("{}/v{}", version.name, version.version);
        let Some(adapter) = registry
            .get(&name)
            .filter(|adapter| adapter.sha256() != version.sha256)
        else {
            continue;
        };
        report.look(
            "format in use",
            say(
                format!(
                    "{name}: tệp ({}) khác nội dung đang dùng từ {} ({})",
                    adapter.sha256(),
                    version.kept_at,
                    version.sha256
                ),
                format!(
                    "{name}: the file ({}) is not the text in use since {} ({})",
                    adapter.sha256(),
                    version.kept_at,
                    version.sha256
                ),
            ),
            say(
                "đặt nội dung mới thành phiên bản tiếp theo rồi chạy `lienthong adapter activate`, hoặc đặt lại tệp cũ",
                "make the new text the next version and run `lienthong adapter activate`, or put the old file back",
            ),
        );
    }
}
