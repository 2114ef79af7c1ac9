//! Makes mappings of what is queued: the thread of normal priority, and what those of low priority do too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::record::backlog::{Entry, Journal, decode};

use super::shared::Shared;
use super::state::{Priority, Task};

/// How long a thread waits for more when the first exchange has come: pushing wakes it once for many.
const GATHER: Duration = Duration::from_millis(1);

/// How long a thread of normal priority stands back while requests come fast.
const STAND_BACK: Duration = Duration::from_millis(20);

/// Takes exchanges until the queue ends.
pub(super) fn run(shared: &Shared) {
    // What comes meanwhile goes to the disk.
    shared.sink.prepare();
    while let Some(task) = next(shared) {
        let key = task.key();
        let left = work(shared, task);
        let mut state = shared.lock();
        match left {
            Some(entry) => state.put_back(entry),
            None => shared.sync_soon(&mut state),
        }
        let copied = state.done(key);
        if let Some((entry, reader)) = copied {
            drop(state);
            mark_in(shared, &entry, &reader);
            state = shared.lock();
        }
        shared.wake_spiller(&state);
        // They may have waited for an exchange of the same request.
        if state.ends {
            shared.wake_normal(&state);
        }
        drop(state);
        shared.wake_dispatcher();
    }
}

fn next(shared: &Shared) -> Option<Task> {
    let mut state = shared.lock();
    loop {
        if state.spills_all {
            return None;
        }
        if state.is_rush() {
            drop(state);
            thread::sleep(STAND_BACK);
            state = shared.lock();
            continue;
        }
        if let Some(task) = state.take(Priority::Normal) {
            return Some(task);
        }
        if state.closed && state.is_empty() {
            return None;
        }
        state.normal_waits += 1;
        state = Shared::wait(&shared.newest, state);
        state.normal_waits -= 1;
        if !state.closed && !state.ends {
            drop(state);
            thread::sleep(GATHER);
            state = shared.lock();
        }
    }
}

/// Works on an exchange; returns it where it stays on disk, since the recorder ends.
pub(super) fn work(shared: &Shared, task: Task) -> Option<Entry> {
    let order = task.order();
    let left = make(shared, task, order);
    // It may have had none, or failed before.
    shared.turns.learned(order);
    left
}

fn make(shared: &Shared, task: Task, order: u64) -> Option<Entry> {
    let learned = || {
        shared.turns.learned(order);
        shared.turns.wait(order);
    };
    let record = |(sent, answer)| {
        let recorded =
            catch_unwind(AssertUnwindSafe(|| shared.sink.record(sent, answer, &learned)));
        recorded.unwrap_or_else(|_| {
            shared.sink.lost(1, "the recorder failed on it; this is a defect of the recorder");
            true
        })
    };
    match task {
        Task::Memory(job) => {
            record(Arc::unwrap_or_clone(job.exchange));
            drop(job.reserved);
        }
        Task::Disk(entry, reader) => {
            let bytes = reader.lock().unwrap_or_else(PoisonError::into_inner).read(&entry);
            let exchange = bytes.and_then(|bytes| decode(bytes, &shared.spools));
            // Its file stays until the backlog says that it is done.
            let file = exchange.as_ref().and_then(|(_, answer)| answer.body.file().cloned());
            match exchange {
                Some(exchange) => {
                    if !record(exchange) {
                        if let Some(file) = &file {
                            file.keep();
                        }
                        return Some(entry);
                    }
                }
                None => shared.sink.lost(1, "it cannot be read from the backlog again"),
            }
            mark_in(shared, &entry, &reader);
            drop(file);
        }
    }
    None
}

fn mark_in(shared: &Shared, entry: &Entry, reader: &Mutex<Journal>) {
    mark_done(shared, entry, &mut reader.lock().unwrap_or_else(PoisonError::into_inner));
}

/// Marks an exchange in the backlog as done.
pub(super) fn mark_done(shared: &Shared, entry: &Entry, journal: &mut Journal) {
    if let Err(error) = journal.mark_done(entry) {
        // After a crash it would be recorded twice.
        shared.sink.lost(0, &format!("the backlog cannot be written: {error}"));
    }
}
