//! The thread that brings to the disk what has waited for long.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::record::backlog::{Entry, Journal, encode};

use super::map::mark_done;
use super::shared::Shared;
use super::state::Job;

/// How long an exchange may be in memory alone.
const AGE: Duration = Duration::from_millis(10);

/// How often that is looked at.
const TICK: Duration = Duration::from_millis(5);

/// How many bytes are written with one call.
const GROUP: usize = 1 << 20;

/// Spills until the queue ends.
pub(super) fn run(shared: &Shared, mut journal: Option<Journal>) {
    loop {
        let mut state = shared.lock();
        loop {
            if state.is_disk_empty()
                && let Some(done) = journal.take()
            {
                // It is empty but for what is done; the next start would see that, too. The file goes with the last
                // handle, which may take long where it is large: not here, where exchanges would wait in memory.
                let _ = done.remove();
                let reader = state.reader.take();
                state.removed.extend(reader);
                state.removed.push(Arc::new(Mutex::new(done)));
                shared.sync_soon(&mut state);
            }
            let has_work = state.has_pending() || state.has_held();
            if state.spills_all && !has_work {
                if let Some(done) = state.when_spilled.take() {
                    // Nobody may wait for it any more.
                    let _ = done.send(());
                }
                // What a thread still works on may be the last on disk.
                if state.closed && state.is_idle() {
                    return;
                }
            } else if state.closed && state.is_empty() {
                return;
            } else if has_work {
                break;
            }
            state.spiller_waits = true;
            state = Shared::wait(&shared.arrived, state);
            state.spiller_waits = false;
        }
        let at_once = state.spills_all;
        drop(state);
        if !at_once {
            thread::sleep(TICK);
        }
        spill(shared, &mut journal);
    }
}

/// Brings to the disk all that is pending, where some of it has waited for too long, and what threads work on for too
/// long.
fn spill(shared: &Shared, journal: &mut Option<Journal>) {
    let (held, pending) = {
        let mut state = shared.lock();
        let now = Instant::now();
        let since = now.checked_sub(AGE);
        let is_due = since.is_some_and(|since| state.is_due(since, shared.limits.memory / 2));
        let on_disk = journal.as_ref().map_or(0, Journal::len);
        let is_full = on_disk >= shared.limits.backlog;
        let takes_all = is_due && !is_full || state.spills_all;
        // The backlog has exchanges in their order.
        let since = if takes_all { Some(now) } else { since.filter(|_| !is_full) };
        let held = since.map(|since| state.copy_held(since)).unwrap_or_default();
        if held.is_empty() && !takes_all {
            return;
        }
        (held, takes_all.then(|| state.begin_spill()))
    };
    // One that cannot be written here is on its way to a mapping nevertheless.
    let copies = write(shared, journal, held, &|_, _| {});
    let folder = shared.folder.display();
    let lost = |count: usize, error: &io::Error| {
        let why = format!(
            "the backlog in {folder} cannot be written: {error}; is the disk full, may the directory be written?"
        );
        shared.sink.lost(count, &why);
    };
    let spilled = pending.map(|jobs| write(shared, journal, without_repeats(shared, jobs), &lost));
    let mut state = shared.lock();
    let mut entries = spilled.unwrap_or_default();
    if let Some(open) = journal.as_ref().filter(|_| state.reader.is_none()) {
        match open.reader() {
            Ok(reader) => state.reader = Some(Arc::new(Mutex::new(reader))),
            Err(error) => {
                let why = format!("the backlog cannot be read again: {error}");
                shared.sink.lost(entries.len(), &why);
                entries.clear();
            }
        }
    }
    if !entries.is_empty() || !copies.is_empty() {
        shared.sync_soon(&mut state);
    }
    let done = state.end_copies(copies);
    state.end_spill(entries);
    shared.wake_normal(&state);
    drop(state);
    // Not through the reader, which threads of low priority use.
    if let Some(open) = journal {
        for entry in &done {
            mark_done(shared, entry, open);
        }
    }
    shared.wake_dispatcher();
}

/// Leaves out exchanges that say what is recorded already.
fn without_repeats(shared: &Shared, jobs: VecDeque<Job>) -> VecDeque<Job> {
    let mut kept_keys = HashSet::new();
    let is_kept = |job: &Job| {
        let (sent, answer) = &*job.exchange;
        if answer.body.file().is_some() {
            // Its digest may not be known yet.
            kept_keys.insert(job.key);
            return true;
        }
        let first = !kept_keys.contains(&job.key) && shared.lock().is_free(job.key);
        let kept = !(first && shared.sink.repeats(sent, answer));
        if kept {
            kept_keys.insert(job.key);
        }
        kept
    };
    let mut jobs = jobs;
    jobs.retain(is_kept);
    jobs
}

/// Writes exchanges to the backlog, many with one call. `lost` takes how many were not written, and why.
fn write(
    shared: &Shared,
    journal: &mut Option<Journal>,
    jobs: VecDeque<Job>,
    lost: &dyn Fn(usize, &io::Error),
) -> VecDeque<Entry> {
    if jobs.is_empty() {
        return VecDeque::new();
    }
    let opened =
        journal.take().map_or_else(|| Journal::create(&shared.folder, &shared.redactor), Ok);
    let open = match opened {
        Ok(open) => journal.insert(open),
        Err(error) => {
            lost(jobs.len(), &error);
            return VecDeque::new();
        }
    };
    let mut written = VecDeque::with_capacity(jobs.len());
    let mut group = Vec::new();
    // The files of large bodies, which stay once the backlog refers to them.
    let mut files = Vec::new();
    let mut jobs = jobs.into_iter().peekable();
    while let Some(job) = jobs.next() {
        let (sent, answer) = &*job.exchange;
        match open.add(job.key, |out| encode(sent, answer, out)) {
            Ok(mut entry) => {
                entry.order = job.order;
                group.push(entry);
                files.extend(answer.body.file().cloned());
            }
            Err(error) => lost(1, &error),
        }
        drop(job);
        if open.added() < GROUP && jobs.peek().is_some() {
            continue;
        }
        match open.commit() {
            Ok(()) => {
                files.drain(..).for_each(|file| file.keep());
                written.extend(group.drain(..));
            }
            Err(error) => {
                files.clear();
                lost(group.drain(..).count(), &error);
            }
        }
    }
    written
}
