//! The stubs that are served: the admin API and reloads change them, one change at a time, while requests are
//! answered by the set as it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use serde_json::Value;

use crate::document::Refusal;
use crate::matching::{BodyFiles, HeaderPool, ResponseTemplating, Stub, StubSet, read_stub};

/// After how many stubs the headers that no stub has any more are forgotten.
const PRUNE: usize = 1_024;

/// The stubs that are served.
#[derive(Debug)]
pub(crate) struct Stubs {
    served: ArcSwap<StubSet>,
    /// Held by whoever changes them.
    changing: Mutex<()>,
    /// The headers of the stubs that the admin API adds.
    headers: HeaderPool,
    templating: ResponseTemplating,
    read: AtomicUsize,
}

impl Stubs {
    pub(crate) fn new(set: StubSet, templating: ResponseTemplating) -> Self {
        Self {
            served: ArcSwap::from_pointee(set),
            changing: Mutex::default(),
            headers: HeaderPool::default(),
            templating,
            read: AtomicUsize::default(),
        }
    }

    /// The set that is served now.
    pub(crate) fn load(&self) -> Guard<Arc<StubSet>> {
        self.served.load()
    }

    /// The set that is served now, to be kept.
    pub(crate) fn load_full(&self) -> Arc<StubSet> {
        self.served.load_full()
    }

    /// Changes a copy of the set, and serves it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut StubSet) -> T) -> T {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut set = StubSet::clone(&self.served.load());
        let result = change(&mut set);
        self.served.store(Arc::new(set));
        result
    }

    /// Reads a stub mapping.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub(crate) fn read(&self, mapping: Value, files: &dyn BodyFiles) -> Result<Stub, Refusal> {
        if self.read.fetch_add(1, Ordering::Relaxed) % PRUNE == PRUNE - 1 {
            self.headers.prune();
        }
        read_stub(mapping, files, &self.headers, self.templating)
    }
}
