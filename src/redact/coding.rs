//! The codings of a body (RFC 9110, section 8.4.1): compressed bytes → plain ones, and back.

use std::io;

/// How a body is compressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coding {
    Gzip,
    /// `deflate` in the frame that the standard asks for.
    Zlib,
    /// `deflate` without it, as some servers send it.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
}

/// The content of a compressed body.
#[derive(Debug)]
pub(super) enum Plain {
    /// All of it.
    Whole(Vec<u8>),
    /// Its beginning, and why there is no more.
    Broken(Vec<u8>, io::Error),
    /// Nothing can be said about it: why.
    Unknown(String),
}

#[cfg(feature = "gzip")]
mod flate {
    use std::io::{self, Read, Write as _};

    use brotli_decompressor::Decompressor;
    use flate2::Compression;
    use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ruzstd::decoding::StreamingDecoder;

    use super::{Coding, Plain};

    impl Coding {
        /// Reads what a compressed body holds.
        ///
        /// # Errors
        /// Why nothing can be said about it.
        fn reader(self, bytes: &[u8]) -> Result<Box<dyn Read + '_>, String> {
            const BUFFER: usize = 4096;
            Ok(match self {
                Self::Brotli => Box::new(Decompressor::new(bytes, BUFFER)),
                Self::Zstd => {
                    let decoder = StreamingDecoder::new(bytes);
                    Box::new(decoder.map_err(|error| error.to_string())?)
                }
                Self::Gzip => Box::new(MultiGzDecoder::new(bytes)),
                Self::Zlib => Box::new(ZlibDecoder::new(bytes)),
                Self::Deflate => Box::new(DeflateDecoder::new(bytes)),
            })
        }

        /// Whether a compressed body holds more than `most` bytes.
        #[cfg(feature = "record")]
        pub(in crate::redact) fn holds_more(self, bytes: &[u8], most: u64) -> bool {
            let Ok(reader) = self.reader(bytes) else { return false };
            let length = io::copy(&mut reader.take(most + 1), &mut io::sink());
            length.is_ok_and(|length| length > most)
        }

        /// What a compressed body holds, up to `most` bytes.
        pub(in crate::redact) fn decode(self, bytes: &[u8], most: u64) -> Plain {
            let reader = match self.reader(bytes) {
                Ok(reader) => reader,
                Err(why) => return Plain::Unknown(why),
            };
            let mut plain = Vec::new();
            match reader.take(most + 1).read_to_end(&mut plain) {
                Ok(_) if plain.len() as u64 > most => {
                    Plain::Unknown(format!("it holds more than {most} bytes"))
                }
                Ok(_) => Plain::Whole(plain),
                Err(error) => Plain::Broken(plain, error),
            }
        }

        /// Compresses a body.
        ///
        /// # Errors
        /// What the compressor reports.
        pub(in crate::redact) fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
            match self {
                Self::Gzip => {
                    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                    encoder.write_all(bytes)?;
                    encoder.finish()
                }
                Self::Zlib => {
                    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
                    encoder.write_all(bytes)?;
                    encoder.finish()
                }
                Self::Brotli | Self::Zstd => Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("it has secrets, and cannot be compressed again ({self:?})"),
                )),
                Self::Deflate => {
                    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                    encoder.write_all(bytes)?;
                    encoder.finish()
                }
            }
        }
    }
}

#[cfg(not(feature = "gzip"))]
impl Coding {
    /// A body that this build cannot decompress may hold anything.
    pub(super) fn decode(self, _: &[u8], _: u64) -> Plain {
        Plain::Unknown(format!(
            "it is compressed ({self:?}), and this build lacks the feature gzip"
        ))
    }

    /// A build that decompresses no body does not know.
    #[cfg(feature = "record")]
    pub(super) fn holds_more(self, _: &[u8], _: u64) -> bool {
        false
    }

    /// Unreachable in practice: this build decompresses no body.
    pub(super) fn encode(self, _: &[u8]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
