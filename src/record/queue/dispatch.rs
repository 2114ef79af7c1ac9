//! Gives what is on disk to the threads of low priority.
//!
//! While the machine is busy, the system keeps a thread of low priority from the processor for as long as it likes,
//! wherever that thread is. One that held the lock of the queue would keep all others from it too: the proxy, and the
//! thread that spills, so that exchanges would wait in memory for longer than a killed process may lose. So these
//! threads never take that lock. Each has a slot of its own, in which the dispatcher puts a task and finds the result.

use std::thread;

use super::map::{Outcome, work};
use super::shared::Shared;
use super::slot::{Slot, SlotState};
use super::state::Priority;

/// Gives out work until the queue ends.
pub(super) fn run(shared: &Shared) {
    // Nobody else sets it.
    let _ = shared.dispatcher.set(thread::current());
    loop {
        let mut done = Vec::new();
        let mut idle: Vec<&Slot> = shared.slots.iter().collect();
        idle.retain(|slot| !slot.take_result(&mut done));
        let all_idle = idle.len() == shared.slots.len();
        // Its thread may not have begun.
        idle.retain(|slot| slot.has_thread());
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
        while tasks.len() < idle.len() && !state.ends && !state.spills_all {
            let Some(task) = state.take(Priority::Low) else { break };
            tasks.push(task);
        }
        let ends = state.spills_all || state.closed && state.is_empty();
        if is_news {
            shared.wake_normal(&state);
            shared.wake_spiller(&state);
        }
        drop(state);
        if ends && all_idle {
            shared.slots.iter().for_each(|slot| slot.put(SlotState::End));
            return;
        }
        for (slot, task) in idle.into_iter().zip(tasks) {
            slot.put(SlotState::Given(task));
        }
        // Whoever has news wakes it, even before it sleeps.
        thread::park();
    }
}

/// Works on what the slot of this thread of low priority gets, until there is no more work.
pub(super) fn run_mapper(shared: &Shared, slot: &Slot) {
    slot.begin();
    if shared.limits.gives_way {
        lower_priority();
    }
    shared.wake_dispatcher();
    while let Some(task) = slot.next() {
        let key = task.key();
        let left = match work(shared, task) {
            Outcome::Stays(entry) => Some(entry),
            // What is in memory alone is not for these threads.
            Outcome::Done | Outcome::CopyStays => None,
        };
        slot.finish(key, left);
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
