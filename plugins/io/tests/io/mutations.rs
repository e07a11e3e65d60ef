//! Footers that were damaged at random, with checksums that are right: nothing panics, and what is true is read.

#[path = "../../../../fuzz/bodies/footer.rs"]
mod footer;
#[path = "../../../../fuzz/mutations.rs"]
mod random;

use self::random::{Random, count, mutate};

#[test]
fn damaged_footers_are_refused_and_never_more() {
    let whole = footer::recording(5);
    assert_eq!(footer::run(&whole), 5);
    let stated = footer::footer_of(&whole).unwrap();
    let mut random = Random::new();
    let mut num_read = 0;
    for _ in 0..count(2_000) {
        let mut damaged = stated.to_vec();
        mutate(&mut damaged, &mut random);
        let read = footer::run(&footer::with_footer(&whole, &damaged).unwrap());
        assert!(read <= 5);
        num_read += read;
    }
    assert!(
        num_read > 5_000,
        "what a footer says wrongly is found by reading on: {num_read}"
    );
}
