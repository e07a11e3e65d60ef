//! Panels in windows of all sizes, what has the focus, and what widgets are called.

use egui::accesskit::Role;

use super::*;
use crate::UiState;

#[test]
fn panels_that_nobody_dragged_follow_the_window() {
    let mut stage = Stage::with_entities(2000.0, 1400.0, &["/a"]);
    stage.draw();
    stage.resize(800.0, 500.0);
    stage.draw();
    let selection = stage.find("Selection");
    assert!(
        selection.x > 600.0,
        "{selection}: the panel is as narrow as it begins"
    );
    let streams = stage.find("Streams");
    assert!(streams.y > 390.0, "{streams}: the panel is as low as it begins");
}

#[test]
fn a_panel_that_was_dragged_keeps_its_size() {
    let mut stage = stage(&["/a"]);
    let before = stage.find("Streams");
    let width = stage.app.world().resource::<UiState>().panel_sizes.left;
    assert_eq!(width, None);
    // Its border, which is as far from the left edge as the panel is wide by itself.
    let border = egui::pos2((1400.0_f32 * 0.17).clamp(180.0, 280.0), 300.0);
    stage.drag(border, border + egui::vec2(60.0, 0.0));
    stage.draw();
    let dragged = stage.app.world().resource::<UiState>().panel_sizes.left;
    let dragged = dragged.expect("a size");
    assert!((dragged - border.x - 60.0).abs() < 8.0, "{dragged}");
    stage.resize(1300.0, 900.0);
    stage.draw();
    let kept = stage.app.world().resource::<UiState>().panel_sizes.left;
    assert_eq!(kept, Some(dragged));
    assert!(
        (stage.find("Streams").y - before.y).abs() < 1.0,
        "the others stay"
    );
}

#[test]
fn a_heading_says_what_became_of_the_blueprint() {
    let mut stage = stage(&["/a"]);
    assert!(says(&mut stage, "automatic"));
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    stage.press(Key::D, Modifiers::COMMAND);
    stage.draw();
    assert!(says(&mut stage, "edited") && !says(&mut stage, "automatic"));
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::ResetBlueprint);
    stage.draw();
    assert!(says(&mut stage, "automatic") && !says(&mut stage, "edited"));
    undo(&mut stage);
    assert!(says(&mut stage, "edited"), "the reset is taken back");
}

/// Nothing is cut in the heading of the blueprint, in a left panel of this width.
#[track_caller]
fn check_heading(stage: &mut Stage, panel_width: f32) {
    stage.draw();
    let heading = stage.find("Blueprint");
    let mut cut = stage.cut_texts();
    cut.retain(|(_, at)| at.x < panel_width && (at.y - heading.y).abs() < 12.0);
    assert!(cut.is_empty(), "{cut:?} in a panel of {panel_width}");
}

#[test]
fn a_heading_leaves_out_what_has_no_room() {
    let mut stage = stage(&["/a"]);
    for is_edited in [false, true] {
        if is_edited {
            let view = only_view(&stage);
            select(&mut stage, Item::View(view));
            stage.press(Key::D, Modifiers::COMMAND);
        }
        for width in [540.0, 1000.0, 1100.0, 1280.0, 1400.0, 1920.0] {
            stage.resize(width, 900.0);
            check_heading(&mut stage, (width * 0.17).clamp(180.0, 280.0));
        }
    }
    // The least width of the panel.
    let border = egui::pos2(280.0, 300.0);
    stage.drag(border, egui::pos2(100.0, 300.0));
    stage.draw();
    let dragged = stage.app.world().resource::<UiState>().panel_sizes.left;
    let dragged = dragged.expect("a size");
    assert!((dragged - 160.0).abs() <= 1.0, "{dragged}");
    check_heading(&mut stage, 160.0);
}

#[test]
fn what_can_be_pressed_has_a_name() {
    let mut stage = stage(&["/robot/a", "/robot/b"]);
    let view = only_view(&stage);
    for item in [
        Item::View(view),
        Item::Entity("/robot/a".into()),
        Item::DataResult {
            view,
            entity: "/robot/a".into(),
            instance: None,
        },
    ] {
        select(&mut stage, item.clone());
        let nodes = stage.nodes();
        let buttons: Vec<_> = nodes
            .iter()
            .filter(|node| matches!(node.role(), Role::Button | Role::CheckBox | Role::Link))
            .collect();
        assert!(buttons.len() > 20, "{item:?}: only {} buttons", buttons.len());
        for node in buttons {
            let name = node.label().unwrap_or_default();
            // An icon is a letter of no script.
            assert!(
                name.chars().any(|letter| letter.is_ascii_graphic()),
                "{item:?}: {name:?} at {:?} has no name",
                node.bounds()
            );
        }
    }
}

#[test]
fn properties_of_the_recording_stand_where_it_is_selected() {
    let mut stage = stage(&["/a", "/__properties/weather"]);
    let texts = stage.draw();
    assert!(texts.iter().any(|text| text == "Property weather"), "{texts:?}");
    let streams = texts.iter().filter(|text| text.contains("__properties")).count();
    assert_eq!(streams, 0, "{texts:?}");
}
