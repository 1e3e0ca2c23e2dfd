//! The machine: open files, the clock.

use super::report::{Report, say};
use crate::clock::Clock;
use crate::domain::time::Timestamp;
use crate::http::limits::CONNECTIONS_PER_WORKER;

/// Files a hub has open beside its connections: database, log, broker, its own threads.
const OTHER_FILES: u64 = 512;

/// 2026-01-01T00:00:00Z: no hub is older than that, so no right clock shows less.
const OLDEST: i64 = 1_767_225_600;

pub(super) fn look(clock: &Clock, report: &mut Report) {
    let connections = CONNECTIONS_PER_WORKER;
    let needed = 2 * connections as u64 + OTHER_FILES;
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    match open_files(&limits) {
        Some(limit) if limit >= needed => {
            report.good(
                "open files",
                say(format!("giới hạn {limit}"), format!("limit {limit}")),
            );
        }
        Some(limit) => report.look(
            "open files",
            say(
                format!("giới hạn {limit}, cần {needed} cho {connections} kết nối mỗi cổng"),
                format!("limit {limit}; {connections} connections a listener need {needed}"),
            ),
            say(
                format!("LimitNOFILE={needed} (systemd) hoặc ulimit -n"),
                format!("LimitNOFILE={needed} (systemd) or ulimit -n"),
            ),
        ),
        None => report.look(
            "open files",
            say("không đọc được giới hạn", "the limit cannot be read"),
            say(
                format!("bảo đảm ulimit -n ít nhất {needed}"),
                format!("see that ulimit -n is at least {needed}"),
            ),
        ),
    }
    look_at_clock(clock.now(), report);
}

fn look_at_clock(now: Timestamp, report: &mut Report) {
    let shown = say(format!("đồng hồ chỉ {now}"), format!("it shows {now}"));
    if now.as_seconds() < OLDEST {
        let remedy = say(
            "chỉnh đồng hồ máy (chrony, systemd-timesyncd)",
            "set the machine's clock (chrony, systemd-timesyncd)",
        );
        report.bad("clock", shown, remedy);
    } else {
        report.good("clock", shown);
    }
}

/// The soft limit of open files, from `/proc/self/limits`.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Mark;
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_found() {
        let text = "Limit   Soft Limit  Hard Limit  Units\nMax open files    1024     524288     files\n";
        assert_eq!(open_files(text), Some(1024));
        assert_eq!(
            open_files("Max open files unlimited unlimited files"),
            Some(u64::MAX)
        );
        assert_eq!(open_files(""), None);
    }

    #[test]
    fn a_clock_before_the_first_release_is_wrong() {
        let mut report = Report::default();
        look_at_clock(Timestamp::from_micros(0), &mut report);
        look_at_clock(Timestamp::from_micros(OLDEST * 1_000_000), &mut report);
        let marks: Vec<Mark> = report.0.iter().map(|item| item.mark).collect();
        assert_eq!(marks, [Mark::Bad, Mark::Good]);
    }
}
