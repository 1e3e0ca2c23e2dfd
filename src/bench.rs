//! The measurement of a hub as it is installed: by the executable, over real sockets, on real services, with the truth looked at.
//!
//! A run makes a folder with keys and certificates ([`ground`]), an installation for each scenario with a fresh database and virtual
//! host ([`site`]), starts the hub as a process ([`hub`]), lets many tenants file ([`load`]) while an agency reads its queue
//! ([`agency`]) and submitters are called ([`hooks`]), and looks afterwards whether what was accepted is where it belongs ([`truth`]).
//! Before each round the raw limits of the services are measured with the same bytes ([`raw`]), because absolute figures belong to
//! one machine and one minute; a ratio of the two does not.
//!
//! Everything here is a partner, or an operator with the services' addresses; no room of the server is used. Start with [`run`].

mod agency;
mod book;
pub mod chart;
mod error;
mod ground;
mod hooks;
mod hub;
mod line;
mod load;
mod machine;
mod meter;
pub mod plan;
pub mod raw;
pub mod report;
mod scenarios;
mod services;
mod site;
mod speaker;
mod stage;
mod stats;
mod stock;
mod truth;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

pub use error::BenchError;
use error::Result;
use ground::{Ground, TENANTS};
use machine::Machine;
use plan::{BenchPlan, Documents, Scenario};
use report::{BenchParameters, BenchReport};
use services::Services;
pub use stage::BenchProgress;
use stage::Stage;

/// Measures, and removes what was made for it. A folder is left only where something is not true: its logs say more.
///
/// # Errors
/// What cannot be had before anything is measured, and [`BenchError::Stopped`]. What goes wrong later is in the report.
pub async fn run(
    mut plan: BenchPlan,
    told: UnboundedSender<BenchProgress>,
    stop: impl Future<Output = ()>,
) -> Result<BenchReport> {
    plan.tenants = plan.tenants.clamp(1, TENANTS);
    let (scenarios, left_out) = plan.split();
    let ground = Ground::make(&plan).await?;
    let services = match &plan.services {
        Some(named) => match Services::reach(named, ground.root()).await {
            Ok(services) => Some(Arc::new(services)),
            Err(error) => {
                ground.remove()?;
                return Err(error);
            }
        },
        None => None,
    };
    let (began_at, begun) = (plan.clock.now(), std::time::Instant::now());
    let mut report = BenchReport {
        version: env!("CARGO_PKG_VERSION"),
        began_at,
        took_seconds: 0.0,
        machine: Machine::here(),
        postgres: services.as_ref().map(|s| s.postgres_version.clone()),
        rabbitmq: services.as_ref().map(|s| s.rabbitmq_version.clone()),
        local: services.as_ref().map_or_else(BTreeMap::new, |s| {
            BTreeMap::from([
                ("postgres", s.postgres_pid.is_some()),
                ("rabbitmq", s.rabbitmq_pid.is_some()),
            ])
        }),
        asked: asked(&plan),
        scenarios: Vec::new(),
        left_out: left_out.into_iter().map(Scenario::word).collect(),
        faults: Vec::new(),
    };
    let stage = Stage {
        plan,
        ground,
        services,
        told,
    };
    let stopped = tokio::select! {
        () = play(&stage, &scenarios, &mut report) => false,
        () = stop => true,
    };
    if let Some(services) = &stage.services {
        report.faults.extend(services.clean().await);
    }
    report.took_seconds = begun.elapsed().as_secs_f64();
    if stopped || report.is_good() {
        stage.ground.remove()?;
    } else {
        let dir = stage.ground.dir.display();
        report.faults.push(format!("logs and settings are left in {dir}"));
    }
    if stopped {
        Err(BenchError::Stopped)
    } else {
        Ok(report)
    }
}

async fn play(stage: &Stage, scenarios: &[Scenario], report: &mut BenchReport) {
    for (at, scenario) in scenarios.iter().enumerate() {
        drop(stage.told.send(BenchProgress::Scenario {
            scenario: *scenario,
            number: at + 1,
            of: scenarios.len(),
        }));
        match scenarios::play(stage, *scenario).await {
            Ok(measured) => report.scenarios.push(measured),
            Err(error) => report.faults.push(format!("{}: {error}", scenario.word())),
        }
        // The next one finds the services as empty as this one did.
        if let Some(services) = &stage.services {
            report.faults.extend(services.clean().await);
        }
    }
}

fn asked(plan: &BenchPlan) -> BenchParameters {
    BenchParameters {
        short: plan.short,
        seconds: plan.time.as_secs_f64(),
        rounds: plan.rounds,
        connections: plan.connections,
        tenants: plan.tenants,
        rate: plan.rate,
        documents: match plan.documents {
            Documents::Canonical => "canonical",
            Documents::Mix => "mix",
        },
        seed: plan.seed,
    }
}
