//! The stubs of the files, in their order of insertion.
//!
//! Every file has a number, with gaps between, so that a new file can be inserted between unchanged
//! ones. All files are renumbered only when a gap is used up.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use super::order::Order;
use super::stub::Stub;

/// The bits of the place of a stub in its file.
const STUB_BITS: u32 = 24;

/// How many stubs one file may have.
const MAX_STUBS: usize = 1 << STUB_BITS;

/// The numbers of files end here; what the admin API adds comes after all of them.
const END: u64 = 1 << 39;

/// From one file to the next.
const GAP: u64 = 1 << 20;

/// The stubs of one file, in its order.
#[derive(Debug)]
pub struct StubFile {
    path: Arc<Path>,
    stubs: Vec<Arc<Stub>>,
}

impl StubFile {
    /// Returns the stubs of a file.
    ///
    /// # Errors
    /// A message if there are too many.
    pub fn new(path: Arc<Path>, stubs: Vec<Stub>) -> Result<Self, String> {
        if stubs.len() > MAX_STUBS {
            return Err(format!("{} stubs in one file; at most {MAX_STUBS} are read", stubs.len()));
        }
        // Collected in place, the pointers would keep the memory of the stubs that they replace: for a
        // file with one stub as much as the stub itself, several times.
        let mut shared = Vec::with_capacity(stubs.len());
        shared.extend(stubs.into_iter().map(Arc::new));
        Ok(Self { path, stubs: shared })
    }

    /// Returns where the stub of a file that holds one stood among the stubs of the server that
    /// saved it.
    #[must_use]
    pub fn insertion_index(&self) -> Option<i64> {
        match &*self.stubs {
            [only] => only.insertion_index(),
            _ => None,
        }
    }

    /// Returns the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the stubs, in the order of the file.
    #[must_use]
    pub fn stubs(&self) -> &[Arc<Stub>] {
        &self.stubs
    }
}

/// All files, each with its number; the numbers ascend.
#[derive(Debug, Clone, Default)]
pub(super) struct Files(Arc<[(u64, Arc<StubFile>)]>);

/// The differences between two states of the files.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) gone: Vec<(Order, Arc<Stub>)>,
    pub(super) new: Vec<(Order, Arc<Stub>)>,
}

impl Files {
    pub(super) fn new(files: Vec<Arc<StubFile>>) -> Self {
        let gap = GAP.min(END / (files.len() as u64 + 1));
        Self((1..).map(|number| number * gap).zip(files).collect())
    }

    /// Returns other files in place of these: a file of the same path keeps its number if possible.
    pub(super) fn replaced(&self, files: Vec<Arc<StubFile>>) -> Self {
        let known: HashMap<&Path, u64> =
            self.0.iter().map(|(number, file)| (&*file.path, *number)).collect();
        let kept: Vec<Option<u64>> =
            files.iter().map(|file| known.get(&*file.path).copied()).collect();
        match numbers(&kept) {
            Some(numbers) => Self(numbers.into_iter().zip(files).collect()),
            None => Self::new(files),
        }
    }

    /// Returns the stubs, the first added first.
    pub(super) fn stubs(&self) -> impl Iterator<Item = (Order, &Arc<Stub>)> {
        self.0.iter().flat_map(|(number, file)| ordered(*number, file))
    }

    /// Returns the file that holds a stub, and the stub as it is there.
    pub(super) fn of_stub(&self, id: Uuid) -> Option<(&Arc<StubFile>, &Arc<Stub>)> {
        self.0.iter().find_map(|(_, file)| {
            let stub = file.stubs.iter().find(|stub| stub.id == id)?;
            Some((file, stub))
        })
    }

    /// Returns the next place for a saved stub, after all existing ones.
    pub(super) fn next_index(&self) -> i64 {
        let saved = self.0.iter().filter_map(|(_, file)| file.insertion_index());
        saved.max().map_or(0, |last| last.saturating_add(1))
    }

    pub(super) fn changes_since(&self, before: &Self) -> Changes {
        Changes { gone: before.without(self), new: self.without(before) }
    }

    /// Returns the stubs of these files that differ from those of other files.
    fn without(&self, others: &Self) -> Vec<(Order, Arc<Stub>)> {
        let mut others = others.0.iter().peekable();
        let mut found = Vec::new();
        for (number, file) in &*self.0 {
            while others.next_if(|(other, _)| other < number).is_some() {}
            let same =
                |(other, of): &&(u64, Arc<StubFile>)| other == number && Arc::ptr_eq(of, file);
            if others.peek().is_none_or(|other| !same(other)) {
                found.extend(ordered(*number, file).map(|(order, stub)| (order, Arc::clone(stub))));
            }
        }
        found
    }
}

/// Returns how many stubs the admin API had added before the one at a place; nothing for those of
/// files.
pub(super) fn number_by_admin(order: Order) -> Option<u64> {
    order.added.0.checked_sub(END << STUB_BITS)
}

/// Returns the place of a stub that the admin API adds.
pub(super) fn added_by_admin(priority: i32, number: u64) -> Order {
    Order { priority, added: Reverse((END << STUB_BITS) + number), edition: 0 }
}

fn ordered(number: u64, file: &StubFile) -> impl Iterator<Item = (Order, &Arc<Stub>)> {
    let first = number << STUB_BITS;
    (first..).zip(&file.stubs).map(|(added, stub)| {
        (Order { priority: stub.priority, added: Reverse(added), edition: 0 }, stub)
    })
}

/// Returns ascending numbers for all files, some of which already have one, or `None` if they do
/// not ascend or there is no room between them.
fn numbers(kept: &[Option<u64>]) -> Option<Vec<u64>> {
    let mut numbers: Vec<u64> = Vec::with_capacity(kept.len());
    while numbers.len() < kept.len() {
        let last = numbers.last().copied().unwrap_or(0);
        let rest = &kept[numbers.len()..];
        let new = rest.iter().take_while(|number| number.is_none()).count();
        let next = rest.get(new).copied().flatten();
        let room = next.unwrap_or(END).checked_sub(last)?;
        let gap = (room / (new as u64 + 1)).min(if next.is_none() { GAP } else { END });
        if gap == 0 {
            return None;
        }
        numbers.extend((1..=new as u64).map(|at| last + at * gap));
        numbers.extend(next);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(path: &str) -> Arc<StubFile> {
        Arc::new(StubFile::new(Path::new(path).into(), Vec::new()).unwrap())
    }

    fn ascending(files: &Files) -> bool {
        files.0.is_sorted_by(|(a, _), (b, _)| a < b)
            && files.0.iter().all(|(n, _)| (1..END).contains(n))
    }

    #[test]
    fn files_that_stay_keep_their_numbers() {
        let (a, b, c) = (file("a"), file("b"), file("c"));
        let before = Files::new(vec![Arc::clone(&a), Arc::clone(&c)]);
        let after = before.replaced(vec![Arc::clone(&a), b, Arc::clone(&c), file("d")]);
        assert_eq!((after.0[0].0, after.0[2].0), (before.0[0].0, before.0[1].0));
        assert!(ascending(&after));
        // In another order they cannot keep their numbers.
        assert!(ascending(&before.replaced(vec![c, a])));
    }

    proptest! {
        #[test]
        fn numbers_ascend_whatever_comes_and_goes(
            steps in proptest::collection::vec(
                proptest::collection::btree_set("[a-d]{1,2}", 0..12), 1..60),
        ) {
            let mut files = Files::default();
            for paths in steps {
                files = files.replaced(paths.iter().map(|path| file(path)).collect());
                prop_assert!(ascending(&files));
                prop_assert!(files.0.iter().map(|(_, file)| file.path.to_str().unwrap()).eq(&paths));
            }
        }
    }

    #[test]
    fn a_used_up_gap_is_renumbered() {
        let mut files = Files::new(vec![file("a"), file("z")]);
        let mut paths = vec!["a".to_owned(), "z".to_owned()];
        for n in 0..100 {
            // Each is inserted right before the last.
            paths.insert(paths.len() - 1, format!("m{n:03}"));
            files = files.replaced(paths.iter().map(|path| file(path)).collect());
            assert!(ascending(&files), "{n}");
        }
    }
}
