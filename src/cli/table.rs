//! Aligned text. What others wrote (an app's name, a cause) cannot move or hide anything in it.

use std::fmt::Write as _;

use crate::ops::administration::names::misleads;

const GAP: usize = 2;

/// Rows under their headings.
pub(super) fn columns(headings: &[&str], rows: Vec<Vec<String>>) -> String {
    let head = headings.iter().map(|heading| heading.to_uppercase()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(head)
        .chain(rows.into_iter().map(|row| row.iter().map(|cell| visible(cell)).collect()))
        .collect();
    let widths: Vec<usize> = (0..headings.len()).map(|at| width(&lines, at)).collect();
    lines.iter().map(|line| join(line, &widths)).collect()
}

/// Facts, one a line, under each other.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let lines: Vec<Vec<String>> =
        facts.iter().map(|(name, value)| vec![format!("{name}:"), visible(value)]).collect();
    let widths = [width(&lines, 0), width(&lines, 1)];
    lines.iter().map(|line| join(line, &widths)).collect()
}

fn width(lines: &[Vec<String>], at: usize) -> usize {
    lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0)
}

fn join(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(line, "{cell:<0$}", width + GAP);
    }
    format!("{}\n", line.trim_end())
}

/// `-` for nothing; characters that are not seen or that reorder others, spelled out.
pub(super) fn visible(cell: &str) -> String {
    if cell.is_empty() {
        return String::from("-");
    }
    cell.chars()
        .map(|c| if misleads(c) { c.escape_unicode().to_string() } else { c.to_string() })
        .collect()
}

/// Lines of at most `width` columns, broken at spaces; a word that is longer has a line of its own.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["acme".to_owned(), "Acme Trading".to_owned(), "test".to_owned()],
            vec!["b".to_owned(), String::new(), "production".to_owned()],
        ];
        assert_eq!(
            columns(&["slug", "name", "books"], rows),
            "SLUG  NAME          BOOKS\nacme  Acme Trading  test\nb     -             production\n"
        );
    }

    #[test]
    fn no_cell_starts_a_line_of_its_own() {
        let told = facts(&[("name", "a\nstatus: forged\u{202e}".to_owned())]);
        assert_eq!(told, "name:  a\\u{a}status: forged\\u{202e}\n");
    }

    #[test]
    fn lines_break_at_spaces_and_lose_no_word() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a /a/very/long/path b", 5), ["a", "/a/very/long/path", "b"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}
