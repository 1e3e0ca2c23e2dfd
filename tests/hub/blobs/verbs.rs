//! Files over the verbs: named, uploaded, awaited, given out, forgotten.

use std::time::Duration;

use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::seal::sha256;
use lienthong::domain::sha256::Sha256;
use lienthong::domain::status::Status;
use lienthong::domain::submission::IdempotencyKey;
use lienthong::domain::view::{BlobView, StatusReport};
use lienthong::identity::Access;
use lienthong::service::{Answered, Call, Reported, ServiceError, UploadLimits, Wanted};
use serde_json::{Value, json};

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, for_the_commune};

fn digest(bytes: &[u8]) -> Sha256 {
    sha256(bytes)
}

/// Uploads bytes under a digest.
async fn upload_as(
    city: &City,
    access: &Access,
    bytes: &[u8],
    named: &Sha256,
) -> Result<BlobView, ServiceError> {
    let mut incoming = city
        .hub
        .files
        .begin_upload(access, Some(bytes.len() as u64))
        .await?;
    for piece in bytes.chunks(70_000) {
        incoming.write(piece).await?;
    }
    city.hub.files.uploaded(access, incoming, named, None).await
}

async fn upload(city: &City, access: &Access, bytes: &[u8]) -> BlobView {
    upload_as(city, access, bytes, &digest(bytes)).await.unwrap()
}

/// A filing that names these files.
fn naming(stage: &Stage, reference: &str, files: &[(&str, &[u8])]) -> Value {
    let mut filing = for_the_commune(stage, reference);
    let files: Vec<Value> = files
        .iter()
        .map(
            |(name, bytes)| json!({ "name": name, "media_type": "application/pdf", "sha256": digest(bytes) }),
        )
        .collect();
    filing["components"][0]["files"] = json!(files);
    filing
}

async fn read_all(
    city: &City,
    access: &Access,
    id: DossierId,
    n: i32,
    wanted: Wanted,
) -> Result<Vec<u8>, ServiceError> {
    let mut given = city.hub.files.open(access, id, n, wanted).await?;
    let mut bytes = Vec::new();
    let outgoing = given.bytes.as_mut().unwrap();
    while let Some(piece) = outgoing.next().await? {
        bytes.extend(piece);
    }
    Ok(bytes)
}

#[track_caller]
fn refused<T>(result: Result<T, ServiceError>, label: Label) {
    match result {
        Err(ServiceError::Rejected(rejection)) => assert_eq!(rejection.label(), label),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("taken, and {label} was expected"),
    }
}

async fn kinds(city: &City, access: &Access, id: DossierId) -> Vec<String> {
    let history = city.hub.dossiers.history(access, id).await.unwrap();
    history.events.into_iter().map(|e| e.kind).collect()
}

/// Objects in the stage's folder, finished or not.
fn objects(stage: &Stage) -> usize {
    let shelves = std::fs::read_dir(stage.files()).unwrap();
    shelves
        .map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap().count())
        .sum()
}

on_both! {
    async fn missing_files_are_listed_and_the_last_one_is_told(stage) {
        let city = City::open(stage).await;
        let (agent, agency) = (city.access("agent.a-001"), city.access(&format!("agency.{COMMUNE}")));
        let (one, two) = (vec![1; 100_000], vec![2; 10]);
        let filed = city.file(&agent, &naming(stage, "r1", &[("tờ khai.pdf", &one), ("a.pdf", &two), ("b.pdf", &two)])).await;
        let id = filed.tracking_id;
        let missing: Vec<_> = filed.attachments_missing.iter().map(|f| (f.path.as_deref().unwrap(), f.name.as_str())).collect();
        assert_eq!(missing, [
            ("/components/0/files/0/sha256", "tờ khai.pdf"),
            ("/components/0/files/1/sha256", "a.pdf"),
            ("/components/0/files/2/sha256", "b.pdf"),
        ]);
        refused(city.hub.files.open(&agency, id, 1, Wanted::All).await, Label::AttachmentMissing);
        assert_eq!(upload(&city, &agent, &one).await, BlobView { sha256: digest(&one), size: 100_000, existing: false });
        assert_eq!(city.hub.dossiers.show(&agent, id).await.unwrap().attachments_missing.len(), 2);
        assert_eq!(kinds(&city, &agent, id).await, ["filed"]);
        upload(&city, &agent, &two).await;
        assert_eq!(kinds(&city, &agent, id).await, ["filed", "attachments-complete"]);
        assert!(city.hub.dossiers.show(&agent, id).await.unwrap().attachments_missing.is_empty());
        // The agency is told by a message of its own, the submitter by its feed; once.
        assert_eq!(stage.texts("SELECT kind AS t FROM deliveries ORDER BY event_seq"), ["filed", "attachments-complete"]);
        let feed = city.hub.feed.events(&agent, lienthong::domain::view::Cursor::START, Duration::ZERO, 10).await.unwrap();
        assert_eq!(feed.events.iter().map(|e| e.data.event.kind.as_str()).collect::<Vec<_>>(), ["filed", "attachments-complete"]);
        assert!(upload(&city, &agent, &two).await.existing);
        assert_eq!(kinds(&city, &agent, id).await.len(), 2);
        // One file, one object, one wrap for the dossier, however often it is named.
        assert_eq!((stage.rows("blobs"), stage.rows("wraps"), stage.rows("attachments"), objects(stage)), (2, 2, 3, 2));
        let list = city.hub.files.list(&agency, id).await.unwrap();
        assert_eq!(list.attachments.iter().map(|a| (a.n, a.size)).collect::<Vec<_>>(), [(1, Some(100_000)), (2, Some(10)), (3, Some(10))]);
        assert_eq!(read_all(&city, &agency, id, 1, Wanted::All).await.unwrap(), one);
        stage.later(1);
        assert_eq!(read_all(&city, &agency, id, 1, Wanted::From(65_530, Some(65_541))).await.unwrap(), &one[65_530..=65_541]);
        stage.later(1);
        assert_eq!(read_all(&city, &agent, id, 3, Wanted::Last(3)).await.unwrap(), &two[7..]);
        assert_eq!(stage.audit().findings, vec![]);
        // Who read what is there for the operator alone.
        let operator = city.access("operator.truc-ban");
        let reads = city.hub.files.reads(&operator, id, None, 50).await.unwrap();
        let told: Vec<_> = reads.reads.iter().map(|r| (r.tenant.to_string(), r.attachment, r.bytes)).collect();
        assert_eq!(told, [
            ("agent.a-001".to_owned(), Some(3), Some((7, 9))),
            (format!("agency.{COMMUNE}"), Some(1), Some((65_530, 65_541))),
            (format!("agency.{COMMUNE}"), Some(1), Some((0, 99_999))),
        ]);
        assert_eq!(reads.reads[0].staff.as_ref().map(ToString::to_string).as_deref(), Some("nv-1"));
        refused(city.hub.files.reads(&agency, id, None, 50).await, Label::PermissionMissing);
        refused(city.hub.files.open(&operator, id, 1, Wanted::All).await, Label::PermissionMissing);
    }

    async fn what_was_uploaded_before_is_there_at_once(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let paper = b"paper".to_vec();
        upload(&city, &agent, &paper).await;
        for reference in ["r1", "r2"] {
            let filed = city.file(&agent, &naming(stage, reference, &[("a.pdf", &paper)])).await;
            assert!(filed.attachments_missing.is_empty());
            assert_eq!(read_all(&city, &agent, filed.tracking_id, 1, Wanted::All).await.unwrap(), paper);
            assert_eq!(kinds(&city, &agent, filed.tracking_id).await, ["filed"]);
        }
        assert_eq!((stage.rows("blobs"), stage.rows("wraps"), objects(stage)), (1, 2, 1));
        assert_eq!(stage.number("SELECT count(*) AS n FROM blobs WHERE ciphertext IS NOT NULL OR unused_since IS NOT NULL"), 0);
    }

    async fn another_tenants_file_is_absent_and_kept_apart(stage) {
        let city = City::open(stage).await;
        let (one, other, enterprise) = (city.access("agent.a-001"), city.access("agent.a-002"), city.access("enterprise.buu-chinh-mau-a"));
        let paper = b"the same paper".to_vec();
        assert!(!upload(&city, &one, &paper).await.existing);
        refused(city.hub.files.upload_size(&other, &digest(&paper)).await, Label::NotFound);
        let filed = city.file(&other, &naming(stage, "r1", &[("a.pdf", &paper)])).await;
        assert_eq!(filed.attachments_missing.len(), 1);
        assert!(!upload(&city, &other, &paper).await.existing);
        assert_eq!((stage.rows("blobs"), objects(stage)), (2, 2));
        assert_eq!(city.hub.files.upload_size(&other, &digest(&paper)).await.unwrap(), 14);
        let id = filed.tracking_id;
        refused(city.hub.files.open(&one, id, 1, Wanted::All).await, Label::NotFound);
        refused(city.hub.files.list(&city.access("branch.ha-dong"), id).await, Label::NotFound);
        refused(city.hub.files.open(&city.access("agency.ubnd-00008"), id, 1, Wanted::All).await, Label::NotFound);
        assert_eq!(read_all(&city, &enterprise, id, 1, Wanted::All).await.unwrap(), paper);
        refused(city.hub.files.begin_upload(&enterprise, None).await, Label::PermissionMissing);
        for n in [0, 2, -1] {
            refused(city.hub.files.open(&other, id, n, Wanted::All).await, Label::NotFound);
        }
    }

    async fn a_wrong_digest_and_a_broken_upload_leave_nothing(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        refused(upload_as(&city, &agent, b"this", &digest(b"that")).await, Label::DigestMismatch);
        let mut incoming = city.hub.files.begin_upload(&agent, Some(5_000_000)).await.unwrap();
        incoming.write(&[0; 3_000_000]).await.unwrap();
        assert_eq!(objects(stage), 1);
        drop(incoming);
        assert_eq!((objects(stage), stage.rows("blobs")), (0, 0));
        assert_eq!(upload(&city, &agent, b"").await.size, 0);
    }

    async fn the_limits_hold_at_the_limit(stage) {
        let limits = UploadLimits { file: 1000, in_flight: 1500, unused: 2000, kept: Duration::from_secs(3600) };
        let city = City::with_uploads(stage, limits).await;
        let agent = city.access("agent.a-001");
        refused(city.hub.files.begin_upload(&agent, Some(1001)).await, Label::FileTooLarge);
        let mut undeclared = city.hub.files.begin_upload(&agent, None).await.unwrap();
        undeclared.write(&[1; 1000]).await.unwrap();
        refused(undeclared.write(&[1]).await, Label::FileTooLarge);
        drop(undeclared);
        upload(&city, &agent, &[1; 1000]).await;
        // On their way at once: what is stored and nobody's counts too.
        let held = city.hub.files.begin_upload(&agent, Some(600)).await.unwrap();
        refused(city.hub.files.begin_upload(&agent, Some(401)).await, Label::UploadQuota);
        let mut growing = city.hub.files.begin_upload(&agent, None).await.unwrap();
        growing.write(&[2; 400]).await.unwrap();
        refused(growing.write(&[2]).await, Label::UploadQuota);
        assert!(city.hub.files.begin_upload(&city.access("agent.a-002"), Some(1000)).await.is_ok());
        drop((held, growing));
        // A dossier that names the file frees its place.
        city.file(&agent, &naming(stage, "r1", &[("a.pdf", &[1; 1000])])).await;
        let held = city.hub.files.begin_upload(&agent, Some(1000)).await.unwrap();
        refused(city.hub.files.begin_upload(&agent, Some(501)).await, Label::UploadQuota);
        assert!(city.hub.files.begin_upload(&agent, Some(500)).await.is_ok());
        drop(held);
        // A document names at most 500 files.
        let named = |count: usize| {
            let mut filing = naming(stage, "many", &[]);
            let file = |i: usize| json!({ "name": "a", "sha256": digest(&i.to_le_bytes()) });
            let components = (0..count).collect::<Vec<_>>();
            let component = |some: &[usize]| {
                json!({ "name": "Tờ khai", "files": some.iter().map(|i| file(*i)).collect::<Vec<Value>>() })
            };
            filing["components"] = components.chunks(50).map(component).collect();
            filing
        };
        let mut many = named(501);
        refused(city.submit(&agent, &many).await, Label::TooManyItems);
        many = named(500);
        assert_eq!(city.file(&agent, &many).await.attachments_missing.len(), 500);
    }

    async fn what_is_nobodys_goes_and_what_is_named_stays(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let named = city.file(&agent, &naming(stage, "r1", &[("a.pdf", b"named")])).await.tracking_id;
        upload(&city, &agent, b"named").await;
        upload(&city, &agent, b"unused").await;
        // Left by a process that was killed: an object without a row, one half written.
        let left = stage.files().join("00/blb_0190b1a0000070008000000000000000");
        let half = stage.files().join("unfinished/blb_0190b1a0000070008000000000000001");
        let fresh = stage.files().join("02/blb_0190b1a0000070008000000000000002");
        for (path, age) in [(&left, 7200), (&half, 7200), (&fresh, 600)] {
            let file = std::fs::File::create(path).unwrap();
            let written = stage.clock.now().as_micros() as u64 - age * 1_000_000;
            file.set_modified(std::time::UNIX_EPOCH + Duration::from_micros(written)).unwrap();
        }
        assert_eq!(city.hub.files.sweep().await.unwrap(), 2);
        assert!(!left.exists() && !half.exists() && fresh.exists());
        stage.later(72 * 3600 - 1);
        city.hub.files.sweep().await.unwrap();
        assert_eq!(city.hub.files.upload_size(&agent, &digest(b"unused")).await.unwrap(), 6);
        // Sent again, its time begins anew.
        upload(&city, &agent, b"unused").await;
        stage.later(72 * 3600);
        city.hub.files.sweep().await.unwrap();
        assert_eq!(city.hub.files.upload_size(&agent, &digest(b"unused")).await.unwrap(), 6);
        stage.later(1);
        city.hub.files.sweep().await.unwrap();
        refused(city.hub.files.upload_size(&agent, &digest(b"unused")).await, Label::NotFound);
        stage.later(365 * 86_400);
        city.hub.files.sweep().await.unwrap();
        let list = stage.number("SELECT count(*) AS n FROM blobs");
        assert_eq!((list, objects(stage)), (1, 1));
        let held = stage.texts("SELECT object AS t FROM blobs");
        assert!(std::fs::exists(stage.files().join(&held[0][held[0].len() - 2..]).join(&held[0])).unwrap());
        assert_eq!(stage.number(&format!("SELECT count(*) AS n FROM wraps WHERE dossier = '{named}'")), 1);
    }

    async fn without_its_wraps_a_dossier_cannot_be_read_and_another_still_can(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let paper = b"paper".to_vec();
        upload(&city, &agent, &paper).await;
        let one = city.file(&agent, &naming(stage, "r1", &[("a.pdf", &paper)])).await.tracking_id;
        let two = city.file(&agent, &naming(stage, "r2", &[("a.pdf", &paper)])).await.tracking_id;
        stage.execute(&format!("DELETE FROM wraps WHERE dossier = '{one}'"));
        refused(city.hub.files.open(&agent, one, 1, Wanted::All).await, Label::AttachmentMissing);
        assert_eq!(read_all(&city, &agent, two, 1, Wanted::All).await.unwrap(), paper);
        stage.execute("DELETE FROM wraps");
        // Its key is gone with the last wrap: the same digest must be uploaded again, and is another object.
        let three = city.file(&agent, &naming(stage, "r3", &[("a.pdf", &paper)])).await;
        assert_eq!(three.attachments_missing.len(), 1);
        assert!(!upload(&city, &agent, &paper).await.existing);
        assert_eq!(read_all(&city, &agent, three.tracking_id, 1, Wanted::All).await.unwrap(), paper);
        refused(city.hub.files.open(&agent, two, 1, Wanted::All).await, Label::AttachmentMissing);
    }

    async fn an_amendment_supersedes_files_and_keeps_their_numbers(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let id = city.file(&agent, &naming(stage, "r1", &[("old.pdf", b"old"), ("kept.pdf", b"kept")])).await.tracking_id;
        upload(&city, &agent, b"kept").await;
        let mut amended = naming(stage, "r1", &[("kept.pdf", b"kept")]);
        amended["summary"] = json!("Nội dung khác");
        let answered = city.hub.intake.submit(&agent, crate::city::incoming(&amended, "key-amended")).await.unwrap();
        assert!(matches!(answered, Answered::New(_)));
        let list = city.hub.files.list(&agent, id).await.unwrap();
        let told: Vec<_> = list.attachments.iter().map(|a| (a.n, a.name.as_str(), a.event, a.superseded, a.arrived_at.is_some())).collect();
        assert_eq!(told, [(1, "old.pdf", 1, true, false), (2, "kept.pdf", 1, true, true), (3, "kept.pdf", 2, false, true)]);
        assert_eq!(list.missing, 0);
        // The file that no longer stands may still come, and completes nothing.
        upload(&city, &agent, b"old").await;
        assert_eq!(kinds(&city, &agent, id).await, ["filed", "amended"]);
        assert_eq!(read_all(&city, &agent, id, 1, Wanted::All).await.unwrap(), b"old");
    }

    async fn results_travel_back_the_same_way(stage) {
        let city = City::open(stage).await;
        let (agent, agency) = (city.access("agent.a-001"), city.access(&format!("agency.{COMMUNE}")));
        let id = city.file(&agent, &naming(stage, "r1", &[("a.pdf", b"a")])).await.tracking_id;
        upload(&city, &agent, b"a").await;
        let result = vec![9; 200_000];
        let report = |to: Status, results: Value| -> StatusReport {
            serde_json::from_value(json!({
                "dossier": id.to_string(), "status": to.code(), "occurred_at": stage.clock.now().to_string(), "results": results,
            })).unwrap()
        };
        city.report(&agency, vec![report(Status::Processing, json!([]))]).await;
        stage.later(60);
        let files = json!([{ "name": "Giấy xác nhận", "files": [{ "name": "kết quả.pdf", "sha256": digest(&result) }] }]);
        let answer = city.report(&agency, vec![report(Status::Finished, files)]).await;
        assert!(answer.results[0].problem.is_none(), "{answer:?}");
        // What is missing is told by its place in the agency's own document.
        let missing = city.hub.dossiers.show(&agent, id).await.unwrap().attachments_missing;
        assert_eq!(missing[0].path.as_deref(), Some("/reports/0/results/0/files/0/sha256"));
        let list = city.hub.files.list(&agent, id).await.unwrap();
        assert_eq!((list.missing, list.attachments[1].n, list.attachments[1].owner.to_string()), (1, 2, format!("agency.{COMMUNE}")));
        // The submitter's own upload of the same bytes is not the agency's.
        upload(&city, &agent, &result).await;
        assert_eq!(city.hub.files.list(&agent, id).await.unwrap().missing, 1);
        upload(&city, &agency, &result).await;
        assert_eq!(read_all(&city, &agent, id, 2, Wanted::All).await.unwrap(), result);
        assert_eq!(kinds(&city, &agent, id).await.last().map(String::as_str), Some("attachments-complete"));
        // Its own upload is no news to the agency.
        let told = stage.texts("SELECT kind AS t FROM deliveries ORDER BY event_seq");
        assert_eq!(told, ["filed", "attachments-complete"]);
        assert_eq!(stage.audit().findings, vec![]);
    }

    async fn a_file_of_a_supplement_or_of_an_agencys_own_document_is_told_by_its_place_there(stage) {
        let city = City::open(stage).await;
        let (agent, agency) = (city.access("agent.a-001"), city.access(&format!("agency.{COMMUNE}")));
        let id = city.file(&agent, &naming(stage, "r1", &[("a.pdf", b"a")])).await.tracking_id;
        upload(&city, &agent, b"a").await;
        stage.later(60);
        let asked = StatusReport { text: Some("thiếu giấy tờ".to_owned()), ..StatusReport::new(id.to_string(), Status::SupplementRequested) };
        assert!(city.report(&agency, vec![asked]).await.results[0].problem.is_none());
        stage.later(60);
        let paper = json!([{ "name": "Tờ khai" }, { "name": "Giấy tờ", "files": [
            { "name": "không có bản số.pdf" }, { "name": "b.pdf", "sha256": digest(b"b") },
        ] }]);
        let request = serde_json::from_value(json!({ "papers": paper })).unwrap();
        let call = Call { key: IdempotencyKey::parse("k1").unwrap(), request_digest: Sha256::new([1; 32]), traceparent: None };
        city.hub.acts.supplement(&agent, id, call, request).await.unwrap();
        let missing = async || city.hub.dossiers.show(&agent, id).await.unwrap().attachments_missing;
        assert_eq!(missing().await[0].path.as_deref(), Some("/papers/1/files/1/sha256"));
        upload(&city, &agent, b"b").await;
        stage.later(60);
        let xml = format!(
            r#"<status_request xmlns="urn:vn:lienthong:dossier:v1"><reports><report><dossier>{id}</dossier><status>9</status><occurred_at>{}</occurred_at>
            <results><result><name>Giấy xác nhận</name><files><file><name>gxn.pdf</name><sha256>{}</sha256></file></files></result></results>
            </report></reports></status_request>"#,
            stage.clock.now(), digest(b"r"),
        );
        let reported = Reported {
            bytes: xml.into_bytes(),
            media_type: "application/xml".to_owned(),
            format: None,
            key: None,
            traceparent: None,
        };
        let answer = city.hub.statuses.report(&agency, reported).await.unwrap();
        assert!(answer.results[0].problem.is_none(), "{answer:?}");
        let path = missing().await[0].path.clone().unwrap();
        assert_eq!(path, "/status_request/reports/report[1]/results/result[1]/files/file[1]/sha256");
    }

    async fn an_awaited_file_is_overdue_after_three_days(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        let id = city.file(&agent, &naming(stage, "r1", &[("a.pdf", b"a")])).await.tracking_id;
        stage.later(3 * 86_400);
        assert_eq!(city.hub.files.overdue().await.unwrap(), 0);
        stage.later(1);
        assert_eq!(city.hub.files.overdue().await.unwrap(), 1);
        assert!(city.hub.files.list(&agent, id).await.unwrap().attachments[0].overdue);
        upload(&city, &agent, b"a").await;
        assert_eq!(city.hub.files.overdue().await.unwrap(), 0);
    }

    async fn many_dossiers_that_wait_for_one_file_are_all_told(stage) {
        let city = City::open(stage).await;
        let agent = city.access("agent.a-001");
        for n in 0..205 {
            city.file(&agent, &naming(stage, &format!("r{n}"), &[("a.pdf", b"shared")])).await;
        }
        upload(&city, &agent, b"shared").await;
        assert_eq!(stage.number("SELECT count(*) AS n FROM attachments WHERE arrived_at IS NULL"), 0);
        assert_eq!(stage.number("SELECT count(*) AS n FROM deliveries WHERE kind = 'attachments-complete'"), 205);
        assert_eq!((stage.rows("blobs"), stage.rows("wraps"), objects(stage)), (1, 205, 1));
    }
}
