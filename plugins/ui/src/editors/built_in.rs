//! The editors for the component types of the vocabulary.

use std::ops::RangeInclusive;

use bevy::app::App;
use chronoscope_types::{
    Rgba, VisualBounds2D, components as c,
    enums::{Enumeration, ViewDir},
};
use chronoscope_views::number_field::{number_field, number_field_as};
use egui::{
    Color32, DragValue, Ui,
    color_picker::{Alpha, color_edit_button_srgba},
};

use super::{ComponentEditor, ComponentEditors};
use crate::{theme::size, widgets::DraftEdit};

/// Adds the editors of this crate. Those that a host added before stay.
pub(crate) fn add_editors(app: &mut App) {
    let mut editors = app.world_mut().get_resource_or_init::<ComponentEditors>();
    let mut own = std::mem::take(&mut *editors);
    editors.add_all();
    editors.by_type.append(&mut own.by_type);
}

impl ComponentEditors {
    /// With editors for the component types of this viewer.
    fn add_all(&mut self) {
        add_plain(self);
        add_vectors(self);
        add_choices(self);
        self.add::<c::ViewCoordinates>();
        self.add::<c::blueprint::VisualBounds2D>();
    }
}

/// Editors of numbers: each with its least and its greatest value.
macro_rules! numbers {
    ($function:ident; $($($name:ident)::+: $range:expr;)*) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    let speed = (*value as f64).abs().max(0.1) * 0.01;
                    let drag = number_field(value).range($range).speed(speed);
                    ui.add(drag).changed()
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

numbers! {
    add_numbers;
    AxisLength: 0.0..=f32::MAX;
    CellSize: 0.0..=f32::MAX;
    ClassId: 0..=u16::MAX;
    Count: 0..=u64::MAX;
    DepthMeter: 0.0..=f32::MAX;
    DrawOrder: f32::MIN..=f32::MAX;
    FillRatio: 0.0..=f32::MAX;
    GammaCorrection: 0.01..=10.0;
    ImagePlaneDistance: 0.0..=f32::MAX;
    KeypointId: 0..=u16::MAX;
    Length: 0.0..=f32::MAX;
    LinearSpeed: 0.0..=f64::MAX;
    MarkerSize: 0.0..=1_000.0;
    Opacity: 0.0..=1.0;
    OpticalDensity: 0.0..=f32::MAX;
    // Less than nothing is in points of the screen.
    Radius: f32::MIN..=f32::MAX;
    Scalar: f64::MIN..=f64::MAX;
    StrokeWidth: 0.0..=1_000.0;
    Variance: 0.0..=f64::MAX;
    VoxelValue: f32::MIN..=f32::MAX;
    blueprint::AngularSpeed: f64::MIN..=f64::MAX;
    blueprint::GridSpacing: 0.0..=f32::MAX;
    blueprint::NearClipPlane: 0.0..=f32::MAX;
}

macro_rules! switches {
    ($function:ident; $($($name:ident)::+),*) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<bool> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut bool) -> bool {
                    let text = if *value { "On" } else { "Off" };
                    ui.checkbox(value, text).changed()
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

switches!(add_switches; Interactive, ShowLabels, Visible, blueprint::Enabled, blueprint::LockRangeDuringZoom);

macro_rules! texts {
    ($function:ident; $($($name:ident)::+),*) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<String> {
                    values.first().map(str::to_owned)
                }

                fn edit(ui: &mut Ui, value: &mut String) -> bool {
                    let typed = DraftEdit::new("text", value.as_str()).show(ui);
                    let is_changed = typed.is_some();
                    if let Some(typed) = typed {
                        *value = typed;
                    }
                    is_changed
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

texts!(add_texts; EntityPath, Name, Text, TextLogLevel, TransformFrameId, Unit);

macro_rules! colors {
    ($function:ident; $($($name:ident)::+),*) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<Rgba> {
                    values.first().map(|color| Rgba(*color))
                }

                fn edit(ui: &mut Ui, value: &mut Rgba) -> bool {
                    let [r, g, b, a] = value.to_array();
                    let mut color = Color32::from_rgba_unmultiplied(r, g, b, a);
                    let is_changed = color_edit_button_srgba(ui, &mut color, Alpha::OnlyBlend).changed();
                    if is_changed {
                        *value = Rgba::from_array(color.to_srgba_unmultiplied());
                    }
                    is_changed
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

colors!(add_colors; AlbedoFactor, Color);

fn add_plain(editors: &mut ComponentEditors) {
    add_numbers(editors);
    add_switches(editors);
    add_texts(editors);
    add_colors(editors);
}

macro_rules! vectors {
    ($function:ident; $($($name:ident)::+),* $(,)?) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    let most = crowd(ui, value.len());
                    let mut is_changed = false;
                    for part in value.iter_mut() {
                        let speed = (*part as f64).abs().max(0.1) * 0.01;
                        let drag = crowded(part, most).speed(speed).max_decimals(3);
                        is_changed |= ui.add(drag).changed();
                    }
                    is_changed
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

vectors! {
    add_vectors;
    HalfSize2D,
    HalfSize3D,
    Plane3D,
    Position2D,
    Position3D,
    Range1D,
    Resolution,
    Scale3D,
    Translation3D,
    ValueRange,
    Vector2D,
    Vector3D,
    VoxelSize,
}

/// Has so many numbers stand side by side in the room that there is. Returns how many characters each has room for.
fn crowd(ui: &mut Ui, count: usize) -> usize {
    let gap = size::GRID / 2.0;
    let spacing = ui.spacing_mut();
    spacing.item_spacing.x = gap;
    spacing.button_padding.x = gap;
    spacing.interact_size.x = 8.0 * size::GRID;
    let font = ui.style().drag_value_text_style.resolve(ui.style());
    let digit = ui
        .painter()
        .layout_no_wrap("0".to_owned(), font, Color32::PLACEHOLDER);
    let room = ui.available_width() / count.max(1) as f32 - 3.0 * gap;
    (room / digit.size().x.max(1.0)).floor().max(0.0) as usize
}

/// A number to drag or type that is shown with no more characters than these, if it can be.
fn crowded<N: egui::emath::Numeric>(part: &mut N, most_chars: usize) -> DragValue<'_> {
    number_field_as(part, move |number, decimals| {
        fitting(number, decimals, most_chars)
    })
}

/// A number with fewer decimals than it would have, where it is longer than that.
fn fitting(number: f64, decimals: RangeInclusive<usize>, most_chars: usize) -> String {
    let text = egui::emath::format_with_decimals_in_range(number, decimals);
    if text.chars().count() <= most_chars {
        return text;
    }
    let Some((whole, fraction)) = text.split_once('.') else {
        return text;
    };
    let room = most_chars.saturating_sub(whole.chars().count() + 1);
    let places = room.min(fraction.len());
    format!("{number:.places$}")
}

macro_rules! choices {
    ($function:ident; $($($name:ident)::+),* $(,)?) => {
        $(
            impl ComponentEditor for c::$($name)::+ {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    choose(ui, value)
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$($name)::+>();)*
        }
    };
}

choices! {
    add_choices;
    AggregationPolicy,
    Colormap,
    FillMode,
    InterpolationMode,
    MagnificationFilter,
    MarkerShape,
    MeshFaceRendering,
    PointShading,
    blueprint::BackgroundKind,
    blueprint::Corner2D,
    blueprint::Eye3DKind,
    blueprint::LinkAxis,
    blueprint::PointsDisplay,
    blueprint::TooltipMode,
    own::AxisScale,
    own::AxisSide,
    own::EyeProjection,
}

/// What X, Y and Z are, of all that can be.
impl ComponentEditor for c::ViewCoordinates {
    fn first(values: Self::Slice<'_>) -> Option<[u8; 3]> {
        values.first().copied()
    }

    fn edit(ui: &mut Ui, value: &mut [u8; 3]) -> bool {
        let text = |xyz: [u8; 3]| {
            let names = xyz.map(|code| ViewDir::from_code(code).map_or("?", ViewDir::name));
            names.join(", ")
        };
        let before = *value;
        // Up and down are one direction, and so on.
        let differ = |a: ViewDir, b: ViewDir| (a.code() - 1) / 2 != (b.code() - 1) / 2;
        egui::ComboBox::from_id_salt("axes")
            .selected_text(text(before))
            .width((ui.available_width() - size::ROW).clamp(12.0 * size::GRID, 36.0 * size::GRID))
            .truncate()
            .show_ui(ui, |ui| {
                for x in ViewDir::ALL.iter().copied() {
                    for y in ViewDir::ALL.iter().copied().filter(|y| differ(x, *y)) {
                        let others = ViewDir::ALL.iter().copied();
                        for z in others.filter(|z| differ(x, *z) && differ(y, *z)) {
                            let choice = [x, y, z].map(ViewDir::code);
                            ui.selectable_value(value, choice, text(choice));
                        }
                    }
                }
            });
        before != *value
    }
}

/// Left, right, top, bottom.
impl ComponentEditor for c::blueprint::VisualBounds2D {
    fn first(values: Self::Slice<'_>) -> Option<VisualBounds2D> {
        values.first().copied()
    }

    fn edit(ui: &mut Ui, value: &mut VisualBounds2D) -> bool {
        let most = crowd(ui, 4);
        let speed = (value.x_range[1] - value.x_range[0]).abs().max(0.1) * 0.01;
        let [left, right] = &mut value.x_range;
        let [top, bottom] = &mut value.y_range;
        let parts = [(left, "Left"), (right, "Right"), (top, "Top"), (bottom, "Bottom")];
        let mut is_changed = false;
        for (part, name) in parts {
            let drag = crowded(part, most).speed(speed).max_decimals(1);
            is_changed |= ui.add(drag).on_hover_text(name).changed();
        }
        is_changed
    }
}

fn choose<E: Enumeration>(ui: &mut Ui, value: &mut E) -> bool {
    let before = *value;
    egui::ComboBox::from_id_salt("choice")
        .selected_text(before.name())
        .width((ui.available_width() - size::ROW).clamp(12.0 * size::GRID, 36.0 * size::GRID))
        .truncate()
        .show_ui(ui, |ui| {
            for choice in E::ALL {
                ui.selectable_value(value, *choice, choice.name());
            }
        });
    before != *value
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chronoscope_store::arrow::ArrayRef;
    use chronoscope_types::Component as _;

    use super::*;
    use crate::editors::Edited;

    #[test]
    fn an_editor_may_be_replaced() {
        let mut editors = ComponentEditors::default();
        assert!(!editors.has(c::Radius::TYPE));
        editors.add_all();
        assert!(editors.has(c::Radius::TYPE) && editors.has(c::Colormap::TYPE));
        let count = editors.by_type.len();
        editors.add::<c::Radius>();
        assert_eq!(editors.by_type.len(), count);
    }

    #[test]
    fn a_switch_is_read_out() {
        let mut editors = ComponentEditors::default();
        editors.add_all();
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let value: ArrayRef = c::blueprint::Enabled::build(vec![true]);
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            editors.show(ui, c::blueprint::Enabled::TYPE, &value, 0);
        });
        output.textures_delta.clear();
        let update = output.platform_output.accesskit_update;
        let nodes = update.into_iter().flat_map(|update| update.nodes);
        let names: Vec<String> = nodes
            .filter(|(_, node)| node.role() == egui::accesskit::Role::CheckBox)
            .filter_map(|(_, node)| Some(node.label()?.to_owned()))
            .collect();
        assert_eq!(names, ["On"]);
    }

    #[test]
    fn a_number_has_as_many_decimals_as_it_has_room_for() {
        assert_eq!(fitting(0.5, 3..=3, 5), "0.500");
        assert_eq!(fitting(-12.548, 1..=3, 5), "-12.5");
        assert_eq!(fitting(-12.548, 1..=3, 4), "-13");
        assert_eq!(fitting(-12.548, 1..=3, 7), "-12.548");
        assert_eq!(
            fitting(123_456.0, 0..=3, 5),
            "123456",
            "nothing but decimals is left out"
        );
    }

    #[test]
    fn values_that_cannot_be_read_are_not_edited() {
        let mut editors = ComponentEditors::default();
        editors.add_all();
        let texts: ArrayRef = Arc::new(arrow_array::StringArray::from(vec!["red"]));
        let none: ArrayRef = c::Radius::build(Vec::new());
        egui::__run_test_ui(|ui| {
            for (component_type, value) in [
                (c::Radius::TYPE, &texts),
                (c::Radius::TYPE, &none),
                ("no.such.Type", &none),
            ] {
                assert!(matches!(
                    editors.show(ui, component_type, value, 0),
                    Edited::Unreadable
                ));
            }
        });
    }
}
