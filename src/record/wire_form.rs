//! What hyper's client does not tell of an answer over HTTP/1.1: how its head was written, and where the chunks of its
//! body ended. The connection to the backend is read along.
//!
//! ```text
//! connection → [FormReader]: a request is written → head → chunks → [WireForm] → extension of hyper's response
//! ```

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::message::HeadLayout;

use super::arrivals::MAX_CHUNKS;

/// The most bytes of a head that are read along.
const MAX_HEAD: usize = 64 << 10;

/// How one answer was written.
#[derive(Debug)]
pub(super) struct WireForm {
    /// The names of its header fields.
    pub(super) layout: Option<HeadLayout>,
    /// Where the chunks of its body ended, in bytes of the body; nothing for a body without chunks.
    chunk_ends: Option<Mutex<Vec<u64>>>,
}

impl WireForm {
    /// Whether its body had no chunks.
    fn is_plain(&self) -> bool {
        self.chunk_ends.is_none()
    }

    /// Where the chunks ended that have arrived: at most [`MAX_CHUNKS`]; nothing for a body without chunks.
    pub(super) fn chunk_ends(&self) -> Option<Vec<u64>> {
        let ends = self.chunk_ends.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(ends.clone())
    }
}

/// The form of the last answer of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct LastForm(Arc<Mutex<Option<Arc<WireForm>>>>);

impl LastForm {
    /// The form of the answer whose head hyper has just given.
    pub(super) fn get(&self) -> Option<Arc<WireForm>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, form: Arc<WireForm>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(form);
    }
}

/// Where in an answer the bytes of a connection are.
#[derive(Debug)]
enum State {
    /// Nothing is to be read until a request is written.
    Between,
    /// In a head, which has begun with these bytes.
    Head(Vec<u8>),
    Chunks {
        form: Arc<WireForm>,
        place: ChunkPlace,
        passed: u64,
    },
    /// The connection is not HTTP/1.1 any more.
    Off,
}

/// Where in a body in chunks (RFC 9112, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChunkPlace {
    /// In the digits of a size, which are this number so far.
    Size(u64),
    /// In what follows them on their line.
    Extension(u64),
    /// In the data, of which so much is left.
    Data(u64),
    /// In the end of a line behind the data.
    DataEnd,
}

/// Follows the answers of a connection.
#[derive(Debug)]
struct FormReader {
    state: State,
    last: LastForm,
}

impl FormReader {
    /// A request, or a part of one, is written.
    fn wrote(&mut self) {
        // What is written while an answer arrives belongs to its own request.
        if matches!(self.state, State::Between) {
            self.state = State::Head(Vec::new());
        }
    }

    fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Between | State::Off => return,
                State::Head(begun) => {
                    let whole = if begun.is_empty() { end_of_head(bytes, 0) } else { None };
                    if let Some(end) = whole {
                        // Most heads come whole: nothing is copied.
                        self.state = self.behind(&bytes[..end]);
                        bytes = &bytes[end..];
                        continue;
                    }
                    let Some(used) = add_to_head(begun, bytes) else {
                        if begun.len() > MAX_HEAD || !is_head(begun) {
                            self.state = State::Between;
                        }
                        return;
                    };
                    bytes = &bytes[used..];
                    let head = std::mem::take(begun);
                    self.state = self.behind(&head);
                }
                State::Chunks { form, place, passed } => {
                    let Some(used) = chunk_step(form, place, passed, bytes) else {
                        self.state = State::Between;
                        return;
                    };
                    bytes = &bytes[used..];
                }
            }
        }
    }

    /// Behind a whole head.
    fn behind(&mut self, head: &[u8]) -> State {
        if !is_head(head) {
            return State::Between;
        }
        match head.get(9..12) {
            Some(b"101") => return State::Off,
            Some([b'1', ..]) => return State::Head(Vec::new()),
            _ => {}
        }
        let is_chunked = head.split(|byte| *byte == b'\n').skip(1).any(is_transfer_in_chunks);
        // Most answers of a connection are written in one form.
        let last = self.last.get();
        let known = last.as_ref().and_then(|last| last.layout.as_ref().filter(|of| of.is_of(head)));
        if known.is_some() && !is_chunked && last.as_ref().is_some_and(|last| last.is_plain()) {
            return State::Between;
        }
        let layout = known.cloned().or_else(|| HeadLayout::of(head));
        let chunk_ends = is_chunked.then(Mutex::default);
        let form = Arc::new(WireForm { layout, chunk_ends });
        self.last.set(Arc::clone(&form));
        if is_chunked {
            State::Chunks { form, place: ChunkPlace::Size(0), passed: 0 }
        } else {
            State::Between
        }
    }
}

/// Whether bytes begin as a head does.
fn is_head(bytes: &[u8]) -> bool {
    let begins = b"HTTP/1.";
    let length = begins.len().min(bytes.len());
    bytes[..length] == begins[..length]
}

/// Whether a line of a head says that the body is in chunks.
fn is_transfer_in_chunks(line: &[u8]) -> bool {
    const NAME: &[u8] = b"transfer-encoding:";
    line.len() > NAME.len()
        && line[..NAME.len()].eq_ignore_ascii_case(NAME)
        && line[NAME.len()..].windows(7).any(|word| word.eq_ignore_ascii_case(b"chunked"))
}

/// Where a head ends; the bytes before `from` are known not to have its end.
fn end_of_head(bytes: &[u8], from: usize) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let most = bytes.len().min(MAX_HEAD + END.len());
    Some(from + memchr::memmem::find(bytes.get(from..most)?, END)? + END.len())
}

/// Adds bytes to a head up to its end. Returns how many were used once it is whole.
fn add_to_head(head: &mut Vec<u8>, bytes: &[u8]) -> Option<usize> {
    // The end may have begun before.
    let from = head.len().saturating_sub(3);
    let before = head.len();
    head.extend_from_slice(&bytes[..bytes.len().min(MAX_HEAD)]);
    let end = end_of_head(head, from)?;
    head.truncate(end);
    Some(end - before)
}

/// Goes on by one part of a body in chunks. Returns how many bytes that was; nothing at the end of the body, and where
/// it is none in chunks.
fn chunk_step(
    form: &WireForm,
    place: &mut ChunkPlace,
    passed: &mut u64,
    bytes: &[u8],
) -> Option<usize> {
    let first = *bytes.first()?;
    *place = match *place {
        ChunkPlace::Size(size) => match first {
            b'\n' => return begin_data(place, size),
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' => {
                let digit = char::from(first).to_digit(16)?;
                ChunkPlace::Size(size.checked_mul(16)?.checked_add(digit.into())?)
            }
            _ => ChunkPlace::Extension(size),
        },
        ChunkPlace::Extension(size) if first == b'\n' => return begin_data(place, size),
        ChunkPlace::Data(left) => {
            let used = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            *passed += used as u64;
            let left = left - used as u64;
            *place = if left > 0 { ChunkPlace::Data(left) } else { ChunkPlace::DataEnd };
            if left == 0
                && let Some(ends) = &form.chunk_ends
            {
                let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
                if ends.len() < MAX_CHUNKS {
                    ends.push(*passed);
                }
            }
            return Some(used);
        }
        ChunkPlace::DataEnd if first == b'\n' => ChunkPlace::Size(0),
        other => other,
    };
    Some(1)
}

/// The data of a chunk begins; behind the last one come trailers alone.
fn begin_data(place: &mut ChunkPlace, size: u64) -> Option<usize> {
    *place = ChunkPlace::Data(size);
    (size > 0).then_some(1)
}

/// A connection whose answers are followed.
pub(super) struct FormedStream<T> {
    io: T,
    reader: FormReader,
}

impl<T> FormedStream<T> {
    pub(super) fn new(io: T, is_http1: bool) -> Self {
        let state = if is_http1 { State::Between } else { State::Off };
        Self { io, reader: FormReader { state, last: LastForm::default() } }
    }

    /// The form of its last answer.
    pub(super) fn last_form(&self) -> LastForm {
        self.reader.last.clone()
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for FormedStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.io).poll_read(cx, buf))?;
        self.reader.read(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for FormedStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.reader.wrote();
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.reader.wrote();
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(parts: &[&[u8]]) -> Option<(Option<String>, Option<Vec<u64>>)> {
        let mut reader = FormReader { state: State::Between, last: LastForm::default() };
        reader.wrote();
        for part in parts {
            reader.read(part);
        }
        let form = reader.last.get()?;
        Some((form.layout.as_ref().map(|layout| layout.text().to_owned()), form.chunk_ends()))
    }

    const CHUNKED: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";

    #[test]
    fn heads_and_ends_of_chunks_are_found() {
        let names = Some("X-A, Transfer-Encoding".to_owned());
        assert_eq!(read(&[CHUNKED]), Some((names, Some(vec![3, 13]))));
        let plain = b"HTTP/1.0 200 OK\r\nETAG: 1\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        assert_eq!(read(&[plain]), Some((Some("ETAG".to_owned()), None)));
        for other in [&b"PRI * HTTP/2.0\r\n\r\n"[..], b"", b"HTTP/1.1 200 OK\r\n"] {
            assert_eq!(read(&[other]), None);
        }
    }

    #[test]
    fn each_answer_of_a_connection_has_a_form_of_its_own() {
        let mut reader = FormReader { state: State::Between, last: LastForm::default() };
        let mut forms = Vec::new();
        for name in ["One", "Two"] {
            reader.wrote();
            reader.read(format!("HTTP/1.1 200 OK\r\n{name}: 1\r\n\r\nbody").as_bytes());
            forms.push(reader.last.get().unwrap());
            reader.read(b"HTTP/1.1 200 OK\r\nbody: 1\r\n\r\n");
        }
        let names = forms.iter().map(|form| form.layout.as_ref().unwrap().text());
        assert_eq!(names.collect::<Vec<_>>(), ["One", "Two"]);
    }

    proptest! {
        #[test]
        fn the_network_may_cut_anywhere(cuts in proptest::collection::vec(0..CHUNKED.len(), 0..9)) {
            let mut cuts = cuts;
            cuts.extend([0, CHUNKED.len()]);
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|two| &CHUNKED[two[0]..two[1]]).collect();
            prop_assert_eq!(read(&parts), read(&[CHUNKED]));
        }

        #[test]
        fn noise_is_survived(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            prop_assert!(read(&[head, &noise]).is_some());
        }
    }
}
