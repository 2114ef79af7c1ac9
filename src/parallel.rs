//! Parallel work over many items, on all cores, if there are enough items to justify threads.

use std::panic::resume_unwind;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

/// More threads than this do not load files or objects faster.
const MAX_THREADS: usize = 8;

/// How many pieces each thread's part is cut into: a slow thread takes fewer of them.
const PIECES: usize = 8;

/// Applies `work` to each item and returns the results in order. A thread takes at least `share`
/// items.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    share: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let threads = items.len().div_ceil(share.max(1)).min(MAX_THREADS);
    // One thread needs no core count, which is expensive to determine.
    let threads = if threads > 1 { threads.min(*CORES) } else { 1 };
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let piece = items.len().div_ceil(threads * PIECES);
    let mut rest = items.into_iter();
    let pieces = std::iter::from_fn(|| {
        let piece: Vec<T> = rest.by_ref().take(piece).collect();
        (!piece.is_empty()).then_some(piece)
    });
    let pieces = Mutex::new(pieces.enumerate().collect::<Vec<_>>().into_iter());
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut done = Vec::new();
        while let Some((number, piece)) = next() {
            done.push((number, piece.into_iter().map(&work).collect::<Vec<R>>()));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(number, _)| *number);
    done.into_iter().flat_map(|(_, made)| made).collect()
}

/// How many threads can run at the same time.
static CORES: LazyLock<usize> =
    LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));

/// Returns the results of two functions, run concurrently if that justifies a thread.
pub(crate) fn both<A: Send, B>(
    threaded: bool,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if !threaded || *CORES < 2 {
        return (one(), other());
    }
    thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| resume_unwind(panic)), other)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_order_is_kept_however_many_there_are() {
        for count in [0, 1, 7, 8, 9, 1_000] {
            let doubled = super::map((0..count).collect(), 4, |n: usize| n * 2);
            assert_eq!(doubled, (0..count).map(|n| n * 2).collect::<Vec<_>>());
        }
    }
}
