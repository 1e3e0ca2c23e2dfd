//! What the simulated partners write, read by the shipped adapters and routed by the shipped directory: two independent
//! readings of every format must agree.

use std::collections::BTreeMap;
use std::path::Path;

use lienthong::adapt::Registry;
use lienthong::domain::dossier::{Catalogue, Channel, Filing};
use lienthong::domain::event::Back;
use lienthong::domain::ids::DossierId;
use lienthong::domain::rejection::Label;
use lienthong::domain::routing::Directory;
use lienthong::domain::status::Status;
use lienthong::domain::time::Timestamp;
use lienthong::sim::catalogue::FilingCatalogue;
use lienthong::sim::filing::{Case, Series};
use lienthong::sim::format::Format;
use lienthong::sim::report::{AgencyReport, ReportFormat};
use lienthong::sim::script::{Brings, ReportWord};
use rand::SeedableRng;

const CASES: usize = 400;

fn directory() -> Directory {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/directory/hanoi");
    let read = |name: &&str| {
        (
            (*name).to_owned(),
            std::fs::read_to_string(folder.join(name)).unwrap(),
        )
    };
    let files: BTreeMap<String, String> = Directory::FILES.iter().map(read).collect();
    Directory::read(&files).unwrap()
}

fn now() -> Timestamp {
    "2026-11-23T08:30:00.25+07:00".parse().unwrap()
}

fn cases(directory: &Directory) -> Vec<Case> {
    let catalogue = FilingCatalogue::of(directory, now().date()).unwrap();
    let series = Series::new(11, "kiemthu");
    (0..CASES)
        .map(|i| series.case(i, i % 2 == 0, &catalogue, now()))
        .collect()
}

#[test]
fn every_filing_in_every_format_is_read_as_it_was_meant_and_has_one_agency() {
    let (directory, registry) = (directory(), Registry::shipped());
    let mut former = 0;
    for (i, case) in cases(&directory).iter().enumerate() {
        for format in Format::ALL {
            let what = format!("{} of case {i}", format.label());
            let adapter = registry.get(format.name()).unwrap();
            let adapted = adapter
                .read(&format.render(case), format.media_type())
                .unwrap_or_else(|e| panic!("{what}: {e}"));
            let unexpected: Vec<_> = adapted
                .warnings
                .iter()
                .filter(|w| w.label != Label::IdentityPrefixUnknown)
                .collect();
            assert!(unexpected.is_empty(), "{what}: {unexpected:?}");
            let filing = adapted.filing;
            says_what_was_meant(&filing, case, &what);
            if format.name() != "vnpost-hcc/v1" {
                says_the_rest_as_well(&filing, case, &what);
            }
            let own_code = format == Format::DvcqgMcJson && case.channel == Channel::Counter;
            assert_eq!(filing.dossier_code.is_some(), own_code, "{what}");
            goes_to_one_agency(&directory, &filing, case, &what);
            former += usize::from(
                case.place
                    .as_ref()
                    .is_some_and(|p| p.catalogue == Catalogue::Legacy),
            );
        }
    }
    assert!(former > 0, "nobody gives a former address");
}

/// What every format has a place for.
fn says_what_was_meant(filing: &Filing, case: &Case, what: &str) {
    assert_eq!(filing.reference.as_str(), case.reference, "{what}");
    assert_eq!(
        filing.procedure.code.as_str(),
        case.procedure.code.as_str(),
        "{what}"
    );
    assert_eq!(
        (filing.channel, filing.assisted_by_agent),
        (case.channel, case.assisted),
        "{what}"
    );
    assert!(filing.is_test, "{what}");
    assert_eq!(filing.filed_at.as_seconds(), case.filed_at.as_seconds(), "{what}");
    assert!(filing.filed_at <= now(), "{what}");
    assert_eq!(filing.applicant.name.as_str(), case.applicant.name, "{what}");
    let number = filing.applicant.identity_number.as_ref().map(|n| n.as_str());
    assert_eq!(number, case.applicant.number(), "{what}");
    assert_eq!(
        filing.applicant.tax_code.as_ref().map(|n| n.as_str()),
        case.applicant.tax_code(),
        "{what}"
    );
    assert!(
        filing.applicant.birth_date.is_some() == case.applicant.is_citizen(),
        "{what}"
    );
    let place = filing.place.as_ref().map(|p| p.commune.as_str());
    assert_eq!(place, case.place.as_ref().map(|p| p.commune.as_str()), "{what}");
    if let (Some(said), Some(meant)) = (&filing.place, &case.place) {
        // A date of the paper stands for the catalogue where that is left out.
        let by_paper = said.catalogue.is_none() && meant.paper.is_some() && said.document_date == meant.paper;
        assert!(by_paper || said.catalogue == Some(meant.catalogue), "{what}");
    }
    assert_eq!(filing.components.len(), case.papers.len(), "{what}");
}

/// What the postal format leaves out.
fn says_the_rest_as_well(filing: &Filing, case: &Case, what: &str) {
    let owner = filing.owner.as_ref().map(|o| o.name.as_str());
    assert_eq!(owner, case.owner.as_ref().map(|o| o.name.as_str()), "{what}");
    assert_eq!(
        filing.summary.as_ref().map(|s| s.as_str()),
        Some(case.summary.as_str()),
        "{what}"
    );
    let fee: i64 = filing.fees.iter().map(|f| f.amount_vnd).sum();
    assert_eq!(fee, case.procedure.fee_vnd, "{what}");
    for (read, meant) in filing.components.iter().zip(&case.papers) {
        assert_eq!(read.name.as_str(), meant.name, "{what}");
        assert_eq!(
            (read.copies.original, read.copies.photo),
            (meant.originals, meant.photos),
            "{what}"
        );
        let digests: Vec<_> = read.files.iter().map(|f| f.sha256).collect();
        let sent = meant.file.iter().map(|f| Some(f.sha256));
        assert_eq!(digests, sent.collect::<Vec<_>>(), "{what}");
    }
}

fn goes_to_one_agency(directory: &Directory, filing: &Filing, case: &Case, what: &str) {
    let route = directory
        .route(
            filing.procedure.code.as_str(),
            filing.place.as_ref(),
            filing.filed_at.date(),
        )
        .unwrap_or_else(|e| panic!("{what}: {e}"));
    assert!(
        route.agency.is_some() && route.parked.is_none(),
        "{what}: {:?}",
        route.parked
    );
    if case.decides.is_some() {
        assert_eq!(route.agency, case.decides, "{what}");
    }
}

#[test]
fn filings_reach_every_commune_and_most_departments() {
    let (directory, registry) = (directory(), Registry::shipped());
    let adapter = registry.get("canonical/v1").unwrap();
    let mut agencies = std::collections::BTreeSet::new();
    for case in cases(&directory) {
        let read = adapter.read(&Format::CanonicalJson.render(&case), "application/json");
        let filing = read.unwrap().filing;
        let route = directory.route(
            filing.procedure.code.as_str(),
            filing.place.as_ref(),
            now().date(),
        );
        agencies.extend(route.unwrap().agency);
    }
    assert!(agencies.len() > 126 + 10, "{}", agencies.len());
}

#[test]
fn reports_of_both_formats_are_read_and_an_unknown_word_is_told() {
    let registry = Registry::shipped();
    let dossier = DossierId::new(now(), &mut rand::rngs::StdRng::seed_from_u64(1));
    let code: lienthong::domain::codes::DossierCode = "H26.101-261123-0001".parse().unwrap();
    for format in [ReportFormat::Canonical, ReportFormat::DvcqgMc] {
        let read = |report: &AgencyReport| {
            let adapter = registry.get(format.name()).unwrap();
            let mut items = adapter
                .read_statuses(&report.render(format), "application/json")
                .unwrap()
                .items;
            assert_eq!(items.len(), 1);
            // Each of these words means a status.
            items.remove(0).report.map(|report| report.expect("a report"))
        };
        let report = |word, known: bool, assigns: bool| AgencyReport {
            dossier,
            code: known.then(|| code.clone()),
            word,
            occurred_at: now(),
            text: Some("Đề nghị bổ sung \"tờ khai\" & bản sao"),
            brings: Brings::Nothing,
            assigns: assigns.then(|| code.clone()),
        };
        let asks = ReportWord::Status(Status::SupplementRequested);
        let first = read(&report(asks, false, true)).unwrap();
        assert_eq!(
            (first.dossier, first.status),
            (dossier.to_string(), Status::SupplementRequested)
        );
        assert_eq!(first.assigned_code.as_ref(), Some(&code));
        assert_eq!(first.occurred_at.unwrap().as_seconds(), now().as_seconds());
        let bare = read(&report(asks, false, false)).unwrap();
        assert_eq!((bare.dossier, bare.assigned_code), (dossier.to_string(), None));
        let later = read(&report(asks, true, false)).unwrap();
        assert!(later.dossier == dossier.to_string() || later.dossier == code.as_str());
        assert_eq!(later.assigned_code, None);
        let bringing = |status, brings| {
            let said = AgencyReport {
                brings,
                ..report(ReportWord::Status(status), true, false)
            };
            read(&said).unwrap()
        };
        let asked = bringing(Status::SupplementRequested, Brings::Papers).papers;
        assert_eq!((asked.len(), asked[0].copies.photo), (2, 1));
        let fees = bringing(Status::PaymentRequested, Brings::Fee).fees;
        assert_eq!((fees[0].fee.amount_vnd, fees[0].payee.is_some()), (8000, true));
        let first = bringing(Status::Finished, Brings::Result);
        assert_eq!((first.results.len(), first.results[0].files.len()), (1, 1));
        assert!(bringing(Status::Finished, Brings::Refusal).refusal);
        let right = bringing(Status::Finished, Brings::Correction);
        assert!(right.correction && right.results[0].number != first.results[0].number);
        assert_eq!(
            bringing(Status::Accepted, Brings::Return).back,
            Some(Back::Returned)
        );
        let later = bringing(Status::Processing, Brings::Postponement)
            .new_due
            .unwrap();
        assert!(later > now());
        if format.has_words() {
            assert_eq!(
                read(&report(ReportWord::Unknown, false, false)).unwrap_err()[0].label,
                Label::StatusWordUnknown
            );
        }
    }
}
