//! What single steps take, beside the least anybody could do: `cargo bench --profile optimised --bench micro` (`-- adapt` for some
//! of them).
//!
//! Reading a document is put beside a bare parse of the same bytes, and everything else beside one SHA-256 of a usual document: ratios
//! of one machine in one minute. They are printed at the end: of reading the median of pairs timed one after the other, of the rest from
//! the fastest times, which other work on the machine disturbs least. Figures, not verdicts; what CI holds a change to is counted in instructions (`benches/counts`).

#[path = "shared/documents.rs"]
mod documents;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::Criterion;
use lienthong::adapt::{Adapted, Registry};
use lienthong::domain::ids::DossierId;
use lienthong::domain::lifecycle::{Phase, Report, Role, State, decide};
use lienthong::domain::matter::Open;
use lienthong::domain::routing::Directory;
use lienthong::domain::seal::{self, Block, ChainEnd, GENESIS, sha256};
use lienthong::domain::status::Status;
use lienthong::domain::tenant::TenantKey;
use lienthong::identity::keys::SigningKey;
use lienthong::identity::peer::thumbprint;
use lienthong::identity::permission::Permissions;
use lienthong::identity::token::{Issuer, TokenRules, Tokens};
use lienthong::sim::format::Format;
use lienthong::store::Cipher;
use quick_xml::events::Event;
use rand::SeedableRng;
use rand::rngs::StdRng;

use documents::{SIZES, Writer, directory_files, monday, sizes};

/// Documents of a kind, taken in turn, so that no branch is predicted from the one before.
const DOCUMENTS: usize = 16;

/// Events of a block: as a full commit has.
const EVENTS: usize = 128;

/// Times, and what each is put beside.
struct Bench {
    criterion: Criterion,
    ratios: Vec<(String, f64, f64)>,
}

impl Bench {
    /// Measures a step that is told which of `kinds` documents to take, in turn. Gives nanoseconds: of each kind the fastest, on
    /// average; none where it is not among those asked for.
    fn time<T>(&mut self, name: &str, kinds: usize, mut step: impl FnMut(usize) -> T) -> Option<f64> {
        // Another process rarely falls into so short a time. A step without documents is too quick to be timed alone.
        let together = if kinds == 1 { 64 } else { 1 };
        let mut fastest = vec![f64::INFINITY; kinds];
        let mut kind = 0;
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                let mut left = times;
                while left > 0 {
                    let now = left.min(together);
                    let begun = Instant::now();
                    for _ in 0..now {
                        black_box(step(kind));
                    }
                    let each = begun.elapsed().as_nanos() as f64 / now as f64;
                    fastest[kind] = fastest[kind].min(each);
                    (kind, left) = ((kind + 1) % kinds, left - now);
                }
                start.elapsed()
            });
        });
        fastest.retain(|each| each.is_finite());
        (!fastest.is_empty()).then(|| fastest.iter().sum::<f64>() / fastest.len() as f64)
    }

    /// Measures a step and, before each call of it, the bare work on the same document, so that both meet the same machine: the ratio is
    /// the median of all pairs.
    fn pair<T, U>(
        &mut self,
        name: &str,
        kinds: usize,
        mut bare: impl FnMut(usize) -> U,
        mut step: impl FnMut(usize) -> T,
    ) {
        let (mut pairs, mut kind) = (Vec::new(), 0);
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let mut took = Duration::ZERO;
                for _ in 0..times {
                    let begun = Instant::now();
                    black_box(bare(kind));
                    let beside = begun.elapsed();
                    let begun = Instant::now();
                    black_box(step(kind));
                    let time = begun.elapsed();
                    pairs.push((time.as_nanos() as f64, beside.as_nanos() as f64));
                    (kind, took) = ((kind + 1) % kinds, took + time);
                }
                took
            });
        });
        pairs.sort_by(|(a, b), (c, d)| (a / b).total_cmp(&(c / d)));
        if let Some((time, beside)) = pairs.get(pairs.len() / 2) {
            let name = format!("{name}, beside a bare parse of the same bytes");
            self.ratios.push((name, *time, *beside));
        }
    }

    fn put(&mut self, name: impl Into<String>, time: Option<f64>, beside: Option<f64>) {
        if let (Some(time), Some(beside)) = (time, beside) {
            self.ratios.push((name.into(), time, beside));
        }
    }
}

fn main() {
    let mut bench = Bench {
        criterion: Criterion::default()
            .sample_size(20)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1))
            .configure_from_args(),
        ratios: Vec::new(),
    };
    let directory = Directory::read(&directory_files()).unwrap_or_else(|faults| panic!("{faults:?}"));
    let registry = Registry::shipped();
    let writer = Writer::new(&directory);
    adapting(&mut bench, &registry, &writer);
    let usual = documents(&writer, Format::CanonicalJson, SIZES[0].1);
    let digest = bench.time("sha256 of a document, 2 KB", usual.len(), |n| sha256(&usual[n]));
    routing(&mut bench, digest, &directory, &registry, &usual);
    lifecycle(&mut bench, digest);
    tokens(&mut bench, digest);
    sealing(&mut bench, digest);
    encrypting(&mut bench, digest, &usual);
    bench.criterion.final_summary();
    println!("\n{:>10} {:>10} {:>8}", "ns", "beside", "times");
    for (name, time, beside) in &bench.ratios {
        println!("{time:>10.0} {beside:>10.0} {:>8.2}  {name}", time / beside);
    }
}

fn documents(writer: &Writer, format: Format, least: usize) -> Vec<Vec<u8>> {
    let by_branch = !matches!(format, Format::VnpostHccJson | Format::VnpostHccXml);
    (0..DOCUMENTS)
        .map(|n| writer.document(n, by_branch, format, least).1)
        .collect()
}

/// The least a reader of this syntax does: JSON into values, XML into events.
fn bare(format: Format, bytes: &[u8]) -> usize {
    match format {
        Format::CanonicalJson | Format::DvcqgMcJson | Format::VnpostHccJson => {
            let value: serde_json::Value = serde_json::from_slice(bytes).expect("JSON");
            black_box(value).as_object().map_or(0, serde_json::Map::len)
        }
        Format::CanonicalXml | Format::VnpostHccXml => {
            let mut reader = quick_xml::Reader::from_reader(bytes);
            let mut events = 0;
            while !matches!(black_box(reader.read_event().expect("XML")), Event::Eof) {
                events += 1;
            }
            events
        }
    }
}

/// Bytes to canonical dossier and, of what was read, the canonical form written again.
fn adapting(bench: &mut Bench, registry: &Registry, writer: &Writer) {
    for format in Format::ALL {
        let adapter = registry.get(format.name()).expect("a shipped format");
        for &(size, least) in sizes(format) {
            let documents = documents(writer, format, least);
            let name = format!("{}, {size}", format.label());
            let parse = |n: usize| bare(format, &documents[n]);
            bench.pair(&format!("adapt {name}"), DOCUMENTS, parse, |n| {
                adapter
                    .read(&documents[n], format.media_type())
                    .expect("a dossier")
            });
            if format == Format::CanonicalJson {
                let filings: Vec<Adapted> = documents
                    .iter()
                    .map(|bytes| adapter.read(bytes, format.media_type()).expect("a dossier"))
                    .collect();
                bench.pair(
                    &format!("write the canonical content, {size}"),
                    DOCUMENTS,
                    parse,
                    |n| filings[n].filing.content_bytes(),
                );
            }
        }
    }
}

fn routing(
    bench: &mut Bench,
    digest: Option<f64>,
    directory: &Directory,
    registry: &Registry,
    usual: &[Vec<u8>],
) {
    let adapter = registry.get("canonical/v1").expect("a shipped format");
    let filings: Vec<_> = usual
        .iter()
        .map(|bytes| adapter.read(bytes, "application/json").expect("a dossier").filing)
        .collect();
    let routed = bench.time("route", filings.len(), |n| {
        let filing = &filings[n];
        directory
            .route(
                filing.procedure.code.as_str(),
                filing.place.as_ref(),
                filing.filed_at.date(),
            )
            .expect("a route")
    });
    bench.put("route with its whole reason, beside a SHA-256", routed, digest);
}

fn lifecycle(bench: &mut Bench, digest: Option<f64>) {
    let state = State {
        phase: Phase::Registered,
        since: monday(),
        spoken: std::collections::BTreeMap::new(),
        events: 1,
        version: 1,
        supplements: 0,
        postponements: 0,
        accepted: false,
        code: None,
        claimed: None,
        open: Open::default(),
        tasks: Default::default(),
        due: None,
        promise: None,
    };
    for (name, to) in [
        ("one step", Status::Accepted),
        ("with steps inferred", Status::Finished),
    ] {
        let report = Report::new(to, Role::Agency, monday());
        let decided = bench.time(&format!("decide {name}"), 1, |_| {
            decide(black_box(&state), &report)
        });
        bench.put(
            format!("decide on a report, {name}, beside a SHA-256"),
            decided,
            digest,
        );
    }
}

fn tokens(bench: &mut Bench, digest: Option<f64>) {
    let key = SigningKey::generate_pkcs8().expect("a key");
    let key = Arc::new(SigningKey::from_pkcs8_der(key.expose()).expect("a key"));
    let rules = || TokenRules {
        issuer: "https://hub.example".to_owned(),
        audience: "https://partner.hub.example".to_owned(),
        token_endpoint: "https://partner.hub.example/oauth2/token".to_owned(),
        life: Duration::from_secs(600),
    };
    let issuer = Issuer::new(rules(), Arc::clone(&key), Vec::new());
    let tenant: TenantKey = "branch.ba-dinh".parse().expect("a tenant's key");
    let print = thumbprint(b"a certificate");
    let token = issuer
        .mint(&tenant, Permissions::of(tenant.kind()), &print, monday(), [7; 16])
        .expect("a token")
        .access_token;
    let first = bench.time("token, first time", 1, |_| {
        issuer.verify(&token, &print, monday()).expect("a good token")
    });
    let tokens = Tokens::new(Issuer::new(rules(), key, Vec::new()), 100);
    let again = bench.time("token, seen before", 1, |_| {
        tokens.verify(&token, &print, monday()).expect("a good token")
    });
    bench.put(
        "check a token, its signature included, beside a SHA-256",
        first,
        digest,
    );
    bench.put("check a token seen before, beside a SHA-256", again, digest);
}

fn sealing(bench: &mut Bench, digest: Option<f64>) {
    let event = vec![b'x'; 700];
    for events in [1, EVENTS] {
        let sealed = bench.time(&format!("seal {events}"), 1, |_| {
            let leaves: Vec<_> = (0..events).map(|_| seal::leaf(&[7; 32], &event)).collect();
            let beside = ChainEnd {
                number: 0,
                hash: GENESIS,
            };
            let block = Block {
                number: 1,
                first_seq: 1,
                count: events as i64,
                at_micros: monday().as_micros(),
                root: seal::root(&leaves),
                acts: beside,
                reads: beside,
            };
            block.hash(&GENESIS)
        });
        bench.put(
            format!("seal a block of {events}, an event, beside a SHA-256"),
            sealed.map(|time| time / events as f64),
            digest,
        );
    }
}

fn encrypting(bench: &mut Bench, digest: Option<f64>, usual: &[Vec<u8>]) {
    let cipher = Cipher::new("bench", &[("bench".to_owned(), [3; 32])], &[4; 32]).expect("keys");
    let mut rng = StdRng::seed_from_u64(1);
    let name = DossierId::new(monday(), &mut rng).to_string();
    let encrypted = bench.time("encrypt a document, 2 KB", usual.len(), |n| {
        cipher.seal(&name, &usual[n], &mut rng).expect("encrypted")
    });
    bench.put("encrypt a document, 2 KB, beside a SHA-256", encrypted, digest);
}
