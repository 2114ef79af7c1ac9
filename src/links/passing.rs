//! A body whose links are rewritten while it passes, compressed or not.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
#[cfg(feature = "gzip")]
use http::header::CONTENT_ENCODING;

use super::Links;
use super::base::ClientBase;
#[cfg(feature = "gzip")]
use super::recoding::Recoding;
use super::stream::Rewriting;

/// Rewrites the links of one body, piece by piece. Its length is not known before its end.
pub(crate) struct PassingBody {
    links: Arc<Links>,
    rewriting: Rewriting,
    form: Form,
}

/// How a body is written.
enum Form {
    Plain,
    /// It is compressed, and its first byte has not arrived.
    #[cfg(feature = "gzip")]
    Coded(Vec<u8>),
    #[cfg(feature = "gzip")]
    Recoded(Box<Recoding>),
    /// It is not what its coding says, and passes as it is.
    Opaque,
}

impl PassingBody {
    /// For a body with these header fields, whose links are rewritten ([`super::is_rewritten`]).
    pub(crate) fn new(links: &Arc<Links>, base: ClientBase, headers: &HeaderMap) -> Self {
        #[cfg(feature = "gzip")]
        let form = match headers.get(CONTENT_ENCODING) {
            Some(coding) if super::is_compressed(headers) => Form::Coded(coding.as_bytes().into()),
            _ => Form::Plain,
        };
        #[cfg(not(feature = "gzip"))]
        let form = if super::is_compressed(headers) { Form::Opaque } else { Form::Plain };
        Self { links: Arc::clone(links), rewriting: Rewriting::new(links, base), form }
    }

    /// Returns what can be sent after this piece.
    ///
    /// # Errors
    /// When it cannot be decompressed.
    pub(crate) fn push(&mut self, piece: Bytes) -> io::Result<Bytes> {
        let Self { links, rewriting, form } = self;
        #[cfg(feature = "gzip")]
        if let (Form::Coded(coding), Some(first)) = (&*form, piece.first()) {
            let recoding = Recoding::of(coding, *first);
            *form = recoding.map_or(Form::Opaque, |recoding| Form::Recoded(Box::new(recoding)));
        }
        match form {
            Form::Plain => Ok(rewriting.push(links, piece)),
            #[cfg(feature = "gzip")]
            Form::Recoded(recoding) => recoding.push(piece, links, rewriting),
            _ => Ok(piece),
        }
    }

    /// Returns the rest at the end of the body.
    ///
    /// # Errors
    /// When it cannot be decompressed to its end.
    pub(crate) fn finish(&mut self) -> io::Result<Bytes> {
        let Self { links, rewriting, form } = self;
        match std::mem::replace(form, Form::Opaque) {
            Form::Plain => Ok(rewriting.finish(links)),
            #[cfg(feature = "gzip")]
            Form::Recoded(recoding) => recoding.finish(links, rewriting),
            _ => Ok(Bytes::new()),
        }
    }
}

impl std::fmt::Debug for PassingBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PassingBody")
    }
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use std::io::{Read as _, Write as _};

    use flate2::Compression;
    use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::super::Backend;
    use super::*;

    fn links() -> Arc<Links> {
        Arc::new(Links::new(vec![Backend::new("http://api.test:8001/v1", "/x").unwrap()]))
    }

    fn base() -> ClientBase {
        ClientBase { secure: false, authority: "c:1".into(), path: String::new() }
    }

    fn coded(coding: &str, plain: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match coding {
            "gzip" => {
                // Two members are one body (RFC 1952, section 2.2).
                let (first, second) = plain.split_at(plain.len() / 2);
                let member = |plain| {
                    let mut encoder = GzEncoder::new(Vec::new(), level);
                    encoder.write_all(plain).unwrap();
                    encoder.finish().unwrap()
                };
                [member(first), member(second)].concat()
            }
            "deflate" => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            "raw" => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(plain).unwrap();
                encoder.finish().unwrap()
            }
            _ => plain.to_vec(),
        }
    }

    fn decoded(coding: &str, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        match coding {
            "gzip" => MultiGzDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
            "deflate" => ZlibDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
            "raw" => DeflateDecoder::new(bytes).read_to_end(&mut plain).unwrap(),
            _ => return bytes.to_vec(),
        };
        plain
    }

    fn passed(coding: &str, bytes: &[u8], sizes: &[usize]) -> io::Result<Vec<u8>> {
        let mut headers = HeaderMap::new();
        let coding = if coding == "raw" { "deflate" } else { coding };
        if !coding.is_empty() {
            headers.insert("content-encoding", coding.parse().unwrap());
        }
        let mut body = PassingBody::new(&links(), base(), &headers);
        let (mut out, mut rest) = (Vec::new(), bytes);
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            out.extend_from_slice(&body.push(Bytes::copy_from_slice(piece))?);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        out.extend_from_slice(&body.finish()?);
        Ok(out)
    }

    proptest! {
        #[test]
        fn links_are_rewritten_wherever_the_pieces_end(
            coding in prop::sample::select(vec!["", "gzip", "deflate", "raw"]),
            texts in prop::collection::vec(
                prop::sample::select(vec![
                    "\"http://api.test:8001/v1/a\",",
                    "\"http:\\/\\/api.test:8001\\/v1\\/b\" ",
                    "http://api.test:80010/v1 ",
                    "//api.test:8001/v1/c ",
                    "\"/v1/d\"",
                    "text without links, ",
                    "http",
                ]),
                1..60,
            ),
            sizes in prop::collection::vec(1_usize..90, 1..8),
        ) {
            let plain = texts.concat().into_bytes();
            let expected = links().to_client(&plain, &base()).unwrap_or_else(|| plain.clone());
            let new = passed(coding, &coded(coding, &plain), &sizes).unwrap();
            prop_assert_eq!(
                String::from_utf8(decoded(coding, &new)).unwrap(),
                String::from_utf8(expected).unwrap()
            );
        }
    }

    #[test]
    fn a_body_that_is_not_what_its_coding_says_passes_and_a_cut_one_breaks_off() {
        let text = b"http://api.test:8001/v1 is not gzip";
        assert_eq!(passed("gzip", text, &[5]).unwrap(), text);
        let packed = coded("gzip", &text.repeat(50));
        let error = passed("gzip", &packed[..packed.len() - 3], &[7]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        let mut wrong = packed.clone();
        wrong[12..20].fill(0xff);
        assert!(passed("gzip", &wrong, &[1 << 20]).is_err());
        assert_eq!(passed("gzip", b"", &[1]).unwrap(), b"");
    }

    #[test]
    fn what_a_small_body_holds_is_not_held() {
        let plain = vec![b' '; 8 << 20];
        let packed = coded("deflate", &plain);
        assert!(packed.len() < 16 << 10);
        let new = passed("deflate", &packed, &[4 << 10]).unwrap();
        assert!(new.len() < 256 << 10, "{}", new.len());
    }
}
