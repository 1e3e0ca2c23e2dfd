//! Time and chance, as values that are handed over.
//!
//! Nothing else in the house reads the wall clock or asks the system for randomness (clippy's `disallowed-methods` holds the
//! code to it). A test hands over a clock it turns by hand and a seed, and gets the same run every time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rand::rngs::{StdRng, SysRng};
use rand::{SeedableRng, TryRng};

use crate::domain::time::Timestamp;

/// Where the present moment comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that moves only when told to; microseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `at` until [`Clock::advance`] is called.
    pub fn manual(at: Timestamp) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(at.as_micros())))
    }

    /// The present moment, truncated to microseconds (the precision of both databases).
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::from_jiff(jiff::Timestamp::now()),
            Clock::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; a system clock cannot be moved and stays as it is.
    pub fn advance(&self, by: std::time::Duration) {
        if let Clock::Manual(micros) = self {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            micros.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Where randomness comes from: a source that makes generators, so that each thread owns its own.
#[derive(Clone, Debug)]
pub enum Entropy {
    /// Seeded from the operating system.
    System,
    /// Reproducible: every generator starts from this seed and a counter.
    Seeded(u64, Arc<AtomicU64>),
}

impl Entropy {
    /// A reproducible source.
    pub fn seeded(seed: u64) -> Self {
        Entropy::Seeded(seed, Arc::new(AtomicU64::new(0)))
    }

    /// A generator of its own for one thread or task.
    pub fn generator(&self) -> StdRng {
        match self {
            Entropy::System => StdRng::from_seed(of_the_system()),
            Entropy::Seeded(seed, counter) => {
                StdRng::seed_from_u64(seed.wrapping_add(counter.fetch_add(1, Ordering::SeqCst) << 32))
            }
        }
    }

    /// Seeds a generator anew from the operating system, before secrets, salts or nonces are drawn: a machine that was cloned or
    /// set back while it ran has the generators of before, and would draw once more what was drawn already. What is reproducible
    /// stays so.
    pub fn stir(&self, generator: &mut StdRng) {
        if let Entropy::System = self {
            *generator = self.generator();
        }
    }
}

/// 32 bytes of the kernel's, which it draws anew when it learns that it was cloned (VMGENID) and mixes with the processor's own chance.
fn of_the_system() -> [u8; 32] {
    let mut seed = [0u8; 32];
    SysRng
        .try_fill_bytes(&mut seed)
        .expect("a kernel without randomness: nothing can be kept secret on it");
    seed
}
