//! Where the files of dossiers are kept: a small one is written, listed, read back and removed.

use std::path::Path;
use std::time::Duration;

use super::report::{Report, Sentence, say};
use crate::cli::CommandError;
use crate::cli::runtime::runtime;
use crate::clock::{Clock, Entropy};
use crate::config::{Config, Home};
use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;
use crate::material;

const WHAT: &str = "file store";

/// How long the trial may take. A service that is slower is no place for files.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn look(config: &Config, clock: &Clock, report: &mut Report) -> Result<(), CommandError> {
    let home = &config.blobs.home;
    if let Home::Folder(path) = home
        && !path.exists()
    {
        // Opening would make it, and make it whoever's runs this.
        absent(path, report);
        return Ok(());
    }
    let blobs = match material::blobs(home, clock) {
        Ok(blobs) => blobs,
        Err(error) => {
            report.unusable(WHAT, &error);
            return Ok(());
        }
    };
    let shown = shown(home);
    let mut rng = Entropy::System.generator();
    let mut key = [0; 32];
    rand::Rng::fill_bytes(&mut rng, &mut key);
    let trial = blobs.try_out(BlobId::new(clock.now(), &mut rng), DataKey::new(key));
    let tried = runtime()?.block_on(async { tokio::time::timeout(PATIENCE, trial).await });
    match tried {
        Ok(Ok(())) => report.good(
            WHAT,
            say(
                format!("{shown}: ghi, liệt kê, đọc, xóa được"),
                format!("{shown}: written to, listed, read, removed from"),
            ),
        ),
        Ok(Err(error)) => {
            let (vi, en) = (format!("{shown}: {error}"), format!("{shown}: {error}"));
            report.bad(WHAT, say(vi, en), remedy(home));
        }
        Err(_) => {
            let seconds = PATIENCE.as_secs();
            let found = say(
                format!("{shown}: không xong trong {seconds} giây"),
                format!("{shown}: not done within {seconds} s"),
            );
            report.bad(WHAT, found, remedy(home));
        }
    }
    Ok(())
}

fn absent(path: &Path, report: &mut Report) {
    let path = path.display();
    report.look(
        WHAT,
        say(
            format!("chưa có thư mục {path}; cổng tự tạo khi khởi động"),
            format!("there is no {path} yet; the hub makes it when it starts"),
        ),
        say(
            format!("tạo trước: install -d -m 700 -o <người dùng của cổng> {path}"),
            format!("make it beforehand: install -d -m 700 -o <the hub's user> {path}"),
        ),
    );
}

fn shown(home: &Home) -> String {
    match home {
        Home::Folder(path) => path.display().to_string(),
        Home::S3 { url, .. } => url.to_string(),
    }
}

fn remedy(home: &Home) -> Sentence {
    match home {
        Home::Folder(_) => say(
            "kiểm tra dung lượng đĩa và chủ của thư mục (người dùng của cổng, 700); chưa sửa thì tải tệp lên bị từ chối \
             (files-unavailable), hồ sơ vẫn được nhận",
            "check the disk's room and whose the folder is (the hub's user, 700); until then uploads are refused \
             (files-unavailable), dossiers are still taken",
        ),
        Home::S3 { .. } => say(
            "kiểm tra địa chỉ, khóa, bucket, chứng thư, và quyền PutObject, GetObject, ListBucket, DeleteObject; chưa sửa thì \
             tải tệp lên bị từ chối (files-unavailable), hồ sơ vẫn được nhận",
            "check address, keys, bucket, certificate, and the rights PutObject, GetObject, ListBucket, DeleteObject; until \
             then uploads are refused (files-unavailable), dossiers are still taken",
        ),
    }
}
