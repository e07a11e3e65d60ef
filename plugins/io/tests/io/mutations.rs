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
    let uncompressed = footer::uncompressed(stated).unwrap();
    assert_eq!(
        footer::run(&footer::with_footer(&whole, &uncompressed).unwrap()),
        5
    );
    let mut random = Random::new();
    let mut num_read = 0;
    for number in 0..count(2_000) {
        let mut damaged = if number % 2 == 0 {
            stated.to_vec()
        } else {
            uncompressed.clone()
        };
        mutate(&mut damaged, &mut random);
        let read = footer::run(&footer::with_footer(&whole, &damaged).unwrap());
        assert!(read <= 5, "{read} chunks");
        num_read += read;
    }
    assert!(
        num_read > 5_000,
        "what a footer says wrongly is found by reading on: {num_read}"
    );
}
