//! Comma-separated values (RFC 4180) that a spreadsheet opens as text and never runs.

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Adds a line of cells, each in quotes. One that would be a formula begins with an apostrophe.
pub(in crate::web) fn line<'a>(to: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        to.push_str(if at == 0 { "\"" } else { ",\"" });
        if cell.starts_with(FORMULA) {
            to.push('\'');
        }
        to.push_str(&cell.replace('"', "\"\""));
        to.push('"');
    }
    to.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cell: &str) -> String {
        let mut text = String::new();
        line(&mut text, [cell]);
        text.trim_end_matches("\r\n").trim_matches('"').to_owned()
    }

    #[test]
    fn nothing_begins_as_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"] {
            assert_eq!(written(formula), format!("'{formula}"));
        }
        assert_eq!(written("a=1"), "a=1");
        assert_eq!(written(""), "");
    }

    #[test]
    fn no_cell_ends_before_its_time() {
        let mut text = String::new();
        line(&mut text, ["a\"b", "c,d", "e\r\nf", "\"=1"]);
        assert_eq!(text, "\"a\"\"b\",\"c,d\",\"e\r\nf\",\"\"\"=1\"\r\n");
    }
}
