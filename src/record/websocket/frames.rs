//! Frames of one direction → messages (RFC 6455, section 5).

use bytes::{Buf, BytesMut};

use super::broken::{Broken, MAX_MESSAGE, TOO_LARGE};
#[cfg(feature = "gzip")]
use super::deflate::Inflater;

/// The most frames of a message whose borders are recorded.
const MAX_BORDERS: usize = 256;

/// The kinds of frames.
const CONTINUATION: u8 = 0;
pub(super) const TEXT: u8 = 1;
pub(super) const BINARY: u8 = 2;
pub(super) const CLOSE: u8 = 8;
pub(super) const PING: u8 = 9;
pub(super) const PONG: u8 = 10;

/// A message, or a frame that stands for itself.
#[derive(Debug)]
pub(super) struct Heard<'m> {
    pub(super) kind: u8,
    pub(super) bytes: &'m [u8],
    /// The lengths of its frames, where it has several whose borders are known.
    pub(super) frames: &'m [u32],
}

/// A message whose last frame has not come.
#[derive(Debug, Default)]
struct Begun {
    kind: u8,
    is_packed: bool,
    bytes: BytesMut,
    frames: Vec<u32>,
}

/// One direction of a `WebSocket`.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// A frame whose end has not come.
    read: BytesMut,
    begun: Option<Begun>,
    #[cfg(feature = "gzip")]
    inflater: Option<Inflater>,
}

impl Frames {
    /// A direction whose messages may be compressed.
    #[cfg(feature = "gzip")]
    pub(super) fn packed(inflater: Inflater) -> Self {
        Self { inflater: Some(inflater), ..Self::default() }
    }

    /// Adds bytes; shows each message that they complete.
    ///
    /// # Errors
    /// What is wrong. Nothing more can be read then.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut message: impl FnMut(Heard<'_>),
    ) -> Result<(), Broken> {
        self.read.extend_from_slice(bytes);
        while let Some(head) = Head::of(&self.read, self.may_be_packed())? {
            if head.length > MAX_MESSAGE {
                return Err(Broken(TOO_LARGE));
            }
            if self.read.len() < head.size + head.length {
                break;
            }
            self.read.advance(head.size);
            let mut payload = self.read.split_to(head.length);
            if let Some(mask) = head.mask {
                payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
            }
            self.frame(&head, payload, &mut message)?;
        }
        Ok(())
    }

    fn frame(
        &mut self,
        head: &Head,
        payload: BytesMut,
        message: &mut impl FnMut(Heard<'_>),
    ) -> Result<(), Broken> {
        let mut all = match head.kind {
            CLOSE | PING | PONG => {
                message(Heard { kind: head.kind, bytes: &payload, frames: &[] });
                return Ok(());
            }
            TEXT | BINARY => Begun {
                kind: head.kind,
                is_packed: head.is_packed,
                bytes: payload,
                frames: vec![u32::try_from(head.length).unwrap_or_default()],
            },
            CONTINUATION => {
                let Some(mut all) = self.begun.take() else {
                    return Err(Broken("a message has no beginning"));
                };
                all.bytes.extend_from_slice(&payload);
                if all.frames.len() <= MAX_BORDERS {
                    all.frames.push(u32::try_from(head.length).unwrap_or_default());
                }
                all
            }
            _ => return Err(Broken("there is a frame of an unknown kind")),
        };
        if all.bytes.len() > MAX_MESSAGE {
            return Err(Broken(TOO_LARGE));
        }
        if !head.last {
            self.begun = Some(all);
            return Ok(());
        }
        // The borders of compressed frames are not those of what they hold.
        if all.is_packed {
            all.bytes = self.unpacked(&all.bytes)?;
        }
        let has_borders = !all.is_packed && (2..=MAX_BORDERS).contains(&all.frames.len());
        let frames = if has_borders { &all.frames[..] } else { &[] };
        message(Heard { kind: all.kind, bytes: &all.bytes, frames });
        Ok(())
    }

    #[cfg(feature = "gzip")]
    fn may_be_packed(&self) -> bool {
        self.inflater.is_some()
    }

    #[cfg(not(feature = "gzip"))]
    #[expect(clippy::unused_self, reason = "the signature is that of a build with compression")]
    fn may_be_packed(&self) -> bool {
        false
    }

    #[cfg(feature = "gzip")]
    fn unpacked(&mut self, bytes: &[u8]) -> Result<BytesMut, Broken> {
        self.inflater.as_mut().map_or_else(|| Ok(bytes.into()), |inflater| inflater.message(bytes))
    }

    #[cfg(not(feature = "gzip"))]
    #[expect(clippy::unused_self, reason = "the signature is that of a build with compression")]
    #[expect(
        clippy::unnecessary_wraps,
        reason = "the signature is that of a build with compression"
    )]
    fn unpacked(&mut self, bytes: &[u8]) -> Result<BytesMut, Broken> {
        Ok(bytes.into())
    }
}

/// The head of a frame.
#[derive(Debug)]
struct Head {
    last: bool,
    kind: u8,
    /// Whether it begins a compressed message.
    is_packed: bool,
    mask: Option<[u8; 4]>,
    /// Of the payload.
    length: usize,
    /// Of the head.
    size: usize,
}

impl Head {
    /// Reads a head; nothing where its end has not come.
    fn of(bytes: &[u8], may_be_packed: bool) -> Result<Option<Self>, Broken> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (kind, is_packed) = (first & 0x0f, first & 0x40 != 0);
        let may_be_packed = may_be_packed && matches!(kind, TEXT | BINARY);
        if first & 0x30 != 0 || is_packed && !may_be_packed {
            return Err(Broken("there are frames of an extension"));
        }
        let (length, rest) = match second & 0x7f {
            126 => match rest.split_first_chunk::<2>() {
                Some((length, rest)) => (usize::from(u16::from_be_bytes(*length)), rest),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((length, rest)) => {
                    let length = u64::from_be_bytes(*length);
                    (usize::try_from(length).unwrap_or(usize::MAX), rest)
                }
                None => return Ok(None),
            },
            length => (usize::from(length), rest),
        };
        let (mask, rest) = if second & 0x80 == 0 {
            (None, rest)
        } else {
            match rest.split_first_chunk::<4>() {
                Some((mask, rest)) => (Some(*mask), rest),
                None => return Ok(None),
            }
        };
        let size = bytes.len() - rest.len();
        Ok(Some(Self { last: first & 0x80 != 0, kind, is_packed, mask, length, size }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind, the content, the lengths of the frames.
    type Message = (u8, Vec<u8>, Vec<u32>);

    fn messages(pieces: &[&[u8]]) -> Result<Vec<Message>, Broken> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.push(piece, |heard| {
                found.push((heard.kind, heard.bytes.to_vec(), heard.frames.to_vec()));
            })?;
        }
        Ok(found)
    }

    #[test]
    fn messages_come_out_however_the_network_cuts_them() {
        // A masked text (RFC 6455, section 5.7), one in two frames around a ping, a binary of 256 bytes, the end.
        let mut wire = vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        wire.extend([0x01, 3, b'H', b'e', b'l', 0x89, 1, b'p', 0x80, 2, b'l', b'o']);
        wire.extend([0x82, 126, 1, 0]);
        wire.extend([7; 256]);
        wire.extend([0x88, 2, 3, 0xe8]);
        let expected = vec![
            (TEXT, b"Hello".to_vec(), vec![]),
            (PING, b"p".to_vec(), vec![]),
            (TEXT, b"Hello".to_vec(), vec![3, 2]),
            (BINARY, vec![7; 256], vec![]),
            (CLOSE, vec![3, 0xe8], vec![]),
        ];
        assert_eq!(messages(&[&wire]).unwrap(), expected);
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(messages(&bytes).unwrap(), expected);
    }

    #[cfg(feature = "gzip")]
    #[test]
    fn compressed_messages_are_read_where_both_sides_agreed_on_it() {
        use http::header::SEC_WEBSOCKET_EXTENSIONS;
        let agreed = "permessage-deflate".parse().unwrap();
        let headers = std::iter::once((SEC_WEBSOCKET_EXTENSIONS, agreed)).collect();
        // RFC 7692, section 7.2.3.1: in one frame, and in two.
        let one = [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let two = [0x41, 0x03, 0xf2, 0x48, 0xcd, 0x80, 0x04, 0xc9, 0xc9, 0x07, 0x00];
        for wire in [&one[..], &two] {
            let [inflater, _] = Inflater::negotiated(&headers).unwrap();
            let mut found = Vec::new();
            let mut frames = Frames::packed(inflater);
            frames.push(wire, |heard| found.push(heard.bytes.to_vec())).unwrap();
            assert_eq!(found, [b"Hello"]);
            assert!(messages(&[wire]).is_err(), "nobody agreed on it");
        }
    }

    #[test]
    fn what_is_no_websocket_is_refused_with_little_memory() {
        for wire in [&b"hello"[..], &[0x80, 0], &[0x83, 0], &[0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0]] {
            assert!(messages(&[wire]).is_err(), "{wire:?}");
        }
    }
}
