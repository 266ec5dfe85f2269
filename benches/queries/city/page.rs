//! A page as it is written: its text, and where in it everything stands, in code points.

use bulletin::pb::{Fragment, Paragraph, Span, paragraph};

#[derive(Debug, Default)]
pub struct Writer {
    pub text: String,
    length: i32,
    paragraph: Option<(usize, i32)>,
}

impl Writer {
    pub fn write(&mut self, text: &str) -> Fragment {
        let start = self.length;
        self.text.push_str(text);
        self.length += i32::try_from(text.chars().count()).unwrap_or(i32::MAX);
        Fragment {
            start,
            end: self.length,
        }
    }

    pub fn span(&mut self, text: &str) -> Span {
        Span {
            quote: text.to_owned(),
            fragments: vec![self.write(text)],
            ..Span::default()
        }
    }

    pub fn begin_paragraph(&mut self) {
        self.write("\n\n");
        self.paragraph = Some((self.text.len(), self.length));
    }

    pub fn end_paragraph(&mut self) -> Option<Paragraph> {
        let (byte, start) = self.paragraph.take()?;
        let end = self.length;
        Some(Paragraph {
            text: self.text[byte..].to_owned(),
            kind: paragraph::Kind::Body.into(),
            fragments: vec![Fragment { start, end }],
        })
    }
}
