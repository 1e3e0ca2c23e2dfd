//! No body reaches the log, whatever lapin would say.

use parking_lot::Mutex;
use std::io::Write;
use std::sync::Arc;

use lienthong::broker::topology::QueueLimits;
use lienthong::broker::{LOG_DIRECTIVES, PublishOutcome, Target};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use crate::stage::{Stage, envelope, rabbit};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn layer<S: tracing::Subscriber + for<'a> LookupSpan<'a>>(&self, filter: &str) -> impl Layer<S> + use<S> {
        let paper = self.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || paper.clone());
        layer.with_filter(EnvFilter::new(filter))
    }

    fn says(&self, words: &str) -> bool {
        String::from_utf8_lossy(&self.0.lock()).contains(words)
    }
}

/// With a control: were lapin to become silent by itself, the directives could go.
#[test]
fn a_returned_message_is_not_written_down() {
    let (plain, ours) = (Paper::default(), Paper::default());
    let subscriber = tracing_subscriber::registry()
        .with(plain.layer("lapin=warn"))
        .with(ours.layer(&format!("debug,{}", LOG_DIRECTIVES.join(","))));
    // For the whole process: lapin writes from threads of its own.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    rabbit(&QueueLimits::default(), async |stage: Stage| {
        let mut lost = envelope(Target::Agency("no-such-agency".parse().unwrap()), "evt_1");
        lost.body = Arc::from(*b"secret of a citizen");
        assert_eq!(stage.broker.publish(&[lost]).await, [PublishOutcome::Unroutable]);
    });
    // lapin writes bodies as lists of numbers.
    let body = format!("{:?}", b"secret of a citizen");
    let body = body.trim_matches(['[', ']']);
    assert!(plain.says(body), "lapin no longer writes bodies down");
    assert!(!ours.says(body) && !ours.says("secret of a citizen"));
}
