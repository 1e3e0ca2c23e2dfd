//! Percentiles and medians of what was measured: exact, from all values, nothing rounded into buckets.

use std::time::Duration;

use serde::Serialize;

/// How long something took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LatencyPercentiles {
    /// How many were measured.
    pub count: u64,
    /// Half took at most this.
    pub p50: f64,
    /// Nine of ten took at most this.
    pub p90: f64,
    /// 99 of 100 took at most this.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl LatencyPercentiles {
    /// Of these durations, by the nearest rank; all zero where there is none.
    pub fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let ms = |at: Option<&Duration>| at.map_or(0.0, |d| d.as_secs_f64() * 1e3);
        let rank = |part: f64| {
            let rank = (all.len() as f64 * part).ceil().max(1.0);
            ms(all.get(whole(rank) - 1))
        };
        LatencyPercentiles {
            count: all.len() as u64,
            p50: rank(0.50),
            p90: rank(0.90),
            p99: rank(0.99),
            max: ms(all.last()),
        }
    }
}

/// The middle value; of an even number, between the two in the middle. None of nothing.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut all: Vec<f64> = values.into_iter().collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    match (all.len(), all.len() % 2) {
        (0, _) => None,
        (_, 1) => Some(all[middle]),
        _ => Some(f64::midpoint(all[middle - 1], all[middle])),
    }
}

/// The whole part of a computed number: none of one below none, and as much as fits of one that does not.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is meant to cut the fraction off and to stop at the bounds, and no other conversion does"
)]
pub fn whole(number: f64) -> usize {
    number as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let ms = |n: u64| Duration::from_millis(n);
        let all = LatencyPercentiles::of((1..=200).rev().map(ms).collect());
        assert_eq!(
            (all.count, all.p50, all.p90, all.p99, all.max),
            (200, 100.0, 180.0, 198.0, 200.0)
        );
        assert_eq!(LatencyPercentiles::of(vec![ms(7)]).p99, 7.0);
        assert_eq!(LatencyPercentiles::of(Vec::new()), LatencyPercentiles::default());
    }

    #[test]
    fn a_median_is_between_the_two_in_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median([]), None);
    }
}
