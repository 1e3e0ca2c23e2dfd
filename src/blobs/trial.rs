//! A trial of a home: a small object goes in, is found, comes out unchanged and goes again. For `lienthong doctor`.

use super::object::shelf_of;
use super::{BlobError, Blobs, Opener, SEGMENT};
use crate::domain::attachment::DataKey;
use crate::domain::ids::BlobId;
use crate::domain::time::Timestamp;

/// Plain bytes of the object that is tried: one segment and a bit, so that a border is crossed.
const TRIED: usize = SEGMENT + 1;

impl Blobs {
    /// Does once all that a hub does with files: writes, lists, reads, removes. `object` and `key` are used for this alone. Nothing
    /// is left, whatever fails, where removing works.
    ///
    /// # Errors
    /// What the home does not do, by its own word and which of the four it was.
    pub async fn try_out(&self, object: BlobId, key: DataKey) -> Result<(), BlobError> {
        let tried = self.goes_in_and_out(object, key).await;
        let removed = self.remove(object).await.map_err(at("remove"));
        tried.and(removed)?;
        match self.read(object, 0..1).await {
            Err(BlobError::Absent(_)) => Ok(()),
            Ok(_) => Err(at("remove")("what was removed is still there")),
            Err(error) => Err(at("read")(error)),
        }
    }

    async fn goes_in_and_out(&self, object: BlobId, key: DataKey) -> Result<(), BlobError> {
        let plain = vec![b'-'; TRIED];
        let mut upload = self.begin(object, key.clone()).await.map_err(at("write"))?;
        upload.write(&plain).await.map_err(at("write"))?;
        upload.finish().await.map_err(at("write"))?;
        let shelf = u8::from_str_radix(&shelf_of(object), 16).map_err(at("list"))?;
        let listed = self
            .finished_before(shelf, Timestamp::from_micros(i64::MAX))
            .await
            .map_err(at("list"))?;
        if !listed.contains(&object) {
            return Err(at("list")("what was written is not listed"));
        }
        let (opener, all) = (Opener::new(object, &key, TRIED as u64), 0..TRIED as u64);
        let sealed = self.read(object, opener.stored(&all)).await.map_err(at("read"))?;
        if opener.open(&all, &sealed).map_err(at("read"))? != plain {
            return Err(at("read")("what comes back is not what was written"));
        }
        Ok(())
    }
}

fn at<E: std::fmt::Display>(step: &str) -> impl Fn(E) -> BlobError {
    move |error| BlobError::Unavailable(format!("{step}: {error}"))
}
