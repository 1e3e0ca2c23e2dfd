//! Numbers of the contract that more than one room keeps: the server that holds to them, and the partner's half that counts on them.

use std::time::Duration;

/// The longest document of a submission or of statuses, in bytes.
pub const DOCUMENT_BYTES: usize = 1_048_576;

/// A batch has to be over in this time, from its first byte to its last answer.
pub const BATCH_TIME: Duration = Duration::from_secs(600);

/// How long a feed or an inbox may be waited for, in seconds.
pub const LONGEST_WAIT_SECONDS: u32 = 30;

/// The same as a time.
pub const LONGEST_WAIT: Duration = Duration::from_secs(LONGEST_WAIT_SECONDS as u64);

/// Entries of one page of any list at most.
pub const LARGEST_PAGE: u32 = 200;
