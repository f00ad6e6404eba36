//! Fair timing: every case in turn, round after round, so that a drifting machine drifts for all of them.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long one sample takes about.
const SAMPLE: Duration = Duration::from_millis(20);

/// One operation by one engine.
pub(super) struct Case<'a> {
    pub(super) operation: &'static str,
    pub(super) engine: String,
    /// Records, or bytes, that one call handles.
    pub(super) elements: usize,
    pub(super) threads: usize,
    run: Box<dyn FnMut() + Send + 'a>,
    calls: u32,
    /// Seconds for one element.
    samples: Vec<f64>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        operation: &'static str,
        engine: &impl ToString,
        elements: usize,
        threads: usize,
        run: impl FnMut() + Send + 'a,
    ) -> Self {
        let engine = engine.to_string();
        Self { operation, engine, elements, threads, run: Box::new(run), calls: 1, samples: Vec::new() }
    }

    fn time(&mut self, calls: u32) -> Duration {
        let start = Instant::now();
        (0..calls).for_each(|_| (self.run)());
        start.elapsed()
    }

    /// Warms up and finds the number of calls that fill a sample.
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
        self.samples.sort_by(f64::total_cmp);
    }

    pub(super) fn elements_f64(&self) -> f64 {
        // Counts of records and bytes here stay far below 2^32.
        u32::try_from(self.elements).map_or(f64::INFINITY, f64::from)
    }

    /// The sample below which `percent` of the others lie.
    fn quantile(&self, percent: usize) -> f64 {
        let last = self.samples.len().saturating_sub(1);
        self.samples.get(last * percent / 100).copied().unwrap_or(f64::NAN)
    }

    /// Seconds for one element.
    pub(super) fn median(&self) -> f64 {
        self.quantile(50)
    }

    /// The tenth and the ninetieth percentile.
    pub(super) fn spread(&self) -> (f64, f64) {
        (self.quantile(10), self.quantile(90))
    }

    pub(super) fn json(&self) -> Value {
        let (low, high) = self.spread();
        json!({
            "operation": self.operation, "engine": self.engine, "batch": self.elements, "threads": self.threads,
            "median_seconds": self.median(), "p10_seconds": low, "p90_seconds": high, "samples": self.samples.len(),
        })
    }
}
