//! The figures as a plot (SVG): throughput by engine and batch size, and the time of each phase of a re-encryption.

use super::cases::{BATCHES, REENCRYPT};
use super::measure::Case;
use std::fmt::Write;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
/// The left and the top of the first panel, and the distance to the second panel.
const LEFT: f64 = 70.0;
const TOP: f64 = 50.0;
const STEP: f64 = WIDTH + 110.0;
/// The colours of the engines. They differ in grey, too.
pub(super) const COLOURS: [(&str, &str); 3] = [("plain", "#9aa5b1"), ("blst", "#3d6fb4"), ("lanes", "#c2410c")];
const PHASES: [&str; 3] = ["phase: Miller loop", "phase: final exponentiation", "phase: product in GT"];

pub(super) fn svg(cases: &[Case<'_>]) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = draw(&mut out, cases);
    out
}

fn draw(out: &mut String, cases: &[Case<'_>]) -> std::fmt::Result {
    let (width, height) = (LEFT + STEP + WIDTH + 30.0, TOP + HEIGHT + 60.0);
    write!(out, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" "#)?;
    writeln!(out, r#"font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>"#)?;
    throughput(out, cases)?;
    phases(out, cases)?;
    writeln!(out, "</svg>")
}

pub(super) fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) -> std::fmt::Result {
    writeln!(out, r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#)
}

/// Draws records per second by batch size, with a line for each engine.
fn throughput(out: &mut String, cases: &[Case<'_>]) -> std::fmt::Result {
    let of = |engine: &str, n: usize| {
        let case = cases.iter().find(|c| c.operation == REENCRYPT && c.engine == engine && c.elements == n)?;
        Some(1.0 / case.median())
    };
    let range = |engine: &str, n: usize| {
        let case = cases.iter().find(|c| c.operation == REENCRYPT && c.engine == engine && c.elements == n)?;
        let (fast, slow) = case.spread();
        Some((1.0 / slow, 1.0 / fast))
    };
    let most = COLOURS
        .iter()
        .flat_map(|(e, _)| BATCHES.iter().filter_map(|n| range(e, *n)).map(|(_, high)| high))
        .fold(1.0, f64::max);
    let step = nice(most / 5.0);
    let top = (most / step).ceil() * step;
    text(out, LEFT, TOP - 20.0, "start", "re-encryptions per second, one thread, by batch size (bars: p10 to p90)")?;
    let mut tick = 0.0;
    while tick <= top {
        let y = TOP + HEIGHT * (1.0 - tick / top);
        writeln!(out, r##"<path d="M{LEFT} {y:.1}h{WIDTH}" stroke="#ddd"/>"##)?;
        text(out, LEFT - 8.0, y + 4.0, "end", &format!("{tick:.0}"))?;
        tick += step;
    }
    let gap = WIDTH / 6.0;
    let x = |i: u32| LEFT + gap * f64::from(i);
    for (i, n) in (0..).zip(BATCHES) {
        text(out, x(i), TOP + HEIGHT + 20.0, "middle", &n.to_string())?;
    }
    for (engine, colour) in COLOURS {
        let points: Vec<_> =
            (0..).zip(BATCHES).filter_map(|(i, n)| Some((x(i), TOP + HEIGHT * (1.0 - of(engine, n)? / top)))).collect();
        let path: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(out, r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#, path.join(" "))?;
        for (i, n) in (0..).zip(BATCHES) {
            let Some((low, high)) = range(engine, n) else { continue };
            let y = |value: f64| TOP + HEIGHT * (1.0 - value / top);
            writeln!(out, r#"<path d="M{:.1} {:.1}V{:.1}" stroke="{colour}"/>"#, x(i), y(low), y(high))?;
        }
        for (x, y) in &points {
            writeln!(out, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#)?;
        }
        if let Some((x, y)) = points.last() {
            let y = if engine == "plain" { y + 18.0 } else { y - 8.0 };
            text(out, *x, y, "end", engine)?;
        }
    }
    Ok(())
}

/// Draws microseconds per record by phase, with a bar for each engine.
fn phases(out: &mut String, cases: &[Case<'_>]) -> std::fmt::Result {
    let of = |engine: &str, phase: &str| {
        cases.iter().find(|c| c.operation == phase && c.engine == engine).map_or(0.0, |c| c.median() * 1e6)
    };
    let total = |engine: &str| PHASES.iter().map(|phase| of(engine, phase)).sum::<f64>();
    let most = COLOURS.iter().map(|(engine, _)| total(engine)).fold(1.0, f64::max);
    let left = LEFT + STEP;
    text(out, left, TOP - 20.0, "start", "microseconds per record, by phase")?;
    for (i, (engine, colour)) in (0_u32..).zip(COLOURS).filter(|(_, (engine, _))| total(engine) > 0.0) {
        let y = TOP + 20.0 + 90.0 * f64::from(i);
        let mut x = left;
        text(out, left, y - 6.0, "start", &format!("{engine}: {:.0}", total(engine)))?;
        for (phase, opacity) in PHASES.iter().zip([1.0, 0.6, 0.3]) {
            let width = WIDTH * of(engine, phase) / most;
            writeln!(
                out,
                r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="36" fill="{colour}" fill-opacity="{opacity}"/>"#
            )?;
            x += width;
        }
    }
    for (i, (phase, opacity)) in (0_u32..).zip(PHASES.iter().zip([1.0, 0.6, 0.3])) {
        let x = left + 155.0 * f64::from(i);
        let y = TOP + HEIGHT + 10.0;
        writeln!(out, r##"<rect x="{x}" y="{y}" width="12" height="12" fill="#555" fill-opacity="{opacity}"/>"##)?;
        text(out, x + 18.0, y + 11.0, "start", phase.trim_start_matches("phase: "))?;
    }
    Ok(())
}

/// The smallest number of at least `x` that is 1, 2 or 5 times a power of ten.
fn nice(x: f64) -> f64 {
    let power = 10_f64.powf(x.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= x).unwrap_or(power)
}
