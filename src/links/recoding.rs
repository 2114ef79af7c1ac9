//! A compressed body whose links are rewritten while it passes: decompressed, rewritten, and compressed again.
//!
//! Memory is bounded whatever the body holds: what is decompressed is compressed again, 64 KiB at a time.

use std::io::{self, BufRead, Read, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::Links;
use super::stream::Rewriting;

/// How much is decompressed at once, in bytes.
const BUFFER: usize = 64 << 10;

/// The first byte of gzip (RFC 1952, section 2.3.1).
const GZIP: u8 = 0x1f;

/// What decompresses a body, and what compresses it again.
pub(super) struct Recoding {
    decoder: Decoder,
    encoder: Encoder,
    buffer: Vec<u8>,
    /// Why nothing more can be decompressed. What was comes first.
    broken: Option<io::Error>,
}

impl Recoding {
    /// For a body of this coding that begins with this byte. `None` where it is not what its coding says: it passes as
    /// it is.
    pub(super) fn of(coding: &[u8], first: u8) -> Option<Self> {
        let (feed, level) = (Feed::default(), Compression::fast());
        let (decoder, encoder) = match coding {
            b"gzip" | b"x-gzip" if first == GZIP => (
                Decoder::Gzip(Box::new(MultiGzDecoder::new(feed))),
                Encoder::Gzip(GzEncoder::new(Vec::new(), level)),
            ),
            // The method of zlib's frame (RFC 1950, section 2.2), which some servers leave out.
            b"deflate" if first & 0x0f == 8 => (
                Decoder::Zlib(ZlibDecoder::new(feed)),
                Encoder::Zlib(ZlibEncoder::new(Vec::new(), level)),
            ),
            b"deflate" => (
                Decoder::Deflate(DeflateDecoder::new(feed)),
                Encoder::Deflate(DeflateEncoder::new(Vec::new(), level)),
            ),
            _ => return None,
        };
        Some(Self { decoder, encoder, buffer: vec![0; BUFFER], broken: None })
    }

    /// Rewrites a piece. Returns what can be sent of it.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub(super) fn push(
        &mut self,
        piece: Bytes,
        links: &Links,
        rewriting: &mut Rewriting,
    ) -> io::Result<Bytes> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.decoder.feed().bytes = piece;
        self.broken = self.run(links, rewriting).err();
        // Who reads a stream waits for its events.
        self.encoder.flush()
    }

    /// Returns the rest at the end of the body.
    ///
    /// # Errors
    /// When it cannot be decompressed to its end.
    pub(super) fn finish(mut self, links: &Links, rewriting: &mut Rewriting) -> io::Result<Bytes> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.decoder.feed().is_whole = true;
        self.run(links, rewriting)?;
        self.encoder.write(&rewriting.finish(links))?;
        self.encoder.finish()
    }

    /// Decompresses what is there.
    fn run(&mut self, links: &Links, rewriting: &mut Rewriting) -> io::Result<()> {
        loop {
            match self.decoder.read(&mut self.buffer) {
                Ok(0) => {
                    // Nothing is read behind the end of the compressed data.
                    self.decoder.feed().bytes.clear();
                    return Ok(());
                }
                Ok(length) => {
                    let plain = Bytes::copy_from_slice(&self.buffer[..length]);
                    self.encoder.write(&rewriting.push(links, plain))?;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What has arrived and is not decompressed. More may come until it is whole.
#[derive(Debug, Default)]
struct Feed {
    bytes: Bytes,
    is_whole: bool,
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.is_whole {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, amount: usize) {
        let _ = self.bytes.split_to(amount.min(self.bytes.len()));
    }
}

impl Read for Feed {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.len().min(out.len());
        out[..length].copy_from_slice(&self.bytes[..length]);
        self.consume(length);
        Ok(length)
    }
}

enum Decoder {
    Gzip(Box<MultiGzDecoder<Feed>>),
    Zlib(ZlibDecoder<Feed>),
    Deflate(DeflateDecoder<Feed>),
}

impl Decoder {
    fn feed(&mut self) -> &mut Feed {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
        }
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(out),
            Self::Zlib(decoder) => decoder.read(out),
            Self::Deflate(decoder) => decoder.read(out),
        }
    }
}

enum Encoder {
    Gzip(GzEncoder<Vec<u8>>),
    Zlib(ZlibEncoder<Vec<u8>>),
    Deflate(DeflateEncoder<Vec<u8>>),
}

impl Encoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zlib(encoder) => encoder.write_all(bytes),
            Self::Deflate(encoder) => encoder.write_all(bytes),
        }
    }

    /// Returns all that was written so far.
    fn flush(&mut self) -> io::Result<Bytes> {
        let out = match self {
            Self::Gzip(encoder) => {
                encoder.flush()?;
                encoder.get_mut()
            }
            Self::Zlib(encoder) => {
                encoder.flush()?;
                encoder.get_mut()
            }
            Self::Deflate(encoder) => {
                encoder.flush()?;
                encoder.get_mut()
            }
        };
        Ok(std::mem::take(out).into())
    }

    fn finish(self) -> io::Result<Bytes> {
        let out = match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zlib(encoder) => encoder.finish(),
            Self::Deflate(encoder) => encoder.finish(),
        };
        out.map(Bytes::from)
    }
}
