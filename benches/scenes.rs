//! The data that scenarios play: pure functions of their sizes.

use chronoscope::{
    blueprint::{ContainerBlueprint, ContainerId, Contents, ViewBlueprint, ViewId, ViewportBlueprint},
    store::{Chunk, ComponentDescriptor, EntityPath, Timeline, arrow::ArrayRef},
    types::{
        Boxes3D, Component as _, Points3D, Rgba, Scalars, Transform3D, columns_chunk,
        columns_chunk_with_lengths, components,
        enums::{ContainerKind, FillMode},
        log_chunk,
    },
};

/// The timeline of all scenes.
pub const TIMELINE: &str = "frame";

/// Views that show everything, side by side.
pub const NUM_VIEWS: usize = 6;

/// The id of a view of the layouts here.
pub fn view_id(at: usize) -> ViewId {
    ViewId::hashed(["benchmark", &at.to_string()])
}

/// A grid of views of one class, all of which show everything.
pub fn views(class: &str, count: usize) -> ViewportBlueprint {
    layout(
        (0..count).map(|at| ViewBlueprint::new(view_id(at), class, "/")),
        ContainerKind::Grid,
    )
}

/// A layout of these views, with nothing added to it by heuristics.
pub fn layout(views: impl IntoIterator<Item = ViewBlueprint>, kind: ContainerKind) -> ViewportBlueprint {
    let root = ContainerId::hashed(["benchmark"]);
    let mut viewport = ViewportBlueprint {
        root: Some(root),
        auto_layout: false,
        auto_views: false,
        ..ViewportBlueprint::default()
    };
    let mut contents = Vec::new();
    for view in views {
        contents.push(Contents::View(view.id));
        viewport.views.insert(view.id, view);
    }
    viewport
        .containers
        .insert(root, ContainerBlueprint::new(root, kind, contents));
    viewport
}

/// The container of [`layout`].
pub fn container() -> ContainerId {
    ContainerId::hashed(["benchmark"])
}

fn frame() -> Timeline {
    Timeline::sequence(TIMELINE)
}

/// An entity of [`world`].
pub fn entity(at: usize) -> EntityPath {
    EntityPath::parse(&format!("/world/region{}/group{}/point{at}", at % 10, at % 100))
}

fn position(at: usize) -> [f32; 3] {
    let at = at as f32;
    [
        (at * 0.37).sin() * 10.0,
        (at * 0.73).cos() * 10.0,
        (at * 0.11).sin(),
    ]
}

/// `count` entities of one point each, four levels deep. Nine of ten are static.
pub fn world(count: usize) -> impl Iterator<Item = Chunk> {
    (0..count).map(|at| {
        let time = is_temporal(at).then(|| (frame(), 0));
        log_chunk(entity(at), time, &Points3D::new([position(at)])).unwrap()
    })
}

/// Whether an entity of [`world`] is not static.
pub fn is_temporal(at: usize) -> bool {
    at.is_multiple_of(10)
}

/// A row of an entity of [`world`] at each of the frames.
pub fn point_rows(at: usize, frames: i64) -> Chunk {
    let positions = (1..=frames).map(|time| position(at + time as usize));
    columns_chunk(
        entity(at),
        [(frame(), (1..=frames).collect())],
        &Points3D::new(positions),
    )
    .unwrap()
}

/// A row of one point.
pub fn point_row(path: impl Into<EntityPath>, time: i64) -> Chunk {
    log_chunk(path, [(frame(), time)], &Points3D::new([position(time as usize)])).unwrap()
}

/// A translation per row.
fn translations_of(values: impl IntoIterator<Item = [f32; 3]>) -> Vec<(ComponentDescriptor, ArrayRef)> {
    let values = components::Translation3D::build(values.into_iter().collect());
    vec![(Transform3D::TRANSLATION.descriptor(), values)]
}

/// A transform of an entity at each of the frames.
pub fn transform_rows(path: impl Into<EntityPath>, frames: i64) -> Chunk {
    let translations = (0..=frames).map(|time| position(time as usize));
    columns_chunk(
        path,
        [(frame(), (0..=frames).collect())],
        &translations_of(translations),
    )
    .unwrap()
}

/// `count` boxes, each with a row at each of the frames.
pub fn moving_boxes(count: usize, frames: i64) -> impl Iterator<Item = Chunk> {
    (0..count).map(move |at| {
        let path = format!("/world/group{}/box{at}", at % 50);
        let centers = (0..=frames).map(|time| position(at + time as usize));
        let half_sizes = (0..=frames).map(|_| [0.1, 0.1, 0.1]);
        let boxes = Boxes3D::from_centers_and_half_sizes(centers, half_sizes);
        columns_chunk(path, [(frame(), (0..=frames).collect())], &boxes).unwrap()
    })
}

/// `count` static boxes of which all faces are translucent, each an entity.
pub fn translucent_boxes(count: usize) -> impl Iterator<Item = Chunk> {
    solid_boxes(count, 90)
}

/// `count` static boxes with faces of this alpha, each an entity.
pub fn solid_boxes(count: usize, alpha: u8) -> impl Iterator<Item = Chunk> {
    (0..count).map(move |at| {
        let path = format!("/world/group{}/box{at}", at % 50);
        let boxes = Boxes3D::from_centers_and_half_sizes([position(at)], [[0.2, 0.2, 0.2]])
            .with_colors([Rgba::from_array([
                (at * 37 % 256) as u8,
                (at * 91 % 256) as u8,
                160,
                alpha,
            ])])
            .with_fill_mode(FillMode::Solid);
        log_chunk(path, [], &boxes).unwrap()
    })
}

/// Boxes with a transform of their own each, of which `steps` rows are spread over 25 times as many frames.
pub fn drifting_boxes(count: usize, steps: i64) -> impl Iterator<Item = Chunk> {
    (0..count).flat_map(move |at| {
        let path = format!("/world/group{}/object{at}", at % 50);
        let shape = Boxes3D::from_half_sizes([[0.1, 0.1, 0.1]]);
        let times: Vec<i64> = (0..steps).map(|step| step * 25 + (at % 25) as i64).collect();
        let translations = times.iter().map(|time| position(at + *time as usize));
        let drift = translations_of(translations);
        [
            log_chunk(path.as_str(), [], &shape).unwrap(),
            columns_chunk(path.as_str(), [(frame(), times.clone())], &drift).unwrap(),
        ]
    })
}

/// A tree of moving frames, two children each, ten levels deep, of which every second one has transforms: 1,364 in all. A point
/// at each leaf.
pub fn transform_tree(steps: i64) -> Vec<Chunk> {
    fn grow(path: &str, level: usize, steps: i64, out: &mut Vec<Chunk>) {
        if level > 0 && level.is_multiple_of(2) {
            out.push(transform_rows(path, steps));
        }
        if level == 10 {
            out.push(log_chunk(path, [], &Points3D::new([[0.0, 0.0, 0.0]])).unwrap());
            return;
        }
        for child in 0..2 {
            grow(&format!("{path}/{child}"), level + 1, steps, out);
        }
    }
    let mut out = Vec::new();
    grow("/tree", 0, steps, &mut out);
    out
}

/// `count` series of `samples` scalars each, five to a plot.
pub fn series(count: usize, samples: i64) -> impl Iterator<Item = Chunk> {
    (0..count).flat_map(move |at| {
        (0..samples).step_by(1_000).map(move |begin| {
            let times: Vec<i64> = (begin..samples.min(begin + 1_000)).collect();
            let values = times.iter().map(|time| (*time as f64 / 50.0 + at as f64).sin());
            let path = format!("/plot{}/series{at}", at / 5);
            columns_chunk(path, [(frame(), times.clone())], &Scalars::new(values)).unwrap()
        })
    })
}

/// A static cloud.
pub fn cloud(points: usize) -> Chunk {
    log_chunk("/cloud", [], &Points3D::new((0..points).map(position))).unwrap()
}

/// Chunks of several rows for each of `count` entities, as a collection takes them one by one: `chunks` each.
pub fn history(count: usize, chunks: i64) -> impl Iterator<Item = Chunk> {
    const ROWS: i64 = 16;
    (0..count).flat_map(move |at| {
        (0..chunks).map(move |chunk| {
            let times: Vec<i64> = (0..ROWS).map(|row| chunk * ROWS + row).collect();
            let lengths = vec![1; times.len()];
            let positions = times.iter().map(|time| position(at + *time as usize));
            columns_chunk_with_lengths(
                entity(at),
                [(frame(), times.clone())],
                &Points3D::new(positions),
                &lengths,
            )
            .unwrap()
        })
    })
}
