//! Whether what was measured is true: what was accepted is in the database, came to the agency and was told to its submitter, each
//! once, none lost; and what answered was set to keep it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::book::Book;
use super::error::{BenchError, Result};
use super::load::Load;
use super::plan::Scenario;
use super::report::Measured;
use super::site::Site;
use super::speaker::Speaker;
use crate::domain::ids::DossierId;
use crate::domain::view::Cursor;

/// How long nothing may move before what is missing counts as lost.
const STILL: Duration = Duration::from_secs(30);

/// Between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// Events of one page of a feed, as many as it gives.
const PAGE: u32 = 200;

/// How long the management interface may take to show a channel: its figures come every five seconds.
const SHOWN: Duration = Duration::from_secs(15);

/// Waits until `count` has reached `all`, or has not moved for long; the last count.
pub async fn reached<C: AsyncFnMut() -> Result<usize>>(all: usize, mut count: C) -> Result<usize> {
    let (mut last, mut moved) = (count().await?, Instant::now());
    while last < all && moved.elapsed() < STILL {
        tokio::time::sleep(LOOK).await;
        let now = count().await?;
        if now != last {
            (last, moved) = (now, Instant::now());
        }
    }
    Ok(last)
}

/// Everything that was accepted in a scenario so far.
#[derive(Default)]
pub struct Truth {
    /// All of it.
    pub accepted: HashSet<DossierId>,
    /// Calls of which nobody knows what became.
    pub unknown: u64,
    cursors: Vec<Cursor>,
    by_feed: HashSet<DossierId>,
}

impl Truth {
    /// Takes what a load has had accepted.
    pub fn take(&mut self, load: &Load) {
        self.accepted.extend(load.accepted());
        self.unknown += load.unknown();
    }

    /// The rows of the database are exactly what was accepted, but for calls whose answer was lost.
    ///
    /// # Errors
    /// A database that is away.
    pub async fn rows(&self, site: &Site, when: &str, measured: &mut Measured) -> Result<()> {
        let texts = site.texts("SELECT id AS text FROM dossiers").await?;
        let rows: HashSet<DossierId> = texts.iter().filter_map(|id| id.parse().ok()).collect();
        let lost = self.accepted.difference(&rows).count();
        let more = rows.difference(&self.accepted).count() as u64;
        measured.check(
            format!("{when}: in the database"),
            lost == 0 && more <= self.unknown,
            format!(
                "{} accepted, {} rows, {lost} lost, {more} beside ({} answers were not seen)",
                self.accepted.len(),
                rows.len(),
                self.unknown
            ),
        );
        Ok(())
    }

    /// Each is in the agency's hands.
    pub fn agency(&self, book: &Book, when: &str, measured: &mut Measured) {
        let there = book.count(&self.accepted, |fate| fate.agency.is_some());
        measured.check(
            format!("{when}: in the agency's hands"),
            there == self.accepted.len(),
            format!("{there} of {}", self.accepted.len()),
        );
    }

    /// Each was told to its submitter by its feed, read on from where it was.
    ///
    /// # Errors
    /// A hub that does not answer.
    pub async fn feeds(
        &mut self,
        speakers: &[Arc<Speaker>],
        when: &str,
        measured: &mut Measured,
    ) -> Result<()> {
        self.cursors.resize(speakers.len(), Cursor::START);
        for (speaker, cursor) in speakers.iter().zip(&mut self.cursors) {
            loop {
                let page = speaker.partner.events(*cursor, Duration::ZERO, PAGE).await;
                let page = page.map_err(BenchError::of("the feed"))?;
                let own = page.events.iter().filter(|e| e.data.submitter == speaker.tenant);
                self.by_feed.extend(own.map(|event| event.data.tracking_id));
                if page.events.is_empty() || page.next == *cursor {
                    break;
                }
                *cursor = page.next;
            }
        }
        let missing = self.accepted.difference(&self.by_feed).count();
        measured.check(
            format!("{when}: told to the submitter by its feed"),
            missing == 0,
            format!("{} of {}", self.accepted.len() - missing, self.accepted.len()),
        );
        Ok(())
    }

    /// Each was told to its submitter by its webhook: that it is filed, and the agency's status.
    pub fn webhooks(&self, book: &Book, refused: u64, when: &str, measured: &mut Measured) {
        let all = self.accepted.len();
        let filed = book.count(&self.accepted, |fate| fate.told_filed);
        let status = book.count(&self.accepted, |fate| fate.told_status.is_some());
        measured.check(
            format!("{when}: told to the submitter's webhook, each signed"),
            filed == all && status == all && refused == 0,
            format!("filed {filed}, status {status} of {all}; {refused} calls with a wrong signature"),
        );
    }
}

/// Messages that came more than once are no fault where delivery is at least once; they are told apart.
pub fn extra(book: &Book, unknown: u64, measured: &mut Measured) {
    let [again, strangers, told_again] = book.extra();
    measured
        .figures
        .insert("messages received again".to_owned(), again as f64);
    measured
        .figures
        .insert("events told again".to_owned(), told_again as f64);
    measured.check(
        "nothing came that was not accepted",
        strangers <= unknown,
        format!("{strangers} beside, {unknown} answers were not seen"),
    );
}

/// PostgreSQL keeps what it has answered, RabbitMQ confirms to the hub, SQLite waits for the disk.
///
/// # Errors
/// A service that does not answer.
pub async fn durable(site: &Site, measured: &mut Measured) -> Result<()> {
    let (Some(services), Some(admin)) = (site.services(), site.admin()) else {
        let mode = site
            .number(
                "SELECT CASE journal_mode WHEN 'wal' THEN 1 ELSE 0 END AS number FROM pragma_journal_mode",
            )
            .await?;
        let level = site
            .number("SELECT synchronous AS number FROM pragma_synchronous")
            .await?;
        measured.check(
            "SQLite: WAL, synchronous FULL, on a connection opened as the hub's",
            mode == 1 && level == 2,
            format!("WAL {}, synchronous {level}", mode == 1),
        );
        return Ok(());
    };
    for (name, value) in &services.durability {
        measured.check(format!("PostgreSQL: {name}"), value == "on", value.clone());
    }
    if measured.scenario == Scenario::Feed.word() {
        // Its dossiers have no agency: nothing is published, and the hub has no channel to do it by.
        return Ok(());
    }
    let (user, begun) = (services.hub_user(), Instant::now());
    let publishers = loop {
        let all = admin.publishers().await.map_err(BenchError::of("RabbitMQ"))?;
        let own: Vec<bool> = all
            .iter()
            .filter(|p| p.user == user)
            .map(|p| p.confirms)
            .collect();
        // A channel is shown before what it does is.
        let is_shown = !own.is_empty() && own.iter().all(|confirms| *confirms);
        if is_shown || begun.elapsed() > SHOWN {
            break own;
        }
        tokio::time::sleep(LOOK * 10).await;
    };
    measured.check(
        "RabbitMQ: the hub's publishing channels are in confirm mode",
        !publishers.is_empty() && publishers.iter().all(|confirms| *confirms),
        format!(
            "{} of {}",
            publishers.iter().filter(|c| **c).count(),
            publishers.len()
        ),
    );
    Ok(())
}

/// The hubs ended well when they were told to; what their logs warn of is noted.
pub fn ended(site: &Site, measured: &mut Measured) {
    for ended in site.ended() {
        let code = ended
            .code
            .map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        measured.check("the hub ended when it was told to", ended.code == Some(0), code);
        if ended.lines > 0 {
            measured.notes.push(format!(
                "the hub's log has {} lines of warning: {}",
                ended.lines,
                ended.first.join("; ")
            ));
        }
    }
}
