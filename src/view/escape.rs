//! The one way from a text to HTML.

/// Appends `text` so that it is a text in an element and in a double- or single-quoted attribute.
pub(in crate::view) fn push_escaped(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

/// `text` escaped for an element or a quoted attribute.
pub(in crate::view) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_no_letter_that_could_end_a_text_or_an_attribute() {
        assert_eq!(
            escaped(r#"<img src=x onerror='a("&")'>"#),
            "&lt;img src=x onerror=&#39;a(&quot;&amp;&quot;)&#39;&gt;"
        );
    }

    #[test]
    fn leaves_paths_as_they_are() {
        assert_eq!(escaped("/consent/r_01?x=1"), "/consent/r_01?x=1");
    }
}
