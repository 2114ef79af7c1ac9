//! Gives what is on disk to the threads of low priority.
//!
//! While the machine is busy, the system keeps a thread of low priority from the processor for as long as it likes,
//! wherever that thread is. One that held the lock of the queue would keep all others from it too: the proxy, and the
//! thread that spills, so that exchanges would wait in memory for longer than a killed process may lose. So these
//! threads never take that lock. Each has a desk of its own, on which this thread lays its work and finds the result.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

use crate::record::backlog::Entry;

use super::map::work;
use super::shared::Shared;
use super::state::{Priority, Task};

/// The work of one thread of low priority.
#[derive(Default)]
pub(super) struct Desk {
    paper: Mutex<Paper>,
    /// The thread that sits at it.
    thread: OnceLock<Thread>,
}

#[derive(Default)]
enum Paper {
    #[default]
    Empty,
    /// The thread is to do this.
    Given(Task),
    /// It does.
    Taken,
    /// It has done it; where the recorder ended meanwhile, the exchange stays on disk.
    Done(u64, Option<Entry>),
    /// There is no more work.
    End,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Paper> {
        self.paper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lay(&self, paper: Paper) {
        *self.lock() = paper;
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Takes what is done, and tells whether there is still work on it.
    fn look(&self, done: &mut Vec<(u64, Option<Entry>)>) -> bool {
        let mut paper = self.lock();
        match std::mem::take(&mut *paper) {
            Paper::Done(key, left) => done.push((key, left)),
            Paper::Empty => {}
            busy => *paper = busy,
        }
        !matches!(*paper, Paper::Empty)
    }

    /// Waits for the next task; nothing once there is no more work.
    fn next(&self) -> Option<Task> {
        loop {
            let mut paper = self.lock();
            match std::mem::take(&mut *paper) {
                Paper::Given(task) => {
                    *paper = Paper::Taken;
                    return Some(task);
                }
                Paper::End => return None,
                other => *paper = other,
            }
            drop(paper);
            thread::park();
        }
    }
}

/// Gives out work until the queue ends.
pub(super) fn run(shared: &Shared) {
    // Nobody else sets it.
    let _ = shared.dispatcher.set(thread::current());
    loop {
        let mut done = Vec::new();
        let mut desks: Vec<&Desk> = shared.desks.iter().collect();
        desks.retain(|desk| !desk.look(&mut done));
        let is_idle = desks.len() == shared.desks.len();
        // Its thread may not have begun.
        desks.retain(|desk| desk.thread.get().is_some());
        let is_news = !done.is_empty();
        let mut state = shared.lock();
        for (key, left) in done {
            match left {
                Some(entry) => state.put_back(entry),
                None => shared.sync_soon(&mut state),
            }
            // Its place on disk is marked already.
            let _ = state.done(key);
        }
        let mut tasks = Vec::new();
        while tasks.len() < desks.len() && !state.spills_all {
            let Some(task) = state.take(Priority::Low) else { break };
            tasks.push(task);
        }
        let ends = state.spills_all || state.closed && state.is_empty();
        if is_news {
            shared.wake_normal(&state);
            shared.wake_spiller(&state);
        }
        drop(state);
        if ends && is_idle {
            shared.desks.iter().for_each(|desk| desk.lay(Paper::End));
            return;
        }
        for (desk, task) in desks.into_iter().zip(tasks) {
            desk.lay(Paper::Given(task));
        }
        // Whoever has news wakes it, even before it sleeps.
        thread::park();
    }
}

/// A thread of low priority at its desk, until there is no more work.
pub(super) fn sit(shared: &Shared, desk: &Desk) {
    // Nobody else sits at it.
    let _ = desk.thread.set(thread::current());
    if shared.limits.gives_way {
        lower_priority();
    }
    shared.wake_dispatcher();
    while let Some(task) = desk.next() {
        let key = task.key();
        let left = work(shared, task);
        *desk.lock() = Paper::Done(key, left);
        shared.wake_dispatcher();
    }
}

/// Requests come first: where the machine is busy, mappings are made later.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        // As a number it is below most programs, and above none at all. Without it mappings are only made earlier.
        let _ = rustix::process::setpriority_process(None, 15);
    }
}
