//! Signals by which the system, or a user at a terminal, asks the program to end.

use crate::LiveRuntime;

/// Calls this once the program is asked to end: by SIGINT, or by SIGTERM where there is one. From then on neither ends it by
/// itself, except that a second SIGINT does.
pub fn when_asked_to_end(runtime: &LiveRuntime, call: impl FnOnce() + Send + 'static) {
    runtime.handle().spawn(async move {
        if let Err(error) = asked().await {
            tracing::warn!("signals cannot be waited for, and end the program as the system has it: {error}");
            return;
        }
        call();
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(130);
        }
    });
}

#[cfg(unix)]
async fn asked() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        result = tokio::signal::ctrl_c() => result,
    }
}

#[cfg(not(unix))]
async fn asked() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
