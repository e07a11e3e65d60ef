//! Contexts of plugins: along which lines they are inherited, and who is run again when they change.

use std::sync::atomic::{AtomicUsize, Ordering};

use bevy_app::App;
use chronoscope_frame::{
    ActiveBlueprint, AppEntityContextExt as _, AppVisualizerExt as _, ContextRows, EntityContext,
    EntityContexts, Inherit, Report, Visual, Visualizer, VisualizerInfo, VisualizerInput, Visuals, Work,
    WorkCounters, visualizer::QueryMode,
};
use chronoscope_types::{Points3D, Scalars, read};

use super::{between, context, entity, in_frame, log, seek};
use crate::{CLASS, new_app, products};

/// The sum of the scalars at an entity and above: a context of a plugin.
enum Sum {}

impl EntityContext for Sum {
    const NAME: &'static str = "Sum";
    const COMPONENTS: &'static [&'static str] = &["Scalars:scalars"];

    type Value = i64;

    fn read(rows: &ContextRows<'_>, above: Option<&i64>) -> Result<Option<i64>, Report> {
        let own = match rows.cell("Scalars:scalars") {
            Some(cell) => read::scalars(&cell)
                .map_err(|error| rows.report(error.to_string()))?
                .iter()
                .sum(),
            None => 0.0,
        };
        Ok(Some(above.copied().unwrap_or(0) + own as i64))
    }
}

/// The same along frames.
enum FrameSum {}

impl EntityContext for FrameSum {
    const NAME: &'static str = "FrameSum";
    const COMPONENTS: &'static [&'static str] = Sum::COMPONENTS;
    const INHERIT: Inherit = Inherit::Frames;

    type Value = i64;

    fn read(rows: &ContextRows<'_>, above: Option<&i64>) -> Result<Option<i64>, Report> {
        Sum::read(rows, above)
    }
}

#[test]
fn a_context_is_inherited_along_the_tree_or_along_frames_as_it_says() {
    let mut app = new_app();
    app.add_entity_context::<Sum>().add_entity_context::<FrameSum>();
    log(&mut app, "/world/a", None, &in_frame("a"));
    log(&mut app, "/world/a", None, &Scalars::new([1.0]));
    log(&mut app, "/world/a/below", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/world", None, &Scalars::new([10.0]));
    log(&mut app, "/other", None, &in_frame("b"));
    log(&mut app, "/other/below", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/same", None, &in_frame("a"));
    // The frame b is below a, which is below that of the world; later below another one, which nothing
    // connects.
    log(&mut app, "/tf", Some(0), &between("a", "tf#/world/unknown", 1.0));
    log(&mut app, "/tf", Some(1), &between("b", "a", 1.0));
    log(&mut app, "/tf", Some(5), &between("b", "tf#/world", 1.0));
    log(&mut app, "/tf", Some(6), &between("b", "lost", 1.0));
    products(&mut app);
    let sums = |app: &App, paths: [&str; 5]| {
        let of_tree = paths.map(|path| context::<Sum>(app, path));
        (of_tree, paths.map(|path| context::<FrameSum>(app, path)))
    };
    let paths = ["/world", "/world/a", "/world/a/below", "/other", "/same"];
    let of_tree = [Some(10), Some(11), Some(11), None, None];
    for (time, other) in [(0, None), (1, Some(11)), (5, Some(10)), (6, None), (1, Some(11))] {
        seek(&mut app, time);
        // What is below the entity is in the frame of its path, which is not in the frame that the entity is
        // in.
        let of_frames = [Some(10), Some(11), Some(10), other, Some(11)];
        assert_eq!(sums(&app, paths), (of_tree, of_frames), "{time}");
        assert_eq!(context::<FrameSum>(&app, "/other/below"), None);
    }
    // A value above changes what is below; two in one frame contradict each other.
    log(&mut app, "/world", None, &Scalars::new([20.0]));
    app.update();
    assert_eq!(context::<FrameSum>(&app, "/other"), Some(21));
    log(&mut app, "/same", Some(0), &Scalars::new([5.0]));
    app.update();
    assert_eq!(context::<FrameSum>(&app, "/other"), Some(20));
    let reports = app.world().resource::<EntityContexts>().reports();
    let reports: Vec<String> = reports.into_iter().map(Report::to_string).collect();
    assert_eq!(
        reports,
        ["FrameSum: /same: 2 entities of one frame have one: /same, /world/a"]
    );
}

#[test]
fn a_visualizer_runs_again_where_a_frame_hangs_elsewhere() {
    let mut app = new_app();
    app.add_entity_context::<FrameSum>()
        .add_visualizer::<ShowFrameSum>(&[CLASS]);
    log(&mut app, "/one", None, &Scalars::new([7.0]));
    log(&mut app, "/two", None, &Scalars::new([7.0]));
    log(&mut app, "/three", None, &Scalars::new([8.0]));
    for frame in ["a", "b", "c"] {
        log(&mut app, &format!("/{frame}"), None, &in_frame(frame));
        log(&mut app, &format!("/{frame}"), None, &Points3D::new([[0.0; 3]]));
    }
    log(&mut app, "/tf", Some(0), &between("a", "tf#/one", 1.0));
    log(&mut app, "/tf", Some(0), &between("b", "tf#/one", 1.0));
    log(&mut app, "/tf", Some(1), &between("a", "tf#/three", 1.0));
    log(&mut app, "/tf", Some(2), &between("b", "tf#/one", 9.0));
    seek(&mut app, 0);
    products(&mut app);
    let shown = |app: &App, path: &str| {
        let visuals = app.world().resource::<Visuals<ShowFrameSum>>();
        let views = app.world().resource::<ActiveBlueprint>().viewport().views.keys();
        let visuals = views.filter_map(|view| visuals.view(*view)).next().unwrap();
        let visual = visuals.of_entity(entity(app, path)).next();
        visual.map(|(_, visual)| visual.0)
    };
    let made = |app: &App| app.world().resource::<WorkCounters>().get(Work::VisualsMade);
    assert_eq!(
        ["/a", "/b", "/c"].map(|path| shown(&app, path)),
        [Some(7), Some(7), None]
    );
    seek(&mut app, 1);
    assert_eq!(
        ["/a", "/b", "/c"].map(|path| shown(&app, path)),
        [Some(8), Some(7), None]
    );
    assert_eq!(made(&app), 1);
    seek(&mut app, 2);
    assert_eq!(made(&app), 0, "a transform that moves changes no context");
}

#[test]
fn a_cycle_of_frames_and_an_entity_that_changes_its_frame_check_what_they_concern() {
    let mut app = new_app();
    app.add_entity_context::<FrameSum>()
        .add_visualizer::<ShowFrameSum>(&[CLASS]);
    log(&mut app, "/one", None, &Scalars::new([7.0]));
    log(&mut app, "/two", None, &Scalars::new([8.0]));
    for at in 0..40 {
        log(&mut app, &format!("/many/{at}"), None, &Points3D::new([[0.0; 3]]));
        log(&mut app, &format!("/many/{at}"), None, &in_frame("tf#/one"));
    }
    log(&mut app, "/stays", None, &in_frame("tf#/two"));
    log(&mut app, "/moves", None, &Points3D::new([[0.0; 3]]));
    log(&mut app, "/tf", Some(0), &between("a", "b", 1.0));
    log(&mut app, "/tf", Some(0), &between("b", "a", 1.0));
    for time in 0..6 {
        log(&mut app, "/tf", Some(time), &between("c", "b", time as f32));
        log(&mut app, "/tf", Some(time), &between("b", "a", time as f32));
    }
    for time in 6..10 {
        let frame = if time % 2 == 0 { "tf#/two" } else { "tf#/one" };
        log(&mut app, "/moves", Some(time), &in_frame(frame));
    }
    seek(&mut app, 0);
    products(&mut app);
    let num_views = app.world().resource::<ActiveBlueprint>().viewport().views.len() as u64;
    for time in 1..10 {
        seek(&mut app, time);
        let checked = app.world().resource::<WorkCounters>().get(Work::ResultsChecked);
        // Rows of the entities themselves are looked at.
        assert!(
            checked <= 4 * num_views,
            "{checked} results were checked at {time}"
        );
        let expected = match time {
            ..6 => None,
            time if time % 2 == 0 => Some(8),
            _ => Some(7),
        };
        assert_eq!(context::<FrameSum>(&app, "/moves"), expected, "{time}");
        let visuals = app.world().resource::<Visuals<ShowFrameSum>>();
        let views = app.world().resource::<ActiveBlueprint>().viewport().views.keys();
        let visuals = views.filter_map(|view| visuals.view(*view)).next().unwrap();
        let shown = visuals.of_entity(entity(&app, "/moves")).next();
        assert_eq!(shown.map(|(_, visual)| visual.0), expected, "{time}");
    }
}

#[test]
fn a_context_that_changes_checks_the_results_below_it_alone() {
    let mut app = new_app();
    app.add_entity_context::<Sum>()
        .add_visualizer::<ShowTreeSum>(&[CLASS]);
    for at in 0..40 {
        log(&mut app, &format!("/many/{at}"), None, &Points3D::new([[0.0; 3]]));
    }
    for path in ["/few/a", "/few/a/b", "/few/c"] {
        log(&mut app, path, None, &Points3D::new([[0.0; 3]]));
    }
    for time in 0..3 {
        log(&mut app, "/few/a", Some(time), &Scalars::new([time as f64]));
    }
    log(&mut app, "/many", Some(0), &Scalars::new([1.0]));
    seek(&mut app, 0);
    products(&mut app);
    let counters = |app: &App| {
        let counters = app.world().resource::<WorkCounters>();
        [Work::ResultsChecked, Work::VisualsMade].map(|work| counters.get(work))
    };
    app.update();
    assert_eq!(counters(&app), [0, 0]);
    let num_views = app.world().resource::<ActiveBlueprint>().viewport().views.len();
    seek(&mut app, 1);
    // The series of the entity itself is looked at, too.
    let [checked, made] = counters(&app);
    assert!(
        checked as usize <= 3 * num_views,
        "{checked} results were checked"
    );
    assert_eq!(made, 2);
}

/// Shows the sum along the tree.
struct ShowTreeSum;

impl Visualizer for ShowTreeSum {
    type Visual = ShownFrameSum;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "ShowTreeSum",
        contexts: &[Sum::NAME],
        ..ShowFrameSum::INFO
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        Ok(input.context::<Sum>().map(ShownFrameSum))
    }
}

/// Shows the sum along frames.
struct ShowFrameSum;

struct ShownFrameSum(i64);

impl Visual for ShownFrameSum {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for ShowFrameSum {
    type Visual = ShownFrameSum;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "ShowFrameSum",
        required: &["Points3D:positions"],
        optional: &[],
        contexts: &[FrameSum::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        Ok(input.context::<FrameSum>().map(ShownFrameSum))
    }
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

/// Shows the sum.
struct ShowSum;

struct ShownSum;

impl Visual for ShownSum {
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl Visualizer for ShowSum {
    type Visual = ShownSum;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "ShowSum",
        required: &["Points3D:positions"],
        optional: &[],
        contexts: &[Sum::NAME],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<Self::Visual>, Report> {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Ok(input.context::<Sum>().map(|_| ShownSum))
    }
}

#[test]
fn a_visualizer_runs_again_exactly_when_a_context_that_it_names_changed_for_its_entity() {
    let mut app = new_app();
    app.add_entity_context::<Sum>()
        .add_visualizer::<ShowSum>(&[CLASS]);
    for path in ["/a", "/a/b", "/a/b/c", "/d"] {
        log(&mut app, path, None, &Points3D::new([[0.0; 3]]));
    }
    let sums = [
        ("/a", 0, 1.0),
        ("/a/b", 0, 10.0),
        ("/a/b", 1, 20.0),
        ("/a/b", 2, 20.0),
        ("/", 3, 0.0),
    ];
    for (path, time, value) in sums {
        log(&mut app, path, Some(time), &Scalars::new([value]));
    }
    seek(&mut app, 0);
    products(&mut app);
    let runs_at = |app: &mut App, time| {
        let before = RUNS.load(Ordering::Relaxed);
        seek(app, time);
        RUNS.load(Ordering::Relaxed) - before
    };
    let sum = context::<Sum>;
    assert_eq!(
        [sum(&app, "/a"), sum(&app, "/a/b/c"), sum(&app, "/d")],
        [Some(1), Some(11), None]
    );
    // What holds changes for two entities, then for none, as the row repeats the value.
    assert_eq!(runs_at(&mut app, 1), 2);
    assert_eq!(sum(&app, "/a/b/c"), Some(21));
    assert_eq!(runs_at(&mut app, 2), 0);
    // A sum of zero at the root is another thing than none, for the one entity that has no other.
    assert_eq!(runs_at(&mut app, 3), 1);
    assert_eq!(runs_at(&mut app, 0), 3);
}
