//! A view class and a visualizer of one's own, from outside of all packages: a view that counts the points of clouds.
//!
//! Run it with `cargo run --example custom_view`. It logs a cloud that grows and opens the viewer on it. With a path it draws a
//! picture there instead of opening a window.

use bevy::prelude::*;
use chronoscope::{
    blueprint::{RecommendedView, Schema},
    egui,
    frame::{DataResults, View},
    log::{LogError, Recorder},
    prelude::*,
    types::{Points3D, read},
};

/// The name of the class in blueprints.
const CLASS: &str = "PointCount";

/// What kind of view it is, and where it is worth one.
struct PointCount;

impl ViewClass for PointCount {
    fn id(&self) -> ViewClassId {
        CLASS.into()
    }

    fn display_name(&self) -> &'static str {
        "Point count"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        let has_points = schema.with_any(&[Points3D::POSITIONS.as_str()]).next().is_some();
        has_points
            .then(|| RecommendedView::subtree(CLASS, EntityPath::root()))
            .into_iter()
            .collect()
    }
}

/// From the positions at the cursor to their number. Runs only for entities whose row at the cursor changed.
struct CountPoints;

/// What the visualizer makes: the number of points.
struct Count(usize);

impl Visual for Count {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for CountPoints {
    type Visual = Count;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "PointCount",
        required: &[Points3D::POSITIONS.as_str()],
        optional: &[],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Count>, Report> {
        let Some(positions) = input.get(&Points3D::POSITIONS) else {
            return Ok(None);
        };
        read::positions3d(&positions)
            .map(|positions| Some(Count(positions.len())))
            .map_err(|error| input.report(error.to_string()))
    }
}

/// What the tile looks like: a bar for each entity.
struct PointCountUi;

impl ViewUi for PointCountUi {
    fn class(&self) -> ViewClassId {
        CLASS.into()
    }

    fn icon(&self) -> &'static str {
        "#"
    }

    fn ui(&self, ui: &mut egui::Ui, context: &mut ViewUiContext<'_>) {
        let (Some(view), Some(results)) = (context.get::<View>(), context.get::<DataResults>()) else {
            return;
        };
        let counts = context.world.resource::<Visuals<CountPoints>>().view(view.id);
        // Results are ordered by path, visuals are not.
        let counts: Vec<(&EntityPath, usize)> = results
            .iter()
            .filter_map(|result| {
                let (_, count) = counts?.of_entity(result.entity).next()?;
                Some((&result.path, count.0))
            })
            .collect();
        let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        for (path, count) in counts {
            ui.add(egui::ProgressBar::new(count as f32 / most as f32).text(format!("{path}: {count}")));
        }
    }
}

/// A cloud that grows by ten points a frame.
fn log_spiral(recorder: &mut Recorder) -> Result<(), LogError> {
    for frame in 0..100_i16 {
        let points = (0..=frame * 10).map(|at| {
            let angle = f32::from(at) * 0.1;
            [angle.cos() * 2.0, angle.sin() * 2.0, f32::from(at) * 0.002]
        });
        recorder.set_sequence("frame", frame.into());
        recorder.log("spiral", &Points3D::new(points).with_radii([0.03]))?;
    }
    recorder.flush()
}

/// The view class, its visualizer and its tile, and something to show.
///
/// # Errors
/// If the cloud cannot be logged.
pub fn add_to(app: &mut App) -> Result<(), LogError> {
    app.add_view_class(PointCount)
        .add_visualizer::<CountPoints>(&[CLASS])
        .add_view_ui(PointCountUi);
    log_spiral(&mut app.start_recorder(Recorder::builder("custom_view"))?)
}

fn main() -> Result<(), BevyError> {
    let mut added = Ok(());
    chronoscope::offscreen::window_or_picture(|app| added = add_to(app), 1, |_| {})?;
    Ok(added?)
}
