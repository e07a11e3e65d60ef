//! The one thread that all connections live on.

use std::{
    io,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::LiveError;

/// How long the thread waits for what is being decoded when it ends.
const SHUTDOWN: Duration = Duration::from_millis(200);

/// The thread that connections live on. It ends with the last of its clones; nothing waits for it but that end.
#[derive(Clone, Debug)]
pub struct LiveRuntime(Arc<Running>);

#[derive(Debug)]
struct Running {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LiveRuntime {
    /// Starts the thread.
    ///
    /// # Errors
    /// Where the system has no thread, or no poller, to give.
    pub fn start() -> Result<Self, LiveError> {
        let failed = |error: io::Error| LiveError::Thread(Arc::new(error));
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || {
                // Both a word and a dropped sender mean the end.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_timeout(SHUTDOWN);
            })
            .map_err(failed)?;
        Ok(Self(Arc::new(Running {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })))
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.0.handle
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A task may hold the last clone; the thread cannot wait for itself.
        if let Some(thread) = self
            .thread
            .take()
            .filter(|live| live.thread().id() != thread::current().id())
            && thread.join().is_err()
        {
            tracing::error!("the thread for connections failed");
        }
    }
}
