//! Lines → text in two columns, identical to `WireMock`'s, including spaces
//! (`C/verification/diff/PlainTextDiffRenderer.java`).

use super::lines::Line;

/// The default width of the text, in characters.
const WIDTH: usize = 119;
/// The narrowest and the widest text.
const WIDTHS: std::ops::RangeInclusive<usize> = 20..=1000;

const TITLE: &str = "Request was not matched";

/// Returns the whole text.
pub(super) fn render(name: Option<&str>, lines: &[Line], width: Option<usize>) -> String {
    let width = width.unwrap_or(WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end());
    let mut columns = Columns { width, out: String::new() };
    columns.head();
    if let Some(name) = name {
        columns.line(name, "", None);
        columns.row("", "", None);
    }
    for line in lines.iter().filter(|line| line.is_shown()) {
        columns.line(&line.left, &line.right, line.message.as_deref());
    }
    columns.row("", "", None);
    columns.rule();
    columns.out
}

struct Columns {
    width: usize,
    out: String,
}

impl Columns {
    fn middle(&self) -> usize {
        self.width / 2 - 1
    }

    fn head(&mut self) {
        let middle = self.middle();
        let indent = " ".repeat(middle.saturating_sub(TITLE.len() / 2));
        self.out = format!("\n{indent}{TITLE}\n{indent}{}\n\n", "=".repeat(TITLE.len()));
        self.rule();
        let titles = format!("|{:middle$}|{:middle$}|\n", " Closest stub", " Request");
        self.out.push_str(&titles);
        self.rule();
        self.row("", "", None);
    }

    fn rule(&mut self) {
        self.out.extend(std::iter::repeat_n('-', self.width));
        self.out.push('\n');
    }

    /// Writes a line, which may take several rows. The message is in the first one.
    fn line(&mut self, left: &str, right: &str, message: Option<&str>) {
        let limit = self.width / 2 - 2;
        let [left, right] = [left, right].map(|text| rows(text, limit));
        for at in 0..left.len().max(right.len()) {
            let cell = |rows: &[String]| rows.get(at).cloned().unwrap_or_default();
            self.row(&cell(&left), &cell(&right), message.filter(|_| at == 0));
        }
    }

    fn row(&mut self, left: &str, right: &str, message: Option<&str>) {
        let middle = self.middle();
        self.out.push_str(&format!("{left:<width$}|", width = middle + 1));
        match (right, message) {
            ("", None) => {}
            ("", Some(message)) => {
                let pad = " ".repeat(middle.saturating_sub(5));
                self.out.push_str(&format!("{pad}<<<<< {message}"));
            }
            (right, None) => self.out.push_str(&format!(" {right}")),
            (right, Some(message)) => {
                let width = middle.saturating_sub(6);
                self.out.push_str(&format!(" {right:<width$}<<<<< {message}"));
            }
        }
        self.out.push('\n');
    }
}

/// Returns the rows of a text: its own lines, or new ones where one of them is too long.
fn rows(text: &str, limit: usize) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let wrapped = if text.split('\n').any(|line| line.chars().count() > limit) {
        let wrapped = wrap(&text, limit);
        // Blank rows are omitted, except for the last one.
        let mut kept: Vec<&str> = wrapped.split('\n').collect();
        let last = kept.pop().unwrap_or_default();
        kept.retain(|row| !row.trim_matches([' ', '\t']).is_empty());
        kept.push(last);
        kept.join("\n")
    } else {
        text
    };
    let mut rows: Vec<String> = wrapped.split('\n').map(str::to_owned).collect();
    while rows.len() > 1 && rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

/// Breaks a text at the last blank before the limit, else at the limit (`C/common/Strings.java`).
/// Existing line breaks are ignored.
fn wrap(text: &str, limit: usize) -> String {
    let text: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while at < text.len() {
        let window = &text[at..text.len().min(at + limit + 1)];
        if window.first() == Some(&' ') {
            at += 1;
            continue;
        }
        if text.len() - at <= limit {
            break;
        }
        if let Some(blank) = window.iter().rposition(|c| *c == ' ') {
            out.extend(&window[..blank]);
            at += blank + 1;
        } else {
            out.extend(&window[..limit]);
            at += limit;
        }
        out.push('\n');
    }
    out.extend(&text[at.min(text.len())..]);
    out
}
