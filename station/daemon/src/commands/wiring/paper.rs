//! Paper: lines, boxes and words on sheets of A4 landscape, as SVG text. One unit is a tenth of a millimetre.
//!
//! It stands alone because it knows nothing of lanes. In tests it remembers where every word stands, so that none covers
//! another or leaves its sheet: a drawing that cannot be read at the lane is worse than none.

use std::fmt::Write;

pub const WIDTH: i32 = 2_970;
pub const HEIGHT: i32 = 2_100;
pub const MARGIN: i32 = 90;

/// How words look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Title,
    /// A name that a technician looks for.
    Strong,
    Plain,
    Small,
}

impl Type {
    /// Height of the letters, and the distance to the next line below.
    pub const fn size(self) -> i32 {
        match self {
            Self::Title => 50,
            Self::Strong | Self::Plain => 29,
            Self::Small => 23,
        }
    }
    const fn class(self) -> &'static str {
        match self {
            Self::Title => "t",
            Self::Strong => "b",
            Self::Plain => "p",
            Self::Small => "s",
        }
    }
    const fn heavy(self) -> bool {
        matches!(self, Self::Title | Self::Strong)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Where words stand, for the test that looks for words over words.
#[cfg(test)]
#[derive(Clone, Debug)]
pub struct Written {
    pub text: String,
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

#[cfg(test)]
impl Written {
    fn new(kind: Type, anchor: Anchor, (x, y): (i32, i32), text: &str) -> Self {
        let width = width(kind, text);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2,
            Anchor::End => x - width,
        };
        let (top, bottom) = (y - kind.size() * 3 / 4, y + kind.size() / 5);
        Self { text: text.to_owned(), left, top, right: left + width, bottom }
    }
}

/// One sheet. Coordinates are its own.
#[derive(Debug, Default)]
pub struct Sheet {
    body: String,
    #[cfg(test)]
    pub written: Vec<Written>,
    /// Boxes with words in them: left, top, right, bottom.
    #[cfg(test)]
    pub boxes: Vec<[i32; 4]>,
}

impl Sheet {
    /// A line through points. Classes are those of [`STYLE`].
    pub fn line(&mut self, class: &str, points: &[(i32, i32)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        // Writing to a String cannot fail.
        let _ = writeln!(self.body, r#"<polyline class="{class}" points="{}"/>"#, points.join(" "));
    }

    /// A closed shape.
    pub fn shape(&mut self, class: &str, points: &[(i32, i32)]) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
        let _ = writeln!(self.body, r#"<polygon class="{class}" points="{}"/>"#, points.join(" "));
    }

    pub fn rectangle(&mut self, class: &str, (x, y): (i32, i32), (width, height): (i32, i32)) {
        let _ = writeln!(self.body, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#);
        #[cfg(test)]
        if ["box", "block", "safe"].contains(&class) {
            self.boxes.push([x, y, x + width, y + height]);
        }
    }

    pub fn dot(&mut self, class: &str, (x, y): (i32, i32), radius: i32) {
        let _ = writeln!(self.body, r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}"/>"#);
    }

    /// Words in one line; `y` is the line they stand on.
    pub fn words(&mut self, kind: Type, anchor: Anchor, (x, y): (i32, i32), text: &str) {
        let anchored = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let class = kind.class();
        let _ = writeln!(self.body, r#"<text class="{class}"{anchored} x="{x}" y="{y}">{}</text>"#, escaped(text));
        #[cfg(test)]
        self.written.push(Written::new(kind, anchor, (x, y), text));
    }

    /// Words in as many lines as they need to stay within `room`; gives the line after the last.
    pub fn paragraph(&mut self, kind: Type, (x, mut y): (i32, i32), room: i32, text: &str) -> i32 {
        let mut line = String::new();
        for word in text.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && width(kind, &longer) > room {
                self.words(kind, Anchor::Start, (x, y), &line);
                y += kind.size() * 5 / 4;
                line = word.to_owned();
            } else {
                line = longer;
            }
        }
        self.words(kind, Anchor::Start, (x, y), &line);
        y + kind.size() * 5 / 4
    }

    /// Rows below a line of headings. A column is its heading, its width and the side at which its cells stand.
    pub fn table(&mut self, (left, top): (i32, i32), columns: &[(&str, i32, Anchor)], rows: &[Vec<String>]) {
        let headings: Vec<String> = columns.iter().map(|(heading, ..)| (*heading).to_owned()).collect();
        let width: i32 = columns.iter().map(|(_, width, _)| width).sum();
        let mut row = |kind: Type, y: i32, cells: &[String]| {
            let mut x = left;
            for (cell, (_, width, anchor)) in cells.iter().zip(columns) {
                self.words(kind, *anchor, (if *anchor == Anchor::End { x + width - 30 } else { x }, y), cell);
                x += width;
            }
            self.line(if kind == Type::Small { "wire" } else { "thin" }, &[(left, y + 11), (left + width, y + 11)]);
        };
        row(Type::Small, top, &headings);
        rows.iter().zip((top + 44..).step_by(44)).for_each(|(cells, y)| row(Type::Plain, y, cells));
    }

    /// The head of a sheet: what it shows at the left, what it belongs to at the right.
    pub fn head(&mut self, title: &str, of: &str) {
        self.words(Type::Title, Anchor::Start, (MARGIN, 130), title);
        self.words(Type::Small, Anchor::End, (WIDTH - MARGIN, 130), of);
        self.line("rule", &[(MARGIN, 155), (WIDTH - MARGIN, 155)]);
    }
}

/// Grey and black first, so that a copy without colour says the same.
const STYLE: &str = "@page{size:297mm 210mm;margin:0}\
text{font-family:'Liberation Sans',Arial,Helvetica,sans-serif;fill:#1b1f24;paint-order:stroke;stroke:#fff;stroke-width:7px;\
stroke-linejoin:round}\
.t{font-size:50px;font-weight:bold}.b{font-size:29px;font-weight:bold}.p{font-size:29px}.s{font-size:23px;fill:#444c56}\
polyline{fill:none}.rule{stroke:#1b1f24;stroke-width:4}.thin{stroke:#8b949e;stroke-width:2}\
.dash{stroke:#8b949e;stroke-width:2;stroke-dasharray:10 8}.wire{stroke:#1b1f24;stroke-width:3}\
.out{stroke:#0b5cad;stroke-width:4}.power{stroke:#1b1f24;stroke-width:8}.beam{stroke:#b3261e;stroke-width:4}\
.gate{stroke:#0b5cad;stroke-width:12;stroke-linecap:round}.ghost{stroke:#0b5cad;stroke-width:4;stroke-dasharray:14 10}\
.belt{fill:#eef0f2;stroke:#57606a;stroke-width:3}.box{fill:#fff;stroke:#57606a;stroke-width:3}\
.block{fill:#f6f8fa;stroke:#1b1f24;stroke-width:5}.safe{fill:#fff8db;stroke:#1b1f24;stroke-width:5}\
.see{fill:#cfe3f6;fill-opacity:.75;stroke:#0b5cad;stroke-width:3}.point{fill:#1b1f24}.band{fill:#f6f8fa}";

/// All sheets below one another, one page each when printed.
pub fn document(title: &str, sheets: &[Sheet]) -> String {
    let height = HEIGHT * sheets.len() as i32;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{}mm\" height=\"{}mm\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n",
        WIDTH / 10,
        height / 10,
        escaped(title)
    );
    for (index, sheet) in (0..).zip(sheets) {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">\n{}</g>", HEIGHT * index, sheet.body);
    }
    svg + "</svg>\n"
}

/// The least distance between labels in a row.
pub const APART: i32 = 26;

/// Moves centres of labels just as far apart as they need to be, within `from..to`, each as near to its place as that allows.
/// `wanted` must ascend. Where there is no room for all, they are packed from `from` on.
pub fn spread(wanted: &[i32], widths: &[i32], (from, to): (i32, i32)) -> Vec<i32> {
    let mut offsets = vec![0; wanted.len()];
    for index in 1..wanted.len() {
        offsets[index] = offsets[index - 1] + (widths[index - 1] + widths[index]) / 2 + APART;
    }
    // Neighbours that would touch become one block, whose labels share the error evenly.
    let mut blocks: Vec<(i64, i64)> = Vec::new();
    for (want, offset) in wanted.iter().zip(&offsets) {
        let mut block = (i64::from(want - offset), 1);
        while let Some(before) = blocks.last().copied().filter(|(sum, count)| sum * block.1 > block.0 * count) {
            blocks.pop();
            block = (block.0 + before.0, block.1 + before.1);
        }
        blocks.push(block);
    }
    let (Some(first), Some(last), Some(reach)) = (widths.first(), widths.last(), offsets.last()) else {
        return Vec::new();
    };
    let (low, high) = (from + first / 2, to - last / 2 - reach);
    let places = blocks.iter().flat_map(|(sum, count)| (0..*count).map(move |_| (sum / count) as i32));
    places.zip(&offsets).map(|(place, offset)| place.min(high).max(low) + offset).collect()
}

/// How wide words are, by the widths of Helvetica's letters and a twelfth more: another font may stand in for it.
pub fn width(kind: Type, text: &str) -> i32 {
    let em: i32 = text
        .chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | '\'' | '|' => 222,
            ' ' | 'f' | 't' | 'I' | '.' | ',' | ':' | ';' | '/' | '!' => 278,
            'r' | '-' | '(' | ')' | '·' | '[' | ']' => 333,
            'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' => 500,
            'm' | 'M' | '…' | '→' | '²' => 900,
            'w' => 722,
            'W' => 944,
            letter if letter.is_ascii_uppercase() => 700,
            _ => 556,
        })
        .sum();
    let heavy = if kind.heavy() { 108 } else { 100 };
    em * kind.size() / 1_000 * heavy / 100 * 13 / 12
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_where_they_are_when_there_is_room() {
        assert_eq!(spread(&[100, 400, 900], &[80, 80, 80], (0, 1_000)), [100, 400, 900]);
    }

    #[test]
    fn crowded_labels_share_the_shift_and_keep_their_order() {
        let placed = spread(&[500, 500, 510], &[100, 100, 100], (0, 1_000));
        assert_eq!(placed, [377, 503, 629]);
        let edge = spread(&[990, 995], &[100, 100], (0, 1_000));
        assert_eq!(edge, [824, 950]);
        assert_eq!(spread(&[], &[], (0, 10)), [0; 0]);
    }

    #[test]
    fn words_from_outside_cannot_end_an_element() {
        let mut sheet = Sheet::default();
        sheet.words(Type::Plain, Anchor::Start, (0, 0), "<b>&");
        assert!(document("a<b", &[sheet]).contains("&lt;b&gt;&amp;"));
    }
}
