//! The broker: reached, taking messages, and with everything on it that the plan names.

use std::collections::BTreeMap;
use std::path::Path;

use super::report::{Report, say};
use crate::broker::check::Difference;
use crate::broker::topology::QueueLimits;
use crate::broker::{Broker, Source, Topology};
use crate::cli::CommandError;
use crate::cli::runtime::runtime;
use crate::clock::Clock;
use crate::config::{BrokerKind, Config, SecretUrl};
use crate::delivery::topology;
use crate::domain::routing::{AgencyChannel, Directory};
use crate::domain::tenant::TenantKey;
use crate::material;

const WHAT: &str = "broker";

const TOPOLOGY: &str = "broker topology";

/// What the queues are planned by.
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
) -> Result<(), CommandError> {
    let BrokerKind::Amqp {
        url,
        admin_url,
        ca_file,
    } = &config.broker.kind
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
    let broker = Broker::Rabbit(rabbit);
    runtime.block_on(takes_messages(&broker, url, report));
    match (admin_url, plan) {
        (
            Some(admin_url),
            Some(Planned {
                directory,
                submitters: Some(submitters),
            }),
        ) => {
            let plan = topology(directory, true, Clock::System.now().date()).with_tenants(submitters);
            runtime.block_on(live(admin_url, ca_file, &vhost, clock, &plan, report));
        }
        (Some(_), Some(_)) => submitters_unknown(report),
        (None, _) => no_admin_url(report),
        (Some(_), None) => {}
    }
    Ok(())
}

/// Whether messages can be published now, and how full the hub's own queues are.
async fn takes_messages(broker: &Broker, url: &SecretUrl, report: &mut Report) {
    match broker.ready().await {
        Ok(()) => {
            report.good(
                WHAT,
                say(format!("{url} nhận bản tin"), format!("{url} takes messages")),
            );
            shared_queues(broker, report).await;
        }
        Err(error) => report.bad(
            WHAT,
            say(format!("không dùng được: {error}"), error.to_string()),
            say(
                "kiểm tra địa chỉ, mật khẩu, vhost, chứng thư, báo động bộ nhớ và đĩa của RabbitMQ; hồ sơ vẫn được nhận, \
                 bản tin chờ trong hộp thư đi",
                "check address, password, virtual host, certificate, RabbitMQ's memory and disk alarms; dossiers are \
                 still taken, the outbox grows",
            ),
        ),
    }
}

fn submitters_unknown(report: &mut Report) {
    report.look(
        TOPOLOGY,
        say(
            "không kiểm tra được: cơ sở dữ liệu không cho biết đơn vị gửi nào có hàng đợi riêng",
            "cannot be checked: the database does not say which submitters have queues of their own",
        ),
        say(
            "sửa cơ sở dữ liệu, rồi chạy lại",
            "mend the database first, then run this again",
        ),
    );
}

fn no_admin_url(report: &mut Report) {
    report.look(
        TOPOLOGY,
        say(
            "không kiểm tra được khi không có broker.admin_url",
            "cannot be checked without broker.admin_url",
        ),
        say(
            "đặt broker.admin_url, hoặc tự nhập và so sánh `lienthong broker plan`",
            "set broker.admin_url, or import and compare `lienthong broker plan` yourself",
        ),
    );
}

/// How full the queues are that all agencies share. A hub empties both as they fill.
async fn shared_queues(broker: &Broker, report: &mut Report) {
    let holds = u64::from(QueueLimits::default().messages);
    for source in [Source::Statuses, Source::DeadLetters] {
        let Ok(Some(level)) = broker.level(&source).await else {
            continue;
        };
        let (what, messages) = (format!("queue {}", source.queue()), level.messages);
        let found = say(
            format!("{messages} trên {holds} bản tin, {} bên đọc", level.readers),
            format!("{messages} of {holds} messages, {} readers", level.readers),
        );
        let remedy = say(
            "cổng phải đang chạy để lấy ra (lienthong serve); đầy thì RabbitMQ từ chối báo cáo của mọi cơ quan",
            "a hub must be running to take them out (lienthong serve); once it is full, RabbitMQ refuses every agency's reports",
        );
        if messages > holds / 2 {
            report.bad(&what, found, remedy);
        } else if messages > 0 && level.readers == 0 {
            report.look(&what, found, remedy);
        } else {
            report.good(&what, found);
        }
    }
}

/// Nothing to reach; and an agency that would consume its own queue has none, and pulls, as `serve` says too.
fn embedded(directory: Option<&Directory>, report: &mut Report) {
    report.good(
        WHAT,
        say(
            "bên trong chương trình, chỉ cho một cổng",
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
        report.look(
            WHAT,
            say(
                format!("{alone} cơ quan khai nhận qua AMQP; không có RabbitMQ nên họ lấy từ hộp thư (GET /v1/inbox)"),
                format!("{alone} agencies are down for AMQP; without RabbitMQ they pull their inbox (GET /v1/inbox)"),
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
                        format!("{count} chỗ khác kế hoạch: {shown}"),
                        format!("{count} not as planned: {shown}"),
                    ),
                    say(format!("sửa trên RabbitMQ: {remedy}"), remedy),
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
