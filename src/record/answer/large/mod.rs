//! Large bodies: how they are searched for secrets, so that memory stays bounded.
//!
//! ```text
//! sealed file → [packed]: without its compression → [search]: piece by piece → a file of the recording
//! ```
//!
//! Text is searched in whole lines. Of what is not text, the runs of characters are: names, keys and tokens in it are
//! found, and its other bytes stay.

mod links;
#[cfg(feature = "gzip")]
mod packed;
mod search;
mod source;
#[cfg(all(test, feature = "gzip"))]
mod tests;

use std::io::{self, Read as _};
use std::path::Path;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::redact::{Redacted, is_of_secrets};

use super::super::clean::Clean;
use super::super::files::UnnamedFile;
use super::super::spool::is_text;
pub(in crate::record) use links::FoundLinks;
pub(super) use search::Searched;
use search::{GZIP, Search, Wide, in_binary};
pub(super) use source::LargeBody;

/// A smaller body is searched as a whole, whatever it is, in bytes.
const LARGE: usize = 256 << 10;

/// Whether a body that is held is searched as a whole.
pub(in crate::record) fn is_searched(headers: &HeaderMap, body: &[u8]) -> bool {
    body.len() <= LARGE
        || headers.contains_key(CONTENT_ENCODING)
        || body.starts_with(GZIP)
        || Wide::of(body).is_some()
        || is_text(body)
}

/// A body that is held and no text, without its secrets.
pub(super) fn binary_without_secrets(body: &[u8], clean: &Clean<'_>) -> Redacted {
    if is_of_secrets(clean.path()) {
        return Redacted::Opaque("it is of Kubernetes Secrets, and no text".to_owned());
    }
    in_binary(body, clean).map_or(Redacted::Same, Redacted::Changed)
}

/// A large body without its secrets.
///
/// # Errors
/// What the system reports.
pub(super) fn without_secrets(
    body: LargeBody<'_>,
    headers: &HeaderMap,
    folder: &Path,
    clean: &Clean<'_>,
) -> io::Result<Searched> {
    if is_of_secrets(clean.path()) {
        // What is secret in it is known by its place in the whole.
        let why = "it is of Kubernetes Secrets, and too large to be searched";
        return Ok(Searched::Opaque(why.to_owned()));
    }
    let coding = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    let coding = coding.unwrap_or_default().trim().to_ascii_lowercase();
    let mut first = Vec::with_capacity(GZIP.len());
    body.open()?.take(GZIP.len() as u64).read_to_end(&mut first)?;
    match coding.as_str() {
        // Compressed, whether the header says so or not.
        "" | "identity" if first == GZIP => packed(body, "gzip", folder, clean),
        "" | "identity" => plain(body, folder, clean),
        coding => packed(body, coding, folder, clean),
    }
}

/// Searches a body that is not compressed.
fn plain(body: LargeBody<'_>, folder: &Path, clean: &Clean<'_>) -> io::Result<Searched> {
    let mut search = Search::new(clean, UnnamedFile::create(folder)?);
    io::copy(&mut body.open()?, &mut search)?;
    let search = search.finish()?;
    Ok(Searched::Clean(search.out.finish(), search.links.found))
}

#[cfg(feature = "gzip")]
use packed::packed;

/// A body that this build cannot decompress may hold anything.
#[cfg(not(feature = "gzip"))]
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of a build with the feature")]
fn packed(_: LargeBody<'_>, coding: &str, _: &Path, _: &Clean<'_>) -> io::Result<Searched> {
    let why = format!("it is compressed ({coding}), and this build lacks the feature gzip");
    Ok(Searched::Opaque(why))
}
