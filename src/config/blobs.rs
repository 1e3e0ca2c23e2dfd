//! `[blobs]`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::Sources;
use super::fault::Faults;
use super::place::within;
use super::{Environment, SecretUrl};

/// Where the files of dossiers are kept, and how much may be uploaded: the `[blobs]` section of the file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BlobsSection {
    /// `folder:PATH`, or `https://access-key:secret-key@host:port/bucket/prefix` (S3). LIENTHONG_BLOBS_URL goes before it.
    url: Option<SecretUrl>,
    /// A file that holds the address and nothing else, instead of `url`.
    url_file: Option<PathBuf>,
    /// Region, as the S3 service calls its own.
    region: String,
    /// PEM file with the authorities that may have signed the S3 service's certificate.
    ca_file: Option<PathBuf>,
    /// Whether an S3 service on another machine may be reached without TLS.
    allow_plain_text: bool,
    /// Bytes of one file.
    largest_bytes: u64,
    /// Bytes of one tenant that may be on their way at once, on one hub.
    in_flight_bytes: u64,
    /// Bytes of one tenant that no dossier names, with those on their way.
    unnamed_bytes: u64,
    /// Hours after which a file that no dossier names is removed.
    unnamed_hours: u32,
}

const GIB: u64 = 1024 * 1024 * 1024;

impl Default for BlobsSection {
    fn default() -> Self {
        BlobsSection {
            url: None,
            url_file: None,
            region: "us-east-1".to_owned(),
            ca_file: None,
            allow_plain_text: false,
            largest_bytes: 2 * GIB,
            in_flight_bytes: 8 * GIB,
            unnamed_bytes: 20 * GIB,
            unnamed_hours: 72,
        }
    }
}

pub(super) const EXAMPLE: &str = r#"[blobs]
# Where the files of dossiers are kept, encrypted: `folder:PATH` (one hub; made when it is not there) or
# `https://access-key:secret-key@host:port/bucket/prefix` (an S3 service, any number of hubs; what is special in a key is
# percent-encoded). The variable LIENTHONG_BLOBS_URL goes before it.
# url = "folder:blobs"
# A file that holds the address and nothing else, instead of url.
#? url_file = "/etc/lienthong/blobs.url"
# Region, as the S3 service calls its own.
# region = "us-east-1"
# PEM file with the authorities that may have signed the S3 service's certificate; needed for https://.
#? ca_file = "/etc/lienthong/blobs-ca.pem"
# Whether an S3 service on another machine may be reached without TLS.
# allow_plain_text = false
# Bytes of one file; 1 MiB to 64 GiB.
# largest_bytes = 2147483648
# Bytes of one tenant that may be on their way at once, on one hub; at least those of one file.
# in_flight_bytes = 8589934592
# Bytes of one tenant that no dossier names yet, with those on their way; at least those of one file.
# unnamed_bytes = 21474836480
# Hours after which a file that no dossier names is removed; 1 to 8760.
# unnamed_hours = 72
"#;

/// Where the files of dossiers are kept, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobSettings {
    /// Where.
    pub home: Home,
    /// Bytes of one file.
    pub largest_bytes: u64,
    /// Bytes of one tenant on their way at once.
    pub in_flight_bytes: u64,
    /// Bytes of one tenant that no dossier names.
    pub unnamed_bytes: u64,
    /// Hours for which such a file is kept.
    pub unnamed_hours: u32,
}

/// Folder or bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Home {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of an S3 service.
    S3 {
        /// Its address, with keys, bucket and prefix.
        url: SecretUrl,
        /// Its region.
        region: String,
        /// The authorities of its certificate.
        ca_file: Option<PathBuf>,
    },
}

impl BlobsSection {
    pub(super) fn check(
        &mut self,
        folder: &Path,
        environment: &Environment,
        faults: &mut Faults,
    ) -> Option<BlobSettings> {
        faults.bounds("blobs.largest_bytes", self.largest_bytes, GIB / 1024, 64 * GIB);
        faults.bounds(
            "blobs.in_flight_bytes",
            self.in_flight_bytes,
            self.largest_bytes,
            1024 * GIB,
        );
        faults.bounds(
            "blobs.unnamed_bytes",
            self.unnamed_bytes,
            self.largest_bytes,
            1024 * GIB,
        );
        faults.bounds("blobs.unnamed_hours", self.unnamed_hours.into(), 1, 8760);
        if let Some(path) = &mut self.ca_file {
            within(folder, path);
        }
        let named = self.url_file.is_some();
        let url = Sources {
            setting: "blobs.url",
            environment: environment.blobs_url.clone(),
            inline: self.url.take(),
            file: self.url_file.take(),
        }
        .choose(folder, faults);
        let home = match url {
            // A file that was named and could not be read has been said; it must not silently become the default.
            None if named => return None,
            None => Home::Folder(folder.join("blobs")),
            Some(url) => self.home(folder, url, faults)?,
        };
        Some(BlobSettings {
            home,
            largest_bytes: self.largest_bytes,
            in_flight_bytes: self.in_flight_bytes,
            unnamed_bytes: self.unnamed_bytes,
            unnamed_hours: self.unnamed_hours,
        })
    }

    fn home(&self, folder: &Path, url: SecretUrl, faults: &mut Faults) -> Option<Home> {
        match url.scheme() {
            "folder" if url.expose().len() > "folder:".len() => {
                let mut path = PathBuf::from(&url.expose()["folder:".len()..]);
                within(folder, &mut path);
                return Some(Home::Folder(path));
            }
            "https" if self.ca_file.is_none() => faults.add(
                "blobs.ca_file",
                "bắt buộc với https://: không CA nào được tin cậy sẵn",
                "is needed for https://: no authority is trusted by itself",
            ),
            "http" if !url.is_local() && !self.allow_plain_text => faults.add(
                "blobs.url",
                "dịch vụ S3 ở máy khác phải qua https:// (hoặc allow_plain_text = true)",
                "an S3 service on another machine needs https:// (or allow_plain_text = true)",
            ),
            "http" | "https" => {}
            _ => {
                faults.add(
                    "blobs.url",
                    "phải là folder:ĐƯỜNG-DẪN hoặc https://…",
                    "must be folder:PATH or https://…",
                );
                return None;
            }
        }
        Some(Home::S3 {
            url,
            region: self.region.clone(),
            ca_file: self.ca_file.clone(),
        })
    }
}
