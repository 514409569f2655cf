//! The picture of a report: rates and ratios by the number of connections, as an SVG without
//! script that reads on light and on dark ground.

use std::fmt::Write as _;

use super::Outcome;

/// One measurement of one kind.
pub(crate) struct Point {
    pub(crate) kind: &'static str,
    pub(crate) connections: usize,
    pub(crate) rate: f64,
    pub(crate) ratio: f64,
}

/// Told apart on either ground, also by those who see few colours; each has a mark of its own.
const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:15px}\
.axis{stroke:#888;fill:none}.grid{stroke:#8884;fill:none}\
.line{fill:none;stroke-width:2}.k0{stroke:#0060a8;fill:#0060a8}.k1{stroke:#b04a00;fill:#b04a00}\
.k2{stroke:#00704a;fill:#00704a}.k3{stroke:#8a3a8f;fill:#8a3a8f}\
.k4{stroke:#666;fill:#666}\
@media(prefers-color-scheme:dark){text{fill:#ddd}.k0{stroke:#6cb6ff;fill:#6cb6ff}\
.k1{stroke:#ff9a57;fill:#ff9a57}.k2{stroke:#4fd1a0;fill:#4fd1a0}\
.k3{stroke:#dd9be0;fill:#dd9be0}.k4{stroke:#aaa;fill:#aaa}}.line{fill:none!important}";

const WIDTH: f64 = 380.0;
const HEIGHT: f64 = 260.0;
const TOP: f64 = 50.0;
const KINDS: usize = 5;

/// One of the two pictures beside each other.
struct Panel<'a> {
    left: f64,
    title: &'a str,
    points: &'a [&'a Point],
    kinds: &'a [&'static str],
    connections: &'a [usize],
    value: fn(&Point) -> f64,
    top: f64,
}

/// Draws all points of kinds that have several.
pub(crate) fn draw(points: &[Point]) -> Outcome<String> {
    let mut kinds: Vec<&'static str> = Vec::new();
    let mut connections: Vec<usize> = points.iter().map(|point| point.connections).collect();
    connections.sort_unstable();
    connections.dedup();
    for point in points {
        let others = points.iter().filter(|other| other.kind == point.kind).count();
        if others > 1 && !kinds.contains(&point.kind) {
            kinds.push(point.kind);
        }
    }
    let points: Vec<&Point> = points.iter().filter(|point| kinds.contains(&point.kind)).collect();
    let mut svg = String::new();
    let (width, height) = (2.0 * WIDTH + 200.0, HEIGHT + 140.0);
    write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Answers a second, and their part of the ceiling, by connections\">\n\
         <style>{STYLE}</style>\n"
    )?;
    let panel = |left, title, value: fn(&Point) -> f64| {
        let most = points.iter().map(|point| value(point)).fold(0.0, f64::max);
        let (points, kinds, connections) = (&points, &kinds, &connections);
        Panel { left, title, points, kinds, connections, value, top: round_up(most) }
    };
    panel(80.0, "Answers a second", |point| point.rate).draw(&mut svg)?;
    panel(WIDTH + 160.0, "Part of the ceiling", |point| point.ratio).draw(&mut svg)?;
    legend(&mut svg, &kinds)?;
    svg.push_str("</svg>\n");
    Ok(svg)
}

impl Panel<'_> {
    fn draw(&self, to: &mut String) -> Outcome<()> {
        let Self { left, title, .. } = self;
        writeln!(to, "<text class=\"title\" x=\"{left}\" y=\"{:.0}\">{title}</text>", TOP - 20.0)?;
        for step in 0..=4 {
            let value = self.top * f64::from(step) / 4.0;
            let (y, right) = (self.y(value), left + WIDTH);
            writeln!(to, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>")?;
            let (x, y, label) = (left - 8.0, y + 4.0, label(value));
            writeln!(to, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{label}</text>")?;
        }
        for connections in self.connections {
            let (x, y) = (self.x(*connections), TOP + HEIGHT + 20.0);
            writeln!(
                to,
                "<text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{connections}</text>"
            )?;
        }
        let (bottom, right) = (TOP + HEIGHT, left + WIDTH);
        writeln!(to, "<path class=\"axis\" d=\"M{left} {TOP}V{bottom}H{right}\"/>")?;
        let (x, y) = (left + WIDTH / 2.0, bottom + 42.0);
        writeln!(to, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">connections</text>")?;
        for (number, kind) in self.kinds.iter().enumerate() {
            self.series(to, number, kind)?;
        }
        Ok(())
    }

    fn series(&self, to: &mut String, number: usize, kind: &str) -> Outcome<()> {
        let class = number % KINDS;
        let mut line = String::new();
        let mut marks = String::new();
        for point in self.points.iter().filter(|point| point.kind == kind) {
            let (x, y) = (self.x(point.connections), self.y((self.value)(point)));
            write!(line, "{}{x:.1} {y:.1}", if line.is_empty() { "M" } else { "L" })?;
            marks.push_str(&mark(class, x, y));
        }
        writeln!(to, "<path class=\"line k{class}\" d=\"{line}\"/>{marks}")?;
        Ok(())
    }

    /// Each number of connections has the same room, whatever lies between them.
    fn x(&self, connections: usize) -> f64 {
        let place = self.connections.iter().position(|other| *other == connections);
        let part = |n: usize| u32::try_from(n).map_or(0.0, f64::from);
        let all = part(self.connections.len());
        self.left + WIDTH * (part(place.unwrap_or_default()) + 0.5) / all.max(1.0)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + HEIGHT * (1.0 - value / self.top)
    }
}

fn mark(class: usize, x: f64, y: f64) -> String {
    let (left, right, above, below) = (x - 5.0, x + 5.0, y - 5.0, y + 5.0);
    let shape = match class {
        0 => format!("M{left:.1} {y:.1}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0"),
        1 => format!("M{left:.1} {above:.1}h10v10h-10z"),
        2 => format!("M{x:.1} {above:.1}L{right:.1} {below:.1}H{left:.1}z"),
        3 => format!("M{x:.1} {above:.1}L{right:.1} {y:.1}L{x:.1} {below:.1}L{left:.1} {y:.1}z"),
        _ => format!("M{x:.1} {below:.1}L{right:.1} {above:.1}H{left:.1}z"),
    };
    format!("<path class=\"k{class}\" d=\"{shape}\"/>")
}

fn legend(to: &mut String, kinds: &[&str]) -> Outcome<()> {
    let mut x = 80.0;
    let y = TOP + HEIGHT + 72.0;
    for (number, kind) in kinds.iter().enumerate() {
        let (mark, text_x, text_y) = (mark(number % KINDS, x, y), x + 14.0, y + 4.0);
        writeln!(to, "{mark}<text x=\"{text_x}\" y=\"{text_y}\">{kind}</text>")?;
        x += 160.0;
    }
    Ok(())
}

/// A round number of which a quarter is round too.
fn round_up(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.max(1e-9).log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| value <= step * magnitude).unwrap_or(10.0);
    step * magnitude
}

fn label(value: f64) -> String {
    if value >= 1000.0 {
        let (thousands, rest) = ((value / 1000.0).floor(), value % 1000.0);
        return format!("{thousands:.0},{rest:03.0}");
    }
    if value > 0.0 && value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
