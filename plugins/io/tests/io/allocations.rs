//! An allocator that remembers the greatest single allocation of all tests of this binary, and what each thread has
//! allocated in all.

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe to implement; this one only forwards"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
};

#[global_allocator]
static ALLOCATOR: Watched = Watched;

static GREATEST: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

struct Watched;

// SAFETY: every call is forwarded to the system's allocator as it is.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn note(bytes: usize) {
    GREATEST.fetch_max(bytes, Ordering::Relaxed);
    // A thread that ends may allocate after its locals are gone.
    let _ = ALLOCATED.try_with(|allocated| allocated.set(allocated.get() + bytes as u64));
}

/// The bytes that this thread has ever asked for.
pub(crate) fn allocated_by_this_thread() -> u64 {
    ALLOCATED.with(Cell::get)
}

/// Fails where any test of this binary has ever asked for more memory at once than its file and 64 MiB.
pub(crate) fn assert_modest(file_bytes: usize) {
    let (greatest, limit) = (GREATEST.load(Ordering::Relaxed), file_bytes + (64 << 20));
    assert!(
        greatest <= limit,
        "{greatest} bytes were reserved at once, {limit} are modest"
    );
}
