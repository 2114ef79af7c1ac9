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
        let outcome = work(shared, task);
        let mut state = shared.lock();
        let keeps_copy = matches!(outcome, Outcome::CopyStays);
        match outcome {
            Outcome::Stays(entry) => state.put_back(entry),
            Outcome::Done => shared.sync_soon(&mut state),
            Outcome::CopyStays => {}
        }
        match state.done(key) {
            Some((entry, _)) if keeps_copy => state.put_back(entry),
            Some((entry, reader)) => {
                drop(state);
                mark_in(shared, &entry, &reader);
                state = shared.lock();
            }
            None if keeps_copy => {
                shared
                    .sink
                    .lost(1, "it could not be written to the backlog when the recorder ended");
            }
            None => {}
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

/// What became of an exchange that a thread worked on.
pub(super) enum Outcome {
    Done,
    /// It stays on disk, since the recorder ends.
    Stays(Entry),
    /// It was taken from memory, and its copy on disk stays.
    CopyStays,
}

/// Works on an exchange.
pub(super) fn work(shared: &Shared, task: Task) -> Outcome {
    let order = task.order();
    let outcome = make(shared, task, order);
    if matches!(outcome, Outcome::Done) {
        // It may have had none, or failed before.
        shared.turns.learned(order);
    }
    outcome
}

fn make(shared: &Shared, task: Task, order: u64) -> Outcome {
    let learned = || {
        shared.turns.learned(order);
        shared.turns.wait(order)
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
            let is_done = record(Arc::unwrap_or_clone(job.exchange));
            drop(job.reserved);
            if !is_done {
                return Outcome::CopyStays;
            }
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
                        return Outcome::Stays(entry);
                    }
                }
                None => shared.sink.lost(1, "it cannot be read from the backlog again"),
            }
            mark_in(shared, &entry, &reader);
            drop(file);
        }
    }
    Outcome::Done
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
