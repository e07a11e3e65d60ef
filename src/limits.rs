//! The memory limit of an app that says none.

use bevy::prelude::*;
use chronoscope_frame::MemoryBudget;

/// Limits the memory of data and caches to three quarters of what the machine has, where the app has no
/// [`MemoryBudget`] yet. A host that needs more for itself inserts its own, before or after.
pub struct MemoryLimitPlugin;

impl Plugin for MemoryLimitPlugin {
    fn is_unique(&self) -> bool {
        false
    }

    fn build(&self, app: &mut App) {
        if app.is_plugin_added::<Self>() {
            return;
        }
        if !app.world().contains_resource::<MemoryBudget>() {
            app.insert_resource(MemoryBudget {
                limit_bytes: three_quarters_of_memory(),
                ..default()
            });
        }
    }
}

/// `None` where the machine does not say what it has.
fn three_quarters_of_memory() -> Option<u64> {
    let total = machine_bytes();
    (total > 0).then_some(total / 4 * 3)
}

/// The memory of the machine in bytes; zero where it does not say.
pub(crate) fn machine_bytes() -> u64 {
    let memory =
        sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram());
    sysinfo::System::new_with_specifics(memory).total_memory()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_has_a_limit_keeps_it() {
        let limit = |app: &App| app.world().resource::<MemoryBudget>().limit_bytes;
        let mut app = App::new();
        app.add_plugins(MemoryLimitPlugin);
        assert_eq!(limit(&app), three_quarters_of_memory());
        let mut app = App::new();
        app.insert_resource(MemoryBudget {
            limit_bytes: Some(17),
            ..default()
        });
        app.add_plugins(MemoryLimitPlugin);
        assert_eq!(limit(&app), Some(17));
    }
}
