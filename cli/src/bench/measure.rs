//! Timing of the cases. Each round takes a sample of every case in turn, so that a drift of the machine's speed affects
//! all cases alike.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The approximate duration of one sample.
const SAMPLE: Duration = Duration::from_millis(20);

/// One operation by one engine.
pub(super) struct Case<'a> {
    pub(super) operation: String,
    pub(super) engine: String,
    /// The number of records or bytes that one call handles.
    pub(super) elements: usize,
    pub(super) threads: usize,
    run: Box<dyn FnMut() + Send + 'a>,
    calls: u32,
    /// Seconds for one element, in the order of measurement.
    samples: Vec<f64>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        operation: impl Into<String>,
        engine: &impl ToString,
        elements: usize,
        threads: usize,
        run: impl FnMut() + Send + 'a,
    ) -> Self {
        let (operation, engine) = (operation.into(), engine.to_string());
        Self { operation, engine, elements, threads, run: Box::new(run), calls: 1, samples: Vec::new() }
    }

    fn time(&mut self, calls: u32) -> Duration {
        let start = Instant::now();
        (0..calls).for_each(|_| (self.run)());
        start.elapsed()
    }

    /// Warms up, and determines how many calls make up a sample.
    pub(super) fn calibrate(&mut self) {
        self.time(1);
        let once = self.time(1).max(Duration::from_nanos(1));
        let calls = SAMPLE.as_nanos() / once.as_nanos();
        self.calls = u32::try_from(calls).unwrap_or(u32::MAX).clamp(1, 10_000);
    }

    pub(super) fn sample(&mut self) {
        let calls = self.calls;
        let elements = f64::from(calls) * self.elements_f64();
        let seconds = self.time(calls).as_secs_f64();
        self.samples.push(seconds / elements);
    }

    pub(super) fn elements_f64(&self) -> f64 {
        // All counts of records and bytes are below 2^32.
        u32::try_from(self.elements).map_or(f64::INFINITY, f64::from)
    }

    /// The value below which this share of the samples lies, interpolated between two samples.
    fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.samples.clone();
        sorted.sort_by(f64::total_cmp);
        let last = u32::try_from(sorted.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let place = share * f64::from(last);
        // `place` is between 0 and the index of the last sample.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (below, part) = (place as usize, place.fract());
        match (sorted.get(below), sorted.get(below + 1)) {
            (Some(low), Some(high)) => low + part * (high - low),
            (Some(low), None) => *low,
            _ => f64::NAN,
        }
    }

    /// Seconds for one element.
    pub(super) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The tenth and the ninetieth percentile.
    pub(super) fn spread(&self) -> (f64, f64) {
        (self.quantile(0.1), self.quantile(0.9))
    }

    /// Whether the percentiles are more than a tenth of the median apart: other programs ran, or the rounds are too
    /// few.
    pub(super) fn is_noisy(&self) -> bool {
        let (low, high) = self.spread();
        high - low > 0.1 * self.median()
    }

    pub(super) fn json(&self) -> Value {
        let (low, high) = self.spread();
        json!({
            "operation": self.operation, "engine": self.engine, "batch": self.elements, "threads": self.threads,
            "median_seconds": self.median(), "p10_seconds": low, "p90_seconds": high, "samples": self.samples.len(),
            "noisy": self.is_noisy(),
        })
    }

    /// One row for each sample, in the order of measurement.
    pub(super) fn csv(&self) -> String {
        let Self { operation, engine, elements, threads, .. } = self;
        let row =
            |(i, seconds): (usize, &f64)| format!("\"{operation}\",{engine},{elements},{threads},{i},{seconds:e}\n");
        self.samples.iter().enumerate().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_samples() {
        let mut case = Case::new("x", &"y", 1, 1, || ());
        case.samples = vec![3.0, 1.0, 2.0];
        assert_eq!((case.median(), case.spread()), (2.0, (1.2, 2.8)));
        assert!(case.is_noisy());
        case.samples = vec![1.0];
        assert_eq!((case.median(), case.spread()), (1.0, (1.0, 1.0)));
        assert_eq!(case.csv(), "\"x\",y,1,1,0,1e0\n");
    }
}
