//! What the blueprint says of a view beside its contents: its eye, its axes, its background. Read again where
//! a property of the view changed.

use std::collections::BTreeMap;

use bevy::{app::App, ecs::prelude::*};
use chronoscope_blueprint::{BlueprintQuery, ViewId};
use chronoscope_frame::{ActiveBlueprint, Frame, FrameSystems, Recordings, View};
use chronoscope_store::{EntityPath, arrow::ArrayRef};
use chronoscope_types::{
    Component as _, blueprint,
    components::{self, blueprint as blueprint_components},
    enums::BackgroundKind,
    read,
};
use egui::Color32;
use glam::DVec3;

/// A background that the blueprint gives to a spatial view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Background {
    /// The same everywhere.
    Color(Color32),
    /// From what is below to what is above.
    Gradient(Gradient),
}

/// The colors around who looks: straight down, at the horizon and straight up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gradient {
    pub(crate) nadir: Color32,
    pub(crate) horizon: Color32,
    pub(crate) zenith: Color32,
}

impl Gradient {
    /// What blueprints call dark.
    pub(crate) const DARK: Self = Self {
        nadir: Color32::from_rgb(0x0B, 0x0C, 0x0E),
        horizon: Color32::from_rgb(0x2A, 0x2F, 0x38),
        zenith: Color32::from_rgb(0x12, 0x15, 0x1B),
    };

    /// What blueprints call bright.
    pub(crate) const BRIGHT: Self = Self {
        nadir: Color32::from_rgb(0xB9, 0xBF, 0xC8),
        horizon: Color32::from_rgb(0xF2, 0xF4, 0xF7),
        zenith: Color32::from_rgb(0xC6, 0xD2, 0xE2),
    };
}

impl Background {
    /// One color for all of it: of a gradient, that at the horizon.
    pub(crate) fn color(&self) -> Color32 {
        match self {
            Self::Color(color) => *color,
            Self::Gradient(gradient) => gradient.horizon,
        }
    }
}

/// The properties of views of one class.
pub(crate) trait ViewProperties: Clone + Default + Send + Sync + 'static {
    /// The class of the views that have them.
    const CLASS: &'static str;

    /// Whether views of a class have them: more than one may.
    fn is_of(class: &str) -> bool {
        class == Self::CLASS
    }

    /// Reads the properties of a view.
    fn read(reader: &PropertyReader<'_>) -> Self;
}

/// The properties of all views of one class, as the blueprint gives them in this frame.
#[derive(Resource, Default)]
pub(crate) struct PropertiesOf<T> {
    by_view: BTreeMap<ViewId, Known<T>>,
    generation: Option<u64>,
}

/// What was read of a view, and at which version of its properties.
struct Known<T> {
    properties: T,
    version: u64,
}

impl<T: ViewProperties> PropertiesOf<T> {
    /// The properties of a view.
    pub(crate) fn get(&self, view: ViewId) -> Option<&T> {
        self.by_view.get(&view).map(|known| &known.properties)
    }
}

/// The properties of a view; those that hold where the blueprint says nothing if there are none.
pub(crate) fn properties<T: ViewProperties>(world: &World, view: ViewId) -> T {
    world
        .get_resource::<PropertiesOf<T>>()
        .and_then(|properties| properties.get(view).cloned())
        .unwrap_or_default()
}

/// Keeps the properties of views.
pub(crate) trait AppPropertiesExt {
    /// Keeps [`PropertiesOf`] a class up to date.
    fn add_view_properties<T: ViewProperties>(&mut self) -> &mut Self;
}

impl AppPropertiesExt for App {
    fn add_view_properties<T: ViewProperties>(&mut self) -> &mut Self {
        self.init_resource::<PropertiesOf<T>>()
            .add_systems(Frame, read_properties::<T>.in_set(FrameSystems::Overrides))
    }
}

fn read_properties<T: ViewProperties>(
    mut properties: ResMut<PropertiesOf<T>>,
    blueprint: Res<ActiveBlueprint>,
    recordings: Res<Recordings>,
    views: Query<&View>,
) {
    let properties = properties.bypass_change_detection();
    let generation = Some(blueprint.generation());
    if properties.generation == generation {
        return;
    }
    properties.generation = generation;
    let Some((entry, blueprints)) = recordings.active_blueprint() else {
        properties.by_view.clear();
        return;
    };
    let query = BlueprintQuery::new(
        entry.store(),
        &entry.recording.cache,
        blueprints.undo.query_time(),
    );
    let mut gone = std::mem::take(&mut properties.by_view);
    for view in views.iter().filter(|view| T::is_of(view.class.as_str())) {
        let version = blueprint.properties_version(view.id);
        let known = gone.remove(&view.id).filter(|known| known.version == version);
        let known = known.unwrap_or_else(|| Known {
            properties: T::read(&PropertyReader {
                query: &query,
                view: view.id.entity_path(),
            }),
            version,
        });
        properties.by_view.insert(view.id, known);
    }
}

/// Reads the properties of one view. What cannot be read is no value.
pub(crate) struct PropertyReader<'a> {
    query: &'a BlueprintQuery<'a>,
    /// The entity of the view in the blueprint.
    view: EntityPath,
}

impl PropertyReader<'_> {
    /// The value of a property, such as `EyeControls3D:position`.
    pub(crate) fn value(&self, component: &str) -> Option<ArrayRef> {
        let hit = chronoscope_blueprint::overrides::property_below(self.query, &self.view, component)?;
        Some(hit.cell())
    }

    /// A property that is one place or direction in space, if it is finite.
    pub(crate) fn vector(&self, component: &str) -> Option<DVec3> {
        let array = self.value(component)?;
        let values = read::positions3d(&array).ok()?;
        values
            .first()
            .map(|value| DVec3::from_array(value.map(f64::from)))
            .filter(|value| value.is_finite())
    }

    /// A place in space of which one property has what `f32`s hold, and another the rest. A rest that belongs to another place is
    /// left out: whoever does not know it writes the first alone.
    pub(crate) fn place(&self, component: &str, rest: &str) -> Option<DVec3> {
        let place = self.vector(component)?;
        let rest = self.vector(rest).unwrap_or_default();
        let is_rest = (place + rest).as_vec3() == place.as_vec3();
        Some(if is_rest { place + rest } else { place })
    }

    /// A property that is a truth value.
    pub(crate) fn boolean(&self, component: &str) -> Option<bool> {
        read::bools(&self.value(component)?).ok()?.first().copied()
    }

    /// A property that is a text.
    pub(crate) fn text(&self, component: &str) -> Option<String> {
        let array = self.value(component)?;
        Some(read::texts(&array).ok()?.first()?.to_owned())
    }

    /// A property that is one number, if it is finite.
    pub(crate) fn number(&self, component: &str) -> Option<f32> {
        let array = self.value(component)?;
        let doubles = || read::scalars(&array).ok()?.first().map(|value| *value as f32);
        let value = match components::Radius::read(&array) {
            Ok(values) => values.first().copied(),
            // Some are said with more digits.
            Err(_) => doubles(),
        };
        value.filter(|value| value.is_finite())
    }

    /// A property that is a distance before the eye, if it is one.
    pub(crate) fn near(&self, component: &str) -> Option<f64> {
        self.number(component).filter(|near| *near > 0.0).map(f64::from)
    }

    /// A property that is a color in sRGB, with straight alpha.
    pub(crate) fn rgba(&self, component: &str) -> Option<[u8; 4]> {
        let array = self.value(component)?;
        Some(read::colors(&array).ok()?.first()?.to_be_bytes())
    }

    /// A property that is a color.
    pub(crate) fn color(&self, component: &str) -> Option<Color32> {
        let [r, g, b, a] = self.rgba(component)?;
        Some(Color32::from_rgba_unmultiplied(r, g, b, a))
    }

    /// The background that the blueprint gives to a spatial view. `None` leaves it to the theme.
    pub(crate) fn background(&self) -> Option<Background> {
        let kind = self.value(&blueprint::Background::KIND).and_then(|array| {
            let kinds = blueprint_components::BackgroundKind::read(&array).ok()?;
            kinds.first().copied()
        });
        match kind {
            Some(BackgroundKind::GradientDark) => return Some(Background::Gradient(Gradient::DARK)),
            Some(BackgroundKind::GradientBright) => return Some(Background::Gradient(Gradient::BRIGHT)),
            Some(BackgroundKind::SolidColor) | None => {}
        }
        let [r, g, b, _] = self.rgba(&blueprint::Background::COLOR)?;
        Some(Background::Color(Color32::from_rgb(r, g, b)))
    }
}
