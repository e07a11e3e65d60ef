//! Logs and documents as the blueprint wants them.

use chronoscope_blueprint::BlueprintCommand;
use chronoscope_frame::{ActiveBlueprint, Transforms, ViewerCommand, Visualizers, Visuals};
use chronoscope_store::{Chunk, Timeline};
use chronoscope_types::{
    Rgba, TextDocument, TextLog, TextLogColumn, TimelineColumn, Transform3D,
    blueprint::{TextDocumentFormat, TextLogColumns, TextLogRows},
    enums::TextLogColumnKind,
    log_chunk,
};

use super::{Viewer, assert_has, frame};
use crate::testing::context_with_fonts;

fn line(time: i64, text: &str, level: &str) -> Chunk {
    let times = [(frame(), time), (Timeline::sequence("step"), time * 100)];
    log_chunk("logs/a", times, &TextLog::new(text).with_level(level)).unwrap()
}

/// A log lists lines of all entities, wherever these stand.
#[test]
fn a_log_does_not_tell_of_transforms() {
    let broken = Transform3D::from_translation([1.0; 3]).with_quaternion([0.0; 4]);
    let broken = log_chunk("logs", [(frame(), 0)], &broken).unwrap();
    let viewer = Viewer::new([broken, line(1, "first", "INFO")]);
    let world = viewer.app.world();
    assert_eq!(world.resource::<Transforms>().reports().len(), 1);
    let viewport = world.resource::<ActiveBlueprint>().viewport();
    let visualizers = world.resource::<Visualizers>();
    for view in viewport.views.keys() {
        let reports = visualizers.reports(world, *view);
        assert!(reports.is_empty(), "{reports:?}");
    }
}

#[test]
fn a_log_has_the_columns_that_the_blueprint_names() {
    let mut viewer = Viewer::new([line(1, "first", "INFO"), line(2, "second", "WARN")]);
    let titles = |viewer: &mut Viewer| {
        let text = viewer.text("TextLog");
        let names = ["frame", "step", "entity", "level", "text"];
        let parts = text.split('|').filter(|part| names.contains(part));
        parts.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(titles(&mut viewer), ["frame", "entity", "level", "text"]);
    let timeline = |name: &str, visible| TimelineColumn {
        timeline: name.to_owned(),
        visible,
    };
    let column = |kind, visible| TextLogColumn { kind, visible };
    let columns = TextLogColumns::default()
        .with_timeline_columns([timeline("step", true), timeline("frame", false)])
        .with_text_log_columns([
            column(TextLogColumnKind::Body, true),
            column(TextLogColumnKind::EntityPath, false),
            column(TextLogColumnKind::LogLevel, true),
        ]);
    viewer.set(&columns);
    assert_eq!(titles(&mut viewer), ["step", "text", "level"]);
    let text = viewer.text("TextLog");
    assert_has(&text, "#200");
    assert!(!text.contains("#2|"), "{text}");

    viewer.set(&TextLogRows::default().with_filter_by_log_level(["WARN"]));
    let text = viewer.text("TextLog");
    assert!(text.contains("second") && !text.contains("first"), "{text}");
}

#[test]
fn lines_have_the_color_that_the_blueprint_gives_them() {
    let brings = TextLog::new("second").with_color(Rgba(0x0000_FFFF));
    let brings = log_chunk("logs/a", [(frame(), 2)], &brings).unwrap();
    let mut viewer = Viewer::new([line(1, "first", "INFO"), brings]);
    let colors = |viewer: &Viewer| {
        let visuals = viewer.app.world().resource::<Visuals<crate::text_log::TextLog>>();
        let (_, log) = visuals.view(viewer.first_view()).unwrap().iter().next().unwrap();
        [0, 1].map(|line| log.color(line))
    };
    let (red, blue) = (Some([255, 0, 0, 255]), Some([0, 0, 255, 255]));
    assert_eq!(colors(&viewer), [None, blue]);
    let color = TextLog::default().with_color(Rgba(0xFF00_00FF));
    let command = BlueprintCommand::override_entity(viewer.first_view(), "/logs/a".into(), &color);
    viewer.command(ViewerCommand::Blueprint(command));
    assert_eq!(colors(&viewer), [red, red]);
    let always = log_chunk("logs/a", [], &color).unwrap();
    let viewer = Viewer::new([line(1, "first", "INFO"), always]);
    assert_eq!(colors(&viewer)[0], red);
}

#[test]
fn a_document_wraps_where_the_blueprint_says_so() {
    let long = "word ".repeat(200);
    let mut viewer = Viewer::new([log_chunk("doc", [], &TextDocument::new(long.as_str())).unwrap()]);
    viewer.egui = context_with_fonts();
    let heights = |viewer: &mut Viewer| {
        viewer.draw("TextDocument", Vec::new());
        let shapes = viewer.shapes("TextDocument", Vec::new());
        let texts = shapes.iter().filter_map(|shape| match shape {
            egui::Shape::Text(text) if text.galley.text().starts_with("word") => Some(text.galley.rows.len()),
            _ => None,
        });
        texts.collect::<Vec<_>>()
    };
    assert_eq!(heights(&mut viewer), [1]);
    viewer.set(&TextDocumentFormat::default().with_word_wrap(true));
    let wrapped = heights(&mut viewer);
    assert!(wrapped.len() == 1 && wrapped[0] > 5, "{wrapped:?}");
}

#[test]
fn a_document_without_text_says_so() {
    for media_type in ["text/plain", "text/markdown"] {
        let document = TextDocument::new("").with_media_type(media_type);
        let mut viewer = Viewer::new([log_chunk("doc", [], &document).unwrap()]);
        assert_has(&viewer.text("TextDocument"), "The document is empty");
    }
}

#[test]
fn levels_have_their_first_letters_where_names_have_no_room() {
    const LEVELS: [&str; 4] = ["ERROR", "WARN", "INFO", "DEBUG"];
    let mut viewer = Viewer::new(LEVELS.map(|level| line(1, "text", level)));
    viewer.egui = context_with_fonts();
    // The first row of the tile.
    let row = |viewer: &mut Viewer, wanted: [&str; 4]| -> usize {
        viewer.draw("TextLog", Vec::new());
        let texts = viewer.draw("TextLog", Vec::new());
        let first = texts.iter().filter(|(_, place)| place.y < 20.0);
        first.filter(|(text, _)| wanted.contains(&&**text)).count()
    };
    assert_eq!(row(&mut viewer, LEVELS), 4);
    viewer.width = 210.0;
    assert_eq!(row(&mut viewer, ["E", "W", "I", "D"]), 4);
    assert_eq!(row(&mut viewer, LEVELS), 0);
}
