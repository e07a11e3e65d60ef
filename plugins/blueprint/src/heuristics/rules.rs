//! The views that the built-in classes recommend.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use chronoscope_store::EntityPath;

use super::{EntityDelta, EntitySchema, Matching, RecommendedView, Schema, SchemaDelta};
use crate::{
    ViewClassId,
    contents::{ContentsFilter, ContentsRule, RuleEffect},
};

/// Any of these makes an entity something to see in space.
pub const CONTENT_3D: &[&str] = &[
    "Arrows3D:vectors",
    "Asset3D:blob",
    "Boxes3D:half_sizes",
    "Capsules3D:lengths",
    "Cylinders3D:lengths",
    "Ellipsoids3D:half_sizes",
    "GaussianSplats3D:centers",
    "GridMap:data",
    "LineStrips3D:strips",
    "Mesh3D:vertex_positions",
    "Pinhole:image_from_camera",
    "Points3D:positions",
    "TransformAxes3D:axis_length",
    "Volume3D:values",
    "VoxelGridMap:voxel_indices",
];

/// Pictures that stand for themselves. Two of them cannot lie on each other.
pub const PICTURES: &[&str] = &[
    "EncodedImage:blob",
    "Image:buffer",
    "VideoFrameReference:timestamp",
    "VideoStream:sample",
];

/// Pictures of distances.
pub const DEPTH_PICTURES: &[&str] = &["DepthImage:buffer", "EncodedDepthImage:blob"];

/// Pictures of classes.
pub const SEGMENTATIONS: &[&str] = &["SegmentationImage:buffer"];

/// What is drawn on pictures, or alone.
pub const SHAPES_2D: &[&str] = &[
    "Arrows2D:vectors",
    "Boxes2D:half_sizes",
    "Ellipses2D:half_sizes",
    "LineStrips2D:strips",
    "Points2D:positions",
];

/// All that 2D views are recommended for.
const CONTENT_2D: [&[&str]; 4] = [PICTURES, DEPTH_PICTURES, SEGMENTATIONS, SHAPES_2D];

const PINHOLE: &[&str] = &["Pinhole:image_from_camera"];
const VIEW_COORDINATES: &[&str] = &["ViewCoordinates:xyz"];
const SCALARS: &[&str] = &["Scalars:scalars", "Measurements:values"];
const BAR_CHART: &[&str] = &["BarChart:values"];
const TEXT_LOG: &[&str] = &["TextLog:text"];
const TEXT_DOCUMENT: &[&str] = &["TextDocument:text"];

/// A view for each space that names its axes (the outermost entity with view coordinates) and has something in it. What lies
/// in none of these goes into one more view: at the topmost entity, or at the root where there are several.
pub fn recommend_3d(schema: &Schema) -> Vec<RecommendedView> {
    let content = content_of(schema, ViewClassId::SPATIAL_3D, CONTENT_3D);
    // What a camera says about axes is about its own, and it stands in the space around it.
    let is_camera = |path: &EntityPath| schema.get(path).is_some_and(|entity| entity.has_any(PINHOLE));
    let used: Vec<&EntityPath> = schema
        .find_outermost(spaces_of(schema))
        .filter(|space| schema.count(space, &content) > 0 && !is_camera(space))
        .collect();
    let mut views: Vec<RecommendedView> = used
        .iter()
        .map(|space| RecommendedView::subtree(ViewClassId::SPATIAL_3D, (*space).clone()))
        .collect();

    let root = EntityPath::root();
    let outside_spaces = |top: &EntityPath, count: usize| {
        let inside: usize = used
            .iter()
            .filter(|space| space.starts_with(top))
            .map(|space| schema.count(space, &content))
            .sum();
        count > inside
    };
    let root_itself =
        (schema.is(&root, &content) && !used.first().is_some_and(|space| space.is_root())).then_some(&root);
    let mut tops = root_itself.into_iter().chain(
        schema
            .children_with(&root, &content)
            .filter(|(top, count)| {
                !used.first().is_some_and(|space| space.is_root()) && outside_spaces(top, *count)
            })
            .map(|(top, _)| top),
    );
    if let Some(first) = tops.next() {
        let is_alone = tops.next().is_none() && !is_camera(first);
        let origin = if is_alone { first } else { &root };
        let mut view = RecommendedView::subtree(ViewClassId::SPATIAL_3D, origin.clone());
        exclude(
            &mut view.contents,
            used.iter().copied().filter(|space| space.starts_with(origin)),
        );
        views.push(view);
    }
    views
}

/// Whether [`recommend_3d`] may say something else now than it `said` before.
pub fn affects_3d(schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
    let content = content_of(schema, ViewClassId::SPATIAL_3D, CONTENT_3D);
    let spaces = spaces_of(schema);
    delta.is_everything()
        || delta.touching(schema, VIEW_COORDINATES).next().is_some()
        || delta
            .touching(schema, PINHOLE)
            .any(|entity| said.iter().any(|view| view.origin == entity.path))
        || relevant(schema, delta, ViewClassId::SPATIAL_3D, CONTENT_3D).any(|entity| {
            let path = &entity.path;
            if entity.lost_components()
                || schema
                    .get(path)
                    .is_some_and(|entity| entity.has_any(VIEW_COORDINATES))
            {
                return true;
            }
            // More in a view that is there already changes nothing.
            let space = path
                .ancestors()
                .filter(|ancestor| schema.is(ancestor, &spaces))
                .last();
            let is_shown = match space {
                Some(space) => said.iter().any(|view| view.origin == space),
                None => said.iter().any(|view| path.starts_with(&view.origin)),
            };
            !is_shown && schema.is(path, &content)
        })
}

/// A view for each camera that has something on its image plane, and views for the other 2D content: as few as let no two
/// pictures hide each other, so that a picture and what belongs to it (masks and shapes of the same size) lie together.
pub fn recommend_2d(schema: &Schema) -> Vec<RecommendedView> {
    let content = content_of(schema, ViewClassId::SPATIAL_2D, &CONTENT_2D.concat());
    let cameras: BTreeSet<&EntityPath> = schema.with_any(PINHOLE).collect();
    let mut groups: BTreeMap<Option<EntityPath>, Vec<Item2D>> = BTreeMap::new();
    for (path, entity) in schema.find(content) {
        let item = Item2D {
            path: path.clone(),
            kind: Kind2D::of(entity),
            size: entity.image_size(),
        };
        groups.entry(camera_of(schema, path)).or_default().push(item);
    }

    let mut views = Vec::new();
    for (camera, items) in groups {
        // The origin of what lies together on an image plane is the camera.
        let mut whole = camera;
        let mut pending = vec![items];
        while let Some(items) = pending.pop() {
            let common = common_ancestor(items.iter().map(|item| &item.path));
            let camera = whole.take();
            if can_overlap(&items) {
                let origin = camera.unwrap_or(common);
                let mut view = RecommendedView::subtree(ViewClassId::SPATIAL_2D, origin.clone());
                exclude(
                    &mut view.contents,
                    cameras
                        .range::<EntityPath, _>((Bound::Excluded(&origin), Bound::Unbounded))
                        .copied()
                        .take_while(|other| other.starts_with(&origin)),
                );
                views.push(view);
            } else {
                views.extend(split_2d(&common, items, &mut pending));
            }
        }
    }
    views
}

/// Whether [`recommend_2d`] may say something else now than it `said` before.
pub fn affects_2d(schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
    let components = CONTENT_2D.concat();
    let content = content_of(schema, ViewClassId::SPATIAL_2D, &components);
    delta.is_everything()
        || delta.entities().iter().any(|entity| entity.image_size)
        || delta.touching(schema, PINHOLE).next().is_some()
        || relevant(schema, delta, ViewClassId::SPATIAL_2D, &components).any(|entity| {
            let path = &entity.path;
            if entity.lost_components() {
                return true;
            }
            match schema
                .get(path)
                .filter(|_| schema.is(path, &content))
                .map(Kind2D::of)
            {
                None => false,
                // Another shape in a view that is there already changes nothing.
                Some(Kind2D::Shape) => {
                    let camera = camera_of(schema, path);
                    !said.iter().any(|view| {
                        camera
                            .as_ref()
                            .is_none_or(|camera| view.origin.starts_with(camera))
                            && path.starts_with(&view.origin)
                            && view.contents.resolve(&view.origin).matches(path)
                    })
                }
                Some(Kind2D::Picture | Kind2D::Depth | Kind2D::Segmentation) => true,
            }
        })
}

/// A plot for all series with the same parent. A series alone gets a plot at its own path, series at the top one at the root.
pub fn recommend_time_series(schema: &Schema) -> Vec<RecommendedView> {
    let content = content_of(schema, ViewClassId::TIME_SERIES, SCALARS);
    let mut groups: BTreeMap<EntityPath, Vec<&EntityPath>> = BTreeMap::new();
    for (path, _) in schema.find(content) {
        groups
            .entry(path.parent().unwrap_or_default())
            .or_default()
            .push(path);
    }
    let parents: BTreeSet<EntityPath> = groups.keys().cloned().collect();
    let mut views = Vec::new();
    for (parent, series) in groups {
        // What lies deeper has a plot of its own. The outermost of these parents are enough to exclude it.
        let mut nested: Vec<&EntityPath> = Vec::new();
        for other in parents
            .range(parent.clone()..)
            .take_while(|other| other.starts_with(&parent))
        {
            if *other != parent && !nested.last().is_some_and(|last| other.starts_with(last)) {
                nested.push(other);
            }
        }
        // A parent that has a value itself is a series of the plot above. Both lists are in path order.
        let is_series = |other: &EntityPath| series.binary_search(&other).is_ok();
        let (origin, contents) = match series.as_slice() {
            [only] => ((*only).clone(), ContentsFilter::from_expressions(["$origin"])),
            several if parent.is_root() || nested.iter().any(|other| is_series(other)) => {
                (parent, ContentsFilter::entities(several.iter().copied()))
            }
            _ => {
                let mut contents = ContentsFilter::origin_subtree();
                exclude(&mut contents, nested.into_iter());
                (parent, contents)
            }
        };
        views.push(RecommendedView {
            origin,
            contents,
            ..RecommendedView::subtree(ViewClassId::TIME_SERIES, EntityPath::root())
        });
    }
    views
}

/// Whether [`recommend_time_series`] may say something else now than it `said` before.
pub fn affects_time_series(schema: &Schema, delta: &SchemaDelta, said: &[RecommendedView]) -> bool {
    let content = content_of(schema, ViewClassId::TIME_SERIES, SCALARS);
    delta.is_everything()
        || relevant(schema, delta, ViewClassId::TIME_SERIES, SCALARS).any(|entity| {
            let path = &entity.path;
            if entity.lost_components() {
                return true;
            }
            // A further series of a plot that shows whatever lies at its origin changes nothing, unless it has series below.
            let is_shown = || {
                let parent = path.parent().unwrap_or_default();
                schema.count(path, &content) == 1
                    && said.iter().any(|view| {
                        view.origin == parent
                            && view
                                .contents
                                .rules()
                                .iter()
                                .any(|rule| rule.expression() == "$origin/**")
                            && view.contents.resolve(&view.origin).matches(path)
                    })
            };
            schema.is(path, &content) && !is_shown()
        })
}

/// A view for each entity with bars.
pub fn recommend_bar_charts(schema: &Schema) -> Vec<RecommendedView> {
    recommend_each(schema, ViewClassId::BAR_CHART, BAR_CHART)
}

/// Whether [`recommend_bar_charts`] may say something else now than before.
pub fn affects_bar_charts(schema: &Schema, delta: &SchemaDelta, _said: &[RecommendedView]) -> bool {
    delta.is_everything()
        || relevant(schema, delta, ViewClassId::BAR_CHART, BAR_CHART)
            .next()
            .is_some()
}

/// One view of all log lines, at the root.
pub fn recommend_text_log(schema: &Schema) -> Vec<RecommendedView> {
    let content = content_of(schema, ViewClassId::TEXT_LOG, TEXT_LOG);
    let any = schema.count(&EntityPath::root(), &content) > 0;
    any.then(|| RecommendedView::subtree(ViewClassId::TEXT_LOG, EntityPath::root()).with_name("Logs"))
        .into_iter()
        .collect()
}

/// Whether [`recommend_text_log`] may say something else now than before.
pub fn affects_text_log(schema: &Schema, delta: &SchemaDelta, _said: &[RecommendedView]) -> bool {
    delta.is_everything()
        || relevant(schema, delta, ViewClassId::TEXT_LOG, TEXT_LOG)
            .next()
            .is_some()
}

/// A view for each text.
pub fn recommend_text_documents(schema: &Schema) -> Vec<RecommendedView> {
    recommend_each(schema, ViewClassId::TEXT_DOCUMENT, TEXT_DOCUMENT)
}

/// Whether [`recommend_text_documents`] may say something else now than before.
pub fn affects_text_documents(schema: &Schema, delta: &SchemaDelta, _said: &[RecommendedView]) -> bool {
    delta.is_everything()
        || relevant(schema, delta, ViewClassId::TEXT_DOCUMENT, TEXT_DOCUMENT)
            .next()
            .is_some()
}

/// A view for each entity with any of these components that the class can show, of the entity alone.
pub fn recommend_each(schema: &Schema, class: &str, components: &[&str]) -> Vec<RecommendedView> {
    let view = |path: &EntityPath| RecommendedView {
        contents: ContentsFilter::from_expressions(["$origin"]),
        ..RecommendedView::subtree(class, path.clone())
    };
    schema
        .find(content_of(schema, class, components))
        .map(|(path, _)| view(path))
        .collect()
}

/// The entities with any of these components that some visualizer of the class can show, and those that an app has added a
/// visualizer of its own for.
fn content_of(schema: &Schema, class: &str, components: &[&str]) -> Matching {
    let listed = schema.both(&schema.matching_any(components), &schema.visualizable(class));
    schema.either(&listed, &schema.of_own_archetypes(class))
}

/// The changed entities that may have been or become [content](content_of).
fn relevant<'a>(
    schema: &Schema,
    delta: &'a SchemaDelta,
    class: &str,
    components: &[&str],
) -> impl Iterator<Item = &'a EntityDelta> + use<'a> {
    let required = schema.required_by(class);
    let all: Vec<&str> = components.iter().copied().chain(required).collect();
    delta.touching(schema, &all)
}

/// The entities that name the axes of a space. A pinhole's own view coordinates say how the camera looks, not how the space lies.
fn spaces_of(schema: &Schema) -> Matching {
    schema.except(
        &schema.matching_any(VIEW_COORDINATES),
        &schema.matching_any(PINHOLE),
    )
}

/// The camera on whose image plane an entity lies.
fn camera_of(schema: &Schema, path: &EntityPath) -> Option<EntityPath> {
    path.ancestors()
        .find(|ancestor| schema.get(ancestor).is_some_and(|entity| entity.has_any(PINHOLE)))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind2D {
    Picture,
    Depth,
    Segmentation,
    Shape,
}

impl Kind2D {
    /// What is no picture, nor a shape that is known here, is one that an app draws.
    fn of(entity: EntitySchema<'_>) -> Self {
        let kinds = [Self::Picture, Self::Depth, Self::Segmentation, Self::Shape];
        CONTENT_2D
            .into_iter()
            .zip(kinds)
            .find(|(components, _)| entity.has_any(components))
            .map_or(Self::Shape, |(_, kind)| kind)
    }
}

struct Item2D {
    path: EntityPath,
    kind: Kind2D,
    size: Option<[u32; 2]>,
}

/// Whether all can be seen when they lie on each other: at most one of each kind of picture, all of one size.
fn can_overlap(items: &[Item2D]) -> bool {
    let count = |kind| items.iter().filter(|item| item.kind == kind).count();
    let sizes: BTreeSet<[u32; 2]> = items
        .iter()
        .filter(|item| item.kind != Kind2D::Shape)
        .filter_map(|item| item.size)
        .collect();
    sizes.len() <= 1
        && [Kind2D::Picture, Kind2D::Depth, Kind2D::Segmentation]
            .into_iter()
            .all(|kind| count(kind) <= 1)
}

/// Takes apart what cannot lie on each other, child by child. Children with pictures are looked at again; shapes without
/// pictures stay together.
fn split_2d(parent: &EntityPath, items: Vec<Item2D>, pending: &mut Vec<Vec<Item2D>>) -> Vec<RecommendedView> {
    let depth = parent.depth();
    let mut views = Vec::new();
    let mut children: BTreeMap<EntityPath, Vec<Item2D>> = BTreeMap::new();
    for item in items {
        let child = item.path.parts().nth(depth).map(|part| parent.child(part));
        match child {
            Some(child) => children.entry(child).or_default().push(item),
            None => views.push(RecommendedView {
                contents: ContentsFilter::from_expressions(["$origin"]),
                ..RecommendedView::subtree(ViewClassId::SPATIAL_2D, parent.clone())
            }),
        }
    }
    let (shapes, pictures): (Vec<_>, Vec<_>) = children
        .into_iter()
        .partition(|(_, items)| items.iter().all(|item| item.kind == Kind2D::Shape));
    pending.extend(pictures.into_iter().map(|(_, items)| items));
    match <[_; 1]>::try_from(shapes) {
        Ok([(_, items)]) => pending.push(items),
        Err(shapes) if shapes.is_empty() => {}
        Err(shapes) => {
            let include = |(path, _): &(EntityPath, Vec<Item2D>)| {
                ContentsRule::for_entity(RuleEffect::Include, path, true)
            };
            views.push(RecommendedView {
                contents: shapes.iter().map(include).collect(),
                ..RecommendedView::subtree(ViewClassId::SPATIAL_2D, parent.clone())
            });
        }
    }
    views
}

fn exclude<'a>(contents: &mut ContentsFilter, subtrees: impl Iterator<Item = &'a EntityPath>) {
    for path in subtrees {
        contents.push(ContentsRule::for_entity(RuleEffect::Exclude, path, true));
    }
}

fn common_ancestor<'a>(paths: impl Iterator<Item = &'a EntityPath>) -> EntityPath {
    paths
        .cloned()
        .reduce(|a, b| a.common_ancestor(&b))
        .unwrap_or_default()
}
