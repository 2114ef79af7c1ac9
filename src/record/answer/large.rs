//! Large bodies: what in them is searched for secrets, and how, so that memory stays bounded.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use http::HeaderMap;

use crate::redact::Redacted;

use super::super::clean::Clean;
use super::super::spool::{Spool, SpooledBody, is_text};

/// A larger body that is no text is recorded as it is, in bytes: what is secret is text.
const LARGE: usize = 256 << 10;

/// Text is searched in pieces of whole lines of about this size, in bytes.
const PIECE: usize = 256 << 10;

/// A longer line is cut, in bytes.
const LONGEST_LINE: usize = 4 << 20;

/// Whether a body is searched for secrets.
pub(in crate::record) fn is_searched(body: &[u8]) -> bool {
    body.len() <= LARGE || is_text(body) || body.starts_with(&[0x1f, 0x8b])
}

/// A body in a file without its secrets.
///
/// # Errors
/// What the system reports.
pub(super) fn without_secrets(
    body: SpooledBody,
    folder: &Path,
    clean: &Clean<'_>,
) -> io::Result<SpooledBody> {
    if !body.is_text {
        return Ok(body);
    }
    let mut reader = BufReader::with_capacity(PIECE, body.open()?);
    let mut out: Option<Spool> = None;
    let mut piece = Vec::with_capacity(2 * PIECE);
    loop {
        let (length, ends) = {
            let read = reader.fill_buf()?;
            piece.extend_from_slice(read);
            (read.len(), read.is_empty())
        };
        reader.consume(length);
        let cut = if ends || piece.len() > LONGEST_LINE {
            piece.len()
        } else {
            piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
        };
        if cut > 0 {
            let rest = piece.split_off(cut);
            let whole = std::mem::replace(&mut piece, rest);
            let new = match clean.body(&HeaderMap::new(), &whole) {
                Redacted::Same => whole,
                Redacted::Changed(new) => new,
                Redacted::Opaque(_) => Vec::new(),
            };
            match &mut out {
                Some(out) => out.push(&new)?,
                None => out = Some(Spool::begin(folder, &new)?),
            }
        }
        if ends {
            break;
        }
    }
    Ok(out.map_or(body, Spool::finish))
}
