//! Where one thread of low priority gets a task and leaves its result, for [`dispatch`](super::dispatch).

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};

use crate::record::backlog::Entry;

use super::state::Task;

/// Where one thread of low priority gets its work.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<SlotState>,
    /// The thread that it is for.
    thread: OnceLock<Thread>,
}

/// What is in a slot.
#[derive(Default)]
pub(super) enum SlotState {
    #[default]
    Idle,
    /// The thread is to do this.
    Given(Task),
    /// The thread does it.
    Working,
    /// It has done it; where the recorder ended meanwhile, the exchange stays on disk.
    Done(u64, Option<Entry>),
    /// There is no more work.
    End,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calling thread is the one that the slot is for.
    pub(super) fn begin(&self) {
        // Nobody else sets it.
        let _ = self.thread.set(thread::current());
    }

    pub(super) fn has_thread(&self) -> bool {
        self.thread.get().is_some()
    }

    /// Puts a task, or the end of all work, where the thread finds it.
    pub(super) fn put(&self, state: SlotState) {
        *self.lock() = state;
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// The thread has done its task.
    pub(super) fn finish(&self, key: u64, left: Option<Entry>) {
        *self.lock() = SlotState::Done(key, left);
    }

    /// Takes the result of what is done, and tells whether the thread still works.
    pub(super) fn take_result(&self, done: &mut Vec<(u64, Option<Entry>)>) -> bool {
        let mut state = self.lock();
        match std::mem::take(&mut *state) {
            SlotState::Done(key, left) => done.push((key, left)),
            SlotState::Idle => {}
            busy => *state = busy,
        }
        !matches!(*state, SlotState::Idle)
    }

    /// Waits for the next task; nothing once there is no more work.
    pub(super) fn next(&self) -> Option<Task> {
        loop {
            let mut state = self.lock();
            match std::mem::take(&mut *state) {
                SlotState::Given(task) => {
                    *state = SlotState::Working;
                    return Some(task);
                }
                SlotState::End => return None,
                other => *state = other,
            }
            drop(state);
            thread::park();
        }
    }
}
