//! The program's allocator, which gives memory back to the system on a thread of its own.
//!
//! Left alone, mimalloc does so inside whichever `free` comes a second after the last time, for all that was freed since: after a
//! collection of hundreds of megabytes that one call takes longer than a whole step of the collection may. And while memory is given
//! back, whoever touches memory that is not in use yet, or not any more, waits for the system (on a virtual machine for the host, 3 to
//! 20 ms at a time): so it is done when a collection is over.

#![allow(
    unsafe_code,
    reason = "two settings of the allocator, through its own bindings"
)]

use std::{
    ffi::c_long,
    hint, io,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// Its place in `mi_option_e`, which the bindings leave out.
const PURGE_DELAY: mi_option_t = 15;

/// How often memory is given back.
const INTERVAL: Duration = Duration::from_secs(1);

/// How many times in a row it waits for a collection to end. One that goes on and on is that of a stream, which fills anew what was freed.
const MOST_WAITS: u32 = 10;

/// How long the allocator waits until it gives memory back by itself: longer than that thread ever does.
const DELAY: Duration = INTERVAL.saturating_mul(6 * MOST_WAITS);

static STEPS: AtomicU64 = AtomicU64::new(0);

/// A collection made a step just now. What it frees is given back later.
pub(crate) fn collects() {
    STEPS.fetch_add(1, Ordering::Relaxed);
}

/// Starts to give memory back on a thread of its own, once a second, for as long as the process lives. Called first of all, before
/// there are other threads.
///
/// # Errors
/// Where no thread can be had. Memory is given back by whoever frees some then, later than otherwise.
pub(crate) fn give_back_in_background() -> io::Result<()> {
    // SAFETY: a number of milliseconds. No other thread runs yet that could read it at the same time.
    unsafe { mi_option_set(PURGE_DELAY, DELAY.as_millis() as c_long) };
    thread::Builder::new().name("memory".to_owned()).spawn(|| {
        // A thread that never allocated has nothing of the allocator that it could give back with.
        drop(hint::black_box(Box::new(0_u8)));
        let (mut steps_before, mut waits) = (0, 0);
        loop {
            thread::sleep(INTERVAL);
            let steps = STEPS.load(Ordering::Relaxed);
            let collects = std::mem::replace(&mut steps_before, steps) != steps;
            if collects && waits < MOST_WAITS {
                waits += 1;
                continue;
            }
            waits = 0;
            // SAFETY: may be called at any time, from any thread.
            unsafe { mi_collect(true) };
        }
    })?;
    Ok(())
}
