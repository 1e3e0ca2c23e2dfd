//! How far a demo has come: a bar where a person watches, a line now and then where a file does. And how far a file has come, for a
//! person alone.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::bench::BenchProgress;
use crate::sim::outcome::RunProgress;

/// Between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows how far a demo has come. Dropping it removes the bar.
pub struct DemoBar {
    total: u64,
    filed: u64,
    delivered: u64,
    finished: u64,
    faults: u64,
    begun: Instant,
    face: Face,
}

enum Face {
    Bar(ProgressBar),
    Lines {
        out: Box<dyn Write + Send>,
        last: Option<Instant>,
    },
}

/// A bar for `total` dossiers on standard output; plain lines when that is no terminal.
pub fn demo_bar(total: u64) -> DemoBar {
    let face = if std::io::stdout().is_terminal() {
        Face::Bar(bar(total))
    } else {
        Face::Lines {
            out: Box::new(std::io::stdout()),
            last: None,
        }
    };
    DemoBar::with(total, face)
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stdout());
    // A template of our own that does not parse would be found by the first test; the bare bar still counts.
    if let Ok(style) = ProgressStyle::with_template(DEMO) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// The time to go is in the message: before anything has finished there is none, and the bar's own would be 0 s.
const DEMO: &str = "{bar:40.green} {pos}/{len} finished  {msg}";

const BYTES: &str = "{msg}  {bytes}/{total_bytes}  {bytes_per_sec}  ETA {eta}";

/// A bar for the bytes of a file on standard error; nothing when that is no terminal.
pub fn byte_bar(total: u64, file: &Path) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template(BYTES) {
        bar.set_style(style);
    }
    bar.with_message(file.display().to_string())
}

/// Shows what a measurement does now. Dropping it removes the line.
pub struct BenchLine {
    scenario: String,
    begun: Instant,
    face: Option<ProgressBar>,
}

/// A line on standard error that changes; plain lines when that is no terminal.
pub fn bench_line() -> BenchLine {
    let face = std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(DOING) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        bar
    });
    BenchLine {
        scenario: String::new(),
        begun: Instant::now(),
        face,
    }
}

const DOING: &str = "{spinner} {elapsed_precise}  {msg}";

impl BenchLine {
    /// Takes one step of the measurement.
    pub fn note(&mut self, step: &BenchProgress) {
        let doing = match step {
            BenchProgress::Scenario { scenario, number, of } => {
                self.scenario = format!("{} ({number} of {of})", scenario.word());
                "begins"
            }
            BenchProgress::Doing(what) => what,
        };
        let line = format!("{}: {doing}", self.scenario);
        match &self.face {
            Some(bar) => bar.set_message(line),
            None => {
                // The measurement goes on where nobody reads.
                let _ = writeln!(
                    std::io::stderr(),
                    "{:6.1} s  {line}",
                    self.begun.elapsed().as_secs_f64()
                );
            }
        }
    }

    /// Takes the line away.
    pub fn end(self) {
        if let Some(bar) = &self.face {
            bar.finish_and_clear();
        }
    }
}

impl DemoBar {
    fn with(total: u64, face: Face) -> Self {
        DemoBar {
            total,
            filed: 0,
            delivered: 0,
            finished: 0,
            faults: 0,
            begun: Instant::now(),
            face,
        }
    }

    /// Takes one step of the demo.
    pub fn note(&mut self, step: &RunProgress) {
        match step {
            RunProgress::Filed => self.filed += 1,
            RunProgress::Delivered => self.delivered += 1,
            RunProgress::Ended => self.finished += 1,
            RunProgress::Fault(_) => self.faults += 1,
            RunProgress::Event | RunProgress::Auditing => {}
        }
        self.show(matches!(step, RunProgress::Auditing));
    }

    /// Time to go, at the pace so far; none before anything has finished.
    fn eta(&self) -> Option<Duration> {
        let left = self.total.saturating_sub(self.finished);
        let per_dossier = self
            .begun
            .elapsed()
            .checked_div(u32::try_from(self.finished).ok()?)?;
        per_dossier.checked_mul(u32::try_from(left).ok()?)
    }

    fn show(&mut self, at_once: bool) {
        let faults = if self.faults == 0 {
            String::new()
        } else {
            format!("  {} FAULTS", self.faults)
        };
        let counts = format!("filed {}  delivered {}{faults}", self.filed, self.delivered);
        let eta = self
            .eta()
            .map_or_else(|| "?".to_owned(), |eta| format!("{} s", eta.as_secs()));
        let (finished, total) = (self.finished, self.total);
        match &mut self.face {
            Face::Bar(bar) => {
                bar.set_position(finished);
                bar.set_message(format!("{counts}  ETA {eta}"));
            }
            Face::Lines { out, last } => {
                let due = last.is_none_or(|last| last.elapsed() >= LINE_EVERY);
                if due || at_once {
                    *last = Some(Instant::now());
                    // The demo goes on where nobody reads.
                    let _ = writeln!(out, "{finished}/{total} finished  {counts}  ETA {eta}");
                }
            }
        }
    }

    /// Takes the bar away and leaves the last figures; what is printed after it stands below.
    pub fn end(mut self) {
        self.show(true);
        if let Face::Bar(bar) = &self.face {
            bar.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn plain_lines_are_few_and_the_last_is_complete() {
        let page = Page::default();
        let mut bar = DemoBar::with(
            3,
            Face::Lines {
                out: Box::new(page.clone()),
                last: None,
            },
        );
        for step in [
            RunProgress::Filed,
            RunProgress::Filed,
            RunProgress::Delivered,
            RunProgress::Ended,
            RunProgress::Filed,
        ] {
            bar.note(&step);
        }
        bar.end();
        let text = String::from_utf8(page.0.lock().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert_eq!(lines[0], "0/3 finished  filed 1  delivered 0  ETA ?");
        assert!(
            lines[1].starts_with("1/3 finished  filed 3  delivered 1  ETA "),
            "{text}"
        );
    }

    #[test]
    fn the_bar_has_a_template_that_parses() {
        assert!(ProgressStyle::with_template(DEMO).is_ok());
        assert!(ProgressStyle::with_template(BYTES).is_ok());
        assert!(ProgressStyle::with_template(DOING).is_ok());
        let mut demo = DemoBar::with(200, Face::Bar(bar(200)));
        demo.note(&RunProgress::Filed);
        let Face::Bar(bar) = &demo.face else {
            panic!("a bar")
        };
        assert_eq!(
            bar.message(),
            "filed 1  delivered 0  ETA ?",
            "nothing has finished, so nobody knows"
        );
        demo.note(&RunProgress::Ended);
        demo.end();
    }
}
