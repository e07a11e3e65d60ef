//! What can be added to the viewer, a page each. What it brings itself is added by the same calls, and of two of the same name
//! the one that was added last counts: add yours after [`ChronoscopePlugins`](crate::ChronoscopePlugins). Panels, commands and time
//! sources may be added before, too. Primitives are known by their types: nothing else has the name of one.
//!
//! | what | call | page | example |
//! |---|---|---|---|
//! | a kind of view | `add_view_class`, `add_view_ui` | [`view_class`] | `custom_view` |
//! | a visualizer | `add_visualizer`, `add_spatial_visualizer` | [`visualizer`] | `custom_visualizer` |
//! | a primitive in space | `add_spatial_primitive` | [`spatial_primitive`] | `custom_primitive` |
//! | a value that holds for an entity and below it | `add_entity_context` | [`entity_context`] | |
//! | a format of files | `add_importer` | [`importer`] | `custom_importer` |
//! | an editor of values | `add_component_editor` | [`component_editor`] | |
//! | a panel | `add_panel` | [`panel`] | `custom_panel` |
//! | a command | `add_command` | [`command`] | `custom_panel` |
//! | a source of data | `start_recorder`, `IngestSources::add` | [`data_source`] | `custom_view` |
//! | a timeline of what is recorded | `add_time_source` | [`time_source`] | |
//! | something that is done when the viewer is used | `add_observer` | [`event`] | `click_to_entity` |
//! | something that counts against the memory budget | `add_viewer_cache` | [`viewer_cache`] | |
//!
//! The plugins themselves can be left out or replaced too: see [`ChronoscopePlugins`](crate::ChronoscopePlugins) and
//! [`FramePlugins`](crate::frame::FramePlugins). What is not even to be compiled is a matter of [Cargo features](crate#what-is-compiled).

pub mod view_class {
    //! A kind of view: which views of it a recording deserves, and how its tile is drawn.
    //!
    //! A class says by its [`recommend`](crate::frame::ViewClass::recommend) which views come by themselves. Its
    //! [`ViewUi`](crate::views::ViewUi) draws the tile: it reads products and emits commands.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{
    //!     blueprint::{RecommendedView, Schema},
    //!     frame::DataResults,
    //!     prelude::*,
    //! };
    //!
    //! struct Names;
    //!
    //! impl ViewClass for Names {
    //!     fn id(&self) -> ViewClassId {
    //!         "Names".into()
    //!     }
    //!
    //!     fn display_name(&self) -> &'static str {
    //!         "Names of entities"
    //!     }
    //!
    //!     fn recommend(&self, _: &Schema) -> Vec<RecommendedView> {
    //!         vec![RecommendedView::subtree("Names", EntityPath::root())]
    //!     }
    //! }
    //!
    //! struct NamesUi;
    //!
    //! impl ViewUi for NamesUi {
    //!     fn class(&self) -> ViewClassId {
    //!         "Names".into()
    //!     }
    //!
    //!     fn icon(&self) -> &'static str {
    //!         "N"
    //!     }
    //!
    //!     fn ui(&self, ui: &mut chronoscope::egui::Ui, context: &mut ViewUiContext<'_>) {
    //!         for result in context.get::<DataResults>().into_iter().flat_map(DataResults::iter) {
    //!             ui.label(result.path.to_string());
    //!         }
    //!     }
    //! }
    //!
    //! App::new().add_view_class(Names).add_view_ui(NamesUi);
    //! ```
}

pub mod visualizer {
    //! From the components of an entity at the cursor to something that a view shows. Runs only for what changed, in parallel, and
    //! once for all views that ask for the same.
    //!
    //! [`add_visualizer`](crate::frame::AppVisualizerExt::add_visualizer) is for views of any kind,
    //! [`add_spatial_visualizer`](crate::views::spatial::AppSpatialExt::add_spatial_visualizer) for 3D and 2D views, which present a
    //! [`SpatialVisual`](crate::views::spatial::SpatialVisual) themselves: drawn, picked, selected, framed.
    //!
    //! An entity is shown by all visualizers of a view's class whose required components it has. So this one, which has a name of its own,
    //! shows points beside the viewer's `Points3D`; called `Points3D`, it would take the place of that one. Instances are pointed at one by
    //! one: each is the datum of its index, or of the number that it is given where several are one datum, as by
    //! [`LineInstance::with_instance`](crate::render::LineInstance::with_instance).
    //!
    //! ```
    //! use bevy::{math::Vec3, prelude::*};
    //! use chronoscope::{
    //!     prelude::*,
    //!     render::LineInstance,
    //!     types::{Points3D, read},
    //! };
    //!
    //! /// A stem below each point.
    //! struct Stems;
    //!
    //! impl Visualizer for Stems {
    //!     type Visual = SpatialVisual;
    //!
    //!     const INFO: VisualizerInfo = VisualizerInfo {
    //!         name: "Stems",
    //!         required: &[Points3D::POSITIONS.as_str()],
    //!         optional: &[
    //!             Points3D::COLORS.as_str(),
    //!             Points3D::RADII.as_str(),
    //!             Points3D::LABELS.as_str(),
    //!             Points3D::CLASS_IDS.as_str(),
    //!         ],
    //!         // For the colors and names of classes.
    //!         contexts: &[Annotations::NAME],
    //!         mode: QueryMode::LatestAt,
    //!     };
    //!
    //!     fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
    //!         let positions = input.get(&Points3D::POSITIONS);
    //!         let positions = read_cell(input, &positions, read::positions3d)?;
    //!         let cells = MarkCells::of::<Self>(input);
    //!         let marks = cells.read(input)?;
    //!         let stems = positions.iter().enumerate().map(|(at, position)| {
    //!             let top = Vec3::from_array(*position);
    //!             LineInstance::new(top.with_z(0.0), top, marks.radius(at), marks.packed_color(at))
    //!                 .with_instance(at as u32)
    //!         });
    //!         let mut visual = SpatialVisual::new([Part::new(stems.collect::<Vec<_>>())]);
    //!         let top = |at: usize| positions.get(at).map(|top| Vec3::from_array(*top).as_dvec3());
    //!         visual.labels = marks.labels(positions.len(), visual.bounds.center(), top);
    //!         Ok(Some(visual))
    //!     }
    //! }
    //!
    //! App::new().add_spatial_visualizer::<Stems>(&[ViewClassId::SPATIAL_3D], -1.0);
    //! ```
}

pub mod spatial_primitive {
    //! What visuals in space are made of: an instance layout and the shader that draws it. Points, lines, boxes, arrows and the
    //! others are primitives, too. The app needs the crate `bytemuck` for it, with the feature `derive`.
    //!
    //! ```
    //! use bevy::{math::DVec3, prelude::*, render::render_resource::VertexFormat, shader::Shader};
    //! use bytemuck::{Pod, Zeroable};
    //! use chronoscope::{prelude::*, render::Primitive, views::spatial::bounds::Bounds};
    //!
    //! #[derive(Clone, Copy, Debug, Pod, Zeroable)]
    //! #[repr(C)]
    //! struct Ring {
    //!     center: [f32; 3],
    //!     radius: f32,
    //! }
    //!
    //! impl Primitive for Ring {
    //!     const NAME: &'static str = "rings";
    //!     const VERTICES: u32 = 6;
    //!     const FORMATS: &'static [VertexFormat] = &[VertexFormat::Float32x3, VertexFormat::Float32];
    //!     const CUTS_EDGES: bool = true;
    //!
    //!     fn shader() -> Handle<Shader> {
    //!         // Of a shader that the app adds: see `examples/custom_primitive.rs`.
    //!         Handle::default()
    //!     }
    //!
    //!     fn is_drawable(&self) -> bool {
    //!         self.center.iter().all(|value| value.is_finite()) && self.radius.is_finite()
    //!     }
    //! }
    //!
    //! impl SpatialPrimitive for Ring {
    //!     fn bounds(&self) -> Bounds {
    //!         let (center, reach) = (DVec3::from_array(self.center.map(f64::from)), f64::from(self.radius));
    //!         Bounds::between(center - reach, center + reach)
    //!     }
    //! }
    //!
    //! App::new().add_spatial_primitive::<Ring>();
    //! ```
}

pub mod entity_context {
    //! A value that holds for an entity and all below it, until one below says otherwise: like transforms, annotation contexts and
    //! view coordinates. A visualizer that names it is run again where it changes.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{prelude::*, types::read};
    //!
    //! /// How transparent things are.
    //! struct Opacity;
    //!
    //! impl EntityContext for Opacity {
    //!     const NAME: &'static str = "Opacity";
    //!     const COMPONENTS: &'static [&'static str] = &["Fog:opacity"];
    //!     type Value = f64;
    //!
    //!     fn read(rows: &ContextRows<'_>, above: Option<&f64>) -> Result<Option<f64>, Report> {
    //!         let Some(cell) = rows.cell("Fog:opacity") else {
    //!             return Ok(above.copied());
    //!         };
    //!         let own = read::scalars(&cell).map_err(|error| rows.report(error.to_string()))?;
    //!         Ok(own.first().map(|own| own * above.unwrap_or(&1.0)))
    //!     }
    //! }
    //!
    //! App::new().add_entity_context::<Opacity>();
    //! ```
}

pub mod importer {
    //! A format of files. It is found by name or content, read on a thread of its own, and listed where files are chosen.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{
    //!     io::{Candidate, Certainty, FileInput, ImportContext, Importer, Messages, Severity},
    //!     prelude::*,
    //!     types::TextDocument,
    //! };
    //!
    //! /// Notes, as text.
    //! struct Notes;
    //!
    //! impl Importer for Notes {
    //!     fn name(&self) -> &'static str {
    //!         "a file of notes"
    //!     }
    //!
    //!     fn extensions(&self) -> &'static [&'static str] {
    //!         &["notes"]
    //!     }
    //!
    //!     fn certainty(&self, candidate: &Candidate<'_>) -> Certainty {
    //!         match candidate.has_extension(self.extensions()) {
    //!             true => Certainty::Likely,
    //!             false => Certainty::No,
    //!         }
    //!     }
    //!
    //!     fn import(&self, mut input: FileInput, context: &ImportContext) -> Messages {
    //!         let text = input.read_all(1 << 20).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    //!         let document = match text {
    //!             Ok(text) => context.log_timeless(&context.entity, &TextDocument::new(text)),
    //!             Err(error) => Err(context.report(Severity::Error, &error)),
    //!         };
    //!         Box::new([Ok(context.store_info()), document].into_iter())
    //!     }
    //! }
    //!
    //! App::new().add_importer(Notes);
    //! ```
}

pub mod component_editor {
    //! How a value is changed in the selection panel, by its component type.
    //!
    //! ```
    //! use bevy::app::App;
    //! use chronoscope::{prelude::*, types::{Component, components::Length}, ui::ComponentEditor};
    //!
    //! struct InCentimeters;
    //!
    //! impl Component for InCentimeters {
    //!     // Is read and written as a length is, and takes the place of its editor.
    //!     const TYPE: &'static str = Length::TYPE;
    //!     type Value = f32;
    //!     type Slice<'a> = <Length as Component>::Slice<'a>;
    //! #   fn datatype() -> chronoscope::types::DataType {
    //! #       Length::datatype()
    //! #   }
    //! #   fn read_range(
    //! #       array: &dyn chronoscope::store::arrow::Array,
    //! #       range: std::ops::Range<usize>,
    //! #   ) -> Result<Self::Slice<'_>, chronoscope::types::ReadError> {
    //! #       Length::read_range(array, range)
    //! #   }
    //! #   fn build(values: Vec<f32>) -> chronoscope::store::arrow::ArrayRef {
    //! #       Length::build(values)
    //! #   }
    //! }
    //!
    //! impl ComponentEditor for InCentimeters {
    //!     fn first(values: Self::Slice<'_>) -> Option<f32> {
    //!         values.first().copied()
    //!     }
    //!
    //!     fn edit(ui: &mut chronoscope::egui::Ui, value: &mut f32) -> bool {
    //!         let mut centimeters = *value * 100.0;
    //!         let response = ui.add(chronoscope::egui::DragValue::new(&mut centimeters).suffix(" cm"));
    //!         *value = centimeters / 100.0;
    //!         response.changed()
    //!     }
    //! }
    //!
    //! App::new().add_component_editor::<InCentimeters>();
    //! ```
}

pub mod panel {
    //! A panel: a title, and a system that draws what is in it. It gets a command that opens and closes it.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{egui, prelude::*};
    //!
    //! #[derive(Resource, Default)]
    //! struct Traffic(f32);
    //!
    //! fn traffic(InMut(ui): InMut<egui::Ui>, mut traffic: ResMut<Traffic>, cars: Query<&Transform>) {
    //!     ui.add(egui::Slider::new(&mut traffic.0, 0.0..=100.0).text("cars per minute"));
    //!     ui.label(format!("{} cars", cars.iter().count()));
    //! }
    //!
    //! App::new()
    //!     .init_resource::<Traffic>()
    //!     .add_panel(NamedPanel::new("Traffic", traffic).at(PanelSide::Left));
    //! ```
    //!
    //! One with the name of a panel of the viewer takes its place: the bar above, recordings and blueprint, the selection, and
    //! time. Commands, keys and the blueprint open and close it as they did that one.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{blueprint::Panel, egui, frame::Cursor, prelude::*};
    //!
    //! fn clock(InMut(ui): InMut<egui::Ui>, cursor: Res<Cursor>) {
    //!     ui.heading(cursor.time.to_string());
    //! }
    //!
    //! App::new().add_panel(NamedPanel::new(Panel::Time.name(), clock));
    //! ```
}

pub mod command {
    //! A command: a name for menu and palette, keys, and a system that is run.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{
    //!     egui::{Key, KeyboardShortcut, Modifiers},
    //!     prelude::*,
    //!     ui::UiCommand,
    //! };
    //!
    //! fn clear(mut commands: Commands, all: Query<Entity, With<Transform>>) {
    //!     all.iter().for_each(|entity| commands.entity(entity).despawn());
    //! }
    //!
    //! let keys = KeyboardShortcut::new(Modifiers::COMMAND, Key::Backspace);
    //! App::new()
    //!     .add_command(NamedCommand::new("Clear the world", clear).with_shortcut(keys))
    //!     // In place of one of the viewer's own.
    //!     .add_command(NamedCommand::new(UiCommand::About.name(), || info!("made by us")));
    //! ```
}

pub mod data_source {
    //! Where data comes from: the [`Recorder`](crate::log::Recorder) of
    //! [`start_recorder`](crate::record::AppLogExt::start_recorder) logs rows from any system or thread, and an
    //! [`IngestSource`](crate::frame::IngestSource) delivers what comes from elsewhere, within the budget of a frame.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::{log::Recorder, prelude::*, types::Scalars};
    //!
    //! # fn main() -> Result {
    //! let mut app = App::new();
    //! let mut thermometer = app.start_recorder(Recorder::builder("thermometer"))?;
    //! thermometer.set_sequence("reading", 1);
    //! thermometer.log("celsius", &Scalars::new([21.5]))?;
    //! # Ok(())
    //! # }
    //! ```
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::frame::{IngestSource, IngestSources, SourcePoll};
    //!
    //! /// Something that has nothing yet.
    //! struct Antenna;
    //!
    //! impl IngestSource for Antenna {
    //!     fn name(&self) -> &str {
    //!         "antenna"
    //!     }
    //!
    //!     fn poll(&mut self) -> SourcePoll {
    //!         SourcePoll::Pending
    //!     }
    //! }
    //!
    //! let mut app = App::new();
    //! app.init_resource::<IngestSources>();
    //! app.world_mut().resource_mut::<IngestSources>().add(Antenna);
    //! ```
}

pub mod time_source {
    //! A clock of the app's own, as a timeline of what [`RecordPlugin`](crate::record::RecordPlugin) records: a system that says the time.
    //! The timelines `frame`, `sim_time`, `fixed_time` and `real_time` are added by this call, too. The type of the time is that of
    //! the timeline: an `i64` counts, a `Duration` is since some start, a `SystemTime` is a date.
    //!
    //! The cursor of the viewer goes to any time by [`ViewerHandle::seek`](crate::frame::ViewerHandle::seek): a host that calls it in each
    //! frame has the viewer follow a clock of the host's.
    //!
    //! ```
    //! use std::time::Duration;
    //!
    //! use bevy::prelude::*;
    //! use chronoscope::prelude::*;
    //!
    //! /// What a robot says when it sends something.
    //! #[derive(Resource, Default)]
    //! struct RobotClock {
    //!     since_start: Duration,
    //! }
    //!
    //! fn look_at_what_the_robot_does_now(clock: Res<RobotClock>, mut viewer: ViewerHandle) {
    //!     viewer.seek("robot_time", clock.since_start.as_nanos() as i64);
    //! }
    //!
    //! App::new()
    //!     .init_resource::<RobotClock>()
    //!     .add_plugins(RecordPlugin::new("robot"))
    //!     .add_time_source("robot_time", |clock: Res<RobotClock>| clock.since_start)
    //!     // In place of one of the recorder's own.
    //!     .add_time_source("sim_time", |clock: Res<RobotClock>| clock.since_start / 2)
    //!     .add_systems(Update, look_at_what_the_robot_does_now);
    //! ```
}

pub mod event {
    //! What happens in the viewer, as events to observe: [`ViewerClick`](crate::frame::ViewerClick),
    //! [`ViewerHoverChanged`](crate::frame::ViewerHoverChanged), [`ViewerSelectionChanged`](crate::frame::ViewerSelectionChanged),
    //! [`ViewerCursorMoved`](crate::frame::ViewerCursorMoved), [`ViewerRecordingOpened`](crate::frame::ViewerRecordingOpened). A click on
    //! what was recorded of an entity of this app is an event at that entity: [`RecordedClick`](crate::record::RecordedClick). Both come for
    //! any button and from views and panels, and say which.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::prelude::*;
    //!
    //! fn say(click: On<ViewerClick>, mut viewer: ViewerHandle) {
    //!     info!("{} at {:?}, instance {:?}", click.entity, click.position, click.instance);
    //!     viewer.pause();
    //! }
    //!
    //! App::new().add_observer(say);
    //! ```
    //!
    //! A test needs no pointer: it gives the command [`ViewerCommand::Click`](crate::frame::ViewerCommand::Click), and runs a frame.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::prelude::*;
    //!
    //! fn click_on_the_robot(recorder: Res<WorldRecorder>, mut viewer: ResMut<ViewerCommands>) {
    //!     viewer.push(ViewerCommand::Click(EntityClicked {
    //!         recording: Some(recorder.id().clone()),
    //!         entity: "/world/robot".into(),
    //!         view: None,
    //!         instance: None,
    //!         position: None,
    //!         button: ClickButton::Primary,
    //!         source: ClickSource::View,
    //!     }));
    //! }
    //! # bevy::ecs::system::assert_is_system(click_on_the_robot);
    //! ```
}

pub mod viewer_cache {
    //! Something that counts against the one memory budget, and may give some of it back.
    //!
    //! ```
    //! use bevy::prelude::*;
    //! use chronoscope::frame::{AppViewerCacheExt, CacheSize, PurgeOrder, ViewerCache};
    //!
    //! #[derive(Resource, Default)]
    //! struct Thumbnails(Vec<u8>);
    //!
    //! App::new().init_resource::<Thumbnails>().add_viewer_cache(ViewerCache {
    //!     name: "Thumbnails",
    //!     order: PurgeOrder::Derived,
    //!     size: |world| CacheSize {
    //!         bytes: world.resource::<Thumbnails>().0.capacity() as u64,
    //!         idle_bytes: 0,
    //!     },
    //!     purge: None,
    //! });
    //! ```
}
