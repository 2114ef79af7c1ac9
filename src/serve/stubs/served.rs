//! The set of stubs that is served, and what reads new ones.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

use crate::matching::{BodyFiles, HeaderPool, ResponseTemplating, StubReader, StubSet};

/// After how many readings the headers that no stub has any more are forgotten.
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

    /// What reads stubs of the admin API.
    pub(crate) fn reader<'a>(&'a self, files: &'a dyn BodyFiles) -> StubReader<'a> {
        if self.read.fetch_add(1, Ordering::Relaxed) % PRUNE == PRUNE - 1 {
            self.headers.prune();
        }
        StubReader { files, headers: &self.headers, templating: self.templating }
    }

    /// Changes a copy of the set, and serves it. Gives the set as it was.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut StubSet) -> T,
    ) -> (T, Arc<StubSet>, Arc<StubSet>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.served.load_full();
        let mut set = StubSet::clone(&before);
        let result = change(&mut set);
        let after = Arc::new(set);
        self.served.store(Arc::clone(&after));
        (result, before, after)
    }
}
