//! What is wrong with a directory as a whole: references to nothing, and places and days for which the rules name no agency or
//! more than one.

mod competence;
mod finding;
mod joint;
mod provisional;
mod references;
mod reorganisations;

use std::collections::BTreeMap;

use super::directory::Directory;
use super::rows::{Level, Procedure, RulePlace};
use crate::domain::codes::CommuneCode;
use crate::domain::dossier::Catalogue;
use crate::domain::time::Date;

use finding::examples;
pub use finding::{Finding, Severity};

impl Directory {
    /// Everything wrong, errors first. Gaps and overlaps are one finding a procedure, looked for on every day on which anything
    /// changes. With `production`, rows marked provisional are errors too, one finding a file.
    pub fn check(&self, production: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_bodies(&mut findings);
        self.check_receiving_units(&mut findings);
        self.check_references(&mut findings);
        self.check_succession(&mut findings);
        self.check_procedures(&mut findings);
        self.check_rules(&mut findings);
        self.check_reorganisations(&mut findings);
        self.check_competence(&mut findings);
        self.check_joint(&mut findings);
        if production {
            self.check_provisional(&mut findings);
        }
        findings.sort_by_key(|f| f.severity);
        findings
    }

    /// Every dossier has a receiving unit: an agent's is its branch.
    fn check_receiving_units(&self, findings: &mut Vec<Finding>) {
        let without: Vec<String> = self
            .agents()
            .filter(|a| a.branch.is_none())
            .map(|a| a.key.to_string())
            .collect();
        if !without.is_empty() {
            let (n, first) = (without.len(), examples(&without));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "agent-without-branch",
                message_vi: format!(
                    "agents.csv: {n} đại lý chưa gắn với chi nhánh ({first}); hồ sơ họ gửi không có Bộ phận Một cửa tiếp nhận; điền branch"
                ),
                message_en: format!(
                    "agents.csv: {n} agents have no branch ({first}); what they file has no one-stop unit that receives it; fill in branch"
                ),
            });
        }
    }

    /// Versions of one procedure do not overlap, and every procedure of the city is open out of area once the law says so
    /// (Decree 118/2025 art. 40.4).
    fn check_procedures(&self, findings: &mut Vec<Finding>) {
        let mut closed = Vec::new();
        for p in self.procedures() {
            let meets = |other: &&Procedure| {
                other.version > p.version
                    && p.valid_to
                        .is_none_or(|to| other.valid_from.is_none_or(|from| from <= to))
                    && other
                        .valid_to
                        .is_none_or(|to| p.valid_from.is_none_or(|from| from <= to))
            };
            if let Some(other) = self.versions(&p.code).find(meets) {
                let (code, one, two) = (&p.code, p.version, other.version);
                findings.push(Finding {
                    severity: Severity::Error,
                    code: "procedure-versions-overlap",
                    message_vi: format!(
                        "procedures.csv: {code} có phiên bản {one} và {two} cùng hiệu lực; sửa valid_from, valid_to"
                    ),
                    message_en: format!(
                        "procedures.csv: versions {one} and {two} of {code} are in force on one day; correct valid_from, valid_to"
                    ),
                });
            }
            let by = self
                .time_limits()
                .at(p.valid_to.unwrap_or(Date::MAX))
                .out_of_area_by;
            let goes_on = p.valid_to.is_none_or(|to| to > by);
            if p.level == Level::Province && !p.out_of_area && goes_on {
                closed.push(format!("{} {}", p.code, p.name));
            }
        }
        if !closed.is_empty() {
            let (n, first) = (closed.len(), examples(&closed));
            findings.push(Finding {
                severity: Severity::Warning,
                code: "procedure-closed-out-of-area",
                message_vi: format!(
                    "procedures.csv: {n} thủ tục cấp tỉnh chưa tiếp nhận ngoài địa bàn ({first}); khoản 4 Điều 40 Nghị định 118/2025/NĐ-CP đã đến hạn; mở hoặc chấm dứt hiệu lực"
                ),
                message_en: format!(
                    "procedures.csv: {n} procedures of the city are not received out of area ({first}); Decree 118/2025 art. 40.4 has fallen due; open or end them"
                ),
            });
        }
    }

    /// Each former commune has exactly one default successor.
    fn check_succession(&self, findings: &mut Vec<Finding>) {
        let mut defaults: BTreeMap<&CommuneCode, usize> =
            self.communes(Catalogue::Legacy).map(|c| (&c.code, 0)).collect();
        for s in self.succession.iter().filter(|s| s.is_default) {
            *defaults.entry(&s.old).or_default() += 1;
        }
        for (code, n) in defaults.into_iter().filter(|(_, n)| *n != 1) {
            findings.push(Finding {
                severity: Severity::Error,
                code: "successor-default",
                message_vi: format!("succession.csv: xã cũ {code} có {n} dòng is_default=true; cần đúng một"),
                message_en: format!(
                    "succession.csv: {code} has {n} rows with is_default=true; exactly one is needed"
                ),
            });
        }
    }

    /// The same digits meant another place before, so a rule for a commune may not begin before the commune does.
    fn check_rules(&self, findings: &mut Vec<Finding>) {
        for r in self.rules() {
            let RulePlace::Commune(code) = &r.place else {
                continue;
            };
            let begins = self
                .commune(Catalogue::Since2025, code)
                .and_then(|c| c.valid_from);
            if begins.is_some_and(|first| r.valid_from.is_none_or(|from| from < first)) {
                let rule = &r.rule;
                findings.push(Finding {
                    severity: Severity::Error,
                    code: "rule-outside-commune",
                    message_vi: format!("competence.csv, dòng {rule}: bắt đầu trước khi có xã {code}; sửa valid_from"),
                    message_en: format!(
                        "competence.csv, row {rule}: begins before the commune {code} does; correct valid_from"
                    ),
                });
            }
        }
    }
}
