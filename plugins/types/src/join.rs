//! Joining instances: many marks, fewer colors.

/// The value for an instance: the last value holds for all further instances, and there is none where there are no values.
///
/// ```
/// # use chronoscope_types::clamped;
/// assert_eq!(clamped(&[1, 2], 0), Some(1));
/// assert_eq!(clamped(&[1, 2], 7), Some(2));
/// assert_eq!(clamped::<i32>(&[], 0), None);
/// ```
pub fn clamped<T: Copy>(values: &[T], instance: usize) -> Option<T> {
    values.get(instance).or(values.last()).copied()
}

/// A value for each of `len` instances: the last is repeated, and `default` stands in where there are none.
pub fn clamped_iter<T: Copy>(
    values: &[T],
    len: usize,
    default: T,
) -> impl ExactSizeIterator<Item = T> + Clone {
    let last = values.last().copied().unwrap_or(default);
    (0..len).map(move |instance| values.get(instance).copied().unwrap_or(last))
}

/// A value for each of `len` instances, or `None` for each where there are no values at all.
pub fn clamped_options<T: Copy>(
    values: &[T],
    len: usize,
) -> impl ExactSizeIterator<Item = Option<T>> + Clone {
    (0..len).map(move |instance| clamped(values, instance))
}
