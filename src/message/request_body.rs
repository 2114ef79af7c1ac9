//! The body of a request: read at most once, by the first stage that needs it.

use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::bodies::{Bodies, BodyError, Held};
use super::body_digest::{BodyDigest, GrowingDigest};

/// A body that is still arriving.
pub(crate) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

static EMPTY: Bytes = Bytes::new();

/// A request body.
pub enum RequestBody {
    /// The request has no body.
    Empty,
    /// The whole body.
    Bytes(Bytes),
    /// A body that arrives while the request is answered.
    Arriving(Box<ArrivingBody>),
}

/// A body that arrives while the request is answered. It is read through a shared reference, so
/// that borrowed views of the request stay valid.
pub struct ArrivingBody {
    /// `None` once it is being read.
    stream: Mutex<Option<BodyStream>>,
    read: OnceLock<Result<ReadBody, BodyError>>,
    /// The digest of a body that was larger than the limit.
    digest: OnceLock<BodyDigest>,
    /// The memory budget of all request bodies.
    bodies: Bodies,
}

/// A body that was read, with its share of the budget.
struct ReadBody {
    bytes: Bytes,
    _held: Held,
}

impl RequestBody {
    /// Creates a body that arrives, and the budget that it counts against once it is read.
    #[must_use]
    pub(crate) fn arriving(stream: BodyStream, bodies: Bodies) -> Self {
        let stream = Mutex::new(Some(stream));
        let (read, digest) = (OnceLock::new(), OnceLock::new());
        Self::Arriving(Box::new(ArrivingBody { stream, read, digest, bodies }))
    }

    /// Reads the whole body, once; later calls give the same bytes.
    ///
    /// # Errors
    /// [`BodyError::TooLarge`] past `limit` bytes, [`BodyError::TooMany`] where all bodies together exceed
    /// their budget, [`BodyError::Stalled`] and [`BodyError::Broken`] when the client pauses or disconnects.
    pub(crate) async fn read(&self, limit: usize) -> Result<Bytes, BodyError> {
        let bytes = match self {
            Self::Empty => return Ok(Bytes::new()),
            Self::Bytes(bytes) => bytes,
            Self::Arriving(body) => &body.read(limit).await?.bytes,
        };
        if bytes.len() > limit { Err(BodyError::TooLarge(limit)) } else { Ok(bytes.clone()) }
    }

    /// Reads the whole body, once, as [`Self::read`] does. Of one that is larger than `limit` the digest is kept.
    ///
    /// # Errors
    /// Those of [`Self::read`], but for [`BodyError::TooLarge`].
    pub(crate) async fn read_or_digest(&self, limit: usize) -> Result<(), BodyError> {
        match self {
            Self::Arriving(body) => body.read_or_digest(limit).await,
            Self::Empty | Self::Bytes(_) => Ok(()),
        }
    }

    /// Returns the digest of a body that was too large to be stored.
    #[must_use]
    pub(crate) fn digest(&self) -> Option<&BodyDigest> {
        match self {
            Self::Arriving(body) => body.digest.get(),
            Self::Empty | Self::Bytes(_) => None,
        }
    }

    /// Returns the body, if it has been read or there is none.
    #[must_use]
    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Empty => Some(&EMPTY),
            Self::Bytes(bytes) => Some(bytes),
            Self::Arriving(body) => body.read.get()?.as_ref().ok().map(|read| &read.bytes),
        }
    }

    /// Returns whether it is unread.
    #[must_use]
    pub(crate) fn is_unread(&self) -> bool {
        matches!(self, Self::Arriving(body) if body.stream().is_some())
    }

    /// Wraps the stream of an unread body.
    pub(crate) fn wrap(&self, wrap: impl FnOnce(BodyStream) -> BodyStream) {
        if let Self::Arriving(body) = self {
            let mut stream = body.stream();
            *stream = stream.take().map(wrap);
        }
    }

    /// Takes the body, to be handed on or to be read elsewhere. The part that was read is shared;
    /// the rest is read by the new owner only.
    #[must_use]
    pub(crate) fn take(&self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Arriving(body) => match body.stream().take() {
                Some(stream) => Self::arriving(stream, body.bodies.clone()),
                None => self.bytes().cloned().map_or(Self::Empty, Self::Bytes),
            },
        }
    }

    /// Returns the body, each piece of which is shown to `look` as it is read.
    #[must_use]
    pub(crate) fn inspected(self, mut look: impl FnMut(&Bytes) + Send + 'static) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Bytes(bytes) => {
                look(&bytes);
                Self::Bytes(bytes)
            }
            Self::Arriving(body) => {
                let bodies = body.bodies.clone();
                let stream = body.into_stream().inspect(move |item| {
                    if let Ok(bytes) = item {
                        look(bytes);
                    }
                });
                Self::arriving(Box::pin(stream), bodies)
            }
        }
    }
}

impl ArrivingBody {
    async fn read(&self, limit: usize) -> Result<&ReadBody, BodyError> {
        if self.read.get().is_none() {
            let stream = self.stream().take();
            let read = match stream {
                Some(stream) => collect(stream, limit, &self.bodies).await,
                None => Err(BodyError::Broken("it was handed on".to_owned())),
            };
            // There is only one reader.
            let _ = self.read.set(read);
        }
        match self.read.get() {
            Some(Ok(read)) => Ok(read),
            Some(Err(error)) => Err(error.clone()),
            None => unreachable!("it was set above"),
        }
    }

    async fn read_or_digest(&self, limit: usize) -> Result<(), BodyError> {
        let stream = if self.read.get().is_none() { self.stream().take() } else { None };
        if let Some(mut stream) = stream {
            let read = match gather(&mut stream, limit, &self.bodies).await {
                Err(Unread::TooLarge(begun)) => {
                    let mut digest = GrowingDigest::default();
                    for part in &begun {
                        digest.push(part);
                    }
                    drop(begun);
                    while let Some(chunk) = stream.next().await.transpose()? {
                        digest.push(&chunk);
                    }
                    let _ = self.digest.set(digest.finish());
                    Err(BodyError::TooLarge(limit))
                }
                read => read.map_err(|unread| unread.error(limit)),
            };
            let _ = self.read.set(read);
        }
        match self.read.get() {
            Some(Err(error)) if self.digest.get().is_none() => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Returns the stream of an unread body, or else the bytes that were read.
    pub(crate) fn into_stream(self) -> BodyStream {
        let stream = self.stream().take();
        if let Some(stream) = stream {
            stream
        } else {
            let read = self.read.into_inner();
            Box::pin(futures_util::stream::iter(read.map(|read| read.map(|read| read.bytes))))
        }
    }

    /// Returns the stream, counted against the budget until it is dropped.
    pub(crate) fn into_counted_stream(self) -> BodyStream {
        let mut held = Held::of(&self.bodies);
        Box::pin(self.into_stream().map(move |item| {
            let bytes = item?;
            held.grow(bytes.len())?;
            Ok(bytes)
        }))
    }

    fn stream(&self) -> MutexGuard<'_, Option<BodyStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a body was not read.
enum Unread {
    /// It is larger than the limit; its beginning.
    TooLarge(Vec<Bytes>),
    Failed(BodyError),
}

impl Unread {
    fn error(self, limit: usize) -> BodyError {
        match self {
            Self::TooLarge(_) => BodyError::TooLarge(limit),
            Self::Failed(error) => error,
        }
    }
}

impl From<BodyError> for Unread {
    fn from(error: BodyError) -> Self {
        Self::Failed(error)
    }
}

async fn collect(
    mut stream: BodyStream,
    limit: usize,
    bodies: &Bodies,
) -> Result<ReadBody, BodyError> {
    gather(&mut stream, limit, bodies).await.map_err(|unread| unread.error(limit))
}

async fn gather(
    stream: &mut BodyStream,
    limit: usize,
    bodies: &Bodies,
) -> Result<ReadBody, Unread> {
    let mut held = Held::of(bodies);
    let Some(first) = stream.next().await.transpose()? else {
        return Ok(ReadBody { bytes: Bytes::new(), _held: held });
    };
    if first.len() > limit {
        return Err(Unread::TooLarge(vec![first]));
    }
    held.grow(first.len())?;
    let Some(second) = stream.next().await.transpose()? else {
        return Ok(ReadBody { bytes: first, _held: held });
    };
    let mut whole = BytesMut::with_capacity(first.len() + second.len());
    whole.extend_from_slice(&first);
    let mut next = Some(second);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > limit {
            return Err(Unread::TooLarge(vec![whole.freeze(), chunk]));
        }
        held.grow(chunk.len())?;
        whole.extend_from_slice(&chunk);
        next = stream.next().await.transpose()?;
    }
    Ok(ReadBody { bytes: whole.freeze(), _held: held })
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Arriving(body) => body.fmt(f),
        }
    }
}

impl std::fmt::Debug for ArrivingBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Arriving")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arriving(pieces: &[&'static str]) -> RequestBody {
        let pieces: Vec<_> =
            pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))).collect();
        RequestBody::arriving(Box::pin(futures_util::stream::iter(pieces)), Bodies::default())
    }

    #[tokio::test]
    async fn an_unread_body_moves_and_a_read_one_is_shared() {
        let body = arriving(&["a", "b"]);
        assert!(body.is_unread());
        let moved = body.take();
        assert!(!body.is_unread() && moved.is_unread());
        assert_eq!(body.bytes(), None);
        assert!(matches!(body.read(9).await, Err(BodyError::Broken(_))), "nobody waits for it");
        assert_eq!(moved.read(9).await.unwrap(), "ab");
        assert_eq!(moved.take().bytes().unwrap(), "ab");
        assert_eq!(moved.bytes().unwrap(), "ab");
    }

    #[tokio::test]
    async fn a_body_that_could_not_be_read_fails_for_each_reader() {
        let body = arriving(&["aaa", "bbb"]);
        for _ in 0..2 {
            assert!(matches!(body.read(5).await, Err(BodyError::TooLarge(5))));
        }
        assert_eq!(body.bytes(), None);
    }

    #[tokio::test]
    async fn of_a_body_that_is_too_large_the_digest_is_kept() {
        for (limit, digest) in [(5, true), (6, false)] {
            let body = arriving(&["aaa", "bb", "b"]);
            body.read_or_digest(limit).await.unwrap();
            let expected = digest.then(|| BodyDigest::of(b"aaabbb"));
            assert_eq!(body.digest().copied(), expected);
            assert_eq!(body.bytes().is_some(), !digest);
        }
    }

    #[tokio::test]
    async fn an_inspected_body_is_seen_as_it_is_read() {
        let (seen, shown) = std::sync::mpsc::channel();
        let body = arriving(&["a", "b"]).inspected(move |bytes| seen.send(bytes.clone()).unwrap());
        assert_eq!(shown.try_iter().count(), 0);
        assert_eq!(body.read(9).await.unwrap(), "ab");
        assert_eq!(shown.try_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
