//! The figures as plots (SVG), one for each question. Every plot has axes with units, bars from p10 to p90, and the machine,
//! the date and the version below.

use super::cases::{BATCHES, BY_THREADS, REENCRYPT};
use super::measure::Case;
use crate::output::Failure;
use phi_pre::group::Engine;
use plotters::coord::ranged1d::SegmentValue;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use serde_json::Value;
use std::collections::BTreeSet;

const WIDTH: u32 = 860;
const HEIGHT: u32 = 480;
/// The height of a row of a plot with rows.
const ROW: u32 = 22;
/// Room below a plot for the machine.
const FOOT: u32 = 26;
const FONT: &str = "sans-serif";
/// The colours of the engines, which differ in grey, too, and the sizes of their marks: equal times stay visible.
const ENGINES: [(Engine, RGBColor, u32); 4] = [
    (Engine::Plain, RGBColor(0x8a, 0x95, 0xa1), 9),
    (Engine::Blst, RGBColor(0x3d, 0x6f, 0xb4), 13),
    (Engine::Lanes256, RGBColor(0x7a, 0x9a, 0x3a), 11),
    (Engine::Lanes, RGBColor(0xc2, 0x41, 0x0c), 8),
];
const PHASES: [(&str, &str); 3] = [
    ("Miller loop", "phase: Miller loop"),
    ("final exponentiation", "phase: final exponentiation"),
    ("product in GT", "phase: product in GT"),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// A plot: the end of its file's name, and its text.
pub(super) type Plot = (&'static str, String);

/// What stands below each plot: the processor, the date and the version.
pub(super) fn foot(machine: &Value) -> String {
    let text = |field: &str| machine[field].as_str().unwrap_or("unknown").to_owned();
    let (processor, cores) = (text("processor"), &machine["cores"]);
    let (version, commit) = (text("phi_pre"), text("commit").chars().take(12).collect::<String>());
    format!("{processor}, {cores} cores · {} · phi-pre {version} ({commit})", text("date"))
}

/// The plots of the engines.
pub(super) fn of_engines(cases: &[Case<'_>], foot: &str) -> Result<Vec<Plot>, Failure> {
    let batches: Vec<_> = BATCHES.into_iter().filter_map(|n| u32::try_from(n).ok()).collect();
    let by_batch = Curve { operation: REENCRYPT, x: "records in a batch", at: &batches, of: |case| case.elements };
    let threads: BTreeSet<u32> = cases
        .iter()
        .filter(|case| case.operation == BY_THREADS)
        .filter_map(|c| u32::try_from(c.threads).ok())
        .collect();
    let threads: Vec<_> = threads.into_iter().collect();
    let by_threads = Curve { operation: BY_THREADS, x: "threads", at: &threads, of: |case| case.threads };
    let phases: Vec<_> =
        PHASES.map(|(label, operation)| Row { label: label.into(), operation: operation.into(), n: 8 }).into();
    let how_fast = "How many re-encryptions a second, by the size of a batch? (one thread, k_re prepared)";
    let scaling = "How many re-encryptions a second, by threads? (batches of 512, from bytes to bytes)";
    let where_time = "Where does the time of a re-encryption go?";
    Ok(vec![
        ("batch", plot(HEIGHT, foot, |area| by_batch.draw(area, cases, how_fast))?),
        ("threads", plot(HEIGHT, foot, |area| by_threads.draw(area, cases, scaling))?),
        ("phases", plot(height(phases.len()), foot, |area| rows(area, cases, where_time, &phases))?),
    ])
}

/// The plot of the schemes: a row for each algorithm.
pub(super) fn of_schemes(cases: &[Case<'_>], foot: &str, algorithms: &[Row]) -> Result<Vec<Plot>, Failure> {
    let question = "How long does each algorithm of each scheme take? (one thread)";
    let drawn = plot(height(algorithms.len()), foot, |area| rows(area, cases, question, algorithms))?;
    Ok(vec![("schemes", drawn)])
}

fn height(rows: usize) -> u32 {
    160 + ROW * u32::try_from(rows).unwrap_or_default()
}

/// Draws one plot. A failure of the drawing library is only possible with a file.
fn plot(height: u32, foot: &str, draw: impl FnOnce(&Area<'_>) -> Result<(), Failure>) -> Result<String, Failure> {
    let mut text = String::new();
    {
        let root = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (above, below) = root.split_vertically(height - FOOT);
        draw(&above)?;
        let grey = BLACK.mix(0.6);
        let style = (FONT, 12).into_text_style(&below).color(&grey).pos(Pos::new(HPos::Right, VPos::Top));
        below.draw_text(foot, &style, (i32::try_from(WIDTH - 16)?, 4)).map_err(failed)?;
        root.present().map_err(failed)?;
    }
    Ok(text)
}

fn failed(error: impl core::fmt::Display) -> Failure {
    format!("drawing a plot: {error}").into()
}

/// Throughput along an axis of doublings, with a line for each engine.
struct Curve<'a> {
    operation: &'a str,
    x: &'a str,
    at: &'a [u32],
    of: fn(&Case<'_>) -> usize,
}

impl Curve<'_> {
    fn draw(&self, area: &Area<'_>, cases: &[Case<'_>], question: &str) -> Result<(), Failure> {
        let point = |case: &Case<'_>| {
            let (fast, slow) = case.spread();
            let x = u32::try_from((self.of)(case)).unwrap_or(u32::MAX);
            (f64::from(x), [slow, case.median(), fast].map(f64::recip))
        };
        let of = |engine: Engine| {
            let mine = cases.iter().filter(|case| case.operation == self.operation && case.engine == engine.name());
            mine.map(point).collect::<Vec<_>>()
        };
        let most = ENGINES.iter().flat_map(|(engine, ..)| of(*engine)).map(|(_, [.., high])| high).fold(1.0, f64::max);
        let (first, last) = (self.at.first().copied().unwrap_or(1), self.at.last().copied().unwrap_or(1));
        let x = (f64::from(first) * 0.85..f64::from(last) * 1.2).log_scale().base(2.0);
        let mut chart = ChartBuilder::on(area)
            .caption(question, (FONT, 16))
            .margin(16)
            .x_label_area_size(44)
            .y_label_area_size(76)
            .build_cartesian_2d(x.with_key_points(self.at.iter().copied().map(f64::from).collect()), 0.0..most * 1.05)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_desc(self.x)
            .y_desc("records a second")
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .label_style((FONT, 13))
            .light_line_style(TRANSPARENT)
            .draw()
            .map_err(failed)?;
        for (engine, colour, size) in ENGINES {
            let points = of(engine);
            if points.is_empty() {
                continue;
            }
            let line = points.iter().map(|(x, [_, median, _])| (*x, *median));
            chart
                .draw_series(LineSeries::new(line, colour.stroke_width(2)))
                .map_err(failed)?
                .label(engine.name())
                .legend(move |(x, y)| Circle::new((x + 10, y), 5, colour.filled()));
            let bars = points.iter().map(|(x, [low, median, high])| {
                ErrorBar::new_vertical(*x, *low, *median, *high, colour.filled(), size)
            });
            chart.draw_series(bars).map_err(failed)?;
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    }
}

/// A row of a plot with rows.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) operation: String,
    pub(super) n: usize,
}

/// The time for one record, with a row for each operation and a mark for each engine.
fn rows(area: &Area<'_>, cases: &[Case<'_>], question: &str, rows: &[Row]) -> Result<(), Failure> {
    let of = |row: &Row, engine: Engine| {
        let mine = |case: &&Case<'_>| {
            (&*case.operation, &*case.engine, case.elements) == (&*row.operation, engine.name(), row.n)
        };
        let case = cases.iter().find(mine)?;
        let (fast, slow) = case.spread();
        Some([fast, case.median(), slow].map(|seconds| seconds * 1e6))
    };
    let all = || rows.iter().flat_map(|row| ENGINES.iter().filter_map(|(engine, ..)| of(row, *engine)));
    let least = all().map(|[low, ..]| low).fold(f64::INFINITY, f64::min).min(1.0);
    let most = all().map(|[.., high]| high).fold(10.0, f64::max);
    let count = i32::try_from(rows.len())?;
    let longest = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
    let mut chart = ChartBuilder::on(area)
        .caption(question, (FONT, 16))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(30 + 7 * u32::try_from(longest)?)
        .build_cartesian_2d((least * 0.8..most * 8.0).log_scale(), (0..count).into_segmented())
        .map_err(failed)?;
    let label = |at: &SegmentValue<i32>| match at {
        // The first row is at the top.
        SegmentValue::CenterOf(i) => {
            let row = usize::try_from(count - 1 - i).ok().and_then(|i| rows.get(i));
            row.map_or_else(String::new, |row| row.label.clone())
        }
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc("microseconds for one record")
        .x_label_formatter(&|x| x.to_string())
        .y_labels(rows.len())
        .y_label_formatter(&label)
        .label_style((FONT, 13))
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    for (engine, colour, size) in ENGINES {
        let marks: Vec<_> = (0..count).rev().zip(rows).filter_map(|(y, row)| Some((y, of(row, engine)?))).collect();
        if marks.is_empty() {
            continue;
        }
        // A bar has a mark at its median.
        let bars = marks.iter().map(|(y, [low, median, high])| {
            ErrorBar::new_horizontal(SegmentValue::CenterOf(*y), *low, *median, *high, colour.filled(), size)
        });
        chart
            .draw_series(bars)
            .map_err(failed)?
            .label(engine.name())
            .legend(move |(x, y)| Circle::new((x + 10, y), 5, colour.filled()));
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)
}

fn legend<'a, X: Ranged, Y: Ranged>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    position: SeriesLabelPosition,
) -> Result<(), Failure> {
    let mut legend = chart.configure_series_labels();
    legend.position(position).background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.2)).label_font((FONT, 13));
    legend.draw().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cases::BATCH;
    use serde_json::json;

    /// Each plot has a mark for each engine and place, its units, and the machine.
    #[test]
    fn plots_have_axes_marks_and_the_machine() {
        let mut cases = Vec::new();
        let mut add = |operation: &str, n: usize, threads: usize| {
            for engine in Engine::ALL {
                let mut case = Case::new(operation, &engine.name(), n, threads, std::thread::yield_now);
                (0..3).for_each(|_| case.sample());
                cases.push(case);
            }
        };
        for n in BATCHES {
            add(REENCRYPT, n, 1);
        }
        for threads in [1, 2] {
            add(BY_THREADS, BATCH, threads);
        }
        for (_, operation) in PHASES {
            add(operation, 8, 1);
        }
        let machine =
            json!({ "processor": "CPU <1>", "cores": 2, "date": "2026-01-01", "phi_pre": "0.2", "commit": "c" });
        let drawn = of_engines(&cases, &foot(&machine)).unwrap();
        let circles = drawn.iter().map(|(name, svg)| (*name, svg.matches("<circle").count())).collect::<Vec<_>>();
        // Four engines, each with its place in the legend.
        assert_eq!(circles, [("batch", 4 * 7 + 4), ("threads", 4 * 2 + 4), ("phases", 4 * 3 + 4)]);
        for (name, svg) in &drawn {
            let unit = if *name == "phases" { "microseconds for one record" } else { "records a second" };
            for text in [unit, "CPU &lt;1&gt;, 2 cores", "2026-01-01", "phi-pre 0.2 (c)", "lanes", "?"] {
                assert!(svg.contains(text), "{name}: {text}");
            }
        }
    }
}
