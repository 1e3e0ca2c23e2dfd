//! `[[dossier.check]]` and `[[statuses.check]]`: what a format asks of the meaning of a document.

use super::Compiler;
use crate::adapt::plan::{Known, Total};
use crate::adapt::spec::{CheckSpec, Otherwise, Weighs};
use crate::domain::checks::{
    Check, CheckName, CheckRule, CheckRuleFault, CheckSeverity, CheckedDocument, OwnSentence, limits,
};
use crate::domain::text::Text;

impl<'s> Compiler<'s> {
    /// The checks of one document, and the totals that they compare.
    pub(super) fn checks(
        &mut self,
        document: CheckedDocument,
        specs: &'s [CheckSpec],
        known: &mut Known,
    ) -> (Vec<Check>, Vec<Total>) {
        let (mut checks, mut totals) = (Vec::<Check>::new(), Vec::new());
        for (n, spec) in specs.iter().enumerate() {
            let at = spec.name.span().start;
            if n == limits::PER_FORMAT {
                let limit = limits::PER_FORMAT;
                self.fault(
                    at,
                    format!("nhiều nhất {limit} check cho một tài liệu; bỏ bớt từ đây"),
                    format!("at most {limit} checks for one document; remove those from here on"),
                );
                break;
            }
            let Some(check) = self.check(document, spec) else {
                continue;
            };
            if checks.iter().any(|other| other.name == check.name) {
                let name = &check.name;
                self.fault(
                    at,
                    format!("check {name} đã có ở trên; đổi tên một trong hai"),
                    format!("there is a check {name} above; rename one of them"),
                );
            }
            totals.extend(self.total(spec, &check, known));
            checks.push(check);
        }
        (checks, totals)
    }

    fn check(&mut self, document: CheckedDocument, spec: &CheckSpec) -> Option<Check> {
        let name = self.check_name(spec);
        let sentence = self.sentence(spec);
        let rule = match CheckRule::parse(document, spec.rule.get_ref(), &spec.arguments) {
            Ok(rule) => Some(rule),
            Err(CheckRuleFault { vi, en }) => {
                self.fault(spec.rule.span().start, vi, en);
                None
            }
        };
        Some(Check {
            name: name?,
            document,
            rule: rule?,
            severity: match spec.severity {
                Weighs::Error => CheckSeverity::Error,
                Weighs::Warning => CheckSeverity::Warning,
            },
            sentence: sentence?,
        })
    }

    fn check_name(&mut self, spec: &CheckSpec) -> Option<CheckName> {
        let name = spec.name.get_ref().parse().ok();
        if name.is_none() {
            let form = CheckName::FORM;
            self.fault(
                spec.name.span().start,
                format!("tên check không đúng; cần {form}"),
                format!("the name of a check is {form}"),
            );
        }
        name
    }

    /// The sentence of its own; none where there is a fault in it.
    fn sentence(&mut self, spec: &CheckSpec) -> Option<Option<OwnSentence>> {
        let text = |said: &str| said.parse::<Text<{ limits::SENTENCE }>>().ok();
        match (&spec.vi, &spec.en) {
            (None, None) => return Some(None),
            (Some(vi), Some(en)) => {
                if let (Some(vi), Some(en)) = (text(vi), text(en)) {
                    let (vi, en) = (vi.into(), en.into());
                    return Some(Some(OwnSentence { vi, en }));
                }
            }
            _ => {}
        }
        let characters = limits::SENTENCE;
        self.fault(
            spec.name.span().start,
            format!("vi và en phải cùng có, mỗi câu 1–{characters} ký tự"),
            format!("vi and en go together, each of 1 to {characters} characters"),
        );
        None
    }

    /// Where the total stands that the fees add up to.
    fn total(&mut self, spec: &'s CheckSpec, check: &Check, known: &mut Known) -> Option<Total> {
        match (&check.rule, &spec.total) {
            (CheckRule::FeesTotal, Some(total)) => {
                let from = self.path_here(total.get_ref(), total.span().start);
                known.follow(&from).leaf = true;
                Some(Total {
                    check: check.name.clone(),
                    from,
                    otherwise: match spec.severity {
                        Weighs::Error => Otherwise::Refuse,
                        Weighs::Warning => Otherwise::Warn,
                    },
                })
            }
            (CheckRule::FeesTotal, None) => {
                self.fault(
                    spec.name.span().start,
                    "fees-total cần total: đường dẫn tới trường ghi tổng phí, lệ phí",
                    "fees-total needs total: the sender's path of the total",
                );
                None
            }
            (_, Some(total)) => {
                self.fault(
                    total.span().start,
                    "total chỉ dùng cho fees-total; bỏ đi",
                    "total goes with fees-total; remove it",
                );
                None
            }
            (_, None) => None,
        }
    }
}
