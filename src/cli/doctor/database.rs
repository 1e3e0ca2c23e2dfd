//! The database: reached, encrypted, durable, migrated, of one time with us.

use super::report::{Report, Sentence, say};
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::domain::tenant::TenantKey;
use crate::material;
use crate::store::condition::{Condition, Sessions, condition, sessions};
use crate::store::conn::{Conn, Connector, Purpose};
use crate::store::{StoreError, read};

/// The oldest PostgreSQL the hub is tested with.
const OLDEST_POSTGRES: i64 = 15;

/// Clocks that differ by more than this, in seconds, are worth a look; by more than ten times this, wrong.
const APART: u64 = 3;

const WHAT: &str = "database";

/// Looks, and gives the submitters that have queues of their own; none where the database cannot say.
pub(super) fn look(
    config: &Config,
    clock: &Clock,
    folder_version: Option<&str>,
    report: &mut Report,
) -> Option<Vec<TenantKey>> {
    if let Database::Sqlite { path } = &config.database
        && !path.exists()
    {
        // Opening would make it.
        let shown = path.display();
        report.bad(
            WHAT,
            say(
                format!("chưa có tệp {shown}"),
                format!("{shown} does not exist yet"),
            ),
            say("chạy `lienthong migrate`", "run `lienthong migrate`"),
        );
        return None;
    }
    let backend = match material::backend(&config.database) {
        Ok(backend) => backend,
        Err(error) => {
            report.unusable(WHAT, &error);
            return None;
        }
    };
    let connector = Connector::new(backend);
    let asked = connector.open(Purpose::Migration).and_then(|mut conn| {
        let condition = condition(&mut conn)?;
        let submitters = submitters(&condition, &mut conn)?;
        let lost_key = if condition.pending.is_empty() {
            read::lost_key(&mut conn, |key| config.keys.encryption.contains_key(key))?
        } else {
            None
        };
        drop(conn);
        Ok((
            condition,
            (submitters, lost_key),
            connector.is_encrypted(),
            sessions(&connector)?,
        ))
    });
    match asked {
        Ok((condition, (submitters, lost_key), own_leg, sessions)) => {
            found(&condition, clock, folder_version, report);
            keys(lost_key, report);
            legs(own_leg, condition.encrypted, report);
            own_sessions(own_leg, &sessions, report);
            submitters
        }
        Err(error) => {
            let text = error.to_string();
            let remedy = remedy(&text);
            report.bad(WHAT, say(format!("không dùng được: {text}"), text), remedy);
            None
        }
    }
}

/// Whether the settings have the keys that what is there is sealed with.
fn keys(lost: Option<String>, report: &mut Report) {
    let Some(key) = lost else { return };
    report.bad(
        "data keys in use",
        say(
            format!("dữ liệu được mã hóa bằng khóa {key}, không có trong cấu hình: không đọc được hồ sơ cũ"),
            format!("data is sealed with the key {key}, which the settings do not name: old dossiers cannot be read"),
        ),
        say(
            format!("ghi lại khóa {key} vào [keys.encryption]"),
            format!("name the key {key} under [keys.encryption] again"),
        ),
    );
}

/// Whose queues the broker must have, those that are being drained too. A database that is not migrated has no such table.
fn submitters(condition: &Condition, conn: &mut Conn) -> Result<Option<Vec<TenantKey>>, StoreError> {
    if !condition.pending.is_empty() {
        return Ok(None);
    }
    let queues = read::queues(conn)?;
    Ok(Some(queues.into_iter().map(|queue| queue.tenant).collect()))
}

/// What to do about a database that is not reached, by what the error says.
fn remedy(text: &str) -> Sentence {
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["CaUsedAsEndEntity"]) {
        say(
            "PostgreSQL đang dùng chứng thư tự ký mặc định, vừa là CA vừa là máy chủ; rustls không nhận. Cấp cho máy chủ \
             một chứng thư do CA ký (CA:FALSE, có SAN), đặt chứng thư của CA vào database.ca_file",
            "PostgreSQL shows its plain self-signed certificate, authority and server in one, which rustls refuses. Give \
             the server a certificate signed by an authority (CA:FALSE, with a SAN), and the authority's to \
             database.ca_file",
        )
    } else if says(&["UnknownIssuer"]) {
        say(
            "database.ca_file không phải CA đã ký chứng thư máy chủ",
            "database.ca_file is not the authority that signed the server's certificate",
        )
    } else if says(&["NotValidForName"]) {
        say(
            "chứng thư máy chủ không có tên máy trong địa chỉ (SAN)",
            "the server's certificate does not name the host of the address (SAN)",
        )
    } else if says(&["Expired"]) {
        say(
            "chứng thư của PostgreSQL đã hết hạn",
            "PostgreSQL's certificate has expired",
        )
    } else if says(&["authentication", "does not exist", "pg_hba"]) {
        say(
            "kiểm tra tên, mật khẩu, tên cơ sở dữ liệu và pg_hba.conf",
            "check user, password, database name and pg_hba.conf",
        )
    } else if says(&["TLS"]) {
        say("bật ssl = on trên PostgreSQL", "set ssl = on in PostgreSQL")
    } else {
        say(
            "kiểm tra địa chỉ, tường lửa, và máy chủ có đang chạy",
            "check the address, the firewall, and that the server runs",
        )
    }
}

fn found(condition: &Condition, clock: &Clock, folder_version: Option<&str>, report: &mut Report) {
    server(condition, report);
    if condition.undurable.is_empty() {
        let found = say("commit xong là bền", "what is committed survives a power cut");
        report.good("durability", found);
    } else {
        let settings = condition.undurable.join(", ");
        report.bad(
            "durability",
            say(
                format!("có thể mất dữ liệu đã nhận: {settings}"),
                format!("accepted data may be lost: {settings}"),
            ),
            say("bật lại các mục cấu hình này", "turn these settings on again"),
        );
    }
    if condition.pending.is_empty() {
        report.good("migrations", say("đủ", "all applied"));
    } else {
        let names = condition.pending.join(", ");
        report.bad(
            "migrations",
            say(format!("còn thiếu: {names}"), format!("not applied: {names}")),
            say("chạy `lienthong migrate`", "run `lienthong migrate`"),
        );
    }
    clocks(condition, clock, report);
    if let (Some(used), Some(folder)) = (condition.directory.as_deref(), folder_version)
        && used != folder
    {
        report.look(
            "directory",
            say(
                format!("đang dùng phiên bản {used}, thư mục có {folder}"),
                format!("version {used} is in use, the folder holds {folder}"),
            ),
            say(
                "muốn dùng bản trong thư mục thì chạy `lienthong directory import`",
                "to use the folder's, run `lienthong directory import`",
            ),
        );
    }
}

fn server(condition: &Condition, report: &mut Report) {
    let product = &condition.product;
    if condition
        .postgres_major
        .is_some_and(|major| major < OLDEST_POSTGRES)
    {
        report.bad(
            WHAT,
            say(format!("{product} quá cũ"), format!("{product} is too old")),
            say(
                format!("nâng lên PostgreSQL {OLDEST_POSTGRES} trở lên"),
                format!("upgrade to PostgreSQL {OLDEST_POSTGRES} or later"),
            ),
        );
    } else {
        report.good(
            WHAT,
            say(format!("trả lời: {product}"), format!("answers: {product}")),
        );
    }
    if !condition.writable {
        report.bad(
            WHAT,
            say("chỉ đọc (máy dự phòng)", "takes no writes (a standby)"),
            say("trỏ tới máy chính", "point to the primary"),
        );
    }
}

/// Whether what goes over the wire is encrypted: the hub's own leg, and what the server sees, which behind a pooler is another.
fn legs(own: Option<bool>, servers: Option<bool>, report: &mut Report) {
    match (own, servers) {
        (Some(true), Some(false)) => report.look(
            "database TLS",
            say(
                "kết nối từ cổng được mã hóa; kết nối sau bộ gộp kết nối (PgBouncer) tới PostgreSQL thì không",
                "the hub's own leg is encrypted; behind a pooler (PgBouncer) the one to PostgreSQL is not",
            ),
            say(
                "đặt server_tls_sslmode = verify-full trên PgBouncer, nếu nó không ở cùng máy với PostgreSQL",
                "set server_tls_sslmode = verify-full on PgBouncer, unless it is on PostgreSQL's own machine",
            ),
        ),
        (Some(true), _) => report.good(
            "database TLS",
            say("kết nối được mã hóa", "the connection is encrypted"),
        ),
        (Some(false), _) => report.look(
            "database TLS",
            say(
                "kết nối từ cổng không được mã hóa",
                "the hub's own leg is not encrypted",
            ),
            say(
                "đặt database.ca_file (qua PgBouncer: cả client_tls_sslmode và chứng thư của nó)",
                "set database.ca_file (with PgBouncer: its client_tls_sslmode and certificate too)",
            ),
        ),
        (None, _) => {}
    }
}

/// Whether sessions keep what the hub sets on them, read back.
fn own_sessions(own_leg: Option<bool>, sessions: &Sessions, report: &mut Report) {
    const WHAT: &str = "database sessions";
    if own_leg.is_none() {
        return;
    }
    match sessions.fault() {
        None => report.good(
            WHAT,
            say(
                "giới hạn thời gian và chế độ chỉ đọc được giữ",
                "limits of time and read-only readers hold",
            ),
        ),
        Some(fault) => report.bad(
            WHAT,
            say(format!("phiên làm việc không phải của riêng cổng: {fault}"), fault),
            say(
                "PgBouncer: pool_mode = session (transaction và statement không dùng được), pool_size ít nhất limits.readers + 2;                  hoặc trỏ thẳng tới PostgreSQL",
                "PgBouncer: pool_mode = session (transaction and statement cannot be used), pool_size at least limits.readers + 2;                  or point to PostgreSQL itself",
            ),
        ),
    }
}

fn clocks(condition: &Condition, clock: &Clock, report: &mut Report) {
    let here = clock.now();
    let apart = here.since(condition.now).max(condition.now.since(here)).as_secs();
    let found = say(
        format!("lệch đồng hồ cơ sở dữ liệu {apart} giây"),
        format!("{apart} s from the database's"),
    );
    let remedy = say(
        "đồng bộ giờ cả hai máy (chrony)",
        "let both machines follow one time source (chrony)",
    );
    if apart > APART * 10 {
        report.bad("clock", found, remedy);
    } else if apart > APART {
        report.look("clock", found, remedy);
    } else {
        report.good("clock", found);
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Mark;
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_self_signed_postgres_is_explained() {
        let error = "database not available: error performing TLS handshake: invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))";
        assert!(remedy(error).en.contains("plain self-signed"));
        assert!(
            remedy("invalid peer certificate: UnknownIssuer")
                .en
                .contains("ca_file")
        );
        assert!(remedy("connection refused").en.contains("firewall"));
    }

    #[test]
    fn each_leg_is_judged_for_itself_and_sessions_by_what_they_keep() {
        let marks = |own, servers, sessions: Sessions| -> Vec<Mark> {
            let mut report = Report::default();
            legs(own, servers, &mut report);
            own_sessions(own, &sessions, &mut report);
            report.0.iter().map(|item| item.mark).collect()
        };
        let well = Sessions::default;
        assert_eq!(marks(None, None, well()), []);
        assert_eq!(marks(Some(true), Some(true), well()), [Mark::Good, Mark::Good]);
        assert_eq!(marks(Some(true), Some(false), well()), [Mark::Look, Mark::Good]);
        // The server may see an encrypted leg that is the pooler's.
        assert_eq!(marks(Some(false), Some(true), well()), [Mark::Look, Mark::Good]);
        let shared = Sessions {
            shared: true,
            ..well()
        };
        assert_eq!(marks(Some(true), Some(true), shared), [Mark::Good, Mark::Bad]);
        let unset = Sessions {
            unset: vec!["statement_timeout = 0, not 5000".to_owned()],
            ..well()
        };
        assert_eq!(marks(Some(true), Some(true), unset), [Mark::Good, Mark::Bad]);
    }

    fn well(now: Timestamp) -> Condition {
        Condition {
            product: "PostgreSQL 15.8".to_owned(),
            postgres_major: Some(15),
            encrypted: Some(true),
            undurable: Vec::new(),
            writable: true,
            now,
            pending: Vec::new(),
            directory: Some("a".to_owned()),
        }
    }

    /// The worst that is said of a database with this clock beside it.
    fn worst(condition: &Condition, clock: Timestamp) -> Mark {
        let mut report = Report::default();
        found(condition, &Clock::manual(clock), Some("a"), &mut report);
        let has = |mark| report.0.iter().any(|item| item.mark == mark);
        if has(Mark::Bad) {
            Mark::Bad
        } else if has(Mark::Look) {
            Mark::Look
        } else {
            Mark::Good
        }
    }

    /// What can be wrong, each by itself, and how bad that is.
    fn ills(now: Timestamp) -> [(Condition, Mark); 7] {
        let well = well(now);
        let seconds = |n: i64| Timestamp::from_micros(now.as_micros() - n * 1_000_000);
        [
            (
                Condition {
                    postgres_major: Some(14),
                    ..well.clone()
                },
                Mark::Bad,
            ),
            (
                Condition {
                    undurable: vec!["fsync = off".to_owned()],
                    ..well.clone()
                },
                Mark::Bad,
            ),
            (
                Condition {
                    writable: false,
                    ..well.clone()
                },
                Mark::Bad,
            ),
            (
                Condition {
                    pending: vec!["0002".to_owned()],
                    ..well.clone()
                },
                Mark::Bad,
            ),
            (
                Condition {
                    now: seconds(31),
                    ..well.clone()
                },
                Mark::Bad,
            ),
            (
                Condition {
                    now: seconds(4),
                    ..well.clone()
                },
                Mark::Look,
            ),
            (
                Condition {
                    directory: Some("b".to_owned()),
                    ..well
                },
                Mark::Look,
            ),
        ]
    }

    #[test]
    fn what_endangers_data_is_bad() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        assert_eq!(worst(&well(now), now), Mark::Good);
        for (ill, mark) in ills(now) {
            assert_eq!(worst(&ill, now), mark, "{ill:?}");
        }
    }
}
