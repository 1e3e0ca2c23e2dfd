//! What a home of objects promises, asked of a folder and of a real S3 service (`LIENTHONG_TEST_S3`, see tests/run).

use lienthong::blobs::{BlobError, Blobs, Folder, Opener, PIECE, SEGMENT, sealed_size};
use lienthong::clock::Clock;
use lienthong::config::{Home, SecretUrl};
use lienthong::domain::attachment::DataKey;
use lienthong::domain::ids::BlobId;
use lienthong::domain::seal::sha256;
use lienthong::domain::time::Timestamp;
use lienthong::material;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::backends::{setting, unique};

/// The bucket of the run, under a prefix no other test has.
pub fn bucket() -> Blobs {
    let url = format!("{}/{}", setting("LIENTHONG_TEST_S3"), unique());
    let home = Home::S3 {
        url: SecretUrl::new(url),
        region: "us-east-1".to_owned(),
        ca_file: None,
    };
    material::blobs(&home, &Clock::System).unwrap()
}

fn object(n: u64) -> BlobId {
    BlobId::new(
        Timestamp::from_micros(1_800_000_000_000_000),
        &mut StdRng::seed_from_u64(n),
    )
}

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|i| (i / 7 % 256) as u8).collect()
}

async fn put(blobs: &Blobs, object: BlobId, plain: &[u8]) {
    let key = DataKey::new([7; 32]);
    let mut upload = blobs.begin(object, key).await.unwrap();
    for piece in plain.chunks(100_000) {
        upload.write(piece).await.unwrap();
    }
    assert_eq!(upload.size(), plain.len() as u64);
    let arrived = upload.finish().await.unwrap();
    assert_eq!((arrived.object, arrived.size), (object, plain.len() as u64));
    assert_eq!(arrived.sha256, sha256(plain));
}

async fn whole(blobs: &Blobs, object: BlobId, size: u64) -> Result<Vec<u8>, BlobError> {
    let opener = Opener::new(object, &DataKey::new([7; 32]), size);
    let mut plain = Vec::new();
    loop {
        let from = plain.len() as u64;
        let now = from..(from + 8 * SEGMENT as u64).min(size);
        let stored = opener.stored(&now);
        assert!(stored.end - stored.start <= PIECE);
        plain.extend(opener.open(&now, &blobs.read(object, stored).await?)?);
        if now.end == size {
            return Ok(plain);
        }
    }
}

async fn is_absent(blobs: &Blobs, object: BlobId) -> bool {
    matches!(blobs.read(object, 0..16).await, Err(BlobError::Absent(_)))
}

async fn keeps_its_contract(blobs: Blobs) {
    // Whole, in part, of every size that takes another way in.
    for (n, size) in [0, 1, SEGMENT, SEGMENT + 1, 3_000_000, 20_000_000]
        .into_iter()
        .enumerate()
    {
        let (object, plain) = (object(n as u64), bytes(size));
        assert!(is_absent(&blobs, object).await, "{size}");
        put(&blobs, object, &plain).await;
        assert_eq!(whole(&blobs, object, size as u64).await.unwrap(), plain, "{size}");
        let stored = sealed_size(size as u64);
        let tail = blobs.read(object, stored - 1..stored + 100).await.unwrap();
        assert_eq!(tail.len(), 1, "{size}");
    }
    // What is not finished is not there, and leaves nothing.
    let unfinished = object(100);
    let mut upload = blobs.begin(unfinished, DataKey::new([7; 32])).await.unwrap();
    upload.write(&bytes(10_000_000)).await.unwrap();
    assert!(is_absent(&blobs, unfinished).await);
    drop(upload);
    assert!(is_absent(&blobs, unfinished).await);
    // What is removed is gone; removing it again is no error.
    let first = object(0);
    blobs.remove(first).await.unwrap();
    blobs.remove(first).await.unwrap();
    assert!(is_absent(&blobs, first).await);
    // Objects are found by their age.
    let mut old = Vec::new();
    let later = Timestamp::from_micros(Clock::System.now().as_micros() + 3_600_000_000);
    for shelf in 0..=255 {
        old.extend(blobs.finished_before(shelf, later).await.unwrap());
        let long_ago = blobs
            .finished_before(shelf, Timestamp::from_micros(0))
            .await
            .unwrap();
        assert_eq!(long_ago, []);
    }
    old.sort_unstable();
    let mut expected: Vec<BlobId> = (1..6).map(object).collect();
    expected.sort_unstable();
    assert_eq!(old, expected);
    // A trial leaves nothing.
    let tried = object(200);
    blobs.try_out(tried, DataKey::new([7; 32])).await.unwrap();
    assert!(is_absent(&blobs, tried).await);
}

fn play(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

#[test]
fn a_folder_keeps_the_contract() {
    let root = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("blobs_{}", unique()));
    play(async {
        keeps_its_contract(Blobs::Folder(Folder::open(&root).unwrap())).await;
        let left = std::fs::read_dir(root.join("unfinished")).unwrap().count();
        assert_eq!(left, 0);
    });
    std::fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_trial_names_what_a_folder_does_not_do() {
    let root = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("blobs_{}", unique()));
    play(async {
        let blobs = Blobs::Folder(Folder::open(&root).unwrap());
        std::fs::remove_dir_all(root.join("unfinished")).unwrap();
        let failed = blobs.try_out(object(1), DataKey::new([7; 32])).await.unwrap_err();
        assert!(failed.to_string().contains("write: "), "{failed}");
    });
    std::fs::remove_dir_all(&root).unwrap();
}

#[test]
fn a_bucket_keeps_the_contract() {
    play(keeps_its_contract(bucket()));
}

#[test]
fn a_bucket_that_is_away_or_refuses_is_no_absent_object() {
    play(async {
        let url = setting("LIENTHONG_TEST_S3").replacen("://", "://wrong", 1);
        for url in [url.as_str(), "http://a:b@127.0.0.1:1/bucket"] {
            let home = Home::S3 {
                url: SecretUrl::new(url),
                region: "us-east-1".to_owned(),
                ca_file: None,
            };
            let blobs = material::blobs(&home, &Clock::System).unwrap();
            let asked =
                tokio::time::timeout(std::time::Duration::from_secs(60), blobs.read(object(1), 0..16));
            assert!(matches!(asked.await, Ok(Err(BlobError::Unavailable(_)))), "{url}");
            let tried = tokio::time::timeout(
                std::time::Duration::from_secs(60),
                blobs.try_out(object(1), DataKey::new([7; 32])),
            );
            let failed = tried.await.unwrap().unwrap_err().to_string();
            assert!(
                failed.contains("write: ") && !failed.contains("wrong"),
                "{failed}"
            );
        }
    });
}
