//! What the fuzzer begins with: it changes what is whole, rather than guess how that begins.

use std::path::{Path, PathBuf};

/// A file of this repository.
pub(crate) fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Puts inputs among those of a target.
pub(crate) fn plant(target: &str, inputs: impl IntoIterator<Item = Vec<u8>>) {
    let folder = file("fuzz/corpus").join(target);
    std::fs::create_dir_all(&folder).expect("the corpus can be written");
    for (number, input) in inputs.into_iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), input).expect("the corpus can be written");
    }
}
