//! Files that are one row.

use chronoscope_types::AsComponents;

use super::{FileInput, ImportContext, Messages};
use crate::{IoError, Severity};

/// Imports a file that is one row: all of its bytes are read at the first call, and become an archetype.
pub(super) fn import_whole<A: AsComponents>(
    mut input: FileInput,
    context: &ImportContext,
    limit_bytes: u64,
    archetype: impl FnOnce(Vec<u8>) -> Result<A, IoError> + Send + 'static,
) -> Messages {
    let context = context.clone();
    let messages = std::iter::once_with(move || {
        let message = input
            .read_all(limit_bytes.min(context.settings.max_whole_file_bytes))
            .and_then(archetype)
            .map_err(|error| context.report(Severity::Error, &error))
            .and_then(|archetype| context.log_timeless(&context.entity, &archetype));
        // A file that cannot be read begins no store.
        let info = message.is_ok().then(|| Ok(context.store_info()));
        info.into_iter().chain([message])
    });
    Box::new(messages.flatten())
}
