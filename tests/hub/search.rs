//! Looking for dossiers: everybody finds their own by its status, whatever their part in it, and what a page costs does not grow with
//! what is passed over.

use lienthong::domain::ids::DossierId;
use lienthong::domain::status::Status;
use lienthong::domain::view::{DossierPage, StatusReport};
use lienthong::service::DossierQuery;
use lienthong::store::read::LONGEST_WALK;

use crate::backends::{Stage, on_both};
use crate::city::{City, for_the_commune, for_the_department};

async fn page(city: &City, tenant: &str, query: DossierQuery) -> DossierPage {
    city.hub.dossiers.list(&city.access(tenant), query).await.unwrap()
}

fn ids(page: &DossierPage) -> Vec<DossierId> {
    page.dossiers.iter().map(|d| d.tracking_id).collect()
}

fn in_status(status: Status, limit: u32) -> DossierQuery {
    DossierQuery {
        status: Some(status),
        limit,
        ..DossierQuery::default()
    }
}

/// Every page of a question, one after another; each but the last is full.
async fn paged(city: &City, tenant: &str, mut query: DossierQuery) -> Vec<DossierId> {
    let mut all = Vec::new();
    loop {
        let page = page(city, tenant, query.clone()).await;
        all.extend(ids(&page));
        let Some(next) = page.next else { return all };
        assert_eq!(
            page.dossiers.len(),
            query.limit as usize,
            "a page is full where nothing is passed over"
        );
        query.after = Some(next.parse().unwrap());
    }
}

/// Copies a dossier and the parts in it so many times, under newer ids.
fn copy(stage: &Stage, id: DossierId, times: usize) {
    for (table, of) in [("dossiers", "id"), ("dossier_parties", "dossier")] {
        let columns = match stage.is_postgres() {
            true => format!(
                "SELECT column_name::text AS t FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
            false => format!("SELECT name AS t FROM pragma_table_info('{table}')"),
        };
        let columns = stage.texts(&columns);
        let value = |column: &String| match column == of {
            true => format!("'dos_{}' || (1000000 + n)", "f".repeat(25)),
            false => format!("x.{column}"),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        stage.execute(&format!(
            "WITH RECURSIVE g(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < {times}) \
             INSERT INTO {table} ({}) SELECT {} FROM {table} AS x, g WHERE x.{of} = '{id}'",
            columns.join(", "),
            values.join(", ")
        ));
    }
}

on_both! {
    async fn everybody_finds_their_own_by_its_status_whatever_their_part_in_it(stage) {
        let city = City::open(stage).await;
        let department = format!("agency.{}", city.department);
        let mut filed = Vec::new();
        for (n, tenant) in ["agent.a-001", "branch.ba-dinh", "branch.ha-dong", "agent.a-002", "branch.ba-dinh"].iter().enumerate() {
            stage.later(1);
            let filing = if n == 4 { for_the_department(stage, "r-4") } else { for_the_commune(stage, &format!("r-{n}")) };
            filed.push(city.file(&city.access(tenant), &filing).await.tracking_id);
        }
        let [of_agent, of_unit, out_of_area, of_other, of_department] = filed[..] else { panic!("five") };
        stage.later(1);
        city.report(&city.access("agency.ubnd-00004"), vec![StatusReport::new(of_unit.to_string(), Status::Accepted)]).await;
        let new = Status::Registered;
        for (tenant, status, expected) in [
            ("agent.a-001", new, vec![of_agent]),
            ("agent.a-002", new, vec![of_other]),
            ("enterprise.buu-chinh-mau-a", new, vec![of_other, of_agent]),
            ("enterprise.buu-chinh-mau-b", new, vec![]),
            ("branch.ha-dong", new, vec![out_of_area]),
            ("agency.ubnd-00004", new, vec![of_other, out_of_area, of_agent]),
            ("agency.ubnd-00004", Status::Accepted, vec![of_unit]),
            ("agency.ubnd-00008", new, vec![]),
            (department.as_str(), new, vec![of_department]),
            ("operator.truc-ban", new, vec![of_department, of_other, out_of_area, of_agent]),
            ("operator.truc-ban", Status::Accepted, vec![of_unit]),
            ("agent.a-001", Status::Accepted, vec![]),
        ] {
            assert_eq!(ids(&page(&city, tenant, in_status(status, 50)).await), expected, "{tenant} {status:?}");
            assert_eq!(paged(&city, tenant, in_status(status, 1)).await, expected, "{tenant} {status:?}, one a page");
        }
        // A branch finds at once what it filed, what it received of an agent, and what it supervises.
        let of_branch = paged(&city, "branch.ba-dinh", in_status(new, 2)).await;
        for id in [of_agent, out_of_area, of_department] {
            assert!(of_branch.contains(&id));
        }
        assert!(of_branch.is_sorted_by(|newer, older| newer > older), "newest first, none twice: {of_branch:?}");
        let all = DossierQuery { limit: 2, ..DossierQuery::default() };
        let every = paged(&city, "branch.ba-dinh", all).await;
        assert!(every.contains(&of_unit) && every.is_sorted_by(|newer, older| newer > older), "{every:?}");
        // The operator by agency, with a status and without.
        let of_agency = DossierQuery { agency: Some("ubnd-00004".parse().unwrap()), limit: 3, ..DossierQuery::default() };
        assert_eq!(paged(&city, "operator.truc-ban", of_agency.clone()).await, [of_other, out_of_area, of_unit, of_agent]);
        let accepted = DossierQuery { status: Some(Status::Accepted), ..of_agency };
        assert_eq!(paged(&city, "operator.truc-ban", accepted).await, [of_unit]);
    }

    async fn what_is_passed_over_for_a_page_has_an_end_and_the_page_says_from_where_to_go_on(stage) {
        let city = City::open(stage).await;
        let branch = city.access("branch.ba-dinh");
        let wanted = city.file(&branch, &for_the_commune(stage, "wanted")).await.tracking_id;
        stage.later(1);
        let other = city.file(&branch, &for_the_department(stage, "other")).await.tracking_id;
        let query = DossierQuery { agency: Some("ubnd-00004".parse().unwrap()), limit: 5, ..DossierQuery::default() };
        // One less than the longest walk is before it: `other` and its copies.
        copy(stage, other, LONGEST_WALK - 2);
        let found = page(&city, "branch.ba-dinh", query.clone()).await;
        assert_eq!(ids(&found), [wanted]);
        copy_one_more(stage, other);
        let nothing = page(&city, "branch.ba-dinh", query.clone()).await;
        assert_eq!(ids(&nothing), []);
        let after = nothing.next.unwrap().parse().unwrap();
        assert_eq!(after, other);
        let found = page(&city, "branch.ba-dinh", DossierQuery { after: Some(after), ..query }).await;
        assert_eq!((ids(&found), found.next), (vec![wanted], None));
    }
}

/// One more copy, newer than all.
fn copy_one_more(stage: &Stage, id: DossierId) {
    stage.execute(&format!(
        "UPDATE dossiers SET id = 'dos_{0}' WHERE id = 'dos_{1}1000001'; UPDATE dossier_parties SET dossier = 'dos_{0}' WHERE dossier = 'dos_{1}1000001'",
        "f".repeat(32),
        "f".repeat(25)
    ));
    copy(stage, id, 1);
}
