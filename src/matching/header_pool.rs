//! Interning of response heads and header names: most of a hundred thousand stubs share the same
//! few.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use http::{HeaderMap, HeaderName, StatusCode};

/// The interned heads and header names of all stubs that are loaded together.
#[derive(Debug, Default)]
pub struct HeaderPool {
    heads: Mutex<HashMap<Box<[u8]>, Arc<Head>, RandomState>>,
    names: Mutex<HashSet<HeaderName, RandomState>>,
}

/// The head of a response.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
}

impl HeaderPool {
    /// Returns a head with these headers, in this order.
    pub(super) fn head(&self, status: StatusCode, headers: HeaderMap) -> Arc<Head> {
        let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 2);
        let mut key = Vec::with_capacity(fields.sum::<usize>() + 3);
        key.extend_from_slice(status.as_str().as_bytes());
        for (name, value) in &headers {
            // Neither contains a line break.
            key.extend_from_slice(name.as_str().as_bytes());
            key.push(b'\n');
            key.extend_from_slice(value.as_bytes());
            key.push(b'\n');
        }
        let mut known = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = known.get(&*key) {
            return Arc::clone(head);
        }
        let head = Arc::new(Head { status, headers });
        known.insert(key.into(), Arc::clone(&head));
        head
    }

    /// Returns the interned form of a name.
    pub(super) fn name(&self, name: HeaderName) -> HeaderName {
        let mut known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.get(&name) {
            return same.clone();
        }
        known.insert(name.clone());
        name
    }

    /// Drops the names, and the heads that no stub uses. Called before stubs are loaded again.
    pub fn prune(&self) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut known = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, head| Arc::strong_count(head) > 1);
        known.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn equal_heads_are_one_while_they_are_in_use() {
        let pool = HeaderPool::default();
        let one = |value| {
            let mut headers = HeaderMap::new();
            headers.insert("a", HeaderValue::from_static(value));
            headers
        };
        let first = pool.head(StatusCode::OK, one("1"));
        assert!(Arc::ptr_eq(&first, &pool.head(StatusCode::OK, one("1"))));
        assert!(!Arc::ptr_eq(&first, &pool.head(StatusCode::OK, one("2"))));
        assert!(!Arc::ptr_eq(&first, &pool.head(StatusCode::CREATED, one("1"))));
        pool.prune();
        assert_eq!(pool.heads.lock().unwrap().len(), 1);
        assert!(Arc::ptr_eq(&first, &pool.head(StatusCode::OK, one("1"))));
    }
}
