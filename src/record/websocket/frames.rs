//! Frames of one direction → messages (RFC 6455, section 5).

use bytes::{Buf, BytesMut};

/// The largest message that is recorded, in bytes.
const MAX_MESSAGE: usize = 4 << 20;

/// The kinds of frames.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;

/// What is not a `WebSocket`, or too large to be recorded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

/// One direction of a `WebSocket`.
#[derive(Debug, Default)]
pub(super) struct Frames {
    /// A frame whose end has not come.
    read: BytesMut,
    /// The kind of a message whose last frame has not come, and what has.
    begun: Option<(u8, BytesMut)>,
}

impl Frames {
    /// Adds bytes; shows each message that they complete, with its kind.
    ///
    /// # Errors
    /// What is wrong. Nothing more can be read then.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut message: impl FnMut(u8, &[u8]),
    ) -> Result<(), Broken> {
        self.read.extend_from_slice(bytes);
        while let Some(head) = Head::of(&self.read)? {
            if head.length > MAX_MESSAGE {
                return Err(Broken("there is a message of more than 4 MiB"));
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
        message: &mut impl FnMut(u8, &[u8]),
    ) -> Result<(), Broken> {
        match head.kind {
            CLOSE => message(CLOSE, &payload),
            TEXT | BINARY if head.last => message(head.kind, &payload),
            TEXT | BINARY => self.begun = Some((head.kind, payload)),
            CONTINUATION => {
                let Some((kind, mut all)) = self.begun.take() else {
                    return Err(Broken("a message has no beginning"));
                };
                all.extend_from_slice(&payload);
                if all.len() > MAX_MESSAGE {
                    return Err(Broken("there is a message of more than 4 MiB"));
                }
                if head.last {
                    message(kind, &all);
                } else {
                    self.begun = Some((kind, all));
                }
            }
            // Ping and pong belong to the connection.
            9 | 10 => {}
            _ => return Err(Broken("there is a frame of an unknown kind")),
        }
        Ok(())
    }
}

/// The head of a frame.
#[derive(Debug)]
struct Head {
    last: bool,
    kind: u8,
    mask: Option<[u8; 4]>,
    /// Of the payload.
    length: usize,
    /// Of the head.
    size: usize,
}

impl Head {
    /// Reads a head; nothing where its end has not come.
    fn of(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        if first & 0x70 != 0 {
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
        Ok(Some(Self { last: first & 0x80 != 0, kind: first & 0x0f, mask, length, size }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(pieces: &[&[u8]]) -> Result<Vec<(u8, Vec<u8>)>, Broken> {
        let mut frames = Frames::default();
        let mut found = Vec::new();
        for piece in pieces {
            frames.push(piece, |kind, message| found.push((kind, message.to_vec())))?;
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
            (TEXT, b"Hello".to_vec()),
            (TEXT, b"Hello".to_vec()),
            (BINARY, vec![7; 256]),
            (CLOSE, vec![3, 0xe8]),
        ];
        assert_eq!(messages(&[&wire]).unwrap(), expected);
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(messages(&bytes).unwrap(), expected);
    }

    #[test]
    fn what_is_no_websocket_is_refused_with_little_memory() {
        for wire in [&b"hello"[..], &[0x80, 0], &[0x83, 0], &[0x82, 127, 0, 0, 0, 0, 1, 0, 0, 0]] {
            assert!(messages(&[wire]).is_err(), "{wire:?}");
        }
    }
}
