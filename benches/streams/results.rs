//! Compares the readers' receipts with the headlines that were created.

use std::collections::HashMap;
use std::time::Instant;

use serde_json::{Value, json};

use crate::readers::Received;
use crate::writer::Created;

/// Milliseconds, in ascending order.
struct Sorted(Vec<f64>);

impl Sorted {
    fn new(mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        Self(times)
    }

    /// By the nearest rank; none where there are no times.
    fn percentile(&self, part: f64) -> Option<f64> {
        let rank = (self.0.len() as f64 * part).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied()
    }

    fn json(&self) -> Value {
        json!({"p50": self.percentile(0.5), "p99": self.percentile(0.99), "max": self.0.last()})
    }
}

/// `each`: from the commit to each receipt; `last`: to the last receipt of each headline; `last_from_request`: the same from the
/// request, an upper bound where the response was late. `lost`, `repeated`, `unknown` (not created by the writer): numbers of events.
pub fn results(created: &[Created], received: &Received) -> Value {
    let numbers = created.iter().map(|headline| headline.id).zip(0..);
    let numbers: HashMap<_, usize> = numbers.collect();
    let mut all = Vec::with_capacity(created.len() * received.by_reader.len());
    let mut last: Vec<Option<Instant>> = vec![None; created.len()];
    let (mut lost, mut repeated, mut unknown) = (0, 0, 0);
    for receipts in &received.by_reader {
        let mut counts = vec![0_usize; created.len()];
        for receipt in receipts {
            let Some(&number) = numbers.get(&receipt.id) else {
                unknown += 1;
                continue;
            };
            counts[number] += 1;
            if counts[number] == 1 {
                all.push(milliseconds(created[number].committed, receipt.at));
                last[number] = last[number].max(Some(receipt.at));
            }
        }
        lost += counts.iter().filter(|count| **count == 0).count();
        repeated += counts
            .iter()
            .map(|count| count.saturating_sub(1))
            .sum::<usize>();
    }
    let to_last = |from: fn(&Created) -> Instant| {
        let last = created.iter().zip(&last);
        let times = last.filter_map(|(headline, at)| Some(milliseconds(from(headline), (*at)?)));
        Sorted::new(times.collect()).json()
    };
    let creates = created
        .iter()
        .map(|headline| milliseconds(headline.sent, headline.committed));
    json!({
        "readers": received.by_reader.len(),
        "headlines": created.len(),
        "seconds": created.first().zip(created.last()).map(|(first, last)| milliseconds(first.sent, last.committed) / 1000.0),
        "create": Sorted::new(creates.collect()).json(),
        "each": Sorted::new(all).json(),
        "last": to_last(|headline| headline.committed),
        "last_from_request": to_last(|headline| headline.sent),
        "lost": lost,
        "repeated": repeated,
        "unknown": unknown,
        "ended": received.ended.len(),
        "why_ended": received.ended.first(),
    })
}

/// Zero where the reader was faster than the response.
fn milliseconds(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}
