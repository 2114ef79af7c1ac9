//! Large bodies that are compressed: searched as they are decompressed, and compressed again where that found
//! something.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use brotli_decompressor::Decompressor;
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use ruzstd::decoding::StreamingDecoder;

use crate::record::clean::Clean;
use crate::record::files::{UnnamedBody, UnnamedFile};

use super::links::FoundLinks;
use super::search::{GZIP, Search, Searched};
use super::source::LargeBody;

/// How much a compressed body may hold, in bytes: a small one can hold so much that searching it takes an hour.
const MOST_INFLATED: u64 = 4 << 30;

/// How much is read at once, in bytes.
const BUFFER: usize = 64 << 10;

/// A body that is compressed, without its secrets.
///
/// # Errors
/// What the system reports.
pub(super) fn packed(
    body: LargeBody<'_>,
    coding: &str,
    folder: &Path,
    clean: &Clean<'_>,
) -> io::Result<Searched> {
    let Some(packing) = Packing::of(coding, body)? else {
        return Ok(Searched::Opaque(format!("it is compressed as {coding}")));
    };
    match inspect(packing.decoder(body)?, clean) {
        Found::Nothing(links) => copy(body, folder).map(|copied| Searched::Clean(copied, links)),
        Found::Secrets => packing.again(body, folder, clean),
        Found::TooMuch => {
            let why = format!("it is compressed, and holds more than {MOST_INFLATED} bytes");
            Ok(Searched::Opaque(why))
        }
        Found::Twice => Ok(Searched::Opaque("it is compressed twice".to_owned())),
        Found::Broken(why) => {
            // It may be a text under a wrong name.
            let mut search = Search::new(clean, io::sink());
            io::copy(&mut body.open()?, &mut search)?;
            if search.finish()?.changed {
                return Ok(Searched::Opaque(format!("it cannot be decompressed: {why}")));
            }
            // Nor can links in it be rewritten.
            copy(body, folder).map(|copied| Searched::Clean(copied, FoundLinks::default()))
        }
    }
}

/// What is in a compressed body.
enum Found {
    /// No secrets, and these links.
    Nothing(FoundLinks),
    Secrets,
    /// It is not searched to its end.
    TooMuch,
    /// It holds a compressed body.
    Twice,
    /// What can be read of it has no secrets.
    Broken(io::Error),
}

fn inspect(mut from: impl Read, clean: &Clean<'_>) -> Found {
    let mut search = Search::new(clean, io::sink());
    let mut buffer = vec![0; BUFFER];
    let mut length = 0_u64;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let changed = search.finish().map_or(true, |search| search.changed);
                return if changed { Found::Secrets } else { Found::Broken(error) };
            }
        };
        if length == 0 && buffer[..count].starts_with(GZIP) {
            return Found::Twice;
        }
        length += count as u64;
        // A search that writes nowhere does not fail.
        let _ = search.write_all(&buffer[..count]);
        if search.changed {
            return Found::Secrets;
        }
        if length > MOST_INFLATED {
            return Found::TooMuch;
        }
    }
    match search.finish() {
        Ok(search) if !search.changed => Found::Nothing(search.links.found),
        _ => Found::Secrets,
    }
}

/// The body as it is.
fn copy(body: LargeBody<'_>, folder: &Path) -> io::Result<UnnamedBody> {
    let mut file = UnnamedFile::create(folder)?;
    io::copy(&mut body.open()?, &mut file)?;
    Ok(file.finish())
}

/// How a body is compressed (RFC 9110, section 8.4.1).
#[derive(Debug, Clone, Copy)]
enum Packing {
    Gzip,
    Zlib,
    Deflate,
    Brotli,
    Zstd,
}

impl Packing {
    fn of(coding: &str, body: LargeBody<'_>) -> io::Result<Option<Self>> {
        Ok(Some(match coding {
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => {
                let mut first = [0];
                let read = body.open()?.read(&mut first)?;
                // Some servers send it without the frame that the standard asks for.
                if read == 1 && first[0] & 0x0f == 8 { Self::Zlib } else { Self::Deflate }
            }
            "br" => Self::Brotli,
            "zstd" => Self::Zstd,
            _ => return Ok(None),
        }))
    }

    fn decoder(self, body: LargeBody<'_>) -> io::Result<Box<dyn Read + '_>> {
        let from = BufReader::with_capacity(BUFFER, body.open()?);
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(from)),
            Self::Zlib => Box::new(ZlibDecoder::new(from)),
            Self::Deflate => Box::new(DeflateDecoder::new(from)),
            Self::Brotli => Box::new(Decompressor::new(from, BUFFER)),
            Self::Zstd => {
                let decoder: Result<StreamingDecoder<BufReader<Box<dyn Read + '_>>, _>, _> =
                    StreamingDecoder::new(from);
                Box::new(decoder.map_err(io::Error::other)?)
            }
        })
    }

    /// The body without its secrets, compressed again.
    fn again(self, body: LargeBody<'_>, folder: &Path, clean: &Clean<'_>) -> io::Result<Searched> {
        let file = UnnamedFile::create(folder)?;
        let level = Compression::fast();
        let from = self.decoder(body)?.take(MOST_INFLATED);
        let written = match self {
            Self::Gzip => searched(from, clean, GzEncoder::new(file, level), GzEncoder::finish),
            Self::Zlib => searched(from, clean, ZlibEncoder::new(file, level), ZlibEncoder::finish),
            Self::Deflate => {
                searched(from, clean, DeflateEncoder::new(file, level), DeflateEncoder::finish)
            }
            Self::Brotli | Self::Zstd => {
                let why = format!("it has secrets, and cannot be compressed again ({self:?})");
                return Ok(Searched::Opaque(why));
            }
        };
        match written {
            Ok((file, links)) => Ok(Searched::Clean(file.finish(), links)),
            Err(error) if is_data_error(&error) => Ok(Searched::Opaque(format!(
                "it has secrets, and cannot be decompressed to its end: {error}"
            ))),
            Err(error) => Err(error),
        }
    }
}

fn is_data_error(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// Searches all of a body, compresses it without its secrets, and gives its links.
fn searched<W: Write>(
    mut from: impl Read,
    clean: &Clean<'_>,
    to: W,
    finish: fn(W) -> io::Result<UnnamedFile>,
) -> io::Result<(UnnamedFile, FoundLinks)> {
    let mut search = Search::new(clean, to);
    io::copy(&mut from, &mut search)?;
    let search = search.finish()?;
    Ok((finish(search.out)?, search.links.found))
}
