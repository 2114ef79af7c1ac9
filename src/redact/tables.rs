//! Secrets in tables, which name their columns once: comma-separated values, Markdown, columns of a terminal, HTML.

use std::ops::Range;

use super::edit::Edit;
use super::names::{self, Place};
use super::pass::Pass;
use super::pattern::patterns;
use super::random::has_mixed;

patterns! {
    // The cells of an HTML table with their texts, its rows, and its end.
    CELL = r"(?i)<(tr|th|td|/table)\b[^<>]*>\s*(?:<(?:code|b|strong|span|pre|tt|kbd)\b[^<>]*>\s*)?([^<]*)";
    // The line below the names of a Markdown table.
    RULE = r"^\s*\|?(?:\s*:?-{3,}:?\s*\|)+(?:\s*:?-{3,}:?\s*)?\s*$";
}

/// The least of a value in a table for people, in bytes: columns such as `SECRETS` have numbers.
const SHORTEST: usize = 6;

/// A cell of a row, and where it stands in its line.
type Cell<'t> = (&'t str, Range<usize>);

impl Pass<'_> {
    /// The edits of all tables in a text.
    pub(super) fn tables(&self, text: &str, edits: &mut Vec<Edit>) {
        self.separated_values(text, edits);
        if text.contains("---") && text.contains('|') {
            self.markdown_tables(text, edits);
        }
        if text.contains("  ") {
            self.aligned_tables(text, edits);
        }
        if text.contains("<th") || text.contains("<TH") {
            self.html_tables(text, edits);
        }
    }

    /// A table whose first line names its columns.
    fn separated_values(&self, text: &str, edits: &mut Vec<Edit>) {
        let Some((first, rest)) = text.split_once('\n') else { return };
        let is_name = |name: &str| {
            let name = name.trim().trim_matches('"');
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-. ".contains(&byte))
        };
        let Some(mark) = [',', ';', '\t'].into_iter().find(|mark| first.contains(*mark)) else {
            return;
        };
        let names: Vec<&str> = first.split(mark).collect();
        if !names.iter().all(|name| is_name(name)) {
            return;
        }
        let secret: Vec<bool> =
            names.iter().map(|name| is_secret(name.trim().trim_matches('"'))).collect();
        if !secret.contains(&true) {
            return;
        }
        let mut start = first.len() + 1;
        for line in rest.split_inclusive('\n') {
            let mut at = start;
            for (field, secret) in line.trim_end().split(mark).zip(&secret) {
                let value = field.trim().trim_matches('"');
                if let (true, Some(offset)) = (*secret && !value.is_empty(), field.find(value)) {
                    let range = at + offset..at + offset + value.len();
                    edits.push(Edit { range, text: self.hide(value) });
                }
                at += field.len() + mark.len_utf8();
            }
            start += line.len();
        }
    }

    /// Tables of Markdown: names, a rule, and rows, with `|` between their cells.
    fn markdown_tables(&self, text: &str, edits: &mut Vec<Edit>) {
        let (mut before, mut secret) = (Vec::new(), Vec::new());
        for (start, line) in lines(text) {
            if !line.contains('|') {
                (before, secret) = (Vec::new(), Vec::new());
                continue;
            }
            let cells = markdown_cells(line);
            if RULE.is_match(line) {
                secret = before.iter().map(|(name, _): &Cell<'_>| is_secret(name)).collect();
            } else {
                self.row(start, &cells, &secret, edits);
            }
            before = cells;
        }
    }

    /// Tables of a terminal: a line of names with two spaces and more between them, and values below these.
    fn aligned_tables(&self, text: &str, edits: &mut Vec<Edit>) {
        let mut columns: Vec<(usize, bool)> = Vec::new();
        let mut begins = true;
        for (start, line) in lines(text) {
            if line.trim().is_empty() {
                columns.clear();
                begins = true;
            } else if std::mem::take(&mut begins) {
                let names = aligned_names(line).unwrap_or_default();
                if names.iter().any(|(name, _)| is_secret(name)) {
                    columns = names.iter().map(|(name, at)| (*at, is_secret(name))).collect();
                }
            } else {
                let ends = columns.iter().skip(1).map(|(at, _)| *at).chain([line.len()]);
                for ((at, is_secret), end) in columns.iter().zip(ends) {
                    let begins =
                        *at == 0 || line.get(..*at).is_some_and(|line| line.ends_with(' '));
                    let Some(cell) = line.get(*at..end.min(line.len())) else { continue };
                    let value = cell.trim_end();
                    if *is_secret && begins && is_value(value) {
                        let range = start + at..start + at + value.len();
                        edits.push(Edit { range, text: self.hide(value) });
                    }
                }
            }
        }
    }

    /// Tables of HTML whose header cells name their columns.
    fn html_tables(&self, text: &str, edits: &mut Vec<Edit>) {
        let (mut names, mut column): (Vec<bool>, usize) = (Vec::new(), 0);
        for found in CELL.captures_iter(text) {
            let Some(content) = found.get(2) else { continue };
            let value = content.as_str().trim();
            match found[1].to_ascii_lowercase().as_str() {
                "tr" => column = 0,
                "th" => {
                    names.resize(names.len().max(column + 1), false);
                    names[column] = is_secret(value);
                    column += 1;
                }
                "td" => {
                    if names.get(column) == Some(&true) && is_value(value) {
                        let lead = content.as_str().len() - content.as_str().trim_start().len();
                        let start = content.start() + lead;
                        let range = start..start + value.len();
                        edits.push(Edit { range, text: self.hide(value) });
                    }
                    column += 1;
                }
                _ => names.clear(),
            }
        }
    }

    fn row(&self, start: usize, cells: &[Cell<'_>], secret: &[bool], edits: &mut Vec<Edit>) {
        for ((value, range), secret) in cells.iter().zip(secret) {
            if *secret && is_value(value) {
                let range = start + range.start..start + range.end;
                edits.push(Edit { range, text: self.hide(value) });
            }
        }
    }
}

fn is_secret(name: &str) -> bool {
    names::is_secret(name.trim_matches(['`', '*', ' ']), Place::Field)
}

/// Whether a cell in a table for people has a value, not a word about one.
fn is_value(value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    value.len() >= SHORTEST
        && !value.contains(' ')
        && !value.starts_with('-')
        && (is_number || has_mixed(value))
}

/// The lines of a text, and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    lines.map(|(start, line)| (start, line.trim_end_matches(['\r', '\n'])))
}

/// The cells of a line of a Markdown table.
fn markdown_cells(line: &str) -> Vec<Cell<'_>> {
    let lead = line.len() - line.trim_start().trim_start_matches('|').len();
    let mut at = lead;
    let cell = |cell| {
        let start = at;
        at += str::len(cell) + 1;
        let value = cell.trim().trim_matches('`');
        let offset = cell.find(value).unwrap_or(0);
        (value, start + offset..start + offset + value.len())
    };
    line[lead..].trim_end().trim_end_matches('|').split('|').map(cell).collect()
}

/// The names of columns in a line that has nothing else, and where they begin.
fn aligned_names(line: &str) -> Option<Vec<(&str, usize)>> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-. ()/%".contains(&byte);
    if !line.contains("  ") || !line.bytes().all(of_name) {
        return None;
    }
    let mut names = Vec::new();
    let mut at = 0;
    for part in line.split("  ") {
        let name = part.trim();
        if !name.is_empty() {
            names.push((name, at + part.len() - part.trim_start().len()));
        }
        at += part.len() + 2;
    }
    let begins_with_letter = |name: &str| name.starts_with(|c: char| c.is_ascii_alphabetic());
    (names.len() > 1 && names.iter().all(|(name, _)| begins_with_letter(name))).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};

    #[test]
    fn what_stands_below_the_name_of_a_secret_is_one() {
        let redactor = Redactor::new(Key::of(b"k"));
        for text in [
            "user,password\nbob,hunter7x\n",
            "user;\"api_key\"\r\n\"bob\";\"hunter7x\"\r\n",
            "USER      PASSWORD        AGE\nbob       hunter7x        3d\n",
            "NAME  ACCESS-TOKEN\nbob   hunter7x\n",
            "text\n\n| user | password |\n|---|:---:|\n| bob | `hunter7x` |\n",
            "user | api key\n--- | ---\nbob | hunter7x\n",
            "<table><tr><th>user</th><th>Password</th></tr>\n<tr><td>bob</td><td><code>hunter7x</code></td></tr></table>",
            r#"[["user","password"],["bob","hunter7x"]]"#,
            r#"{"a":[["user","api_key"],["bob","hunter7x"],["ann",""]]}"#,
        ] {
            let new = redactor.pass("/x").changed(text).unwrap_or_default();
            assert!(new.contains("bob") && !new.contains("hunter7x"), "{text}: {new}");
        }
        for same in [
            "NAME      SECRETS   AGE\ndefault   1         120d\n",
            "NAME       APIVERSION   KIND\nsecrets    v1           Secret\npods2beta   v1beta1      Pod2beta\n",
            "token options\n  --password   string    what\n  --retries9   int64     how often\n",
            "NAME      TYPE      DATA   AGE\nsecret-7x   Opaque   hunter7x   120d\n",
            "| parameter | secret |\n|---|---|\n| password | required |\n",
            "user | password | hunter7x\n",
            "<table><tr><th>Name</th><th>Secret</th></tr><tr><td>hunter7x</td><td>yes</td></tr></table><td>hunter7x</td>",
            r#"[["user","name"],["bob","hunter7x"]]"#,
        ] {
            assert_eq!(redactor.pass("/x").changed(same), None, "{same}");
        }
    }
}
