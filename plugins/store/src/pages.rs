//! A list that grows without moving what is in it. One that doubles copies all of it in the frame in which it is full: the series of
//! 10,000 entities on four timelines take 20 MB.

use std::ops::{Index, IndexMut};

/// The elements of a page.
const PAGE: usize = 1024;

/// A list in pages. All but the last are full.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    pages: Vec<Vec<T>>,
    /// The elements that the pages have room for.
    capacity: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self {
            pages: Vec::new(),
            capacity: 0,
        }
    }
}

impl<T> Pages<T> {
    pub(crate) fn len(&self) -> usize {
        let last = self.pages.last().map_or(0, Vec::len);
        self.pages.len().saturating_sub(1) * PAGE + last
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.pages.get(at / PAGE)?.get(at % PAGE)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.pages.get_mut(at / PAGE)?.get_mut(at % PAGE)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }

    pub(crate) fn push(&mut self, value: T) {
        let is_first = self.pages.is_empty();
        if self.pages.last().is_none_or(|last| last.len() == PAGE) {
            // The first page grows as any list does: most stores are small.
            self.pages
                .push(Vec::with_capacity(if is_first { 1 } else { PAGE }));
            self.capacity += self.pages.last().map_or(0, Vec::capacity);
        }
        if let Some(last) = self.pages.last_mut() {
            let before = last.capacity();
            last.push(value);
            self.capacity += last.capacity() - before;
        }
    }

    /// Adds elements until there are so many. Cost: O(those that are added).
    pub(crate) fn grow_with(&mut self, len: usize, make: impl Fn() -> T) {
        for _ in self.len()..len {
            self.push(make());
        }
    }

    /// The heap bytes of the list itself. Cost: O(1).
    pub(crate) fn heap_bytes(&self) -> usize {
        self.capacity * size_of::<T>() + self.pages.capacity() * size_of::<Vec<T>>()
    }
}

impl<T> IntoIterator for Pages<T> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.pages.into_iter().flatten()
    }
}

impl<T> Index<usize> for Pages<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        &self.pages[at / PAGE][at % PAGE]
    }
}

impl<T> IndexMut<usize> for Pages<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.pages[at / PAGE][at % PAGE]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_is_in_it_stays_where_it_is_while_it_grows() {
        let mut list = Pages::default();
        list.grow_with(PAGE, || 7_u64);
        let first = std::ptr::from_ref(&list[0]);
        for value in 0..100 * PAGE as u64 {
            list.push(value);
        }
        assert_eq!(std::ptr::from_ref(&list[0]), first);
        assert_eq!(list.len(), 101 * PAGE);
        let expected = std::iter::repeat_n(7, PAGE).chain(0..100 * PAGE as u64);
        assert!(list.iter().copied().eq(expected.clone()));
        assert_eq!(list.get(PAGE), Some(&0));
        assert_eq!(list.get(101 * PAGE), None);
        *list.get_mut(0).unwrap() = 8;
        list[PAGE + 1] = 9;
        assert_eq!(
            list.into_iter().take(PAGE + 2).sum::<u64>(),
            8 + 7 * (PAGE as u64 - 1) + 9
        );
    }

    #[test]
    fn a_small_one_takes_little_and_a_large_one_no_more_than_a_page_too_much() {
        let mut list = Pages::default();
        assert_eq!((list.len(), list.heap_bytes()), (0, 0));
        list.push(0_u64);
        assert!(list.heap_bytes() < 200, "{} bytes", list.heap_bytes());
        list.grow_with(9 * PAGE + 1, || 0);
        let most = 10 * PAGE * size_of::<u64>() + 1024;
        assert!(list.heap_bytes() <= most, "{} bytes", list.heap_bytes());
    }
}
