//! One generator for what the verbs draw: ids, nonces, secrets.

use parking_lot::Mutex;
use rand::rngs::StdRng;

use crate::clock::Entropy;

/// The generator of the verbs.
pub struct Draws {
    entropy: Entropy,
    generator: Mutex<StdRng>,
}

impl Draws {
    /// A generator of this source.
    pub(super) fn new(entropy: Entropy) -> Self {
        Draws {
            generator: Mutex::new(entropy.generator()),
            entropy,
        }
    }

    /// Runs with the generator; the lock is held for the closure only.
    pub(super) fn with<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        let mut generator = self.generator.lock();
        self.entropy.stir(&mut generator);
        draw(&mut generator)
    }
}
