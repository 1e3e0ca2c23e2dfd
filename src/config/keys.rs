//! `[keys]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::fault::Faults;
use super::place::within;

/// Keys of the data at rest. Each file holds 32 random bytes as 64 hexadecimal digits.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename = "Keys", deny_unknown_fields)]
pub struct KeySettings {
    /// Id of the encryption key new data are sealed with.
    pub current: String,
    /// Encryption keys by id. An id stands beside every value it sealed, so a key stays here while such a value exists.
    pub encryption: BTreeMap<String, PathBuf>,
    /// Key of the blind indexes, by which equal contents and equal reports are known again without being readable. It cannot be
    /// changed.
    pub blind_index_file: PathBuf,
    /// Key of the citizens' look-up secrets, which are printed on receipts. It cannot be changed.
    pub lookup_file: PathBuf,
}

pub(super) const EXAMPLE: &str = r#"[keys]
# Each key file holds 32 random bytes as 64 hexadecimal digits, readable by the hub alone; `lienthong keys new` makes them.
# Whoever loses them loses the data; keep copies apart from the copies of the database.
# Id of the encryption key new data are sealed with; 1 to 32 of a-z, 0-9 and hyphen.
current = "k1"
# Encryption keys by id. An id stands beside every value it sealed, so a key stays here while such a value exists.
encryption = { k1 = "keys/k1.hex" }
# Key by which equal contents and equal reports are known again without being readable. It cannot be changed.
blind_index_file = "keys/blind.hex"
# Key of the look-up secrets printed on citizens' receipts. It cannot be changed.
lookup_file = "keys/lookup.hex"
"#;

impl KeySettings {
    pub(super) fn check(&mut self, folder: &Path, faults: &mut Faults) {
        for id in self.encryption.keys() {
            let sound = (1..=32).contains(&id.len())
                && id
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !sound {
                faults.add(
                    "keys.encryption",
                    format!("tên khóa {id:?} phải gồm 1 đến 32 ký tự a-z, 0-9, gạch nối"),
                    format!("the id {id:?} must be 1 to 32 of a-z, 0-9 and hyphen"),
                );
            }
        }
        if !self.encryption.contains_key(&self.current) {
            faults.add(
                "keys.current",
                "không có trong keys.encryption",
                "is not one of keys.encryption",
            );
        }
        let mut files: Vec<&mut PathBuf> = self.encryption.values_mut().collect();
        files.extend([&mut self.blind_index_file, &mut self.lookup_file]);
        for file in &mut files {
            within(folder, file);
        }
        files.sort();
        if files.windows(2).any(|pair| pair[0] == pair[1]) {
            faults.add(
                "keys",
                "mỗi khóa phải có tệp riêng",
                "each key must have a file of its own",
            );
        }
    }
}
