//! Waiting for a future on a thread of its own accord: for the writers that are not asynchronous.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::driver::Driver;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a future that is driven elsewhere, timers included. A worker of the current runtime lets others have its
/// tasks meanwhile.
pub(super) fn wait<T>(driver: &Driver, future: impl Future<Output = T>) -> T {
    let current = Handle::try_current().map(|handle| handle.runtime_flavor());
    let parked = || driver.within(|| park(future));
    match current {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(parked),
        _ => parked(),
    }
}

fn park<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            // A wake between the poll and this is kept.
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_thread_sends_is_waited_for() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let sending = thread::spawn(move || sender.send(7));
        let driver = Driver::start().unwrap();
        assert_eq!(wait(&driver, receiver), Ok(7));
        // Its clock goes on while this thread waits.
        wait(&driver, async { tokio::time::sleep(std::time::Duration::from_millis(1)).await });
        assert_eq!(sending.join().unwrap(), Ok(()));
    }
}
