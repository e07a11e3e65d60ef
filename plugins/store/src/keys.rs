//! Keys in order.

/// Whether each of some keys is among others, where both come in order.
pub(crate) fn in_order<K: Ord>(keys: &[K]) -> impl FnMut(K) -> bool {
    let mut rest = keys;
    move |key| {
        while let [first, others @ ..] = rest
            && *first < key
        {
            rest = others;
        }
        rest.first() == Some(&key)
    }
}
