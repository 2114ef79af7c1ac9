//! How the marks of a URL are spelled: plain, escaped in a string of JSON, percent-encoded in another URL, as
//! character references of HTML and XML.

/// The spelling of `/` and `:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) slash: &'static str,
    pub(super) colon: &'static str,
}

/// What URLs look like in the texts that contain them. Of those with a common prefix the longer one
/// comes first.
pub(super) const SPELLINGS: [Spelling; 9] = [
    // A string of JSON, as PHP writes it, before what it ends in.
    Spelling { slash: r"\/", colon: ":" },
    Spelling { slash: "/", colon: ":" },
    // `encodeURIComponent`, and its result encoded again.
    Spelling { slash: "%2F", colon: "%3A" },
    Spelling { slash: "%252F", colon: "%253A" },
    // Encoders that keep one of the marks.
    Spelling { slash: "/", colon: "%3A" },
    Spelling { slash: "%2F", colon: ":" },
    // Escapes of JSON, references of HTML and XML.
    Spelling { slash: r"\u002F", colon: ":" },
    Spelling { slash: "&#x2F;", colon: ":" },
    Spelling { slash: "&#47;", colon: ":" },
];

impl Spelling {
    /// Returns a text of a URL in this spelling.
    pub(super) fn write(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '/' => out.push_str(self.slash),
                ':' => out.push_str(self.colon),
                c => out.push(c),
            }
        }
        out
    }
}

/// Returns whether a text begins with a mark, whatever the case of its letters.
pub(super) fn begins_with(text: &[u8], mark: &str) -> bool {
    text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()))
}

/// Returns whether a text ends in a mark, whatever the case of its letters.
pub(super) fn ends_in(text: &[u8], mark: &str) -> bool {
    let from = text.len().checked_sub(mark.len());
    from.is_some_and(|from| text[from..].eq_ignore_ascii_case(mark.as_bytes()))
}

/// Returns whether the last segment of a path continues, so that the path is a different one.
pub(super) fn continues_segment(text: &[u8]) -> bool {
    text.first().is_some_and(|next| {
        next.is_ascii_alphanumeric() || matches!(next, b'-' | b'_' | b'~' | b'.')
    })
}

/// The spellings of a slash in references by a path alone: plain, and as PHP writes it in JSON.
pub(super) const PATH_SLASHES: [&str; 2] = ["/", r"\/"];

/// Returns a backend's path as references spell it; `None` if there is none.
pub(super) fn path_spellings(base: &str) -> impl Iterator<Item = String> {
    let any = !base.is_empty();
    PATH_SLASHES.iter().filter(move |_| any).map(|slash| base.replace('/', slash))
}
