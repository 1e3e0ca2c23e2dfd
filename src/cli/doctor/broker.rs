//! The broker: reached, taking messages, and with everything on it that the plan names.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{Failure, runtime};
use super::{Report, say};
use crate::broker::check::Difference;
use crate::broker::{Broker, Topology};
use crate::clock::Clock;
use crate::config::{Config, Road, SecretUrl};
use crate::delivery::topology;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::domain::tenant::TenantKey;
use crate::material;

const WHAT: &str = "broker";

const TOPOLOGY: &str = "broker topology";

/// What the road is planned by.
pub(super) struct Planned<'a> {
    pub(super) directory: &'a Directory,
    /// Submitters with queues of their own; none where the database does not say.
    pub(super) submitters: Option<&'a [TenantKey]>,
}

pub(super) fn look(
    config: &Config,
    clock: &Clock,
    plan: Option<Planned<'_>>,
    report: &mut Report,
) -> Result<(), Failure> {
    let Road::Amqp {
        url,
        admin_url,
        ca_file,
    } = &config.broker.road
    else {
        embedded(plan.map(|plan| plan.directory), report);
        return Ok(());
    };
    let ca_file = ca_file.as_deref();
    let rabbit = match material::rabbit(url, ca_file, config.broker.confirm_window) {
        Ok(rabbit) => rabbit,
        Err(error) => {
            report.unusable(WHAT, &error);
            return Ok(());
        }
    };
    let vhost = rabbit.vhost().to_owned();
    let runtime = runtime()?;
    match runtime.block_on(Broker::Rabbit(rabbit).ready()) {
        Ok(()) => report.good(
            WHAT,
            say(format!("{url} nhận thông điệp"), format!("{url} takes messages")),
        ),
        Err(error) => report.bad(
            WHAT,
            say(format!("không dùng được: {error}"), error.to_string()),
            say(
                "kiểm tra địa chỉ, mật khẩu, vhost, chứng thư, báo động bộ nhớ và đĩa của RabbitMQ; hồ sơ vẫn được nhận, \
                 hàng chờ gửi dài ra",
                "check address, password, virtual host, certificate, RabbitMQ's memory and disk alarms; dossiers are \
                 still taken, the outbox grows",
            ),
        ),
    }
    match (admin_url, plan) {
        (
            Some(admin_url),
            Some(Planned {
                directory,
                submitters: Some(submitters),
            }),
        ) => {
            let plan = topology(directory, true).with_tenants(submitters);
            runtime.block_on(live(admin_url, ca_file, &vhost, clock, &plan, report));
        }
        (Some(_), Some(_)) => report.look(
            TOPOLOGY,
            say(
                "không kiểm tra được: cơ sở dữ liệu không cho biết bên nộp nào có hàng đợi riêng",
                "cannot be checked: the database does not say which submitters have queues of their own",
            ),
            say(
                "sửa cơ sở dữ liệu trước, rồi chạy lại",
                "mend the database first, then run this again",
            ),
        ),
        (None, _) => report.look(
            TOPOLOGY,
            say(
                "không kiểm tra được khi không có broker.admin_url",
                "cannot be checked without broker.admin_url",
            ),
            say(
                "đặt broker.admin_url, hoặc tự nhập và so sánh `lienthong broker plan`",
                "set broker.admin_url, or import and compare `lienthong broker plan` yourself",
            ),
        ),
        (Some(_), None) => {}
    }
    Ok(())
}

/// Nothing to reach; but an agency that consumes its own queue has none.
fn embedded(directory: Option<&Directory>, report: &mut Report) {
    report.good(
        WHAT,
        say(
            "trong tiến trình, chỉ cho một máy",
            "inside the process, for one hub only",
        ),
    );
    let alone = directory.map_or(0, |directory| {
        directory
            .agencies()
            .filter(|agency| agency.channel == AgencyChannel::Amqp)
            .count()
    });
    if alone > 0 {
        report.bad(
            WHAT,
            say(
                format!("{alone} cơ quan nhận qua AMQP, nhưng không có RabbitMQ"),
                format!("{alone} agencies consume by AMQP, but there is no RabbitMQ"),
            ),
            say(
                "trỏ broker.url tới RabbitMQ, hoặc đổi channel của họ thành pull",
                "point broker.url to a RabbitMQ, or change their channel to pull",
            ),
        );
    }
}

async fn live(
    url: &SecretUrl,
    ca_file: Option<&Path>,
    vhost: &str,
    clock: &Clock,
    plan: &Topology,
    report: &mut Report,
) {
    let what = TOPOLOGY;
    let admin = match material::admin(url, ca_file, vhost, clock) {
        Ok(admin) => admin,
        Err(error) => return report.unusable(what, &error),
    };
    match admin.check(plan).await {
        Ok(differences) if differences.is_empty() => {
            let queues = plan.queues.len();
            report.good(
                what,
                say(
                    format!("{queues} hàng đợi đúng kế hoạch"),
                    format!("{queues} queues, all as planned"),
                ),
            );
        }
        Ok(differences) => {
            for (remedy, objects) in by_remedy(differences) {
                let count = objects.len();
                let shown: Vec<String> = objects.into_iter().take(SHOWN).collect();
                let more = if count > SHOWN { "; …" } else { "" };
                let shown = format!("{}{more}", shown.join("; "));
                report.bad(
                    what,
                    say(
                        format!("{count} chỗ khác kế hoạch"),
                        format!("{count} not as planned: {shown}"),
                    ),
                    say("sửa trên RabbitMQ theo câu tiếng Anh", remedy),
                );
            }
        }
        Err(error) => report.bad(
            what,
            say(
                format!("không hỏi được giao diện quản trị: {error}"),
                error.to_string(),
            ),
            say(
                "kiểm tra broker.admin_url và plugin rabbitmq_management",
                "check broker.admin_url and the plugin rabbitmq_management",
            ),
        ),
    }
}

/// Differences shown of one kind; the rest are counted.
const SHOWN: usize = 5;

/// What has one remedy is one thing to do: a broker that is new lacks hundreds of queues.
fn by_remedy(differences: Vec<Difference>) -> BTreeMap<String, Vec<String>> {
    let mut grouped = BTreeMap::<String, Vec<String>>::new();
    for Difference {
        object,
        problem,
        remedy,
    } in differences
    {
        grouped
            .entry(remedy)
            .or_default()
            .push(format!("{object}: {problem}"));
    }
    grouped
}
