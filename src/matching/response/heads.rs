//! Header maps that stubs share: of a hundred thousand stubs most have the same few.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;

/// The header maps of all stubs that are loaded together.
#[derive(Debug, Default)]
pub struct SharedHeads(Mutex<HashMap<Box<[u8]>, Arc<HeaderMap>>>);

impl SharedHeads {
    /// A map with these headers, in this order.
    pub(super) fn share(&self, headers: HeaderMap) -> Arc<HeaderMap> {
        let mut key = Vec::new();
        for (name, value) in &headers {
            // Neither has a line end in it.
            key.extend_from_slice(name.as_str().as_bytes());
            key.push(b'\n');
            key.extend_from_slice(value.as_bytes());
            key.push(b'\n');
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(head) = known.get(&*key) {
            return Arc::clone(head);
        }
        let head = Arc::new(headers);
        known.insert(key.into(), Arc::clone(&head));
        head
    }

    /// Forgets the maps that no stub has.
    pub fn prune(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, head| Arc::strong_count(head) > 1);
        known.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn equal_headers_are_one_map_while_they_are_in_use() {
        let heads = SharedHeads::default();
        let one = |value| {
            let mut headers = HeaderMap::new();
            headers.insert("a", HeaderValue::from_static(value));
            headers
        };
        let first = heads.share(one("1"));
        assert!(Arc::ptr_eq(&first, &heads.share(one("1"))));
        assert!(!Arc::ptr_eq(&first, &heads.share(one("2"))));
        heads.prune();
        assert_eq!(heads.0.lock().unwrap().len(), 1);
        assert!(Arc::ptr_eq(&first, &heads.share(one("1"))));
    }
}
