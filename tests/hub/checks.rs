//! What a procedure asks for is in the directory: filings and reports are judged by it, and an operator decides how much it weighs.

use lienthong::domain::checks::Requirements;
use lienthong::domain::details::ResultPaper;
use lienthong::domain::routing::{Directory, plan::DirectoryFiles};
use lienthong::domain::status::Status;
use lienthong::domain::view::{StatusReport, SubmissionAnswer};
use lienthong::identity::Access;
use lienthong::service::ServiceError;
use serde_json::{Value, json};

use crate::backends::{Stage, on_both};
use crate::city::{COMMUNE, City, for_the_commune};

/// A made-up list of what a procedure asks for. The stage begins on Monday, 23 November 2026.
const ASKED: &str = "1.004873,dossier,to-khai,paper-required,code=TP-01,error,,,,,true,x\n\
    1.004873,dossier,ban-sao,paper-required,name=Bản sao giấy tờ mẫu; when=channel=online,warning,,,,2026-11-23,true,x\n\
    1.004873,dossier,ban-sao,paper-required,name=Bản sao giấy tờ mẫu; when=channel=online,error,,,2026-11-24,,true,x\n\
    1.004873,dossier,to-khai-goc,copies-at-least,code=TP-01; kind=original; least=1,error,Nộp bản chính tờ khai.,Hand in the original of the form.,,,true,x\n\
    1.004873,statuses,so-ket-qua,field-required,field=results.number|results.files; when=status=9,error,,,,,true,x\n\
    1.004873,statuses,ngay-ket-qua,dates-in-order,earlier=dossier.received_at; later=results.issued_on,warning,,,,,true,x\n\
    2.000635,dossier,khac,paper-required,name=Không liên quan,error,,,,,true,x\n";

fn asking(rows: &str) -> DirectoryFiles {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/directory/hanoi");
    let read = |name: &&str| {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        ((*name).to_owned(), text)
    };
    let mut files: DirectoryFiles = Directory::FILES.iter().map(read).collect();
    files.get_mut(Requirements::FILE).unwrap().push_str(rows);
    files
}

async fn city(stage: &Stage, rows: &str) -> City {
    let city = City::open(stage).await;
    city.hub
        .directory_plans
        .import(&Access::system(), &asking(rows))
        .await
        .unwrap();
    city
}

/// What checks of the directory told beside the acceptance, by name and place.
fn warned(answer: &SubmissionAnswer) -> Vec<(String, String)> {
    let told = answer.warnings.iter();
    told.filter_map(|w| Some((w.check.clone()?, w.path.clone().unwrap_or_default())))
        .collect()
}

fn pair(name: &str, path: &str) -> (String, String) {
    (name.to_owned(), path.to_owned())
}

/// What a filing was refused for: label, place, and the name of the check where it is one.
async fn refused(city: &City, access: &Access, filing: &Value) -> Vec<String> {
    match city.submit(access, filing).await {
        Err(ServiceError::Rejected(rejection)) => {
            let problems = rejection.problems().iter();
            let line = |p: &lienthong::domain::rejection::Problem| {
                let place = p.path.as_deref().unwrap_or("-");
                format!("{} {place} {}", p.label, p.check().unwrap_or("-"))
            };
            problems.map(line).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn without_papers(mut filing: Value) -> Value {
    filing["components"] = json!([]);
    filing
}

on_both! {
    async fn a_filing_is_judged_by_what_its_procedure_asks_for(stage) {
        let city = city(stage, ASKED).await;
        let branch = city.access("branch.ba-dinh");
        // The copy is only a warning so far.
        let filed = city.file(&branch, &for_the_commune(stage, "r1")).await;
        assert_eq!(warned(&filed), [pair("ban-sao", "/components")]);
        // A paper that is missing refuses, with whatever else is wrong: here a place that nobody knows.
        let mut wrong = without_papers(for_the_commune(stage, "r2"));
        wrong["place"]["commune"] = json!("99999");
        assert_eq!(
            refused(&city, &branch, &wrong).await,
            ["place-unknown /place/commune -", "paper-missing /components to-khai"]
        );
        // With what the shape has wrong, too: a procedure is known though the rest is not read.
        let mut wrong = without_papers(for_the_commune(stage, "r3"));
        wrong["channel"] = json!("pigeon");
        assert_eq!(
            refused(&city, &branch, &wrong).await,
            ["value-unknown /channel -", "paper-missing /components to-khai"]
        );
        let mut copy = for_the_commune(stage, "r4");
        copy["components"][0]["copies"]["original"] = json!(0);
        assert_eq!(refused(&city, &branch, &copy).await, ["copies-few /components/0 to-khai-goc"]);
        // Another procedure asks for other papers.
        let mut other = for_the_commune(stage, "r5");
        other["procedure"] = json!({ "code": "2.000635" });
        assert_eq!(refused(&city, &branch, &other).await, ["paper-missing /components khac"]);
        // From the next day on the copy is asked for by refusing.
        stage.later(86_400);
        let next = for_the_commune(stage, "r6");
        assert_eq!(refused(&city, &branch, &next).await, ["paper-missing /components ban-sao"]);
        // What was filed the day before is judged by that day.
        let mut late = next;
        late["filed_at"] = for_the_commune(stage, "r7")["filed_at"].clone();
        late["filed_at"] = json!(stage.clock.now().minus(std::time::Duration::from_secs(86_400)).to_string());
        let filed = city.file(&branch, &late).await;
        assert_eq!(warned(&filed), [pair("ban-sao", "/components")]);
        assert_eq!(stage.audit().findings, []);
    }

    async fn an_operator_weighs_any_check_anew(stage) {
        let row = "*,dossier,identity,,,error,,,,,true,x\n1.004873,dossier,to-khai,paper-required,code=X,error,,,,,true,x\n";
        let plain = City::open(stage).await;
        let branch = plain.access("branch.ba-dinh");
        let mut filing = for_the_commune(stage, "r1");
        filing["applicant"]["birth_date"] = json!("1991-01-02");
        let filed = plain.file(&branch, &filing).await;
        assert_eq!(warned(&filed), [pair("identity", "/applicant/birth_date")]);
        filing["reference"] = json!("r2");
        plain.hub.directory_plans.import(&Access::system(), &asking(row)).await.unwrap();
        assert_eq!(
            refused(&plain, &branch, &filing).await,
            ["identity-birth-mismatch /applicant/birth_date identity", "paper-missing /components to-khai"]
        );
        // Of this procedure alone they are warnings again.
        let more = "1.004873,dossier,identity,,,warning,,,,,true,x\n*,dossier,to-khai,,,error,,,,,true,x\n";
        let weaker = format!("{}{more}", row.replace("code=X,error", "code=X,warning"));
        plain.hub.directory_plans.import(&Access::system(), &asking(&weaker)).await.unwrap();
        let filed = plain.file(&branch, &filing).await;
        assert_eq!(warned(&filed), [pair("identity", "/applicant/birth_date"), pair("to-khai", "/components")]);
    }

    async fn a_report_is_judged_by_its_dossier(stage) {
        let city = city(stage, ASKED).await;
        let (branch, agency) = (city.access("branch.ba-dinh"), city.access(&format!("agency.{COMMUNE}")));
        let filed = city.file(&branch, &for_the_commune(stage, "r1")).await;
        let id = filed.tracking_id.to_string();
        let finished = |result: Value| {
            let result: ResultPaper = serde_json::from_value(result).unwrap();
            let mut report = StatusReport::new(id.clone(), Status::Finished);
            report.results = vec![result];
            report
        };
        stage.later(60);
        let reports = vec![
            StatusReport::new(id.clone(), Status::Processing),
            finished(json!({ "name": "Giấy xác nhận mẫu" })),
            finished(json!({ "name": "Giấy xác nhận mẫu", "number": "01/GXN", "issued_on": "2026-11-20" })),
        ];
        let answer = city.report(&agency, reports).await;
        let [taken, refused, told] = answer.results.as_slice() else { panic!("{answer:?}") };
        assert!(taken.problems.is_empty() && taken.warnings.is_empty(), "{taken:?}");
        let problem = refused.problem.as_ref().unwrap();
        assert_eq!((problem.check.as_deref(), problem.path.as_deref()), (Some("so-ket-qua"), Some("/reports/1/results/0/number")));
        assert_eq!(refused.verdict, None);
        assert_eq!(told.status, Some(Status::Finished));
        let warning = &told.warnings[0];
        assert_eq!((warning.check.as_deref(), warning.path.as_deref()), (Some("ngay-ket-qua"), Some("/reports/2/results/0/issued_on")));
        assert!(warning.en.contains("lies before the receipt of the dossier by the hub"), "{}", warning.en);
        assert_eq!(stage.audit().findings, []);
    }
}
