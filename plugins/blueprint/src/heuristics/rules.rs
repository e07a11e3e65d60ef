//! The views that the built-in classes recommend.

use std::collections::{BTreeMap, BTreeSet};

use chronoscope_store::EntityPath;

use super::{RecommendedView, schema::Schema};
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

const PINHOLE: &[&str] = &["Pinhole:image_from_camera"];
const VIEW_COORDINATES: &[&str] = &["ViewCoordinates:xyz"];
const SCALARS: &[&str] = &["Scalars:scalars"];
const TEXT_LOG: &[&str] = &["TextLog:text"];
const TEXT_DOCUMENT: &[&str] = &["TextDocument:text"];

/// A view for each space that names its axes (the outermost entity with view coordinates) and has something in it. What lies
/// in none of these goes into one more view: at the topmost entity, or at the root where there are several.
pub fn recommend_3d(schema: &Schema) -> Vec<RecommendedView> {
    let content: Vec<&EntityPath> = schema.with_any(CONTENT_3D).collect();
    // A pinhole's own view coordinates say how the camera looks, not how the space lies.
    let spaces = schema.outermost(|entity| entity.has_any(VIEW_COORDINATES) && !entity.has_any(PINHOLE));
    let space_of = |path: &EntityPath| spaces.iter().find(|space| path.starts_with(space));

    let used: BTreeSet<&EntityPath> = content.iter().filter_map(|path| space_of(path)).collect();
    let mut views: Vec<RecommendedView> = used
        .iter()
        .map(|space| RecommendedView::subtree(ViewClassId::SPATIAL_3D, (*space).clone()))
        .collect();

    let tops: BTreeSet<EntityPath> = content
        .iter()
        .filter(|path| space_of(path).is_none())
        .map(|path| topmost(path))
        .collect();
    let mut tops_iter = tops.iter();
    if let Some(first) = tops_iter.next() {
        let origin = if tops_iter.next().is_none() {
            first.clone()
        } else {
            EntityPath::root()
        };
        let mut view = RecommendedView::subtree(ViewClassId::SPATIAL_3D, origin.clone());
        exclude(
            &mut view.contents,
            used.into_iter().filter(|space| space.starts_with(&origin)),
        );
        views.push(view);
    }
    views
}

/// A view for each camera that has something on its image plane, and views for the other 2D content: as few as let no two
/// pictures hide each other, so that a picture and what belongs to it (masks and shapes of the same size) lie together.
pub fn recommend_2d(schema: &Schema) -> Vec<RecommendedView> {
    let cameras: BTreeSet<&EntityPath> = schema.with_any(PINHOLE).collect();
    let camera_of = |path: &EntityPath| {
        path.ancestors()
            .find_map(|ancestor| cameras.get(&ancestor).copied())
    };
    let mut groups: BTreeMap<Option<&EntityPath>, Vec<Item2D>> = BTreeMap::new();
    for (path, entity) in schema.iter() {
        let kind = if entity.has_any(PICTURES) {
            Kind2D::Picture
        } else if entity.has_any(DEPTH_PICTURES) {
            Kind2D::Depth
        } else if entity.has_any(SEGMENTATIONS) {
            Kind2D::Segmentation
        } else if entity.has_any(SHAPES_2D) {
            Kind2D::Shape
        } else {
            continue;
        };
        let item = Item2D {
            path: path.clone(),
            kind,
            size: entity.image_size,
        };
        groups.entry(camera_of(path)).or_default().push(item);
    }

    let mut views = Vec::new();
    for (camera, items) in groups {
        let mut pending = vec![items];
        while let Some(items) = pending.pop() {
            let common = common_ancestor(items.iter().map(|item| &item.path));
            if can_overlap(&items) {
                let origin = camera
                    .cloned()
                    .filter(|camera| common.starts_with(camera))
                    .unwrap_or(common);
                let mut view = RecommendedView::subtree(ViewClassId::SPATIAL_2D, origin.clone());
                exclude(
                    &mut view.contents,
                    cameras
                        .iter()
                        .copied()
                        .filter(|other| other.is_descendant_of(&origin)),
                );
                views.push(view);
            } else {
                views.extend(split_2d(&common, items, &mut pending));
            }
        }
    }
    views
}

/// A plot for all series with the same parent. A series alone gets a plot at its own path, series at the top one at the root.
pub fn recommend_time_series(schema: &Schema) -> Vec<RecommendedView> {
    let mut groups: BTreeMap<EntityPath, Vec<&EntityPath>> = BTreeMap::new();
    for path in schema.with_any(SCALARS) {
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
        // A parent that has a value itself is a series of the plot above.
        let (origin, contents) = match series.as_slice() {
            [only] => ((*only).clone(), ContentsFilter::from_expressions(["$origin"])),
            several if parent.is_root() || nested.iter().any(|other| several.contains(other)) => {
                (parent, ContentsFilter::entities(several.iter().copied()))
            }
            _ => {
                let mut contents = ContentsFilter::origin_subtree();
                exclude(&mut contents, nested.into_iter());
                (parent, contents)
            }
        };
        views.push(RecommendedView {
            class: ViewClassId::TIME_SERIES.into(),
            origin,
            contents,
        });
    }
    views
}

/// One view of all log lines, at the root.
pub fn recommend_text_log(schema: &Schema) -> Vec<RecommendedView> {
    let any = schema.with_any(TEXT_LOG).next().is_some();
    any.then(|| RecommendedView::subtree(ViewClassId::TEXT_LOG, EntityPath::root()))
        .into_iter()
        .collect()
}

/// A view for each text.
pub fn recommend_text_documents(schema: &Schema) -> Vec<RecommendedView> {
    recommend_each(schema, ViewClassId::TEXT_DOCUMENT, TEXT_DOCUMENT)
}

/// A view for each entity with any of these components, of the entity alone.
pub fn recommend_each(schema: &Schema, class: &str, components: &[&str]) -> Vec<RecommendedView> {
    let view = |path: &EntityPath| RecommendedView {
        class: class.into(),
        origin: path.clone(),
        contents: ContentsFilter::from_expressions(["$origin"]),
    };
    schema.with_any(components).map(view).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind2D {
    Picture,
    Depth,
    Segmentation,
    Shape,
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
                class: ViewClassId::SPATIAL_2D.into(),
                origin: parent.clone(),
                contents: ContentsFilter::from_expressions(["$origin"]),
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
                class: ViewClassId::SPATIAL_2D.into(),
                origin: parent.clone(),
                contents: shapes.iter().map(include).collect(),
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

/// The path's first part, as a path; the root for the root.
fn topmost(path: &EntityPath) -> EntityPath {
    path.parts()
        .next()
        .map_or_else(EntityPath::root, |part| EntityPath::root().child(part))
}

fn common_ancestor<'a>(paths: impl Iterator<Item = &'a EntityPath>) -> EntityPath {
    paths
        .cloned()
        .reduce(|a, b| a.common_ancestor(&b))
        .unwrap_or_default()
}
