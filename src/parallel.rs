//! The same work for many things, on all cores, once there are enough of them to pay for the threads.

use std::panic::resume_unwind;
use std::thread;

/// More threads than this do not make files or objects come in faster.
const MAX_THREADS: usize = 8;

/// What `work` makes of each item, in their order. A thread takes at least `share` of them.
pub(crate) fn map<T: Send, R: Send>(
    items: Vec<T>,
    share: usize,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let shares = items.len().div_ceil(share.max(1)).min(MAX_THREADS);
    // Asking the system for its cores reads some files.
    let threads = if shares > 1 { shares.min(cores()) } else { 1 };
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let each = items.len().div_ceil(threads);
    let mut items = items.into_iter();
    let shares: Vec<Vec<T>> = (0..threads).map(|_| items.by_ref().take(each).collect()).collect();
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> = shares
            .into_iter()
            .map(|share| scope.spawn(move || share.into_iter().map(work).collect::<Vec<_>>()))
            .collect();
        let done =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|p| resume_unwind(p)));
        done.flatten().collect()
    })
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What two works make, at the same time if it is worth a thread.
pub(crate) fn both<A: Send, B>(
    threaded: bool,
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B,
) -> (A, B) {
    if !threaded || cores() < 2 {
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
