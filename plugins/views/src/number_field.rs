//! Fields of numbers, which stay what they are where a field is entered and left again.

use std::{cell::RefCell, ops::RangeInclusive, rc::Rc};

use egui::{DragValue, emath::Numeric};

/// A number to drag or type, shown with as many decimals as it needs, up to those that the field has.
pub fn number_field<N: Numeric>(number: &mut N) -> DragValue<'_> {
    number_field_as(number, egui::emath::format_with_decimals_in_range)
}

/// As [`number_field`], shown as `text` makes it of the number and of how many decimals the field may have.
///
/// The field takes up the text that is shown when it is entered, and reads it when it is left. That text stands for the number itself,
/// and not for what is shown of it.
pub fn number_field_as<'a, N: Numeric>(
    number: &'a mut N,
    text: impl Fn(f64, RangeInclusive<usize>) -> String + 'a,
) -> DragValue<'a> {
    let shown = Rc::new(RefCell::new((String::new(), number.to_f64())));
    let written = Rc::clone(&shown);
    DragValue::new(number)
        .custom_formatter(move |number, decimals| {
            let text = text(number, decimals);
            *written.borrow_mut() = (text.clone(), number);
            text
        })
        .custom_parser(move |text| {
            let (shown, number) = &*shown.borrow();
            if shown == text {
                return Some(*number);
            }
            // As without a parser: digits may stand in groups, after any minus.
            let digits = text.chars().filter(|letter| !letter.is_whitespace());
            let digits = digits.map(|letter| if letter == '\u{2212}' { '-' } else { letter });
            digits.collect::<String>().parse().ok()
        })
}

#[cfg(test)]
mod tests {
    use egui::{Event, Pos2, RawInput, Rect, pos2, vec2};

    use super::*;
    use crate::testing::{click_at, context_with_fonts};

    /// What becomes of a number of which three decimals are shown, where a text is typed into its field, if any.
    fn typed(mut number: f64, text: Option<&str>) -> f64 {
        let egui = context_with_fonts();
        let mut draw = |events: Vec<Event>| {
            let input = RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(200.0, 200.0))),
                events,
                ..RawInput::default()
            };
            let mut place = Pos2::ZERO;
            let mut output = egui.run_ui(input, |ui| {
                let field = number_field_as(&mut number, |number, _| format!("{number:.3}"));
                place = ui.add(field).rect.center();
            });
            output.textures_delta.clear();
            place
        };
        draw(Vec::new());
        let place = draw(Vec::new());
        click_at(place, |events| {
            draw(events);
        });
        assert!(egui.text_edit_focused());
        if let Some(text) = text {
            draw(vec![Event::Text(text.to_owned())]);
        }
        click_at(pos2(150.0, 150.0), |events| {
            draw(events);
        });
        draw(Vec::new());
        assert!(!egui.text_edit_focused());
        number
    }

    #[test]
    fn only_what_is_typed_changes_a_number() {
        assert_eq!(typed(0.000_1, None), 0.000_1);
        assert_eq!(typed(-1.0 / 3.0, None), -1.0 / 3.0);
        assert_eq!(typed(1.0 / 3.0, Some("0.25")), 0.25);
        assert_eq!(typed(1.0, Some("\u{2212}1 000.25")), -1_000.25);
        assert_eq!(typed(0.000_1, Some("far")), 0.000_1);
    }
}
