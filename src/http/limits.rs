//! The numbers of the interface. Each stands in `docs/LIMITS.md` too, and is tested at its bound.

use std::time::Duration;

/// The longest document of a submission or of statuses, in bytes: what an adapter reads at most.
pub const DOCUMENT_BYTES: usize = 1_048_576;

/// The longest batch of documents, in bytes: 256 MiB.
pub const BATCH_BYTES: usize = 268_435_456;

/// Items of one batch.
pub const BATCH_ITEMS: u64 = 10_000;

/// A batch has to be over in this time, from its first byte to its last answer.
pub const BATCH_TIME: Duration = Duration::from_secs(600);

/// Batches of one tenant at once. The next one is 429 before its body is read.
pub const BATCHES_PER_TENANT: usize = 2;

/// An answer that lies so long with a client that does not take it is given up, and its connection with it.
pub const UNREAD_TIME: Duration = Duration::from_secs(30);

/// The longest JSON body of any other call, in bytes.
pub const JSON_BYTES: usize = 65_536;

/// The longest JSON body of an operator who registers many tenants or puts a directory into use, in bytes.
pub const LARGE_JSON_BYTES: usize = 16_777_216;

/// The longest form, in bytes.
pub const FORM_BYTES: usize = 4_096;

/// Requests of one tenant that may be in flight at once. The next one is 429 before its body is read.
pub const IN_FLIGHT_PER_TENANT: usize = 64;

/// A body has to be here in this time, from its first byte to its last.
pub const BODY_TIME: Duration = Duration::from_secs(10);

/// An uploaded file has to come at least at this pace: each portion of so many bytes, or its end, …
pub const UPLOAD_PORTION: usize = 65_536;

/// … within this time. What the hub itself needs to write it does not count.
pub const UPLOAD_TIME: Duration = Duration::from_secs(10);

/// Readings of one page of a read log: at most, and when nothing is said.
pub const READ_PAGE: (u32, u32) = (200, 50);

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

/// The longest wait of a feed or an inbox, in seconds.
pub const WAIT_SECONDS: u32 = 30;

/// Events of one page of the feed: at most, and when nothing is said.
pub const FEED_PAGE: (u32, u32) = (200, 100);

/// Messages of one page of an inbox: at most, and when nothing is said.
pub const INBOX_PAGE: (u32, u32) = (100, 20);

/// Dossiers of one page of a list: at most, and when nothing is said.
pub const DOSSIER_PAGE: (u32, u32) = (200, 50);

/// Tenants of one page of the register: at most, and when nothing is said.
pub const TENANT_PAGE: (u32, u32) = (200, 50);

/// Entries of one page of the audit: at most, and when nothing is said.
pub const AUDIT_PAGE: (u32, u32) = (200, 50);
/// Deliveries of one page of a list: at most, and when nothing is said.
pub const DELIVERY_PAGE: (u32, u32) = (200, 50);

/// Attempts to tell a submitter, of one page: at most, and when nothing is said.
pub const ATTEMPT_PAGE: (u32, u32) = (200, 50);

/// Alarms of one page: at most, and when nothing is said.
pub const ALARM_PAGE: (u32, u32) = (200, 50);

/// The longest reference in a query, in characters: as long as a reference may be.
pub const REFERENCE_CHARACTERS: usize = 100;

/// Look-ups one address may try in a minute. The citizen's secret has 60 bits; this is what makes them enough.
pub const LOOKUPS_PER_MINUTE: u32 = 30;

/// Addresses whose look-ups are counted at once. When there are more, the next new one waits.
pub const LOOKUP_ADDRESSES: usize = 20_000;

/// Seconds after which to come again: too many requests at once.
pub const RETRY_RATE: u32 = 1;

/// Seconds after which to come again: the ledger's queue is full.
pub const RETRY_QUEUE: u32 = 2;

/// Seconds after which to come again: the database is away.
pub const RETRY_STORE: u32 = 5;

/// Seconds after which to come again: too many look-ups.
pub const RETRY_LOOKUP: u32 = 60;
