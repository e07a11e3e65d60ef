//! Values by entity, where neighbors among the entities are neighbors in memory.
//!
//! What changes in a frame is mostly looked through in the order of the entities. A hash table would fetch each from another place.

use chronoscope_store::EntityId;

/// The entities whose values lie side by side.
const PAGE: usize = 64;

/// Values by entity. An entity takes the room of a page where it is the only one in that.
pub(super) struct EntityMap<T> {
    /// By the entity's index, from the first page on: `None` where no entity of a page has a value.
    pages: Vec<Option<Box<Page<T>>>>,
    /// The page of the first entities that it may have.
    first_page: usize,
}

struct Page<T> {
    values: [Option<T>; PAGE],
    len: usize,
}

impl<T> Default for EntityMap<T> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            first_page: 0,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            values: std::array::from_fn(|_| None),
            len: 0,
        }
    }
}

/// The page of an entity.
pub(super) fn page_of(entity: EntityId) -> usize {
    entity.index() / PAGE
}

impl<T> EntityMap<T> {
    /// Takes a page out, as a map of its own: to be [put back](Self::put_back).
    pub(super) fn take_page(&mut self, page: usize) -> Self {
        let taken = self.pages.get_mut(page - self.first_page).and_then(Option::take);
        Self {
            pages: vec![taken],
            first_page: page,
        }
    }

    /// Puts back what was taken out, whatever it has now.
    pub(super) fn put_back(&mut self, taken: Self) {
        let first = taken.first_page - self.first_page;
        for (at, page) in (first..).zip(taken.pages) {
            if let Some(page) = page {
                self.grow(at);
                self.pages[at] = Some(page);
            }
        }
    }

    /// Makes room for a page.
    fn grow(&mut self, at: usize) {
        if self.pages.len() <= at {
            self.pages.resize_with(at + 1, || None);
        }
    }

    /// Where the page of an entity stands.
    fn at(&self, entity: EntityId) -> Option<usize> {
        page_of(entity).checked_sub(self.first_page)
    }

    pub(super) fn contains(&self, entity: EntityId) -> bool {
        self.get(entity).is_some()
    }

    pub(super) fn get(&self, entity: EntityId) -> Option<&T> {
        let page = self.pages.get(self.at(entity)?)?.as_ref()?;
        page.values[entity.index() % PAGE].as_ref()
    }

    pub(super) fn get_mut(&mut self, entity: EntityId) -> Option<&mut T> {
        let at = self.at(entity)?;
        let page = self.pages.get_mut(at)?.as_mut()?;
        page.values[entity.index() % PAGE].as_mut()
    }

    /// Takes the value of an entity out.
    pub(super) fn remove(&mut self, entity: EntityId) -> Option<T> {
        let at = self.at(entity)?;
        let place = self.pages.get_mut(at)?;
        let page = place.as_mut()?;
        let value = page.values[entity.index() % PAGE].take()?;
        page.len -= 1;
        if page.len == 0 {
            *place = None;
        }
        Some(value)
    }

    /// All values, in the order of the entities.
    pub(super) fn iter(&self) -> impl Iterator<Item = (EntityId, &T)> {
        let pages = (self.first_page..).zip(&self.pages);
        pages.flat_map(|(at, page)| {
            let values = page.iter().flat_map(|page| page.values.iter().enumerate());
            values.filter_map(move |(within, value)| Some((entity_at(at, within), value.as_ref()?)))
        })
    }

    /// The entities that have values, in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = EntityId> {
        self.iter().map(|(entity, _)| entity)
    }

    /// All values, in the order of the entities.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.iter().map(|(_, value)| value)
    }

    /// Takes all values out.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = (EntityId, T)> + use<T> {
        let pages = (self.first_page..).zip(std::mem::take(&mut self.pages));
        pages.flat_map(|(at, page)| {
            let values = page
                .into_iter()
                .flat_map(|page| page.values.into_iter().enumerate());
            values.filter_map(move |(within, value)| Some((entity_at(at, within), value?)))
        })
    }

    /// Drops the values of which `keep` says so.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(EntityId, &mut T) -> bool) {
        for (at, place) in (self.first_page..).zip(&mut self.pages) {
            let Some(page) = place else { continue };
            for (within, value) in page.values.iter_mut().enumerate() {
                if value
                    .as_mut()
                    .is_some_and(|value| !keep(entity_at(at, within), value))
                {
                    *value = None;
                    page.len -= 1;
                }
            }
            if page.len == 0 {
                *place = None;
            }
        }
    }
}

impl<T: Default> EntityMap<T> {
    /// The value of an entity, added where there was none.
    pub(super) fn get_or_default(&mut self, entity: EntityId) -> &mut T {
        let (at, within) = (page_of(entity) - self.first_page, entity.index() % PAGE);
        self.grow(at);
        let Page { values, len } = &mut **self.pages[at].get_or_insert_default();
        let value = &mut values[within];
        *len += usize::from(value.is_none());
        value.get_or_insert_default()
    }
}

fn entity_at(page: usize, within: usize) -> EntityId {
    EntityId::from_index(page * PAGE + within)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The next of some numbers that look random.
    fn next(seed: &mut u64) -> usize {
        *seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) as usize
    }

    #[test]
    fn it_has_what_was_put_into_it() {
        let mut seed = 7;
        let (mut map, mut expected) = (EntityMap::<Vec<usize>>::default(), BTreeMap::new());
        for step in 0..4_000 {
            let entity = EntityId::from_index(next(&mut seed) % 300);
            match next(&mut seed) % 6 {
                // A page is taken out, changed, and put back.
                5 => {
                    let mut page = map.take_page(page_of(entity));
                    assert!(map.get(entity).is_none());
                    assert_eq!(page.get(entity), expected.get(&entity.index()));
                    if step % 3 == 0 {
                        assert_eq!(page.remove(entity), expected.remove(&entity.index()));
                    } else {
                        page.get_or_default(entity).push(step);
                        expected.entry(entity.index()).or_default().push(step);
                    }
                    let of_page = page.iter().map(|(entity, value)| (entity.index(), value));
                    let first = page_of(entity) * PAGE;
                    assert!(
                        of_page.eq(expected
                            .range(first..first + PAGE)
                            .map(|(at, value)| (*at, value)))
                    );
                    map.put_back(page);
                }
                0 => assert_eq!(map.remove(entity), expected.remove(&entity.index())),
                1 if step % 50 == 0 => {
                    map.retain(|entity, value| !(entity.index() + value.len()).is_multiple_of(3));
                    expected.retain(|entity: &usize, value: &mut Vec<usize>| {
                        !(entity + value.len()).is_multiple_of(3)
                    });
                }
                2 if step % 900 == 0 => {
                    let drained = map.drain().map(|(entity, value)| (entity.index(), value));
                    assert!(drained.eq(std::mem::take(&mut expected)));
                }
                _ => {
                    map.get_or_default(entity).push(step);
                    expected.entry(entity.index()).or_default().push(step);
                }
            }
            assert_eq!(map.get(entity), expected.get(&entity.index()));
            assert_eq!(map.contains(entity), expected.contains_key(&entity.index()));
            let all = map.iter().map(|(entity, value)| (entity.index(), value.clone()));
            assert!(all.eq(expected.clone()), "after {step}");
        }
        assert!(!expected.is_empty());
        for at in 0..300 {
            map.remove(EntityId::from_index(at));
        }
        assert!(
            map.pages.iter().all(Option::is_none),
            "what is empty takes no room"
        );
    }
}
