//! What took work to make, kept as long as somebody holds it and, while there is room, after that.

use std::collections::{BTreeMap, BTreeSet};

/// Values by what they are made from, each counted by its holders. Without one it is idle: it stays until its
/// room is needed.
pub(crate) struct HeldCache<K, V> {
    entries: BTreeMap<K, Entry<V>>,
    /// What has no holder, by the time at which it lost the last one.
    idle: BTreeSet<(u64, K)>,
    bytes: u64,
    idle_bytes: u64,
    /// Grows whenever something becomes idle.
    time: u64,
}

struct Entry<V> {
    value: V,
    holders: usize,
    idle_since: u64,
    bytes: u64,
}

impl<K, V> Default for HeldCache<K, V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            idle: BTreeSet::new(),
            bytes: 0,
            idle_bytes: 0,
            time: 0,
        }
    }
}

impl<K: Ord + Clone, V> HeldCache<K, V> {
    pub(crate) fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    #[cfg(test)]
    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|entry| &entry.value)
    }

    /// Sets a value that takes so many bytes. A new one is to be held next.
    ///
    /// Precondition: it is new, or held.
    pub(crate) fn set(&mut self, key: K, value: V, bytes: u64) {
        self.bytes += bytes;
        if let Some(entry) = self.entries.get_mut(&key) {
            debug_assert!(entry.holders > 0, "what is idle stays as it is");
            self.bytes -= entry.bytes;
            (entry.value, entry.bytes) = (value, bytes);
            return;
        }
        let entry = Entry {
            value,
            holders: 0,
            idle_since: 0,
            bytes,
        };
        self.entries.insert(key, entry);
    }

    /// Holds a value until [`Self::release`], if it is there.
    pub(crate) fn hold(&mut self, key: &K) {
        let Some(entry) = self.entries.get_mut(key) else {
            return;
        };
        entry.holders += 1;
        if self.idle.remove(&(entry.idle_since, key.clone())) {
            self.idle_bytes -= entry.bytes;
        }
    }

    /// Lets go of a value. Without another holder it becomes idle if it `is_worth_keeping`, else it is
    /// dropped.
    pub(crate) fn release(&mut self, key: &K, is_worth_keeping: impl FnOnce(&V) -> bool) {
        let Some(entry) = self.entries.get_mut(key) else {
            debug_assert!(false, "what is held is known");
            return;
        };
        debug_assert!(
            entry.holders > 0,
            "it is released once for each time that it was held"
        );
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders > 0 {
            return;
        }
        if !is_worth_keeping(&entry.value) {
            self.bytes -= entry.bytes;
            self.entries.remove(key);
            return;
        }
        self.time += 1;
        entry.idle_since = self.time;
        self.idle_bytes += entry.bytes;
        self.idle.insert((self.time, key.clone()));
    }

    /// Drops what is idle, the longest first, until the rest of it fits.
    pub(crate) fn drop_idle(&mut self, max_bytes: u64) {
        while self.idle_bytes > max_bytes {
            let Some((_, key)) = self.idle.pop_first() else {
                break;
            };
            if let Some(entry) = self.entries.remove(&key) {
                self.idle_bytes -= entry.bytes;
                self.bytes -= entry.bytes;
            }
        }
    }

    /// The bytes of all values.
    pub(crate) fn num_bytes(&self) -> u64 {
        self.bytes
    }

    /// The bytes of the values without a holder.
    pub(crate) fn num_idle_bytes(&self) -> u64 {
        self.idle_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longest_idle_goes_first_and_what_is_held_stays() {
        let mut cache = HeldCache::default();
        for key in 0..4 {
            cache.set(key, key, 10);
            cache.hold(&key);
        }
        cache.hold(&0);
        for key in [2, 0, 1] {
            cache.release(&key, |_| true);
        }
        assert_eq!((cache.num_bytes(), cache.num_idle_bytes()), (40, 20));
        cache.hold(&2);
        cache.release(&2, |_| true);
        cache.drop_idle(10);
        let left: Vec<i32> = cache.values().copied().collect();
        assert_eq!(left, [0, 2, 3], "1 was idle for longer than 2");
        cache.release(&3, |_| false);
        assert!(!cache.contains(&3));
        assert_eq!((cache.num_bytes(), cache.num_idle_bytes()), (20, 10));
    }
}
