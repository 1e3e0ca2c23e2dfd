//! The table of steps, `schema/lifecycle.csv`: from × to × who × guard.

use std::sync::LazyLock;

use super::role::Role;
use crate::domain::status::Status;

/// What a step needs beside the right party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Only a dossier filed online begins here.
    Online,
    /// Only a dossier received at a counter or by post begins here.
    CounterOrPost,
    /// Its sender says that it stands here, whatever its channel.
    Reported,
    /// A reason must be given; without it the step is rejected.
    Reason,
    /// A supplement may be asked for once, and in time; a second or a late request is applied as irregular.
    FirstSupplement,
    /// Only back to where the supplement was asked from.
    BackTo,
    /// The supplement's limit has passed; before that the step is irregular.
    SupplementOverdue,
    /// The step goes back to an earlier one: it was returned, or recalled.
    Back,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Transition {
    /// From; none for a new dossier.
    pub from: Option<Status>,
    /// To.
    pub to: Status,
    /// Who may take it.
    pub roles: Vec<Role>,
    /// What it needs.
    pub guards: Vec<Guard>,
    /// Whether the hub may write it by itself when a later report implies it.
    pub infer: bool,
    /// Where the rule stands.
    pub ground: String,
}

static TABLE: LazyLock<Vec<Transition>> = LazyLock::new(|| {
    read_table(include_str!("../../../schema/lifecycle.csv"))
        .unwrap_or_else(|e| panic!("schema/lifecycle.csv: {e}"))
});

/// The table of steps.
pub fn table() -> &'static [Transition] {
    &TABLE
}

fn read_table(csv: &str) -> Result<Vec<Transition>, String> {
    let mut steps = Vec::new();
    for (i, row) in csv::Reader::from_reader(csv.as_bytes()).records().enumerate() {
        let row = row.map_err(|e| e.to_string())?;
        let bad = |what: &str| format!("row {}: {what}", i + 2);
        let status = |s: &str| s.parse::<u8>().map_err(|_| bad("status"));
        let from = status(&row[0])?;
        steps.push(Transition {
            from: if from == 0 {
                None
            } else {
                Some(Status::from_code(from).ok_or_else(|| bad("from"))?)
            },
            to: Status::from_code(status(&row[1])?).ok_or_else(|| bad("to"))?,
            roles: row[2]
                .split('|')
                .map(|w| {
                    Role::ALL
                        .into_iter()
                        .find(|r| r.word() == w)
                        .ok_or_else(|| bad("actor"))
                })
                .collect::<Result<_, _>>()?,
            guards: row[3]
                .split('+')
                .filter(|w| !w.is_empty())
                .map(|w| guard(w).ok_or_else(|| bad("guard")))
                .collect::<Result<_, _>>()?,
            infer: &row[4] == "yes",
            ground: row[5].to_owned(),
        });
    }
    Ok(steps)
}

fn guard(word: &str) -> Option<Guard> {
    Some(match word {
        "online" => Guard::Online,
        "counter-or-post" => Guard::CounterOrPost,
        "reported" => Guard::Reported,
        "reason" => Guard::Reason,
        "first-supplement" => Guard::FirstSupplement,
        "back-to" => Guard::BackTo,
        "supplement-overdue" => Guard::SupplementOverdue,
        "back" => Guard::Back,
        _ => return None,
    })
}
