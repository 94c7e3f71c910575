//! The moments to come at which the public sees other content without a change.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

/// The moments, complete up to one of them.
#[derive(Debug, Default)]
pub struct Moments {
    known: BTreeSet<DateTime<Utc>>,
    until: DateTime<Utc>,
}

impl Moments {
    /// Adds what was read from the database, complete until `until`, and forgets what is over for two days before that.
    pub fn extend(&mut self, moments: &[DateTime<Utc>], until: DateTime<Utc>) {
        self.known = self.known.split_off(&(until - TimeDelta::days(2)));
        self.known.extend(moments);
        self.until = self.until.max(until);
    }

    /// Adds the moments of a change.
    pub fn add(&mut self, moments: &[DateTime<Utc>]) {
        self.known.extend(moments);
    }

    /// Until when an answer holds that was made at this time.
    pub fn after(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        let later = (std::ops::Bound::Excluded(time), std::ops::Bound::Unbounded);
        let next = self.known.range(later).next();
        next.map_or(self.until, |next| self.until.min(*next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_the_next_moment() {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let mut moments = Moments::default();
        moments.extend(&[time(10), time(20)], time(100));
        assert_eq!(moments.after(time(5)), time(10));
        assert_eq!(moments.after(time(10)), time(20));
        assert_eq!(moments.after(time(20)), time(100));
        moments.add(&[time(15)]);
        assert_eq!(moments.after(time(10)), time(15));
        let later = 3 * 86_400;
        moments.extend(&[], time(later));
        assert_eq!(moments.after(time(5)), time(later));
    }
}
