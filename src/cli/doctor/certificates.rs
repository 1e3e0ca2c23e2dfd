//! Certificates: the listeners' own, the roots partners are judged by, and what endpoints are called with.

use std::path::Path;

use rustls::pki_types::{CertificateDer, ServerName};
use x509_parser::certificate::X509Certificate;

use super::report::{Report, say};
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::material;

/// Fewer days left than this are worth a look.
const SOON_DAYS: i64 = 30;

const DAY: i64 = 24 * 3600;

pub(super) fn look(config: &Config, now: Timestamp, report: &mut Report) {
    let (partner, web) = (&config.partner, &config.web);
    let listeners = [
        (
            "partner certificate",
            &partner.certificate_file,
            &partner.key_file,
            &partner.public_url,
        ),
        (
            "web certificate",
            &web.certificate_file,
            &web.key_file,
            &web.public_url,
        ),
    ];
    for (what, certificate, key, public_url) in listeners {
        match material::server_identity(certificate, key).and_then(|_| material::certificates(certificate)) {
            Ok(chain) => listener(what, &chain, public_url, now, report),
            Err(error) => report.unusable(what, &error),
        }
    }
    let mut authorities: Vec<_> = partner
        .client_ca_files
        .iter()
        .chain(&config.outbound.ca_files)
        .collect();
    authorities.dedup();
    for path in authorities {
        roots(path, now, report);
    }
    match material::caller(config) {
        Ok(_) => {
            let allowed = config.outbound.allow_hosts.len() + config.outbound.allow_networks.len();
            report.good(
                "outbound calls",
                say(
                    format!("ngoài địa chỉ công cộng, cho phép thêm {allowed} máy hoặc mạng"),
                    format!("beside public addresses, {allowed} hosts or networks are allowed"),
                ),
            );
        }
        Err(error) => report.unusable("outbound calls", &error),
    }
}

/// A listener's certificate: its days, its names, the order of its chain.
fn listener(
    what: &str,
    chain: &[CertificateDer<'static>],
    public_url: &str,
    now: Timestamp,
    report: &mut Report,
) {
    let parsed: Vec<X509Certificate<'_>> = chain.iter().filter_map(parse).collect();
    for (n, one) in parsed.iter().enumerate() {
        let name = if n == 0 {
            what.to_owned()
        } else {
            format!("{what}, issuer {n}")
        };
        days(&name, one, now, report);
    }
    if parsed.first().is_some_and(|own| own.is_ca()) {
        report.bad(
            what,
            say("là chứng thư của một CA (tự ký)", "is an authority's own certificate (self-signed)"),
            say(
                "phần mềm dùng rustls từ chối (CaUsedAsEndEntity): xin chứng thư máy chủ do một CA cấp",
                "clients on rustls refuse it (CaUsedAsEndEntity): get a server certificate issued by an authority",
            ),
        );
    }
    names(what, &chain[0], public_url, report);
    let in_order = parsed
        .windows(2)
        .all(|pair| pair[0].issuer().as_raw() == pair[1].subject().as_raw());
    if !in_order {
        report.bad(
            what,
            say("chuỗi chứng thư sai thứ tự", "its chain is not in order"),
            say(
                "trong tệp: chứng thư của máy chủ trước, rồi từng nơi cấp",
                "in the file: the server's own certificate first, then each issuer",
            ),
        );
    }
}

fn names(what: &str, der: &CertificateDer<'_>, public_url: &str, report: &mut Report) {
    let url = reqwest::Url::parse(public_url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let named = ServerName::try_from(bare).is_ok_and(|name| {
        webpki::EndEntityCert::try_from(der)
            .is_ok_and(|cert| cert.verify_is_valid_for_subject_name(&name).is_ok())
    });
    if named {
        report.good(what, say(format!("đúng tên {host}"), format!("names {host}")));
    } else {
        report.bad(
            what,
            say(
                format!("không có tên {host} (SAN)"),
                format!("does not name {host} (subject alternative name)"),
            ),
            say(
                "xin chứng thư có tên này, hoặc sửa public_url",
                "get a certificate with that name, or mend public_url",
            ),
        );
    }
}

/// The roots of one file.
fn roots(path: &Path, now: Timestamp, report: &mut Report) {
    let what = format!("client CA {}", path.display());
    let roots = match material::certificates(path) {
        Ok(roots) => roots,
        Err(error) => return report.unusable(what, &error),
    };
    for root in roots.iter().filter_map(parse) {
        if !root.is_ca() {
            let name = root.subject();
            report.look(
                what.as_str(),
                say(format!("{name} không phải CA"), format!("{name} is no authority")),
                say(
                    "chỉ để chứng thư gốc của nơi cấp vào đây",
                    "put only roots of authorities here",
                ),
            );
        }
        days(&what, &root, now, report);
    }
}

fn days(what: &str, certificate: &X509Certificate<'_>, now: Timestamp, report: &mut Report) {
    let validity = certificate.validity();
    let left = validity.not_after.timestamp() - now.as_seconds();
    let until = Timestamp::from_micros(validity.not_after.timestamp().saturating_mul(1_000_000));
    let renew = || {
        say(
            "xin chứng thư mới, thay tệp",
            "get a new certificate and replace the file",
        )
    };
    if validity.not_before.timestamp() > now.as_seconds() {
        report.bad(
            what,
            say("chưa có hiệu lực", "is not valid yet"),
            say(
                "chờ, hoặc kiểm tra đồng hồ máy",
                "wait, or check the machine's clock",
            ),
        );
    } else if left < 0 {
        let found = say(format!("hết hạn từ {until}"), format!("expired at {until}"));
        report.bad(what, found, renew());
    } else if left < SOON_DAYS * DAY {
        let left = left / DAY;
        report.look(
            what,
            say(format!("còn {left} ngày"), format!("{left} days left")),
            renew(),
        );
    } else {
        let found = say(format!("hiệu lực đến {until}"), format!("valid until {until}"));
        report.good(what, found);
    }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    x509_parser::parse_x509_certificate(der)
        .ok()
        .map(|(_, certificate)| certificate)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::report::Mark;
    use super::*;
    use crate::net::dev_ca::{DevCa, Validity};

    #[test]
    fn days_names_and_order_are_looked_at() {
        let now = Timestamp::from_micros(1_790_000_000_000_000);
        let ca = DevCa::create(now).unwrap();
        let days = |n: u64| Validity::starting(now, Duration::from_secs(n * 24 * 3600));
        let of = |n| ca.server(&[], days(n)).unwrap().chain;
        let marks = |chain: &[CertificateDer<'static>], url: &str, at: Timestamp| {
            let mut report = Report::default();
            listener("x", chain, url, at, &mut report);
            report.0.iter().map(|item| item.mark).collect::<Vec<_>>()
        };
        let (here, later) = (
            "https://127.0.0.1:8443",
            now.plus(Duration::from_secs(91 * 24 * 3600)),
        );
        assert_eq!(marks(&of(90), here, now), [Mark::Good, Mark::Good]);
        assert_eq!(marks(&of(20), here, now), [Mark::Look, Mark::Good]);
        assert_eq!(marks(&of(90), here, later), [Mark::Bad, Mark::Good]);
        assert_eq!(
            marks(&of(90), here, Timestamp::from_micros(0)),
            [Mark::Bad, Mark::Good]
        );
        assert_eq!(
            marks(&of(90), "https://hub.example", now),
            [Mark::Good, Mark::Bad]
        );
        let twice = [of(90), of(90)].concat();
        assert!(marks(&twice, here, now).contains(&Mark::Bad), "not its issuer");
        let with_root = [of(90), vec![ca.root().clone()]].concat();
        assert!(!marks(&with_root, here, now).contains(&Mark::Bad));
        assert!(
            marks(&[ca.root().clone()], here, now).contains(&Mark::Bad),
            "an authority as a server"
        );
    }
}
