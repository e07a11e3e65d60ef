//! Counts the bytes that are allocated, and the time that a thread computes.

#![allow(unsafe_code, reason = "an allocator and a clock, passed through as they are")]

use std::{
    alloc::{GlobalAlloc, Layout},
    sync::atomic::{AtomicIsize, Ordering},
    time::{Duration, Instant},
};

use mimalloc::MiMalloc;

static LIVE: AtomicIsize = AtomicIsize::new(0);
static COUNTS: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// The allocator that both viewers use, with a count.
pub(crate) struct Counting;

// SAFETY: every call goes to mimalloc with the arguments it came with.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps the contract.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps the contract.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller keeps the contract.
        unsafe { MiMalloc.realloc(pointer, layout, size) }
    }
}

fn count(bytes: isize) {
    // Where nothing is measured, the count would be in the way of what is timed.
    if COUNTS.load(Ordering::Relaxed) {
        LIVE.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What `make` gives, and how many bytes more are allocated afterwards than before.
pub(crate) fn bytes_of<T>(make: impl FnOnce() -> T) -> (T, isize) {
    LIVE.store(0, Ordering::Relaxed);
    COUNTS.store(true, Ordering::Relaxed);
    let made = make();
    COUNTS.store(false, Ordering::Relaxed);
    (made, LIVE.load(Ordering::Relaxed))
}

/// The time that this thread has computed.
pub(crate) fn thread_cpu_time() -> Duration {
    cpu_time(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// The time that all threads have computed.
pub(crate) fn process_cpu_time() -> Duration {
    cpu_time(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn cpu_time(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the pointer is to a timespec of our own; on failure it stays zero.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// What a thread computes that only reads the clock until so much time is over.
pub(crate) fn cpu_time_of_waiting(during: Duration) -> Duration {
    let (start, before) = (Instant::now(), thread_cpu_time());
    while start.elapsed() < during {
        std::hint::black_box(thread_cpu_time());
    }
    thread_cpu_time().saturating_sub(before)
}
