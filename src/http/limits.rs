//! The numbers of the interface. Each stands in `docs/LIMITS.md` too, and is tested at its bound.

use std::time::Duration;

use crate::domain::contract::{self, LARGEST_PAGE};
use crate::identity::token_request::LONGEST_FORM;

/// The longest document of a submission or of statuses, in bytes: what an adapter reads at most.
pub const DOCUMENT_BYTES: usize = contract::DOCUMENT_BYTES;

/// The longest batch of documents, in bytes: 256 MiB.
pub const BATCH_BYTES: usize = 268_435_456;

/// Items of one batch.
pub const BATCH_ITEMS: u64 = 10_000;

/// A batch has to be over in this time, from its first byte to its last answer.
pub const BATCH_TIME: Duration = contract::BATCH_TIME;

/// Batches of one tenant at once. The next one is 429 before its body is read.
pub const BATCHES_PER_TENANT: usize = 2;

/// Bytes of answers of one batch that may lie with the hub while its client sends and does not read: 16 MiB, which are the answers
/// of ten thousand usual filings. …
pub const ANSWERS_OF_ONE: usize = 16_777_216;

/// … and of all batches of one hub together: 256 MiB.
pub const ANSWERS_OF_ALL: usize = 268_435_456;

/// When they are full, and the client takes nothing for so long, the batch ends there and says so.
pub const ANSWERS_TIME: Duration = Duration::from_secs(10);

/// An answer that lies so long with a client that does not take it is given up, and its connection with it. While a batch is being
/// sent, the time of a batch counts instead.
pub const UNREAD_TIME: Duration = Duration::from_secs(30);

/// The longest JSON body of any other call, in bytes.
pub const JSON_BYTES: usize = 65_536;

/// The longest JSON body of an operator who registers many tenants or puts a directory into use, in bytes.
pub const LARGE_JSON_BYTES: usize = 16_777_216;

/// The longest JSON body with a version of a format and its samples, in bytes.
pub const FORMAT_JSON_BYTES: usize = 4_194_304;

/// The longest form, in bytes.
pub const FORM_BYTES: usize = LONGEST_FORM;

/// Requests of one tenant that may be in flight at once. The next one is 429 before its body is read.
pub const IN_FLIGHT_PER_TENANT: usize = 64;

/// The longest body, in bytes, of a request that is refused before it is read, that is taken from the line all the same, so that the
/// connection can be used again. …
pub const LET_BY_BYTES: usize = 65_536;

/// … if it is here within this time; else the answer goes without it, and the connection is closed.
pub const LET_BY_TIME: Duration = Duration::from_millis(100);

/// A body has to come at least at this pace: each portion of so many bytes, or its end, …
pub const BODY_PORTION: usize = 16_384;

/// … within this time: 1.6 KB/s, which the worst line of a commune still carries. What the hub itself needs does not count.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// However steadily it comes, a body has to be here in this time, so that nobody keeps a place for hours.
pub const BODY_LONGEST: Duration = Duration::from_secs(600);

/// An uploaded file has to come at least at this pace: each portion of so many bytes, or its end, …
pub const UPLOAD_PORTION: usize = 65_536;

/// … within this time. What the hub itself needs to write it does not count.
pub const UPLOAD_TIME: Duration = Duration::from_secs(10);

/// Readings of one page of a read log: at most, and when nothing is said.
pub const READ_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// The head of a request has to be here in this time.
pub const HEAD_TIME: Duration = Duration::from_secs(10);

/// A TLS handshake has to be done in this time.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);

/// How long an idle connection is kept.
pub const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may take to close its half.
pub const DISCONNECT_TIME: Duration = Duration::from_secs(5);

/// How long running requests may go on after the hub was told to stop, in seconds.
pub const SHUTDOWN_SECONDS: u64 = 10;

/// Open connections of one worker and listener.
pub const CONNECTIONS_PER_WORKER: usize = 8_192;

/// Open connections of one address (IPv6: of a /64) to one listener.
pub const CONNECTIONS_PER_ADDRESS: usize = 1_024;

/// Handshakes one worker makes at once; the next ones wait.
pub const HANDSHAKES_PER_WORKER: usize = 256;

/// The longest PROXY header of a balancer, in bytes.
pub const PROXY_HEADER_BYTES: usize = 2_048;

/// The longest wait of a feed or an inbox, in seconds.
pub const WAIT_SECONDS: u32 = contract::LONGEST_WAIT_SECONDS;

/// Events of one page of the feed: at most, and when nothing is said.
pub const FEED_PAGE: (u32, u32) = (LARGEST_PAGE, 100);

/// Messages of one page of an inbox: at most, and when nothing is said.
pub const INBOX_PAGE: (u32, u32) = (100, 20);

/// Dossiers of one page of a list: at most, and when nothing is said.
pub const DOSSIER_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// Tenants of one page of the register: at most, and when nothing is said.
pub const TENANT_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// Entries of one page of the audit: at most, and when nothing is said.
pub const AUDIT_PAGE: (u32, u32) = (LARGEST_PAGE, 50);
/// Deliveries of one page of a list: at most, and when nothing is said.
pub const DELIVERY_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// Attempts to tell a submitter, of one page: at most, and when nothing is said.
pub const ATTEMPT_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// Alarms of one page: at most, and when nothing is said.
pub const ALARM_PAGE: (u32, u32) = (LARGEST_PAGE, 50);

/// The longest reference in a query, in characters: as long as a reference may be.
pub const REFERENCE_CHARACTERS: usize = 100;

/// Wrong look-ups of one address (IPv6: of a /64) in a minute. A right one is always answered, so that a whole city may stand behind
/// one address; the citizen's secret has 60 bits, which nobody guesses at any rate a hub answers.
pub const LOOKUPS_PER_MINUTE: u32 = 30;

/// Wrong look-ups of one IPv6 /48 in a minute.
pub const LOOKUPS_PER_SITE: u32 = 300;

/// Wrong look-ups of one tracking id or code in a minute, from wherever.
pub const LOOKUPS_PER_KEY: u32 = 20;

/// Addresses and keys whose wrong look-ups are counted at once. When there are more, some are forgotten.
pub const LOOKUPS_COUNTED: usize = 50_000;

/// Look-ups in work at once: what they cost is bounded, whoever they come from.
pub const LOOKUPS_AT_ONCE: usize = 32;

/// How long one waits for its turn.
pub const LOOKUP_TURN: Duration = Duration::from_secs(1);

/// Of these, those by a code from where there were too many wrong ones.
pub const LOOKUPS_OF_EXHAUSTED: usize = 4;

/// Seconds after which to come again: too many requests at once.
pub const RETRY_RATE: u32 = 1;

/// Seconds after which to come again: the ledger's queue is full.
pub const RETRY_QUEUE: u32 = 2;

/// Seconds after which to come again: the database is away.
pub const RETRY_STORE: u32 = 5;

/// Seconds after which to come again: too many look-ups.
pub const RETRY_LOOKUP: u32 = 60;
