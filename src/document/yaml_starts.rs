//! Where the documents of a YAML text begin, so that a place in one of thousands is found without reading those
//! before it.

use std::cell::RefCell;
use std::hash::BuildHasher as _;
use std::rc::Rc;

use foldhash::quality::FixedState;
use serde_saphyr::granit_parser::{Event, Parser};

/// The beginning of the line on which a document starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// Bytes from the start of the text.
    pub(super) offset: usize,
    /// The lines in front of it.
    pub(super) lines: usize,
}

/// The starts of the text that was asked for last. The places of one file are asked for one after another, and a file
/// may be read again for each: so the text is known by its hash.
struct Last {
    hash: u64,
    length: usize,
    starts: Rc<[Start]>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// Returns the starts of all documents, up to the first that is not well-formed.
pub(super) fn of(text: &str) -> Rc<[Start]> {
    let (hash, length) = (FixedState::default().hash_one(text), text.len());
    LAST.with_borrow_mut(|last| match last {
        Some(last) if last.hash == hash && last.length == length => Rc::clone(&last.starts),
        _ => {
            let starts: Rc<[Start]> = find(text).into();
            *last = Some(Last { hash, length, starts: Rc::clone(&starts) });
            starts
        }
    })
}

fn find(text: &str) -> Vec<Start> {
    let mut parser = Parser::new_from_str(text);
    let mut starts = Vec::new();
    let mut at = Start::default();
    while let Some(Ok((event, span))) = parser.next_event() {
        if matches!(event, Event::DocumentStart(..)) {
            at = begin(text, at, span.start.line().saturating_sub(1));
            starts.push(at);
        }
    }
    starts
}

/// Returns the beginning of a document that starts behind so many lines: with its directives, which are on the lines
/// before it. `from` is a line before it.
fn begin(text: &str, from: Start, lines: usize) -> Start {
    let (mut at, mut directives) = (from, None);
    while at.lines < lines {
        let rest = &text[at.offset..];
        if rest.starts_with('%') {
            directives = directives.or(Some(at));
        } else if rest.starts_with("---") || rest.starts_with("...") {
            directives = None;
        }
        let bytes = rest.as_bytes();
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { break };
        let width = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        at = Start { offset: at.offset + end + width, lines: at.lines + 1 };
    }
    directives.unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::super::{Format, Place, Source, Step};
    use super::*;

    #[test]
    fn documents_begin_at_their_lines() {
        let text = "# first\na: 1\n---\nb: 2\r\n--- {c: 3}\n...\n# between\n%TAG !e! tag:x,2000:\n---\nd: !e!s 4\n";
        let lines: Vec<usize> = of(text).iter().map(|start| start.lines).collect();
        assert_eq!(lines, [1, 2, 4, 7]);
        let source = Source { path: "x.yaml".into(), format: Format::Yaml, text: text.into() };
        for (document, key, line, column) in
            [(0, "a", 2, 4), (1, "b", 4, 4), (2, "c", 5, 9), (3, "d", 10, 9)]
        {
            let found = source.place(document, &[Step::Key(key.into())], false);
            assert_eq!(found, Some(Place { line, column }), "{key}");
        }
        assert_eq!(source.place(4, &[], false), None);
    }

    #[test]
    fn another_text_has_its_own_starts() {
        assert_eq!(of("a\n---\nb").len(), 2);
        assert_eq!(of("a\n---\nb\n---\nc").len(), 3);
        assert_eq!(of("a\n---\nb").len(), 2);
    }
}
