//! Editors of components: how a value is changed in the selection panel.
//!
//! There is one per component type. [`AppComponentEditorExt::add_component_editor`] adds more, or replaces one of those that are
//! [`built_in`].

#[cfg(feature = "component_editors")]
pub(crate) mod built_in;

use std::collections::BTreeMap;

use arrow_array::Array as _;
use bevy::{app::App, ecs::prelude::*};
use chronoscope_store::arrow::ArrayRef;
use chronoscope_types::Component;
use egui::Ui;

/// A component type whose values can be edited.
///
/// ```
/// # use bevy::app::App;
/// # use chronoscope_types::{Component, components::Length};
/// # use chronoscope_ui::{AppComponentEditorExt, ComponentEditor};
/// # struct Temperature;
/// # impl Component for Temperature {
/// #     const TYPE: &'static str = "Temperature";
/// #     type Value = f32;
/// #     type Slice<'a> = <Length as Component>::Slice<'a>;
/// #     fn datatype() -> chronoscope_types::DataType {
/// #         Length::datatype()
/// #     }
/// #     fn read_range(
/// #         array: &dyn arrow_array::Array,
/// #         range: std::ops::Range<usize>,
/// #     ) -> Result<Self::Slice<'_>, chronoscope_types::ReadError> {
/// #         Length::read_range(array, range)
/// #     }
/// #     fn build(values: Vec<f32>) -> arrow_array::ArrayRef {
/// #         Length::build(values)
/// #     }
/// # }
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
/// App::new().add_component_editor::<Temperature>();
/// ```
pub trait ComponentEditor: Component {
    /// The first of some values, which is the one that is edited.
    fn first(values: Self::Slice<'_>) -> Option<Self::Value>;

    /// Draws the editor, at most as wide as there is room. Returns whether the value was changed.
    fn edit(ui: &mut Ui, value: &mut Self::Value) -> bool;
}

type EditArray = fn(&mut Ui, &ArrayRef, usize) -> Edited;

/// What became of a value.
pub(crate) enum Edited {
    /// It stays as it is.
    No,
    /// All values, with this one changed.
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

    /// Draws the editor of one of some values.
    pub(crate) fn show(&self, ui: &mut Ui, component_type: &str, values: &ArrayRef, at: usize) -> Edited {
        match self.by_type.get(component_type) {
            Some(edit) => edit(ui, values, at),
            None => Edited::Unreadable,
        }
    }
}

fn edit_array<T: ComponentEditor>(ui: &mut Ui, array: &ArrayRef, at: usize) -> Edited {
    let read = |at: usize| -> Option<T::Value> {
        let value = array.slice(at, 1);
        T::first(T::read(value.as_ref()).ok()?)
    };
    let is_there = at < array.len();
    let Some(mut value) = is_there.then(|| read(at)).flatten() else {
        return Edited::Unreadable;
    };
    if !T::edit(ui, &mut value) {
        return Edited::No;
    }
    // The others stay as they are.
    let mut value = Some(value);
    let all = (0..array.len()).map(|other| if other == at { value.take() } else { read(other) });
    match all.collect::<Option<Vec<T::Value>>>() {
        Some(all) => Edited::To(T::build(all)),
        None => Edited::Unreadable,
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
