//! Bars: where they stand, how high they are, and what of them is to be drawn in so many pixels.

use std::ops::Range;

use chronoscope_types::clamped;

use crate::plot::{
    pyramid::{Extent, Pyramid},
    window::ValueWindow,
};

/// The width of a bar that brings none, in units of the abscissa.
const WIDTH: f64 = 1.0;

/// The bars of one entity, ordered by where they begin.
///
/// A value that is not finite, or whose place is not, has no bar.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    bars: Vec<Bar>,
    /// The value of each bar, for the pyramid.
    values: Vec<f64>,
    pyramid: Pyramid,
    /// The width of the widest bar.
    widest: f64,
    /// The end of the bar that reaches farthest.
    end: f64,
    has_abscissa: bool,
}

/// A bar. It reaches from zero to its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// Where it begins on the abscissa.
    pub start: f64,
    /// Where it ends on the abscissa.
    pub end: f64,
    /// How high it is; below zero where it is negative.
    pub value: f64,
    /// The position of its value among those that were logged.
    pub index: usize,
}

/// A rectangle to draw: a bar, or several of which each is narrower than a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Block {
    /// From where to where it goes on the abscissa.
    pub(super) across: [f64; 2],
    /// From the least to the greatest value. Zero lies in it.
    pub(super) values: Extent,
}

impl Bars {
    /// The bars of these values. A bar begins at its place on the abscissa, which is its index where there is none, and goes to the
    /// right as far as it is wide; to the left where its width is negative. The last width holds for all further bars.
    ///
    /// Cost: O(n), or O(n log n) where the abscissa is not in order.
    pub(super) fn new(values: &[f64], abscissa: Option<&[f64]>, widths: &[f32]) -> Self {
        let place = |index: usize| match abscissa {
            Some(abscissa) => abscissa.get(index).copied(),
            None => Some(index as f64),
        };
        let bars = values.iter().enumerate().filter_map(|(index, &value)| {
            let place = place(index)?;
            let width = clamped(widths, index)
                .map(f64::from)
                .filter(|width| width.is_finite())
                .unwrap_or(WIDTH);
            let (start, end) = (place.min(place + width), place.max(place + width));
            (start.is_finite() && end.is_finite() && value.is_finite()).then_some(Bar {
                start,
                end,
                value,
                index,
            })
        });
        let mut bars: Vec<Bar> = bars.collect();
        bars.sort_by(|a, b| a.start.total_cmp(&b.start));
        let values: Vec<f64> = bars.iter().map(|bar| bar.value).collect();
        Self {
            pyramid: Pyramid::new(&values),
            values,
            widest: bars.iter().map(|bar| bar.end - bar.start).fold(0.0, f64::max),
            end: bars.iter().map(|bar| bar.end).fold(f64::NEG_INFINITY, f64::max),
            has_abscissa: abscissa.is_some(),
            bars,
        }
    }

    /// The bars, ordered by where they begin.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Bar> {
        self.bars.iter()
    }

    /// The number of bars.
    pub fn len(&self) -> usize {
        self.bars.len()
    }

    /// Whether there is no bar.
    pub fn is_empty(&self) -> bool {
        self.bars.is_empty()
    }

    /// Whether places were logged. Where not, bars stand at their indices.
    pub fn has_abscissa(&self) -> bool {
        self.has_abscissa
    }

    /// The heap bytes that they take.
    pub fn heap_bytes(&self) -> usize {
        self.bars.capacity() * size_of::<Bar>()
            + self.values.capacity() * size_of::<f64>()
            + self.pyramid.heap_bytes()
    }

    /// From where the first bar begins to where the last one ends.
    pub(super) fn across(&self) -> Extent {
        self.bars.first().map_or(Extent::EMPTY, |first| Extent {
            min: first.start,
            max: self.end,
        })
    }

    /// The least and greatest value of the bars in a window of the abscissa.
    pub(super) fn extent(&self, window: &ValueWindow) -> Extent {
        let candidates = self.candidates(window.min(), window.max());
        let inside = self.first_from(window.min()).max(candidates.start);
        let reach_in = self.bars[candidates.start..inside]
            .iter()
            .filter(|bar| bar.end > window.min())
            .fold(Extent::EMPTY, |extent, bar| {
                extent.union(Extent::of(&[bar.value]))
            });
        reach_in.union(self.pyramid.extent(&self.values, inside..candidates.end))
    }

    /// What is to be drawn in a window of the abscissa that is `width` pixels wide.
    ///
    /// Cost: O(width log n), or the bars in the window where these are fewer, or wider than a few pixels each.
    pub(super) fn visible(&self, window: &ValueWindow, width: usize) -> Vec<Block> {
        let candidates = self.candidates(window.min(), window.max());
        let is_each_drawn = candidates.len() <= width.saturating_mul(2)
            || (window.position(window.min() + self.widest)) * width as f64 > 4.0;
        if is_each_drawn {
            return self.bars[candidates]
                .iter()
                .filter(|bar| bar.end >= window.min())
                .map(Bar::block)
                .collect();
        }
        let mut blocks = Vec::with_capacity(width);
        let mut start = candidates.start;
        for column in 1..=width {
            let end = if column == width {
                candidates.end
            } else {
                self.first_from(window.value(column as f64 / width as f64))
                    .clamp(start, candidates.end)
            };
            match &self.bars[start..end] {
                [] => {}
                [only] => blocks.push(only.block()),
                [first, .., last] => blocks.push(Block {
                    across: [first.start, last.end],
                    values: with_zero(self.pyramid.extent(&self.values, start..end)),
                }),
            }
            start = end;
        }
        blocks
    }

    /// The bars that may reach into a stretch of the abscissa, ordered by where they begin.
    pub(super) fn between(&self, from: f64, to: f64) -> &[Bar] {
        &self.bars[self.candidates(from, to)]
    }

    fn candidates(&self, from: f64, to: f64) -> Range<usize> {
        let start = self.first_from(from - self.widest);
        let end = self.bars.partition_point(|bar| bar.start <= to);
        start..end.max(start)
    }

    /// The first bar that begins here or later.
    fn first_from(&self, place: f64) -> usize {
        self.bars.partition_point(|bar| bar.start < place)
    }
}

impl Bar {
    fn block(&self) -> Block {
        Block {
            across: [self.start, self.end],
            values: with_zero(Extent::of(&[self.value])),
        }
    }
}

/// The same extent, reaching to zero.
pub(super) fn with_zero(extent: Extent) -> Extent {
    extent.union(Extent { min: 0.0, max: 0.0 })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::plot::testing::Random;

    fn spans(bars: &Bars) -> Vec<(f64, f64, usize)> {
        bars.iter().map(|bar| (bar.start, bar.end, bar.index)).collect()
    }

    #[test]
    fn bars_stand_where_the_abscissa_says() {
        let values = [8.0, 4.0, 0.0, -9.0];
        let plain = Bars::new(&values, None, &[]);
        assert_eq!(
            spans(&plain),
            [(0.0, 1.0, 0), (1.0, 2.0, 1), (2.0, 3.0, 2), (3.0, 4.0, 3)]
        );
        // Out of order, with widths of which the last holds on, and one that goes to the left.
        let placed = Bars::new(&values, Some(&[5.0, 0.0, 3.0, 10.0]), &[1.0, 2.0, -0.5]);
        assert_eq!(
            spans(&placed),
            [(0.0, 2.0, 1), (2.5, 3.0, 2), (5.0, 6.0, 0), (9.5, 10.0, 3)]
        );
        let across = placed.across();
        assert_eq!((across.min, across.max), (0.0, 10.0));
    }

    #[test]
    fn what_has_no_number_or_place_has_no_bar() {
        let values = [1.0, f64::NAN, f64::INFINITY, 2.0, 3.0];
        let bars = Bars::new(&values, Some(&[0.0, 1.0, 2.0, f64::NAN]), &[f32::NAN]);
        assert_eq!(spans(&bars), [(0.0, 1.0, 0)]);
        assert!(Bars::new(&[], None, &[]).across().is_empty());
        assert!(
            Bars::new(&[], None, &[])
                .visible(&ValueWindow::new(0.0, 1.0).unwrap(), 100)
                .is_empty()
        );
    }

    #[test]
    fn values_fit_what_reaches_into_the_window() {
        let bars = Bars::new(&[1.0, 50.0, 2.0, -3.0], None, &[1.5]);
        let extent = |from: f64, to: f64| {
            let extent = bars.extent(&ValueWindow::new(from, to).unwrap());
            [extent.min, extent.max]
        };
        assert_eq!(extent(-1.0, 9.0), [-3.0, 50.0]);
        assert_eq!(extent(2.6, 2.9), [2.0, 2.0]);
        assert_eq!(extent(2.2, 2.9), [2.0, 50.0]);
        assert_eq!(extent(3.6, 9.0), [-3.0, -3.0]);
    }

    /// However many bars there are, as many blocks as pixels show the peaks of each pixel.
    #[test]
    fn many_bars_cost_pixels_and_keep_their_peaks() {
        let mut random = Random::new(11);
        let values: Vec<f64> = (0..262_144).map(|_| random.unit() * 2.0 - 1.0).collect();
        let bars = Bars::new(&values, None, &[]);
        let window = ValueWindow::new(0.0, 262_144.0).unwrap();
        let blocks = bars.visible(&window, 512);
        assert_eq!(blocks.len(), 512);
        for (column, block) in blocks.iter().enumerate() {
            let own = &values[column * 512..(column + 1) * 512];
            assert_eq!(block.values, with_zero(Extent::of(own)), "{column}");
            assert_eq!(block.across, [column as f64 * 512.0, (column + 1) as f64 * 512.0]);
        }
        // Near enough each is drawn as it is.
        let near = bars.visible(&ValueWindow::new(100.0, 200.0).unwrap(), 400);
        assert_eq!(near.len(), 102);
        assert_eq!(near[1].values, with_zero(Extent::of(&values[100..101])));
    }
}
