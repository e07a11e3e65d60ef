//! Editors of components: how a value is changed in the selection panel.
//!
//! There is one per component type. [`AppComponentEditorExt::add_component_editor`] adds more, or replaces one.

use std::collections::BTreeMap;

use bevy::{app::App, ecs::prelude::*};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::{Component, Rgba, components as c, enums::Enumeration};
use egui::{Color32, DragValue, Ui};

use crate::{theme::size, widgets::DraftEdit};

/// A component type whose values can be edited.
///
/// ```ignore
/// impl ComponentEditor for Temperature {
///     fn first(values: Self::Slice<'_>) -> Option<f32> {
///         values.first().copied()
///     }
///
///     fn edit(ui: &mut egui::Ui, value: &mut f32) -> bool {
///         ui.add(egui::Slider::new(value, -40.0..=60.0)).changed()
///     }
/// }
///
/// app.add_component_editor::<Temperature>();
/// ```
pub trait ComponentEditor: Component {
    /// The first of some values, which is the one that is edited.
    fn first(values: Self::Slice<'_>) -> Option<Self::Value>;

    /// Draws the editor, at most as wide as there is room. Returns whether the value was changed.
    fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool;
}

type EditArray = fn(&mut Ui, &ArrayRef) -> Edited;

/// What became of a value.
pub(crate) enum Edited {
    /// It stays as it is.
    No,
    /// It is this one.
    To(ArrayRef),
    /// It is not one that can be read.
    Unreadable,
}

/// The editors, by the name of their component type.
#[derive(Resource, Default)]
pub struct ComponentEditors {
    by_type: BTreeMap<&'static str, EditArray>,
}

impl ComponentEditors {
    /// Adds an editor; one of the same component type is replaced.
    pub fn add<T: ComponentEditor>(&mut self) {
        self.by_type.insert(T::TYPE, edit_array::<T>);
    }

    /// Whether values of a component type can be edited.
    pub fn has(&self, component_type: &str) -> bool {
        self.by_type.contains_key(component_type)
    }

    /// Draws the editor of a value.
    pub(crate) fn show(&self, ui: &mut Ui, component_type: &str, value: &ArrayRef) -> Edited {
        match self.by_type.get(component_type) {
            Some(edit) => edit(ui, value),
            None => Edited::Unreadable,
        }
    }

    /// Adds those of another; they replace the ones of the same component types.
    pub(crate) fn take_over(&mut self, mut other: Self) {
        self.by_type.append(&mut other.by_type);
    }

    /// With editors for the component types of this viewer.
    pub(crate) fn add_all(&mut self) {
        add_plain(self);
        add_vectors(self);
        add_choices(self);
    }
}

fn edit_array<T: ComponentEditor>(ui: &mut Ui, array: &ArrayRef) -> Edited {
    let Some(mut value) = T::read(array.as_ref()).ok().and_then(T::first) else {
        return Edited::Unreadable;
    };
    match T::edit(ui, &mut value) {
        true => Edited::To(T::build(vec![value])),
        false => Edited::No,
    }
}

/// Registers editors of components.
pub trait AppComponentEditorExt {
    /// Adds the editor of a component type; one of the same type is replaced.
    fn add_component_editor<T: ComponentEditor>(&mut self) -> &mut Self;
}

impl AppComponentEditorExt for App {
    fn add_component_editor<T: ComponentEditor>(&mut self) -> &mut Self {
        self.init_resource::<ComponentEditors>();
        self.world_mut().resource_mut::<ComponentEditors>().add::<T>();
        self
    }
}

/// Editors of numbers: each with its least and its greatest value.
macro_rules! numbers {
    ($function:ident; $($name:ident: $range:expr;)*) => {
        $(
            impl ComponentEditor for c::$name {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    let speed = (*value as f64).abs().max(0.1) * 0.01;
                    let drag = DragValue::new(value).range($range).speed(speed);
                    ui.add(drag).changed()
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$name>();)*
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
}

macro_rules! switches {
    ($function:ident; $($name:ident),*) => {
        $(
            impl ComponentEditor for c::$name {
                fn first(values: Self::Slice<'_>) -> Option<bool> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut bool) -> bool {
                    ui.checkbox(value, "").changed()
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$name>();)*
        }
    };
}

switches!(add_switches; Interactive, ShowLabels, Visible);

macro_rules! texts {
    ($function:ident; $($name:ident),*) => {
        $(
            impl ComponentEditor for c::$name {
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
            $(editors.add::<c::$name>();)*
        }
    };
}

texts!(add_texts; Name, Text, TextLogLevel, Unit);

macro_rules! colors {
    ($function:ident; $($name:ident),*) => {
        $(
            impl ComponentEditor for c::$name {
                fn first(values: Self::Slice<'_>) -> Option<Rgba> {
                    values.first().map(|color| Rgba(*color))
                }

                fn edit(ui: &mut Ui, value: &mut Rgba) -> bool {
                    let [r, g, b, a] = value.to_array();
                    let mut color = Color32::from_rgba_unmultiplied(r, g, b, a);
                    let is_changed = ui.color_edit_button_srgba(&mut color).changed();
                    if is_changed {
                        *value = Rgba::from_array(color.to_srgba_unmultiplied());
                    }
                    is_changed
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$name>();)*
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
    ($function:ident; $($name:ident),* $(,)?) => {
        $(
            impl ComponentEditor for c::$name {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    ui.spacing_mut().item_spacing.x = size::GRID / 2.0;
                    // A number beside another has little room.
                    ui.spacing_mut().interact_size.x = 8.0 * size::GRID;
                    let mut is_changed = false;
                    for part in value.iter_mut() {
                        let speed = (*part as f64).abs().max(0.1) * 0.01;
                        is_changed |= ui.add(DragValue::new(part).speed(speed).max_decimals(3)).changed();
                    }
                    is_changed
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$name>();)*
        }
    };
}

vectors! {
    add_vectors;
    HalfSize2D,
    HalfSize3D,
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

macro_rules! choices {
    ($function:ident; $($name:ident),* $(,)?) => {
        $(
            impl ComponentEditor for c::$name {
                fn first(values: Self::Slice<'_>) -> Option<Self::Value> {
                    values.first().copied()
                }

                fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool {
                    choose(ui, value)
                }
            }
        )*

        fn $function(editors: &mut ComponentEditors) {
            $(editors.add::<c::$name>();)*
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

    use super::*;

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
                    editors.show(ui, component_type, value),
                    Edited::Unreadable
                ));
            }
        });
    }
}
