//! Files through the executable: at the limit, large, and killed on the way. `lienthong agent` is the other side.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use lienthong::domain::seal::sha256;
use reqwest::{Body, Method};
use serde_json::{Value, json};

use crate::installation::{AGENCY, BRANCH, Installation, Said, Serving, kilobytes, said, sample, until};
use crate::stack::{s3, unique};

fn digest(bytes: &[u8]) -> String {
    sha256(bytes).to_string()
}

/// A file of so many bytes of its own.
fn paper(installation: &Installation, name: &str, size: usize) -> (PathBuf, Vec<u8>) {
    let mut bytes: Vec<u8> = (0..size as u64)
        .step_by(8)
        .flat_map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name.len() as u64).to_le_bytes())
        .collect();
    bytes.truncate(size);
    let path = installation.dir.join(name);
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

fn agent(installation: &Installation, tenant: &str, verb: &str, line: &[&str]) -> Said {
    said(&mut installation.agent(tenant, verb, line))
}

/// Writes the sample that names these files, as a document of the branch.
fn document(installation: &Installation, reference: &str, files: &[(&str, &[u8])]) -> String {
    let files: Vec<Value> = files
        .iter()
        .map(
            |(name, bytes)| json!({ "name": name, "media_type": "application/pdf", "sha256": digest(bytes) }),
        )
        .collect();
    let name = format!("{reference}.json");
    let text = sample(reference, &files.into()).to_string();
    std::fs::write(installation.dir.join(&name), text).unwrap();
    name
}

/// How both files are attached.
const ATTACH: [&str; 6] = [
    "--format",
    "canonical/v1",
    "--attach",
    "to-khai.pdf",
    "--attach",
    "giay-khai-sinh.pdf",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_engineer_uploads_files_files_a_dossier_and_the_agency_downloads() {
    let installation = Installation::new("files", &[]);
    let hub = installation.serve().await;
    let (_, one) = paper(&installation, "to-khai.pdf", 300_000);
    let (_, two) = paper(&installation, "giay-khai-sinh.pdf", 70_001);
    a_file_is_uploaded_beforehand(&installation, &one);
    what_is_attached_must_be_named(&installation, &one, &two);
    let id = filed_with_both(&installation, &one, &two);
    both_are_downloaded(&installation, &id, &one, &two);
    what_is_not_there_is_said_and_leaves_nothing(&installation, &id);
    assert_eq!(hub.terminate(), Some(0));
    installation.remove();
}

/// Twice: the second time it is known.
fn a_file_is_uploaded_beforehand(installation: &Installation, one: &[u8]) {
    for existing in [false, true] {
        let uploaded = agent(installation, BRANCH, "upload", &["to-khai.pdf"]);
        assert_eq!(uploaded.exit, Some(0), "{uploaded:?}");
        let expected =
            json!({ "file": "to-khai.pdf", "sha256": digest(one), "size": 300_000, "existing": existing });
        assert_eq!(uploaded.json(), expected);
    }
    let many = agent(installation, BRANCH, "upload", &["to-khai.pdf", "absent.pdf"]);
    assert_eq!((many.exit, many.out.lines().count()), (Some(2), 1), "{many:?}");
    assert!(many.err.contains("absent.pdf: cannot be read"), "{many:?}");
}

/// A document that does not name what is attached is not filed.
fn what_is_attached_must_be_named(installation: &Installation, one: &[u8], two: &[u8]) {
    let forgetful = document(installation, "F-1", &[("to-khai.pdf", one)]);
    let told = agent(
        installation,
        BRANCH,
        "submit",
        &[&[forgetful.as_str()], &ATTACH[..]].concat(),
    );
    assert_eq!((told.exit, told.out.as_str()), (Some(2), ""), "{told:?}");
    assert!(
        told.err.contains(&digest(two)) && told.err.contains("giay-khai-sinh.pdf"),
        "{told:?}"
    );
}

fn filed_with_both(installation: &Installation, one: &[u8], two: &[u8]) -> String {
    let whole = document(
        installation,
        "F-2",
        &[("to-khai.pdf", one), ("giay-khai-sinh.pdf", two)],
    );
    let told = agent(
        installation,
        BRANCH,
        "submit",
        &[&[whole.as_str()], &ATTACH[..]].concat(),
    );
    assert_eq!(told.exit, Some(0), "{told:?}");
    let answer = told.json();
    assert_eq!(
        answer["attachments_missing"].as_array().map_or(0, Vec::len),
        0,
        "{answer}"
    );
    answer["tracking_id"].as_str().unwrap().to_owned()
}

fn both_are_downloaded(installation: &Installation, id: &str, one: &[u8], two: &[u8]) {
    let listed = agent(installation, AGENCY, "attachments", &[id]).json();
    assert_eq!(
        (
            &listed["missing"],
            listed["attachments"].as_array().unwrap().len()
        ),
        (&json!(0), 2)
    );
    let fetched = agent(installation, AGENCY, "download", &[id, "2", "-o", "fetched.pdf"]);
    assert_eq!(fetched.exit, Some(0), "{fetched:?}");
    let expected = json!({ "file": "fetched.pdf", "sha256": digest(two), "size": 70_001 });
    assert_eq!(fetched.json(), expected);
    assert_eq!(std::fs::read(installation.dir.join("fetched.pdf")).unwrap(), two);
    // Into a pipe.
    let piped = installation
        .agent(AGENCY, "download", &[id, "1"])
        .output()
        .unwrap();
    assert!(piped.status.success() && piped.stdout == one);
}

fn what_is_not_there_is_said_and_leaves_nothing(installation: &Installation, id: &str) {
    let nobodys = format!("dos_{}", "0".repeat(32));
    for (dossier, number) in [(id, "3"), (nobodys.as_str(), "1")] {
        let line = [dossier, number, "-o", "none.pdf"];
        let told = agent(installation, AGENCY, "download", &line);
        assert_eq!(
            (told.exit, &told.json()["label"]),
            (Some(1), &json!("not-found")),
            "{told:?}"
        );
    }
    let left: Vec<_> = std::fs::read_dir(&installation.dir)
        .unwrap()
        .map(|f| f.unwrap().file_name())
        .collect();
    let half = left
        .iter()
        .filter_map(|name| name.to_str())
        .find(|n| n.starts_with("none") || n.ends_with(".new"));
    assert_eq!(half, None);
}

/// The least that the settings let a file have.
const LIMIT: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_limit_is_taken_and_one_byte_more_is_not() {
    let smaller = ("# largest_bytes = 2147483648", "largest_bytes = 1048576");
    let installation = Installation::new("file-limit", &[smaller]);
    let hub = installation.serve().await;
    let put = async |bytes: &[u8], declared: bool| {
        let request = installation
            .call(Method::PUT, BRANCH, &format!("/v1/blobs/{}", digest(bytes)))
            .await;
        let pieces: Vec<std::io::Result<Vec<u8>>> = bytes.chunks(100_000).map(|p| Ok(p.to_vec())).collect();
        let body = if declared {
            Body::from(bytes.to_vec())
        } else {
            Body::wrap_stream(futures_util::stream::iter(pieces))
        };
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap()["label"].clone())
    };
    let (_, at) = paper(&installation, "at.pdf", LIMIT);
    let (_, over) = paper(&installation, "over.pdf", LIMIT + 1);
    let too_large = (413, json!("file-too-large"));
    assert_eq!(put(&over, true).await, too_large);
    assert_eq!(
        put(&over, false).await,
        too_large,
        "counted, where no length was declared"
    );
    assert_eq!(put(&at, false).await, (201, Value::Null));
    assert_eq!(put(&at, true).await, (200, Value::Null));
    let told = agent(&installation, BRANCH, "upload", &["over.pdf"]);
    assert_eq!(
        (told.exit, &told.json()["label"]),
        (Some(1), &json!("file-too-large")),
        "{told:?}"
    );
    until("nothing of them is left", async || {
        let left = std::fs::read_dir(installation.dir.join("blobs/unfinished"))
            .unwrap()
            .count();
        (left == 0).then_some(())
    })
    .await;
    drop(hub);
    installation.remove();
}

/// A large scan.
const LARGE: usize = 200 * 1024 * 1024;

/// Kilobytes the hub may grow by while it takes or gives one: buffers of the line and, on S3, two parts of 8 MiB on their way.
const GROWTH_FOLDER: u64 = 24 * 1024;
const GROWTH_S3: u64 = 64 * 1024;

/// Kilobytes the program of the partner may have altogether.
const OF_THE_AGENT: u64 = 64 * 1024;

/// The most memory a program had, looked at until it ends.
fn highest_of(command: &mut std::process::Command) -> (Said, u64) {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut highest = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        // A program that has just ended has no memory any more.
        if status.contains("VmHWM") {
            highest = highest.max(kilobytes(&status, "VmHWM"));
        }
        std::thread::yield_now();
    }
    let output = child.wait_with_output().unwrap();
    let said = Said {
        exit: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    (said, highest)
}

async fn large_in_constant_memory(name: &str, installation: &Installation, growth: u64) {
    let hub = installation.serve().await;
    let (_, small) = paper(installation, "small.pdf", 3_000_000);
    let (path, bytes) = paper(installation, "large.pdf", LARGE);
    // What any upload and download needs is there before it is measured.
    let named = document(
        installation,
        "L-1",
        &[("small.pdf", &small), ("large.pdf", &bytes)],
    );
    let line = [
        named.as_str(),
        "--format",
        "canonical/v1",
        "--attach",
        "small.pdf",
    ];
    let told = agent(installation, BRANCH, "submit", &line);
    assert_eq!(told.exit, Some(0), "{told:?}");
    let id = told.json()["tracking_id"].as_str().unwrap().to_owned();
    let told = agent(installation, AGENCY, "download", &[&id, "1", "-o", "small.out"]);
    assert_eq!(told.exit, Some(0), "{told:?}");
    drop(bytes);

    let before = hub.highest_from_here();
    let begun = std::time::Instant::now();
    let (told, of_agent) = highest_of(&mut installation.agent(BRANCH, "upload", &["large.pdf"]));
    assert_eq!(told.exit, Some(0), "{told:?}");
    let (up, took) = (hub.kilobytes("VmHWM"), begun.elapsed());
    let begun = std::time::Instant::now();
    let (told, of_reader) =
        highest_of(&mut installation.agent(AGENCY, "download", &[&id, "2", "-o", "large.out"]));
    assert_eq!(told.exit, Some(0), "{told:?}");
    let (down, gave) = (hub.kilobytes("VmHWM"), begun.elapsed());
    println!(
        "{name}: 200 MiB up in {took:?}, down in {gave:?}; hub {before} kB before, {up} kB and {down} kB at most; agent {of_agent} kB \
         and {of_reader} kB"
    );
    assert!(
        up < before + growth && down < before + growth,
        "hub: {before}, {up}, {down} kB"
    );
    assert!(
        of_agent < OF_THE_AGENT && of_reader < OF_THE_AGENT,
        "agent: {of_agent}, {of_reader} kB"
    );
    let same = std::fs::read(path).unwrap() == std::fs::read(installation.dir.join("large.out")).unwrap();
    assert!(same);
    drop(hub);
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_two_hundred_mebibytes_take_no_more_memory_than_a_few_in_a_folder() {
    let installation = Installation::new("large-folder", &[]);
    large_in_constant_memory("folder", &installation, GROWTH_FOLDER).await;
    installation.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_two_hundred_mebibytes_take_no_more_memory_than_a_few_in_a_bucket() {
    let mut installation = Installation::new("large-bucket", &[]);
    installation
        .environment
        .push(("LIENTHONG_BLOBS_URL", format!("{}/{}", s3(), unique())));
    large_in_constant_memory("bucket", &installation, GROWTH_S3).await;
    installation.remove();
}

/// What lies half written in the folder: names and sizes.
fn unfinished(dir: &Path) -> Vec<(PathBuf, u64)> {
    std::fs::read_dir(dir.join("blobs/unfinished"))
        .unwrap()
        .map(|file| file.unwrap())
        .map(|file| (file.path(), file.metadata().unwrap().len()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_a_hub_killed_in_an_upload_has_nothing_of_it_and_takes_it_again() {
    let installation = Installation::new("kill-upload", &[]);
    let hub = installation.serve().await;
    let (_, bytes) = paper(&installation, "scan.pdf", 8 * 1024 * 1024);
    let named = document(&installation, "K-1", &[("scan.pdf", &bytes)]);
    let submit = agent(
        &installation,
        BRANCH,
        "submit",
        &[&named, "--format", "canonical/v1"],
    );
    let id = submit.json()["tracking_id"].as_str().unwrap().to_owned();

    // Half of it, and then the line stands still.
    let half = bytes[..4 * 1024 * 1024].to_vec();
    let body = futures_util::StreamExt::chain(
        futures_util::stream::iter([Ok::<_, std::io::Error>(half)]),
        futures_util::stream::pending(),
    );
    let request = installation
        .call(Method::PUT, BRANCH, &format!("/v1/blobs/{}", digest(&bytes)))
        .await
        .body(Body::wrap_stream(body));
    let sending = tokio::spawn(request.send());
    let file = until("some of it is on disk", async || {
        unfinished(&installation.dir)
            .into_iter()
            .find(|(_, size)| *size > 0)
            .map(|(path, _)| path)
    })
    .await;
    hub.kill();
    assert!(sending.await.unwrap().is_err(), "nobody was answered");
    assert!(file.exists());

    let hub = installation.serve().await;
    is_missing(&installation, &id, &bytes).await;
    // Not old enough to be nobody's: another hub might be writing it.
    assert!(file.exists());
    hub.kill();
    let written = file.metadata().unwrap().modified().unwrap();
    let two_hours = written - Duration::from_secs(2 * 3600);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_modified(two_hours)
        .unwrap();
    let hub = installation.serve().await;
    until("the sweep has cleared it", async || {
        unfinished(&installation.dir).is_empty().then_some(())
    })
    .await;
    is_missing(&installation, &id, &bytes).await;

    let told = agent(&installation, BRANCH, "upload", &["scan.pdf"]);
    assert_eq!(
        (told.exit, &told.json()["existing"]),
        (Some(0), &json!(false)),
        "{told:?}"
    );
    let told = agent(&installation, AGENCY, "download", &[&id, "1", "-o", "scan.out"]);
    assert_eq!(told.exit, Some(0), "{told:?}");
    assert_eq!(
        digest(&std::fs::read(installation.dir.join("scan.out")).unwrap()),
        digest(&bytes)
    );
    verified(&installation, hub);
    installation.remove();
}

async fn is_missing(installation: &Installation, id: &str, bytes: &[u8]) {
    let sha256 = sha256(bytes);
    assert!(!installation.partner(BRANCH).is_uploaded(sha256).await.unwrap());
    let listed = agent(installation, AGENCY, "attachments", &[id]).json();
    assert_eq!(
        (&listed["missing"], &listed["attachments"][0]["size"]),
        (&json!(1), &Value::Null)
    );
}

/// Ends the hub and has the history verified.
fn verified(installation: &Installation, hub: Serving) {
    assert_eq!(hub.terminate(), Some(0));
    let told = installation.good(&["audit", "verify", "--config", "hub.toml"]);
    assert!(told.contains("every seal is whole"), "{told}");
}
