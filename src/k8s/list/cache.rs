//! Large pages of lists, joined: a page is sent as one piece, and not gathered from its objects again. One of more than
//! [`AT_ONCE`] bytes is joined when it is requested for the second time, since that takes a while.
//!
//! Objects lie apart in memory, and as pieces they make small TLS records. A page belongs to one content of a
//! collection ([`Collection::content`](super::super::store::Collection::content)), so that it is never stale; one
//! that shows ages belongs to the time in which they are the same. The least recently used pages are dropped.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use lru::LruCache;

use super::super::resource::Column;

/// Smaller pages are not kept, in bytes: joining them is cheap.
const WORTH: usize = 64 << 10;

/// Larger pages are not joined for their first request, in bytes: that would hold up what else its thread does.
const AT_ONCE: usize = 4 << 20;

/// How many pages are known, including those that are not joined.
const MOST_KNOWN: NonZeroUsize = NonZeroUsize::new(4096).expect("more than none");

/// A page of one content of a collection.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    pub(super) content: u64,
    pub(super) namespace: Box<str>,
    pub(super) start: Box<str>,
    pub(super) limit: Option<usize>,
    pub(super) form: PageForm,
}

/// How the objects of a page are written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PageForm {
    /// Whole, with these bytes before each: they depend on the version.
    Whole { item_head: Box<str> },
    /// Their metadata alone; in the form of `v1beta1` where requested.
    Metadata { beta: bool },
    /// Rows of a table.
    Table { beta: bool, columns: Arc<[Column]> },
}

/// The objects of a page in their form, with a comma between them.
#[derive(Debug)]
pub(crate) struct Items {
    /// The text.
    pub(crate) text: Bytes,
    /// The times at which it is the same, in seconds since 1970: a table shows ages.
    pub(crate) valid: Range<i64>,
}

impl Items {
    /// A text that is the same at all times.
    pub(crate) fn timeless(text: Bytes) -> Self {
        Self { text, valid: i64::MIN..i64::MAX }
    }
}

/// A page as it is sent, but for what is around its objects.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) items: Items,
    pub(super) count: u64,
    /// The key of the last object, as in a continue token.
    pub(super) last: Box<str>,
    /// Whether objects follow.
    pub(super) more: bool,
}

/// The joined pages of all worlds.
#[derive(Debug)]
pub(crate) struct PageCache {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Pages that were requested and are not joined have no entry yet.
    pages: LruCache<PageKey, Option<Arc<Joined>>>,
    bytes: usize,
}

/// What is known of a page.
pub(super) enum Lookup {
    Found(Arc<Joined>),
    /// It was requested before: it is worth joining.
    Again,
    First,
}

impl PageCache {
    /// A cache of at most this many bytes.
    #[must_use]
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::new(Inner { pages: LruCache::new(MOST_KNOWN), bytes: 0 }) }
    }

    /// The bytes that are held, and the maximum.
    #[must_use]
    pub(crate) fn held(&self) -> (usize, usize) {
        (self.inner.lock().unwrap_or_else(PoisonError::into_inner).bytes, self.most)
    }

    /// What is known of a page at a time, in seconds since 1970.
    pub(super) fn look(&self, key: &PageKey, now: i64) -> Lookup {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.pages.get(key) {
            Some(Some(joined)) if joined.items.valid.contains(&now) => {
                Lookup::Found(Arc::clone(joined))
            }
            Some(_) => Lookup::Again,
            None => {
                inner.put(key.clone(), None);
                Lookup::First
            }
        }
    }

    /// Whether a page of so many bytes is joined for its first request.
    pub(super) fn joins_at_once(&self, size: usize) -> bool {
        (WORTH..=AT_ONCE.min(self.most)).contains(&size)
    }

    pub(super) fn put(&self, key: PageKey, joined: Arc<Joined>) {
        let size = joined.items.text.len();
        if !(WORTH..=self.most).contains(&size) {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.put(key, Some(joined));
        while inner.bytes > self.most {
            let Some((_, oldest)) = inner.pages.pop_lru() else { break };
            inner.bytes -= oldest.map_or(0, |joined| joined.items.text.len());
        }
    }
}

impl Inner {
    fn put(&mut self, key: PageKey, joined: Option<Arc<Joined>>) {
        self.bytes += joined.as_ref().map_or(0, |joined| joined.items.text.len());
        if let Some((_, gone)) = self.pages.push(key, joined) {
            self.bytes -= gone.map_or(0, |joined| joined.items.text.len());
        }
    }
}

impl Default for PageCache {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(content: u64) -> PageKey {
        PageKey {
            content,
            namespace: "".into(),
            start: "".into(),
            limit: None,
            form: PageForm::Whole { item_head: "{".into() },
        }
    }

    fn joined(size: usize) -> Arc<Joined> {
        let items = Items::timeless(vec![b'x'; size].into());
        Arc::new(Joined { items, count: 1, last: "a".into(), more: false })
    }

    #[test]
    fn a_page_that_shows_ages_is_found_while_they_are_the_same() {
        let cache = PageCache::default();
        let items = Items { text: vec![b'x'; WORTH].into(), valid: 100..160 };
        cache.put(key(0), Arc::new(Joined { items, count: 1, last: "a".into(), more: false }));
        for (now, found) in [(99, false), (100, true), (159, true), (160, false)] {
            let known = cache.look(&key(0), now);
            assert_eq!(matches!(known, Lookup::Found(_)), found, "{now}");
            assert_eq!(matches!(known, Lookup::Again), !found, "{now}");
        }
    }

    #[test]
    fn pages_that_are_neither_small_nor_huge_are_joined_at_once() {
        let joins = |most, size| PageCache::new(most).joins_at_once(size);
        assert!(joins(64 << 20, WORTH) && joins(64 << 20, AT_ONCE));
        assert!(!joins(64 << 20, WORTH - 1) && !joins(64 << 20, AT_ONCE + 1));
        assert!(!joins(1 << 20, (1 << 20) + 1), "larger than the cache");
        assert!(!joins(0, WORTH), "there is no cache");
    }

    #[test]
    fn the_most_recently_used_pages_are_kept_within_bounds() {
        let cache = PageCache::new(1 << 20);
        assert!(matches!(cache.look(&key(0), 0), Lookup::First));
        assert!(matches!(cache.look(&key(0), 0), Lookup::Again));
        for content in 0..20 {
            cache.put(key(content), joined(100 << 10));
            // A page in use stays.
            assert!(matches!(cache.look(&key(0), 0), Lookup::Found(_)));
        }
        assert!(cache.held().0 <= 1 << 20);
        assert!(matches!(cache.look(&key(1), 0), Lookup::First));
        assert!(matches!(cache.look(&key(19), 0), Lookup::Found(_)));
        cache.put(key(50), joined(2 << 20));
        assert!(matches!(cache.look(&key(50), 0), Lookup::First), "larger than the cache");
        cache.put(key(50), joined(10));
        assert!(matches!(cache.look(&key(50), 0), Lookup::Again), "too small to be worth it");
        for content in 100..10_000 {
            cache.look(&key(content), 0);
        }
        assert_eq!(cache.held().0, 0, "it was dropped for others");
    }
}
