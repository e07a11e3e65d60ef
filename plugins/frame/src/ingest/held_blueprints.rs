//! Blueprints for whatever is open: they wait until everything has loaded, so that it is known what that is, and
//! so that they win over the blueprints that recordings bring.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chronoscope_store::StoreId;
use chronoscope_types::{LogMessage, SourceId};

use crate::{Recordings, Report, Reports};

/// A part of a blueprint that waits.
#[derive(Debug)]
pub(super) struct HeldMessage {
    /// The source that gave it.
    pub(super) source: SourceId,
    /// That source's name.
    pub(super) source_name: Arc<str>,
    /// The part.
    pub(super) message: LogMessage,
}

/// The messages for the applications that are open, each with the name of its source. A blueprint that names
/// an application is for no other one if that is open, or if none is; a blueprint that is for none at all is
/// reported.
pub(super) fn place(
    held: Vec<HeldMessage>,
    recordings: &Recordings,
    reports: &mut Reports,
) -> Vec<(Arc<str>, LogMessage)> {
    let open: BTreeSet<Arc<str>> = recordings
        .recordings()
        .map(|entry| Arc::clone(&entry.id().application_id))
        .collect();
    let mut placed = Vec::new();
    let mut without_any = BTreeMap::new();
    for HeldMessage {
        source,
        source_name,
        message,
    } in held
    {
        let named = &message.store().application_id;
        if open.contains(named) || (open.is_empty() && !named.is_empty()) {
            placed.push((source_name, message));
        } else if open.is_empty() {
            without_any.insert(source, source_name);
        } else {
            for application in &open {
                let store = StoreId {
                    application_id: Arc::clone(application),
                    ..message.store().clone()
                };
                placed.push((Arc::clone(&source_name), message.clone().with_store(store)));
            }
        }
    }
    for source_name in without_any.into_values() {
        let message = "names no application, and no recording is open that it could be used for: open one, and then \
                       this file again";
        reports.push(Report::warning(source_name, message));
    }
    placed
}
