//! Seals: one committed batch of events is a block, a Merkle tree as in RFC 9162 whose leaves are salted, chained to the block
//! before. One copied head proves all history; a short path proves one event; destroying an event's salt keeps every seal valid
//! while nothing can be guessed from the leaf.

use aws_lc_rs::digest::{Context, SHA256, digest};

use super::sha256::Sha256;

/// The hash before the first block.
pub const GENESIS: Sha256 = Sha256::new([0; 32]);

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    Sha256::new(out)
}

/// The leaf of an event: SHA-256(0x00 ‖ salt ‖ event bytes).
pub fn leaf(salt: &[u8; 32], event: &[u8]) -> Sha256 {
    let mut input = Vec::with_capacity(33 + event.len());
    input.push(0);
    input.extend_from_slice(salt);
    input.extend_from_slice(event);
    sha256(&input)
}

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    let mut input = [0u8; 65];
    input[0] = 1;
    input[1..33].copy_from_slice(left.as_bytes());
    input[33..].copy_from_slice(right.as_bytes());
    sha256(&input)
}

/// The largest power of two smaller than `n` (n > 1), where RFC 9162 splits a tree.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// The Merkle tree hash of the leaves; of none, SHA-256 of the empty string.
pub fn root(leaves: &[Sha256]) -> Sha256 {
    match leaves {
        [] => sha256(b""),
        [one] => *one,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&root(left), &root(right))
        }
    }
}

/// The siblings that lead from leaf `index` to the root, nearest first.
pub fn inclusion_proof(leaves: &[Sha256], index: usize) -> Vec<Sha256> {
    if leaves.len() <= 1 || index >= leaves.len() {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, sibling) = if index < at {
        (inclusion_proof(left, index), root(right))
    } else {
        (inclusion_proof(right, index - at), root(left))
    };
    path.push(sibling);
    path
}

/// Whether `path` leads from `leaf` at `index` of `size` leaves to `expected` (RFC 9162, 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Sha256,
    index: usize,
    size: usize,
    path: &[Sha256],
    expected: &Sha256,
) -> bool {
    if index >= size {
        return false;
    }
    let (mut f, mut s, mut r) = (index, size - 1, *leaf);
    for p in path {
        if s == 0 {
            return false;
        }
        if f & 1 == 1 || f == s {
            r = node(p, &r);
            while f & 1 == 0 && f != 0 {
                f >>= 1;
                s >>= 1;
            }
        } else {
            r = node(&r, p);
        }
        f >>= 1;
        s >>= 1;
    }
    s == 0 && r == *expected
}

/// SHA-256 of what `write` puts in.
pub fn digest_of(write: impl FnOnce(&mut Context)) -> Sha256 {
    let mut context = Context::new(&SHA256);
    write(&mut context);
    Sha256::finished(context)
}

/// How far a chain beside the events has come: how many entries, and the hash of the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainEnd {
    /// Number of the last entry.
    pub number: i64,
    /// Its hash; [`GENESIS`] before the first.
    pub hash: Sha256,
}

/// The next link of a chain beside the events: SHA-256(0x03 ‖ previous ‖ digest of the entry's row).
pub fn link(previous: &Sha256, row: &Sha256) -> Sha256 {
    digest_of(|context| {
        context.update(&[3]);
        context.update(previous.as_bytes());
        context.update(row.as_bytes());
    })
}

/// What one commit seals.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Its place in the chain.
    pub number: i64,
    /// Sequence number of its first event.
    pub first_seq: i64,
    /// How many events; none where only acts or reads were written.
    pub count: i64,
    /// When, in microseconds since 1970.
    pub at_micros: i64,
    /// The root over its events.
    pub root: Sha256,
    /// What operators did, up to here.
    pub acts: ChainEnd,
    /// Who read what, up to here.
    pub reads: ChainEnd,
}

impl Block {
    /// Its hash: SHA-256(0x02 ‖ previous ‖ number ‖ first event ‖ count ‖ time in µs ‖ root ‖ acts ‖ hash of the last act ‖ reads ‖
    /// hash of the last read), numbers as 8 bytes big-endian.
    pub fn hash(&self, previous: &Sha256) -> Sha256 {
        digest_of(|context| {
            context.update(&[2]);
            context.update(previous.as_bytes());
            for n in [self.number, self.first_seq, self.count, self.at_micros] {
                context.update(&n.to_be_bytes());
            }
            context.update(self.root.as_bytes());
            for beside in [self.acts, self.reads] {
                context.update(&beside.number.to_be_bytes());
                context.update(beside.hash.as_bytes());
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_leaf_proves_itself_and_nothing_else(n in 1usize..70, pick in 0usize..1000, flip in 0usize..256) {
            let leaves: Vec<Sha256> = (0..n).map(|i| leaf(&[7; 32], &i.to_be_bytes())).collect();
            let index = pick % n;
            let head = root(&leaves);
            let path = inclusion_proof(&leaves, index);
            prop_assert!(verify_inclusion(&leaves[index], index, n, &path, &head));
            let mut wrong = *leaves[index].as_bytes();
            wrong[flip / 8] ^= 1 << (flip % 8);
            let wrong = Sha256::new(wrong);
            prop_assert!(!verify_inclusion(&wrong, index, n, &path, &head));
            let mut changed = leaves;
            changed[index] = wrong;
            prop_assert_ne!(root(&changed), head);
        }
    }

    #[test]
    fn the_empty_tree_and_the_salt() {
        assert_eq!(
            root(&[]).to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_ne!(leaf(&[0; 32], b"x"), leaf(&[1; 32], b"x"));
    }
}
