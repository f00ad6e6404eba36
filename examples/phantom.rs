//! Makes `examples/records/head-phantom.pgm`: the Shepp-Logan head phantom, 1024 x 1024 pixels of 16 bits, 2 MiB.
//! `cargo run --release --example phantom [FILE]`.

use std::io::Write;

/// The ellipses of L. Shepp and B. Logan (1974) with Toft's contrast: density in tenths; half axes, centre, and cosine
/// and sine of the angle.
const ELLIPSES: [(i32, [f64; 6]); 10] = [
    (10, [0.69, 0.92, 0.0, 0.0, 1.0, 0.0]),
    (-8, [0.6624, 0.8740, 0.0, -0.0184, 1.0, 0.0]),
    (-2, [0.11, 0.31, 0.22, 0.0, 0.951_056_516_295_153_5, -0.309_016_994_374_947_45]),
    (-2, [0.16, 0.41, -0.22, 0.0, 0.951_056_516_295_153_5, 0.309_016_994_374_947_45]),
    (1, [0.21, 0.25, 0.0, 0.35, 1.0, 0.0]),
    (1, [0.046, 0.046, 0.0, 0.1, 1.0, 0.0]),
    (1, [0.046, 0.046, 0.0, -0.1, 1.0, 0.0]),
    (1, [0.046, 0.023, -0.08, -0.605, 1.0, 0.0]),
    (1, [0.023, 0.023, 0.0, -0.606, 1.0, 0.0]),
    (1, [0.023, 0.046, 0.06, -0.605, 1.0, 0.0]),
];
const SIDE: u32 = 1024;

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "examples/records/head-phantom.pgm".into());
    let mut image = format!("P5\n# Shepp-Logan head phantom\n{SIDE} {SIDE}\n65535\n").into_bytes();
    for row in 0..SIDE {
        for column in 0..SIDE {
            let (x, y) = (coordinate(column), -coordinate(row));
            let tenths: i32 =
                ELLIPSES.iter().filter(|(_, ellipse)| inside(ellipse, x, y)).map(|(tenths, _)| tenths).sum();
            let pixel = u16::try_from(tenths.clamp(0, 10)).unwrap_or_default() * 6553;
            image.extend_from_slice(&pixel.to_be_bytes());
        }
    }
    std::fs::File::create(path)?.write_all(&image)
}

/// The coordinate of the centre of the i-th pixel, in [-1, 1].
fn coordinate(i: u32) -> f64 {
    f64::from(2 * i + 1) / f64::from(SIDE) - 1.0
}

fn inside(&[a, b, x0, y0, cos, sin]: &[f64; 6], x: f64, y: f64) -> bool {
    let (dx, dy) = (x - x0, y - y0);
    let (u, v) = ((dx * cos + dy * sin) / a, (dy * cos - dx * sin) / b);
    u * u + v * v <= 1.0
}
