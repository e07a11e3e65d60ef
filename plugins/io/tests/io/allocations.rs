//! An allocator that remembers the greatest single allocation, for all tests of this binary.

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe to implement; this one only forwards"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

#[global_allocator]
static ALLOCATOR: Watched = Watched;

static GREATEST: AtomicUsize = AtomicUsize::new(0);

struct Watched;

// SAFETY: every call is forwarded to the system's allocator as it is.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        GREATEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        GREATEST.fetch_max(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        GREATEST.fetch_max(size, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Fails where any test of this binary has ever asked for more memory at once than its file and 64 MiB.
pub(crate) fn assert_modest(file_bytes: usize) {
    let (greatest, limit) = (GREATEST.load(Ordering::Relaxed), file_bytes + (64 << 20));
    assert!(
        greatest <= limit,
        "{greatest} bytes were reserved at once, {limit} are modest"
    );
}
