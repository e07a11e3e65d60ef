//! The program's allocator, which gives memory back to the system on a thread of its own.
//!
//! Left alone, mimalloc does so inside whichever `free` comes a second after the last time, for all that was freed since: after a
//! collection of hundreds of megabytes that one call takes longer than a whole step of the collection may.

#![allow(unsafe_code, reason = "two settings of the allocator, through its own bindings")]

use std::{io, thread, time::Duration};

use libmimalloc_sys::{mi_collect, mi_option_set, mi_option_t};

/// Its place in `mi_option_e`, which the bindings leave out.
const PURGE_DELAY: mi_option_t = 15;

/// How often memory is given back.
const INTERVAL: Duration = Duration::from_secs(1);

/// Starts to give memory back on a thread of its own, once a second, for as long as the process lives. Called first of all, before
/// there are other threads.
///
/// # Errors
/// Where no thread can be had. Memory is given back by whoever frees some then, later than otherwise.
pub(crate) fn give_back_in_background() -> io::Result<()> {
    // SAFETY: a number of milliseconds. No other thread runs yet that could read it at the same time.
    unsafe { mi_option_set(PURGE_DELAY, 10 * 1000) };
    thread::Builder::new().name("memory".to_owned()).spawn(|| {
        loop {
            thread::sleep(INTERVAL);
            // SAFETY: may be called at any time, from any thread.
            unsafe { mi_collect(true) };
        }
    })?;
    Ok(())
}
