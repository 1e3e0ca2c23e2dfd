//! What single steps take, beside the least anybody could do: `cargo bench --profile optimised --bench micro` (`-- adapt` for some
//! of them).
//!
//! Reading a document is put beside a bare parse of the same bytes, and everything else beside one SHA-256 of a usual document: ratios
//! of one machine in one minute. They are printed at the end, each from the fastest of criterion's samples, which other work on the
//! machine disturbs least. Figures, not verdicts; what CI holds a change to is counted in instructions (`benches/counts`).

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
use lienthong::domain::seal::{self, Beside, Block, GENESIS, sha256};
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
    /// Measures, and gives nanoseconds of the fastest sample; none where it is not among those asked for.
    fn time<T>(&mut self, name: &str, mut step: impl FnMut() -> T) -> Option<f64> {
        let mut fastest = f64::INFINITY;
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                for _ in 0..times {
                    black_box(step());
                }
                let took = start.elapsed();
                fastest = fastest.min(took.as_nanos() as f64 / times as f64);
                took
            });
        });
        fastest.is_finite().then_some(fastest)
    }

    fn put(&mut self, name: impl Into<String>, time: Option<f64>, beside: Option<f64>) {
        if let (Some(time), Some(beside)) = (time, beside) {
            self.ratios.push((name.into(), time, beside));
        }
    }
}

/// The documents of a kind, one after another without end.
fn in_turn<'a>(documents: &'a [Vec<u8>]) -> impl FnMut() -> &'a [u8] {
    let mut next = 0;
    move || {
        next = (next + 1) % documents.len();
        &documents[next]
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
    let mut next = in_turn(&usual);
    let digest = bench.time("sha256 of a document, 2 KB", || sha256(next()));
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
            let mut next = in_turn(&documents);
            let bare = bench.time(&format!("parse {name}"), || bare(format, next()));
            let mut next = in_turn(&documents);
            let read = bench.time(&format!("adapt {name}"), || {
                adapter.read(next(), format.media_type()).expect("a dossier")
            });
            bench.put(
                format!("adapt {name}, beside a bare parse of the bytes"),
                read,
                bare,
            );
            if format == Format::CanonicalJson {
                let filings: Vec<Adapted> = documents
                    .iter()
                    .map(|bytes| adapter.read(bytes, format.media_type()).expect("a dossier"))
                    .collect();
                let mut at = 0;
                let written = bench.time(&format!("write canonical, {size}"), || {
                    at = (at + 1) % filings.len();
                    filings[at].filing.content_bytes()
                });
                bench.put(
                    format!("write the canonical content, {size}, beside a bare parse"),
                    written,
                    bare,
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
    let mut at = 0;
    let routed = bench.time("route", || {
        at = (at + 1) % filings.len();
        let filing = &filings[at];
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
        due: None,
        promise: None,
    };
    for (name, to) in [
        ("one step", Status::Accepted),
        ("with steps inferred", Status::Finished),
    ] {
        let report = Report::new(to, Role::Agency, monday());
        let decided = bench.time(&format!("decide {name}"), || decide(black_box(&state), &report));
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
    let first = bench.time("token, first time", || {
        issuer.verify(&token, &print, monday()).expect("a good token")
    });
    let tokens = Tokens::new(Issuer::new(rules(), key, Vec::new()), 100);
    let again = bench.time("token, seen before", || {
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
        let sealed = bench.time(&format!("seal {events}"), || {
            let leaves: Vec<_> = (0..events).map(|_| seal::leaf(&[7; 32], &event)).collect();
            let beside = Beside {
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
    let mut next = in_turn(usual);
    let encrypted = bench.time("encrypt a document, 2 KB", || {
        cipher.seal(&name, next(), &mut rng).expect("encrypted")
    });
    bench.put("encrypt a document, 2 KB, beside a SHA-256", encrypted, digest);
}
