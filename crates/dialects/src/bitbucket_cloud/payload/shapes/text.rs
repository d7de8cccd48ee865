//! Texts that people wrote, and their HTML.

use std::fmt::{self, Write as _};

use serde::{Serialize, Serializer};

/// A text with its HTML. Markdown is not interpreted: the HTML is the text itself, escaped, in paragraphs.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Rendered<'a>(pub(in super::super) &'a str);

impl Serialize for Rendered<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        /// The members.
        #[derive(Serialize)]
        struct Members<'a> {
            #[serde(rename = "type")]
            kind: &'static str,
            raw: &'a str,
            markup: &'static str,
            #[serde(serialize_with = "as_html")]
            html: &'a str,
        }
        Members { kind: "rendered", raw: self.0, markup: "markdown", html: self.0 }.serialize(sink)
    }
}

fn as_html<S: Serializer>(text: &&str, sink: S) -> Result<S::Ok, S::Error> {
    sink.collect_str(&Html(text))
}

/// A text as HTML: `<p>…</p>` around what blank lines part, nothing for nothing.
struct Html<'a>(&'a str);

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paragraphs = self.0.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        for (at, paragraph) in paragraphs.enumerate() {
            f.write_str(if at > 0 { "\n<p>" } else { "<p>" })?;
            for c in paragraph.chars() {
                match c {
                    '&' => f.write_str("&amp;")?,
                    '<' => f.write_str("&lt;")?,
                    '>' => f.write_str("&gt;")?,
                    '"' => f.write_str("&quot;")?,
                    '\'' => f.write_str("&#39;")?,
                    c => f.write_char(c)?,
                }
            }
            f.write_str("</p>")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_the_text_escaped_in_paragraphs() {
        let html = |text: &str| Html(text).to_string();
        assert_eq!(html("first\n"), "<p>first</p>");
        assert_eq!(html("Sub\u{e9}\n\nTwo\nlines\n\n\n\nend"), "<p>Sub\u{e9}</p>\n<p>Two\nlines</p>\n<p>end</p>");
        assert_eq!(
            html("<img src=x onerror='a(\"&\")'>"),
            "<p>&lt;img src=x onerror=&#39;a(&quot;&amp;&quot;)&#39;&gt;</p>"
        );
        assert_eq!((html(""), html(" \n\n ")), (String::new(), String::new()));
    }
}
