//! What the sandbox says: where things are, and how a demo went.

use crate::app::sandbox::{STAFF, Sandbox};
use crate::domain::tenant::TenantKind;
use crate::sim::outcome::{Row, RunOutcome};

/// What a newcomer sees first: where things are, and commands to copy.
pub(super) fn welcome(sandbox: &Sandbox, demo: bool) -> String {
    let [partner, web, operations] = sandbox.urls();
    let dir = sandbox.state().dir().display();
    let register = sandbox.running().hub().credentials.register();
    let count = |kind: TenantKind| register.tenants().filter(|t| t.key.kind() == kind).count();
    let (branches, enterprises) = (count(TenantKind::Branch), count(TenantKind::Enterprise));
    let (agents, agencies) = (count(TenantKind::Agent), count(TenantKind::Agency));
    let places = format!(
        "
lienthong sandbox: a whole city, all of it made up

  partners    {partner:<26} client certificate and token
  pages       {web:<26} overview, each dossier, the citizen's look-up
  operations  {operations:<26} /metrics, /health/ready
  folder      {dir}
  tenants     {branches} branches, {enterprises} postal enterprises with {agents} agents, {agencies} agencies that answer

"
    );
    let places = places + &broker_away(sandbox);
    if demo {
        return places;
    }
    let staff = STAFF;
    places
        + &format!(
            r#"File a dossier as branch Tây Hồ (copy these lines; {dir}/samples has more to file, dated yesterday):

  T={dir}/tenants/branch.tay-ho
  hub() {{ curl -sS --cacert {dir}/ca/root.pem --cert $T/cert.pem --key $T/key.pem "$@"; }}

  TOKEN=$(hub {partner}/oauth2/token -d grant_type=client_credentials -d client_id=branch.tay-ho \
      | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  hub {partner}/v1/submissions -H "Authorization: Bearer $TOKEN" -H "Acting-Staff: {staff}" \
      -H "Idempotency-Key: first" -H "Content-Type: application/json" -H "Submission-Format: canonical/v1" \
      --data-binary @{dir}/samples/canonical-v1/minimal.json | tee {dir}/answer.json

  ID=$(sed 's/.*"tracking_id":"\([^"]*\)".*/\1/' {dir}/answer.json)

  hub {partner}/v1/dossiers/$ID/route -H "Authorization: Bearer $TOKEN"       # which agency, and why
  hub "{partner}/v1/events?wait=20" -H "Authorization: Bearer $TOKEN"         # what happened since

or look at it: {web}/
"#
        )
}

/// Said where a newcomer looks: without its broker the hub takes everything and hands out nothing.
fn broker_away(sandbox: &Sandbox) -> String {
    sandbox.broker_away().map_or_else(String::new, |why| {
        format!(
            "  NO BROKER   {why}\n              Dossiers are taken and wait; agencies get them once it is there. Check --amqp.\n\n"
        )
    })
}

/// The table of a demo, and what was wrong.
pub(super) fn told(outcome: &RunOutcome) -> String {
    let mut text = String::from("\n");
    text += &cells(["", "", "", "", "", "", "accept", "ms", "round trip", "ms"]);
    text += &cells([
        "format",
        "agency",
        "filed",
        "delivered",
        "ended",
        "events",
        "p50",
        "p99",
        "p50",
        "p99",
    ]);
    for row in &outcome.rows {
        text += &line(row, &row.format);
    }
    text += &line(&outcome.total, "all");
    text += &used(outcome);
    let seconds = outcome.ended_at.since(outcome.began_at).as_secs_f64();
    text += &format!(
        "\n  {} planned, {} ended in {seconds:.1} s.",
        outcome.planned, outcome.total.ended
    );
    text + &verdict(outcome)
}

fn cells(cells: [&str; 10]) -> String {
    let [
        format,
        agency,
        filed,
        delivered,
        ended,
        events,
        a50,
        a99,
        r50,
        r99,
    ] = cells;
    format!(
        "  {format:<20} {agency:<14} {filed:>6} {delivered:>9} {ended:>6} {events:>7}   {a50:>8} {a99:>8}   {r50:>9} {r99:>9}\n"
    )
}

fn line(row: &Row, name: &str) -> String {
    let ms = |value: f64| format!("{value:.1}");
    cells([
        name,
        &row.agency_kind,
        &row.filed.to_string(),
        &row.delivered.to_string(),
        &row.ended.to_string(),
        &row.events.to_string(),
        &ms(row.accept_ms.p50),
        &ms(row.accept_ms.p99),
        &ms(row.round_trip_ms.p50),
        &ms(row.round_trip_ms.p99),
    ])
}

/// Whether all went well, or each fault.
fn verdict(outcome: &RunOutcome) -> String {
    if outcome.interrupted && outcome.fault_count == 0 {
        return " Stopped before its end; until then nothing doubled, nothing out of order.\n".to_owned();
    }
    if outcome.is_clean() {
        return " Nothing missing, nothing doubled, nothing out of order.\n".to_owned();
    }
    let of_agencies: u64 = outcome.agencies.iter().flat_map(|a| a.faults.values()).sum();
    let all = of_agencies + outcome.fault_count as u64;
    let mut text = format!(" {all} faults:\n");
    for fault in outcome.faults.iter().take(20) {
        text += &format!("  {:?}  {}  {}\n", fault.kind, fault.reference, fault.what);
    }
    for (fault, times) in outcome.agencies.iter().flat_map(|a| &a.faults) {
        text += &format!("  agencies: {fault} ({times} times)\n");
    }
    text
}

/// What of the hub the demo used.
fn used(outcome: &RunOutcome) -> String {
    let used = &outcome.used;
    let mut rows = vec![(
        "filed",
        format!(
            "{} in batches ({} calls), {} with a former address; {} supplements, {} withdrawals",
            used.in_batches, used.batches, used.former_addresses, used.supplements, used.withdrawals
        ),
    )];
    if used.of_several > 0 {
        let (dossiers, tasks) = (used.of_several, used.tasks_settled);
        rows.push((
            "several",
            format!("{dossiers} dossiers of several agencies, {tasks} of their tasks settled"),
        ));
    }
    if let Some(agencies) = &outcome.agencies {
        rows.push((
            "to agencies",
            format!(
                "{} messages fetched, {} from own queues, {} by a call; {} files fetched, {} sent",
                agencies.pulled,
                agencies.queued,
                agencies.pushed,
                agencies.files_fetched,
                agencies.files_sent
            ),
        ));
    }
    let ways: Vec<String> = used
        .ways_back
        .iter()
        .map(|(way, events)| format!("{events} events by {way}"))
        .collect();
    rows.push(("to submitters", ways.join(", ")));
    rows.push((
        "files",
        format!(
            "{} sent ({:.1} MB), {} results fetched, each with its digest",
            used.files_sent,
            used.bytes_sent as f64 / 1e6,
            used.files_fetched
        ),
    ));
    rows.iter()
        .map(|(name, what)| format!("\n  {name:<14} {what}"))
        .collect::<String>()
        + "\n"
}
