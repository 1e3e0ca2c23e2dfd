//! `lienthong sandbox`: starts it, says what to do with it, runs the demo.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::sync::mpsc;

use super::{Plan, Sandbox};
use crate::app::AppError;
use crate::cli::SandboxArgs;
use crate::cli::progress::demo_bar;
use crate::domain::tenant::TenantKind;
use crate::sim::outcome::{Outcome, Row};

/// Runs until the demo has ended or somebody says stop; says whether all was well.
///
/// # Errors
/// What cannot be had: the folder, the ports, the database, the broker.
pub async fn run(args: SandboxArgs) -> Result<bool, AppError> {
    let local = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let sandbox = Sandbox::start(Plan {
        dir: args.dir,
        fresh: args.fresh,
        seed: args.seed,
        speed_up: args.speed_up,
        partner: local(args.partner_port),
        web: local(args.web_port),
        operations: local(args.operations_port),
        postgres: args.postgres,
        postgres_ca: args.postgres_ca,
        amqp: args.amqp,
        amqp_admin: args.amqp_admin,
        amqp_ca: args.amqp_ca,
        parallel: args.parallel as usize,
        agencies: true,
    })
    .await?;
    print(&welcome(&sandbox, args.demo.is_some()));
    let mut good = true;
    if let Some(dossiers) = args.demo {
        let (progress, mut steps) = mpsc::unbounded_channel();
        let mut bar = demo_bar(u64::from(dossiers));
        let watching = tokio::spawn(async move {
            while let Some(step) = steps.recv().await {
                bar.note(&step);
            }
            bar.end();
        });
        let outcome = sandbox.demo(dossiers as usize, progress).await?;
        drop(watching.await);
        good = outcome.is_clean();
        print(&told(&outcome));
        if let Some(path) = args.report {
            let json = serde_json::to_vec_pretty(&outcome).map_err(|e| AppError::Unusable(e.to_string()))?;
            std::fs::write(&path, json).map_err(AppError::io(path.display().to_string()))?;
        }
    }
    if !args.exit {
        print("\nCtrl-C stops the sandbox; the next start goes on from its folder.\n");
        crate::app::until_told_to_stop().await;
    }
    sandbox.stop().await;
    Ok(good)
}

fn print(text: &str) {
    use std::io::Write as _;
    // Nobody reading is no reason to stop.
    drop(std::io::stdout().lock().write_all(text.as_bytes()));
}

/// What a newcomer sees first: where things are, and commands to copy.
fn welcome(sandbox: &Sandbox, demo: bool) -> String {
    let [partner, web, operations] = sandbox.urls();
    let dir = sandbox.state().dir().display();
    let register = sandbox.running().hub().register();
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
    if demo {
        return places;
    }
    let staff = super::STAFF;
    places
        + &format!(
            r#"File a dossier as branch Tây Hồ (copy these lines; the samples are in the source tree):

  T={dir}/tenants/branch.tay-ho
  hub() {{ curl -sS --cacert {dir}/ca/root.pem --cert $T/cert.pem --key $T/key.pem "$@"; }}

  TOKEN=$(hub {partner}/oauth2/token -d grant_type=client_credentials -d client_id=branch.tay-ho \
      | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

  hub {partner}/v1/submissions -H "Authorization: Bearer $TOKEN" -H "Acting-Staff: {staff}" \
      -H "Idempotency-Key: first" -H "Content-Type: application/json" -H "Submission-Format: canonical/v1" \
      --data-binary @adapters/canonical/v1/samples/minimal.json | tee {dir}/answer.json

  ID=$(sed 's/.*"tracking_id":"\([^"]*\)".*/\1/' {dir}/answer.json)

  hub {partner}/v1/dossiers/$ID/route -H "Authorization: Bearer $TOKEN"       # which agency, and why
  hub "{partner}/v1/events?wait=20" -H "Authorization: Bearer $TOKEN"         # what happened since

or look at it: {web}/
"#
        )
}

/// The table of a demo, and what was wrong.
fn told(outcome: &Outcome) -> String {
    let heads = |cells: [&str; 10]| {
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
    };
    let line = |row: &Row, name: &str| {
        let ms = |value: f64| format!("{value:.1}");
        heads([
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
    };
    let mut text = String::from("\n");
    text += &heads(["", "", "", "", "", "", "accept", "ms", "round trip", "ms"]);
    text += &heads([
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
    let seconds = outcome.ended_at.since(outcome.began_at).as_secs_f64();
    text += &format!(
        "\n  {} planned, {} ended in {seconds:.1} s.",
        outcome.planned, outcome.total.ended
    );
    if outcome.is_clean() {
        return text + " Nothing missing, nothing doubled, nothing out of order.\n";
    }
    text += &format!(" {} faults:\n", outcome.fault_count);
    for fault in outcome.faults.iter().take(20) {
        text += &format!("  {:?}  {}  {}\n", fault.kind, fault.reference, fault.what);
    }
    for (fault, times) in outcome.agencies.iter().flat_map(|a| &a.faults) {
        text += &format!("  agencies: {fault} ({times} times)\n");
    }
    text
}
