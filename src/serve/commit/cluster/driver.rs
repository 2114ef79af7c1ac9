//! The thread on which etcd is spoken to, whatever runtime the server is in.

use std::future::Future;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// A runtime of its own, which ends without being waited for.
#[derive(Debug)]
pub(super) struct Driver {
    /// Nothing once it is dropped.
    runtime: Option<Runtime>,
}

impl Driver {
    /// Starts the thread.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn start() -> Result<Self, String> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("etcd").enable_all().build();
        let runtime = runtime.map_err(|error| format!("no thread for etcd: {error}"))?;
        Ok(Self { runtime: Some(runtime) })
    }

    /// Does something that needs the runtime, and does not wait.
    pub(super) fn within<T>(&self, task: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.as_ref().map(Runtime::enter);
        task()
    }

    /// What starts tasks in it.
    pub(super) fn handle(&self) -> Option<Handle> {
        self.runtime.as_ref().map(|runtime| runtime.handle().clone())
    }

    /// Starts a task.
    pub(super) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.within(|| tokio::spawn(task))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
