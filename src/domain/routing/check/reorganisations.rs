//! Reorganisations that contradict the other files, and units that end without anybody to take over.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Severity, examples};
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::Catalogue;
use crate::domain::routing::directory::Directory;
use crate::domain::routing::reorganisation::{OpenDossiers, Reorganisation, ReorganisationKind, Units};
use crate::domain::time::Date;

impl Directory {
    pub(super) fn check_reorganisations(&self, findings: &mut Vec<Finding>) {
        for row in self.reorganisations() {
            let (begins, ends) = match &row.units {
                Units::Agencies { old, new } => self.agencies_agree(row, (old.as_str(), new.as_str())),
                Units::Communes { old, new } => self.communes_agree(row, (old, new)),
            };
            let mut wrong = |said: Option<(String, String)>| {
                findings.extend(said.map(|(message_vi, message_en)| Finding {
                    severity: Severity::Error,
                    code: "reorganisation-wrong",
                    message_vi: format!("{}, dòng {}: {message_vi}", Reorganisation::FILE, row.row),
                    message_en: format!("{}, row {}: {message_en}", Reorganisation::FILE, row.row),
                }));
            };
            wrong(begins);
            wrong(ends);
        }
        self.check_default_parts(findings);
        self.check_ends(findings);
    }

    /// What is wrong with the new and with the old agency of a row.
    fn agencies_agree(&self, row: &Reorganisation, (old, new): (&str, &str)) -> (Option<Said>, Option<Said>) {
        let date = row.date;
        let known = |key: &str| key.parse().ok().filter(|key| self.agency(key).is_some());
        let begins = known(new).is_none_or(|key| self.agency_on(&key, date).is_none());
        let before = date.yesterday().ok();
        let ended = known(old).is_some_and(|key| {
            before.is_some_and(|before| self.agency_on(&key, before).is_some())
                && (self.agency_on(&key, date).is_none() || old == new)
        });
        let goes_on = known(old).is_some_and(|key| self.agency_on(&key, date).is_some());
        let hands_over = row.kind == ReorganisationKind::HandOver;
        let old_wrong = if hands_over { !(goes_on || ended) } else { !ended };
        let left = !hands_over && row.open == OpenDossiers::Stay;
        (
            begins.then(|| {
                (
                    format!("cơ quan mới “{new}” chưa có hoặc chưa hiệu lực ngày {date}; sửa agencies.csv"),
                    format!("the new agency “{new}” is not in force on {date}; correct agencies.csv"),
                )
            }),
            if old_wrong {
                Some((
                    format!(
                        "cơ quan cũ “{old}” phải có valid_to là ngày liền trước {date} trong agencies.csv"
                    ),
                    format!(
                        "the old agency “{old}” must end (valid_to) on the day before {date} in agencies.csv"
                    ),
                ))
            } else {
                left.then(|| {
                    (
                        "cơ quan kết thúc không giữ lại hồ sơ: open_dossiers phải là move".to_owned(),
                        "an agency that ends keeps no dossiers: open_dossiers must be move".to_owned(),
                    )
                })
            },
        )
    }

    /// The same for communes.
    fn communes_agree(
        &self,
        row: &Reorganisation,
        (old, new): (&CommuneCode, &CommuneCode),
    ) -> (Option<Said>, Option<Said>) {
        let date = row.date;
        let on = |code: &CommuneCode, day: Date| self.commune_on(Catalogue::Since2025, code, day);
        let ended = date
            .yesterday()
            .is_ok_and(|before| on(old, before).is_some_and(|commune| commune.valid_to == Some(before)));
        (
            on(new, date).is_none().then(|| {
                (
                    format!("xã mới {new} chưa có hoặc chưa hiệu lực ngày {date}; sửa communes.csv"),
                    format!("the new commune {new} is not in force on {date}; correct communes.csv"),
                )
            }),
            (!ended).then(|| {
                (
                    format!("xã cũ {old} phải có valid_to là ngày liền trước {date} trong communes.csv"),
                    format!(
                        "the old commune {old} must end (valid_to) on the day before {date} in communes.csv"
                    ),
                )
            }),
        )
    }

    /// A commune that was divided has exactly one part that is meant when nobody says which.
    fn check_default_parts(&self, findings: &mut Vec<Finding>) {
        let mut parts: BTreeMap<(&CommuneCode, Date), (usize, usize)> = BTreeMap::new();
        for row in self.reorganisations() {
            if let Units::Communes { old, .. } = &row.units {
                let (all, defaults) = parts.entry((old, row.date)).or_default();
                *all += 1;
                *defaults += usize::from(row.is_default);
            }
        }
        for ((code, date), (_, n)) in parts.into_iter().filter(|(_, (all, n))| *all > 1 && *n != 1) {
            findings.push(Finding {
                severity: Severity::Error,
                code: "successor-default",
                message_vi: format!(
                    "{}: xã {code} tách ngày {date} có {n} dòng is_default=true; cần đúng một",
                    Reorganisation::FILE
                ),
                message_en: format!(
                    "{}: {code}, divided on {date}, has {n} rows with is_default=true; exactly one is needed",
                    Reorganisation::FILE
                ),
            });
        }
    }

    /// Agencies and communes that end, and nothing says what becomes of what is theirs.
    fn check_ends(&self, findings: &mut Vec<Finding>) {
        let mut without = BTreeSet::new();
        for agency in self.agencies() {
            let Some(next) = agency.valid_to.and_then(|last| last.tomorrow().ok()) else {
                continue;
            };
            if !self.reorganised_agency(&agency.key).any(|row| row.date == next) {
                without.insert(format!("{} ({next})", agency.key));
            }
        }
        for commune in self.communes(Catalogue::Since2025) {
            if commune.valid_to.is_some() && self.communes_after(commune, Date::MAX).is_empty() {
                without.insert(format!("{} {}", commune.code, commune.name));
            }
        }
        if without.is_empty() {
            return;
        }
        let without: Vec<String> = without.into_iter().collect();
        let (n, first) = (without.len(), examples(&without));
        findings.push(Finding {
            severity: Severity::Warning,
            code: "end-without-successor",
            message_vi: format!(
                "{n} cơ quan, xã kết thúc mà chưa có nơi kế thừa ({first}); hồ sơ đang mở sẽ chờ phân công; thêm dòng vào {}",
                Reorganisation::FILE
            ),
            message_en: format!(
                "{n} agencies or communes end and nobody takes over ({first}); open dossiers will wait for the operator; add rows to {}",
                Reorganisation::FILE
            ),
        });
    }
}

/// What is wrong, in Vietnamese and in English.
type Said = (String, String);
