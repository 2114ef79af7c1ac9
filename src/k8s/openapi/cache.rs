//! The documents that clients have asked for. Each is made once for one state of the types: kubectl reads the index,
//! which has the hashes of all documents, with most of its commands.

use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::Document;

/// A document of types with this content
/// ([`Registry::content`](super::super::resource::Registry::content)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum DocumentKey {
    V2(u64),
    /// The protobuf form.
    V2Protobuf(u64),
    Index(u64),
    /// That of one group and version.
    V3(u64),
}

/// The documents of all worlds, of which the least recently used are dropped.
#[derive(Debug)]
pub(crate) struct DocumentCache {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    documents: LruCache<DocumentKey, Arc<Document>>,
    bytes: usize,
}

impl DocumentCache {
    /// A cache of at most this many bytes.
    #[must_use]
    pub(crate) fn new(most: usize) -> Self {
        Self { most, inner: Mutex::new(Inner { documents: LruCache::unbounded(), bytes: 0 }) }
    }

    /// The bytes that are held.
    #[must_use]
    pub(crate) fn held(&self) -> usize {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Returns a document, made by `make` where it is not there.
    pub(in super::super) fn get(
        &self,
        key: DocumentKey,
        make: impl FnOnce() -> Document,
    ) -> Arc<Document> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = inner.documents.get(&key) {
            return Arc::clone(document);
        }
        drop(inner);
        // Others are not held up: it may be made twice.
        let document = Arc::new(make());
        inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.put(key, Arc::clone(&document), self.most);
        document
    }
}

impl Inner {
    fn put(&mut self, key: DocumentKey, document: Arc<Document>, most: usize) {
        if document.size() > most {
            return;
        }
        self.bytes += document.size();
        if let Some((_, gone)) = self.documents.push(key, document) {
            self.bytes -= gone.size();
        }
        while self.bytes > most {
            let Some((_, oldest)) = self.documents.pop_lru() else { break };
            self.bytes -= oldest.size();
        }
    }
}

impl Default for DocumentCache {
    fn default() -> Self {
        Self::new(32 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(size: usize) -> Document {
        Document { text: vec![b'x'; size].into(), hash: String::new() }
    }

    #[test]
    fn a_document_is_made_once() {
        let cache = DocumentCache::default();
        let mut made = 0;
        for key in [DocumentKey::V3(1), DocumentKey::V3(1), DocumentKey::V2(1), DocumentKey::V3(2)]
        {
            cache.get(key, || {
                made += 1;
                document(10)
            });
        }
        assert_eq!((made, cache.held()), (3, 30));
    }

    #[test]
    fn the_least_recently_used_documents_make_room() {
        let cache = DocumentCache::new(1000);
        for number in 0..20 {
            cache.get(DocumentKey::V3(number), || document(100));
            cache.get(DocumentKey::V3(0), || panic!("it is in use"));
        }
        assert_eq!(cache.held(), 1000);
        let mut made = false;
        cache.get(DocumentKey::V3(1), || {
            made = true;
            document(2000)
        });
        assert!(made && cache.held() == 1000, "larger than the cache");
    }
}
