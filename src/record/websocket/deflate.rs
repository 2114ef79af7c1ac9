//! Compression of messages (RFC 7692): it passes as the client and the backend agree on it, and is undone for the
//! recording.

#[cfg(feature = "gzip")]
use bytes::BytesMut;
use http::HeaderMap;
#[cfg(feature = "gzip")]
use http::HeaderValue;
use http::header::SEC_WEBSOCKET_EXTENSIONS;

#[cfg(feature = "gzip")]
use super::broken::{Broken, MAX_MESSAGE, TOO_LARGE};

#[cfg(feature = "gzip")]
const NAME: &str = "permessage-deflate";

/// What a sender leaves out at the end of each message (RFC 7692, section 7.2.1).
#[cfg(feature = "gzip")]
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Leaves out the extensions that a client offers and a recording cannot undo.
pub(in crate::record) fn keep_known_extensions(headers: &mut HeaderMap) {
    #[cfg(feature = "gzip")]
    let known: Vec<String> = offers(headers).filter(|offer| is_deflate(offer)).collect();
    headers.remove(SEC_WEBSOCKET_EXTENSIONS);
    #[cfg(feature = "gzip")]
    if let Ok(value) = HeaderValue::try_from(known.join(", "))
        && !known.is_empty()
    {
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, value);
    }
}

#[cfg(feature = "gzip")]
fn offers(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let values = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(|offer| offer.trim().to_owned())
}

#[cfg(feature = "gzip")]
fn is_deflate(offer: &str) -> bool {
    offer.split(';').next().is_some_and(|name| name.trim().eq_ignore_ascii_case(NAME))
}

/// Decompresses the messages of one direction.
#[cfg(feature = "gzip")]
#[derive(Debug)]
pub(super) struct Inflater {
    stream: flate2::Decompress,
    /// Whether a message refers to those before it.
    keeps_context: bool,
}

#[cfg(feature = "gzip")]
impl Inflater {
    /// Those of the backend's and the client's messages, where both sides have agreed on compression.
    pub(super) fn negotiated(answer: &HeaderMap) -> Option<[Self; 2]> {
        let agreed = offers(answer).find(|offer| is_deflate(offer))?;
        let of = |parameter: &str| {
            let has = agreed.split(';').any(|own| own.trim().eq_ignore_ascii_case(parameter));
            Self { stream: flate2::Decompress::new(false), keeps_context: !has }
        };
        Some(["server_no_context_takeover", "client_no_context_takeover"].map(of))
    }

    /// The content of a message.
    ///
    /// # Errors
    /// What is not compressed, or holds too much.
    pub(super) fn message(&mut self, packed: &[u8]) -> Result<BytesMut, Broken> {
        let broken = || Broken("a message cannot be decompressed");
        let mut out = BytesMut::new();
        for mut input in [packed, &TAIL] {
            while !input.is_empty() {
                let mut piece = [0; 8 << 10];
                let (read, written) = (self.stream.total_in(), self.stream.total_out());
                let status = self
                    .stream
                    .decompress(input, &mut piece, flate2::FlushDecompress::Sync)
                    .map_err(|_| broken())?;
                let read = usize::try_from(self.stream.total_in() - read).unwrap_or_default();
                let written =
                    usize::try_from(self.stream.total_out() - written).unwrap_or_default();
                out.extend_from_slice(&piece[..written]);
                input = &input[read..];
                if out.len() > MAX_MESSAGE {
                    return Err(Broken(TOO_LARGE));
                }
                if status == flate2::Status::StreamEnd {
                    self.stream.reset(false);
                } else if read == 0 && written == 0 {
                    return Err(broken());
                }
            }
        }
        if !self.keeps_context {
            self.stream.reset(false);
        }
        Ok(out)
    }
}

#[cfg(all(test, feature = "gzip"))]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let name =
            |value: &&'static str| (SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(value));
        values.iter().map(name).collect()
    }

    #[test]
    fn only_known_extensions_are_offered() {
        for (offered, kept) in [
            (
                &["permessage-deflate; client_max_window_bits"][..],
                Some("permessage-deflate; client_max_window_bits"),
            ),
            (
                &["x-other, Permessage-Deflate", "permessage-deflate; server_no_context_takeover"],
                Some("Permessage-Deflate, permessage-deflate; server_no_context_takeover"),
            ),
            (&["x-webkit-deflate-frame"], None),
            (&[], None),
        ] {
            let mut headers = headers(offered);
            keep_known_extensions(&mut headers);
            let left = headers.get(SEC_WEBSOCKET_EXTENSIONS).map(|value| value.to_str().unwrap());
            assert_eq!(left, kept, "{offered:?}");
        }
    }

    #[test]
    fn messages_are_decompressed_with_and_without_what_came_before() {
        // RFC 7692, sections 7.2.3.1, 7.2.3.2 and 7.2.3.4.
        let first: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let shared: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
        let last: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        let [mut server, mut client] = Inflater::negotiated(&headers(&[
            "permessage-deflate; server_max_window_bits=10; client_no_context_takeover",
        ]))
        .unwrap();
        for message in [first, shared, last, first] {
            assert_eq!(&*server.message(message).unwrap(), b"Hello");
        }
        for _ in 0..2 {
            assert_eq!(&*client.message(first).unwrap(), b"Hello");
        }
        assert!(Inflater::negotiated(&headers(&["other"])).is_none());
    }

    #[test]
    fn a_message_that_holds_too_much_is_refused() {
        let mut packed = Vec::new();
        let mut compress = flate2::Compress::new(flate2::Compression::fast(), false);
        let zeros = vec![0; MAX_MESSAGE + 1];
        packed.reserve(1 << 20);
        compress.compress_vec(&zeros, &mut packed, flate2::FlushCompress::Sync).unwrap();
        let [mut server, _] = Inflater::negotiated(&headers(&["permessage-deflate"])).unwrap();
        assert!(server.message(&packed).is_err());
        let [mut server, _] = Inflater::negotiated(&headers(&["permessage-deflate"])).unwrap();
        assert!(server.message(&[0xff; 9]).is_err());
    }
}
