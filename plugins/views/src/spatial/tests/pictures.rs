//! Pictures in views: what is decoded and uploaded when, and what is reported.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use chronoscope_render::{Highlight, Texels};
use chronoscope_types::{
    AnnotationContext, Component as _, DepthImage, EncodedDepthImage, EncodedImage, Pinhole,
    SegmentationImage, components, enums::Colormap,
};
use glam::DVec3;

use super::*;
use crate::spatial::{
    AppPicturesExt as _, Space,
    bounds::Bounds,
    pictures::{CustomPixels, DecodeError, DecodeOptions, PixelDecoder, PixelLayout, Pixels},
};

impl Viewer {
    fn num_images(&self) -> usize {
        self.app.world().resource::<Assets<BevyImage>>().len()
    }

    fn at(&mut self, time: i64) {
        self.command(ViewerCommand::Time(TimeCommand::SetTime(time)));
        self.settle();
    }

    fn failed_entities(&mut self) -> Vec<String> {
        let view = self.view();
        let world = self.app.world();
        let reports = world.resource::<Visualizers>().reports(world, view);
        let entities = reports.iter().filter_map(|report| report.entity.as_ref());
        entities.map(ToString::to_string).collect()
    }
}

fn depth(values: [u16; 4]) -> DepthImage {
    let bytes: Vec<u8> = values.into_iter().flat_map(u16::to_le_bytes).collect();
    DepthImage::new(bytes, ImageFormat::depth(2, 2, ChannelDatatype::U16))
}

#[test]
fn another_range_or_colormap_uploads_no_picture() {
    let range = |range| DepthImage::default().with_depth_range(range);
    let colors = |map| DepthImage::default().with_colormap(map);
    let mut viewer = Viewer::new([
        log_chunk("depth", [(frame(), 0)], &depth([0, 500, 1000, 2000])).unwrap(),
        log_chunk("depth", [(frame(), 1)], &range([100.0, 900.0])).unwrap(),
        log_chunk("depth", [(frame(), 2)], &colors(Colormap::Viridis)).unwrap(),
    ]);
    viewer.at(0);
    let quads = viewer.scene().shown_quads();
    let [first] = quads.as_slice() else {
        panic!("one picture, not {quads:?}")
    };
    let values = |quad: &chronoscope_render::ImageQuad| match &quad.texels {
        Texels::Values { range, table } => (*range, table.clone()),
        other => panic!("values, not {other:?}"),
    };
    assert_eq!(values(first).0, [0.0, 2000.0], "its own values");
    let images = viewer.num_images();

    viewer.at(1);
    let second = viewer.scene().shown_quads().remove(0);
    assert_eq!(
        (second.image == first.image, values(&second).0),
        (true, [100.0, 900.0])
    );
    assert_eq!(viewer.num_images(), images, "nothing is uploaded");

    viewer.at(2);
    let third = viewer.scene().shown_quads().remove(0);
    assert!(third.image == first.image);
    assert_ne!(values(&third).1, values(&second).1);
    assert_eq!(viewer.num_images(), images + 1, "a table of 256 colors");
}

#[test]
fn another_color_of_a_class_uploads_a_table_alone() {
    let context = |color: [u8; 4]| AnnotationContext::from_labels([(1, "car", color)]);
    let mut viewer = Viewer::new([
        log_chunk(
            "seg",
            [(frame(), 0)],
            &SegmentationImage::from_u8(2, 2, [0, 1, 1, 0]),
        )
        .unwrap(),
        log_chunk("seg", [(frame(), 0)], &context([1, 2, 3, 255])).unwrap(),
        log_chunk("seg", [(frame(), 1)], &context([200, 2, 3, 255])).unwrap(),
    ]);
    let mut quad_at = |time| {
        viewer.at(time);
        viewer.scene().shown_quads().remove(0)
    };
    let (first, second) = (quad_at(0), quad_at(1));
    assert!(first.image == second.image);
    assert_ne!(first.texels, second.texels);
    assert!(matches!(second.texels, Texels::Classes { .. }));
    let images = viewer.app.world().resource::<Assets<BevyImage>>();
    let sizes = images.iter().map(|(_, image)| (image.size().x, image.size().y));
    assert_eq!(sizes.filter(|size| *size == (2, 2)).count(), 1);
}

#[test]
fn a_broken_file_is_reported_on_its_entity_and_hides_no_other() {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(4, 4)
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    let good = file.into_inner();
    let cut = good[..good.len() - 20].to_vec();
    let mut viewer = Viewer::new([
        log_chunk("files/good", [], &EncodedImage::new(good)).unwrap(),
        log_chunk("files/cut", [], &EncodedImage::new(cut)).unwrap(),
        log_chunk("files/none", [], &EncodedImage::new(Vec::new())).unwrap(),
        log_chunk("files/text", [], &EncodedImage::new(*b"garbage")).unwrap(),
        log_chunk("files/dot", [], &Points2D::new([[1.0, 2.0]])).unwrap(),
    ]);
    // A view per picture.
    let world = viewer.app.world_mut();
    let views: Vec<ViewId> = world.query::<&View>().iter(world).map(|view| view.id).collect();
    let mut failed: Vec<String> = Vec::new();
    let mut num_shown = 0;
    for view in views {
        let world = viewer.app.world();
        let reports = world.resource::<Visualizers>().reports(world, view);
        failed.extend(
            reports
                .iter()
                .filter_map(|report| Some(report.entity.as_ref()?.to_string())),
        );
        let scene = world.resource::<SpatialScenes>().get(view);
        num_shown += scene.map_or(0, |scene| scene.shown_quads().len());
    }
    failed.sort();
    failed.dedup();
    assert_eq!(failed, ["/files/cut", "/files/none", "/files/text"]);
    assert!(num_shown >= 1);
}

/// Its bytes do not tell that a file is RVL.
#[test]
fn distances_in_rvl_are_known_by_their_media_type() {
    // Distances of 5 and 2, in a row.
    let file = |scale: f32| -> Vec<u8> {
        let words = [0, scale.to_bits(), 0, 2, 1, 0x02A1_5000];
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    };
    let declared = |scale| EncodedDepthImage::new(file(scale)).with_media_type("application/rvl");
    let mut viewer = Viewer::new([
        log_chunk("depth", [(frame(), 0)], &declared(0.0)).unwrap(),
        log_chunk("depth", [(frame(), 1)], &declared(20.0)).unwrap(),
    ]);
    let mut range_at = |time| {
        viewer.at(time);
        match viewer.scene().shown_quads().remove(0).texels {
            Texels::Values { range, .. } => range,
            other => panic!("values, not {other:?}"),
        }
    };
    assert_eq!(range_at(0), [2.0, 5.0], "millimeters");
    assert_eq!(
        range_at(1),
        [4.0, 10.0],
        "meters, of which the inverse was stored"
    );
    assert!(viewer.failed_entities().is_empty());
    let unknown = EncodedDepthImage::new(file(0.0));
    let mut viewer = Viewer::new([log_chunk("depth", [], &unknown).unwrap()]);
    assert_eq!(viewer.failed_entities(), ["/depth"]);
}

/// A picture of a stream: a frame that is made from the one before it.
#[derive(Debug)]
struct Frame {
    index: u64,
}

impl CustomPixels for Frame {
    fn size(&self) -> [u32; 2] {
        [1, 1]
    }

    fn key(&self) -> u64 {
        self.index
    }
}

/// A decoder that has to go through all frames up to the one that is asked for, once.
#[derive(Default)]
struct StreamDecoder {
    next: Mutex<u64>,
    num_steps: Arc<AtomicUsize>,
}

impl PixelDecoder for StreamDecoder {
    fn decode(&self, source: &PixelSource, _: &DecodeOptions) -> Option<Result<Pixels, DecodeError>> {
        let PixelSource::Custom(custom) = source else {
            return None;
        };
        let frame = (&**custom as &dyn std::any::Any).downcast_ref::<Frame>()?;
        let mut next = self.next.lock().unwrap();
        if frame.index < *next {
            *next = 0;
        }
        while *next <= frame.index {
            *next += 1;
            self.num_steps.fetch_add(1, Ordering::Relaxed);
        }
        Some(Ok(Pixels {
            size: [1, 1],
            layout: PixelLayout::R8,
            bytes: vec![frame.index as u8],
            range: [0.0, 255.0],
        }))
    }
}

struct StreamVisualizer;

impl Visualizer for StreamVisualizer {
    type Visual = SpatialVisual;

    const INFO: VisualizerInfo = VisualizerInfo {
        name: "Stream",
        required: &[Points2D::POSITIONS.as_str()],
        optional: &[],
        contexts: &[],
        mode: QueryMode::LatestAt,
    };

    fn visualize(input: &VisualizerInput<'_>) -> Result<Option<SpatialVisual>, Report> {
        let Some(array) = input.get(&Points2D::POSITIONS) else {
            return Ok(None);
        };
        let index = components::Position2D::read(&array).unwrap()[0][0] as u64;
        let source = PixelSource::Custom(Arc::new(Frame { index }));
        let key = PictureKey::of_bytes(&[], &source, PixelKind::Color);
        let picture = Picture::new(key, source, PixelMapping::Color, index as i64);
        Ok(Some(SpatialVisual::new([Part::picture(picture)])))
    }
}

#[test]
fn a_decoder_of_ones_own_keeps_its_state_from_picture_to_picture() {
    const FRAMES: i64 = 20;
    let decoder = StreamDecoder::default();
    let steps = decoder.num_steps.clone();
    let chunks = (0..FRAMES).map(|at| {
        let frame_index = Points2D::new([[at as f32, 0.0]]);
        log_chunk("stream", [(frame(), at)], &frame_index).unwrap()
    });
    let mut viewer = Viewer::with(chunks, |app| {
        app.add_spatial_visualizer::<StreamVisualizer>(&[ViewClassId::SPATIAL_2D], 1.0);
        app.add_pixel_decoder(decoder);
    });
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.app.update();
    viewer.finish_decoding();
    viewer.app.update();
    steps.store(0, Ordering::Relaxed);
    for at in 1..FRAMES {
        viewer.command(ViewerCommand::Time(TimeCommand::SetTime(at)));
        viewer.app.update();
        viewer.finish_decoding();
        viewer.app.update();
        assert_eq!(viewer.scene().picture_times(), [at]);
    }
    assert_eq!(steps.load(Ordering::Relaxed), FRAMES as usize - 1, "a step each");
}

#[test]
fn what_is_decoding_counts_and_is_cancelled_when_its_view_is_hidden() {
    let picture = Image::from_rgb8(640, 480, vec![0; 640 * 480 * 3]);
    let other = Image::from_rgb8(640, 480, vec![9; 640 * 480 * 3]);
    let mut viewer = Viewer::new([
        log_chunk("camera", [(frame(), 0)], &picture).unwrap(),
        log_chunk("camera", [(frame(), 1)], &other).unwrap(),
    ]);
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(0)));
    viewer.app.update();
    viewer.finish_decoding();
    viewer.app.update();
    let bytes = |viewer: &Viewer| viewer.app.world().resource::<PictureTextures>().num_bytes();
    let decoding = |viewer: &Viewer| viewer.app.world().resource::<PictureTextures>().num_decoding();
    let shown = bytes(&viewer);
    assert!(shown >= 640 * 480 * 4);
    viewer.at(1);
    let world = viewer.app.world_mut();
    for mut tile in world.query::<&mut ViewTile>().iter_mut(world) {
        tile.shown = false;
    }
    // A decode that is done by now is shown; then hiding has nothing to cancel.
    viewer.app.update();
    viewer.app.update();
    assert_eq!(decoding(&viewer), 0);
    assert!(bytes(&viewer) <= 2 * shown, "{} of {shown}", bytes(&viewer));
    assert!(viewer.failed_entities().is_empty());
}

#[test]
fn a_large_picture_comes_coarse_first() {
    const SIZE: [u32; 2] = [1200, 900];
    let pixels: Vec<u8> = (0..SIZE[0] * SIZE[1] * 3)
        .map(|at| (at / 3 % 251) as u8)
        .collect();
    let large = Image::from_rgb8(SIZE[0], SIZE[1], pixels);
    let mut viewer = Viewer::new([
        log_chunk("camera/dot", [(frame(), 0)], &Points2D::new([[1.0, 2.0]])).unwrap(),
        log_chunk("camera", [(frame(), 1)], &large).unwrap(),
    ]);
    viewer.at(0);
    let mut textures = viewer.app.world_mut().resource_mut::<PictureTextures>();
    textures.purge(u64::MAX);
    assert_eq!((textures.num_bytes(), textures.num_decoding()), (0, 0));
    let size = |viewer: &mut Viewer| {
        let image = viewer
            .scene()
            .shown_quads()
            .first()
            .map(|quad| quad.image.clone())?;
        let images = viewer.app.world().resource::<Assets<BevyImage>>();
        images.get(&image).map(|image| image.size().to_array())
    };
    viewer.command(ViewerCommand::Time(TimeCommand::SetTime(1)));
    viewer.app.update();
    let first = size(&mut viewer);
    assert!(first.is_some(), "there is something to see at once");
    viewer.finish_decoding();
    viewer.app.update();
    assert_eq!(size(&mut viewer), Some(SIZE));
    let bytes = viewer.app.world().resource::<PictureTextures>().num_bytes();
    assert_eq!(bytes, u64::from(SIZE[0] * SIZE[1]) * 4, "the coarse one is gone");
    // It takes as much room as the picture.
    assert_eq!(
        viewer.scene().shown_quads()[0].size.to_array(),
        SIZE.map(|side| side as f32)
    );
}

/// A picture that is pointed at or selected says so, which is no other picture, and costs a write.
#[test]
fn pictures_are_highlighted() {
    let image = Image::from_rgb8(2, 2, [9; 12]);
    let mut viewer = Viewer::new([log_chunk("camera/image", [], &image).unwrap()]);
    let lit = |viewer: &mut Viewer| -> Vec<Highlight> {
        let quads = viewer.scene().shown_quads();
        quads.iter().map(|quad| quad.highlight).collect()
    };
    assert_eq!(lit(&mut viewer), [Highlight::None]);
    let version = viewer.scene().version();
    let hover = ViewerCommand::Hover(Some(Item::Entity("/camera/image".into())));
    assert_eq!(viewer.work_of(hover), [(Work::SegmentsPlaced, 1)]);
    assert_eq!(lit(&mut viewer), [Highlight::Hovered]);
    viewer.command(ViewerCommand::Select(vec![Item::Entity("/camera".into())]));
    viewer.command(ViewerCommand::Hover(None));
    viewer.app.update();
    assert_eq!(lit(&mut viewer), [Highlight::Selected]);
    viewer.command(ViewerCommand::Select(vec![]));
    viewer.app.update();
    assert_eq!(lit(&mut viewer), [Highlight::None]);
    assert_eq!(viewer.scene().version(), version, "the same is shown");
}

/// A camera at (0, 0, 10) that looks along Z, and what it sees: 2 by 2 pixels, whose middles are a quarter of a unit off at a unit's
/// distance.
fn depth_camera() -> [Chunk; 2] {
    let pinhole = Pinhole::from_focal_length_and_resolution([2.0; 2], [2.0; 2]);
    [
        log_chunk("cam", [], &pinhole).unwrap(),
        log_chunk("cam", [], &Transform3D::from_translation([0.0, 0.0, 10.0])).unwrap(),
    ]
}

fn three(viewer: &Viewer) -> &SpatialScene {
    let scenes = viewer.app.world().resource::<SpatialScenes>();
    let mut scenes = scenes.iter();
    scenes.find(|scene| scene.space == Space::Three).unwrap()
}

#[test]
fn distances_stand_before_their_camera_and_are_framed() {
    let values = [1000, 1000, 3000, 3000];
    let [pinhole, transform] = depth_camera();
    let mut viewer = Viewer::new([
        pinhole,
        transform,
        log_chunk(
            "cam/depth",
            [],
            &depth(values).with_meter(1000.0).with_point_fill_ratio(0.5),
        )
        .unwrap(),
        log_chunk("cam/classes", [], &SegmentationImage::from_u8(2, 2, [0; 4])).unwrap(),
    ]);
    viewer.settle();
    let scene = three(&viewer);
    let quads = scene.shown_quads();
    let clouds: Vec<_> = quads.iter().filter_map(|quad| quad.cloud).collect();
    let [cloud] = clouds.as_slice() else {
        panic!("one of the two is a cloud: {quads:?}")
    };
    assert_eq!(cloud.camera, DVec3::new(0.0, 0.0, 10.0));
    assert_eq!(cloud.fill_ratio, 0.5);
    // A meter is a thousand, and the picture is 0.3 units from the camera.
    assert!((cloud.scale - 1.0 / 300.0).abs() < 1e-6, "{}", cloud.scale);
    let framed = scene.framing.framed().all;
    // The last points are 3 units away, 0.75 off; the frustum begins at the camera.
    let expected = Bounds::between(DVec3::new(-0.75, -0.25, 11.0), DVec3::new(0.75, 0.75, 13.0));
    let holds = framed.union(expected) == framed;
    assert!(holds && framed.max.z < 13.01, "{framed:?}");
    let bounds = scene.bounds_of(&"cam/depth".into());
    assert!(
        (bounds.max.z - 13.0).abs() < 1e-6 && (bounds.max.x - 1.5).abs() < 1e-6,
        "{bounds:?}"
    );
}

#[test]
fn a_picture_that_is_too_large_for_a_texture_says_how_much_of_it_is_shown() {
    // Colors are cut into several textures; a cloud numbers its points by the pixels of one.
    let format = ImageFormat::depth(8_200, 1, ChannelDatatype::U8);
    let depth = DepthImage::new(vec![7_u8; 8_200], format);
    let mut viewer = Viewer::new([log_chunk("camera/depth", [], &depth).unwrap()]);
    viewer.finish_decoding();
    viewer.settle();
    let view = viewer.view();
    let reports = viewer.reports(view);
    let messages: Vec<&str> = reports.iter().map(|report| &*report.message).collect();
    assert_eq!(
        messages,
        ["the picture of 8200 x 1 pixels is too large for one texture: 4100 x 1 of them are shown"]
    );
}
