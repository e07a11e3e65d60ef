//! Views with and without a bar that has their title.

use egui::accesskit::Role;

use super::*;

/// Clicks on the box of this name that can be checked.
fn check_box(stage: &mut Stage, name: &str) {
    let nodes = stage.nodes();
    let mut boxes = nodes.iter().filter(|node| node.role() == Role::CheckBox);
    let found = boxes.find(|node| node.label() == Some(name));
    let bounds = found.and_then(egui::accesskit::Node::bounds).unwrap();
    let middle = egui::pos2(
        ((bounds.x0 + bounds.x1) / 2.0) as f32,
        ((bounds.y0 + bounds.y1) / 2.0) as f32,
    );
    stage.click(middle);
    stage.draw();
}

#[test]
fn a_title_bar_is_taken_away_and_given_back() {
    let mut stage = stage(&["/a"]);
    let text = r#"(version: 1, layout: Horizontal(contents: [
        View(class: "TimeSeries", name: "Bare"),
        View(class: "TimeSeries", name: "Beside", title_bar: false),
    ]))"#;
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::PasteBlueprint(text.to_owned()));
    stage.draw();
    let view_of = |stage: &Stage, name: &str| {
        let mut views = viewport(stage).views.values();
        views.find(|view| view.title() == name).unwrap().id
    };
    let bare = view_of(&stage, "Bare");
    select(&mut stage, Item::View(bare));
    let times_said = |stage: &mut Stage, name: &str| {
        let texts = stage.draw();
        texts.iter().filter(|text| *text == name).count()
    };
    assert_eq!(times_said(&mut stage, "Beside"), 1, "in the tree alone");
    let with_bar = times_said(&mut stage, "Bare");
    check_box(&mut stage, "Title bar");
    assert!(!viewport(&stage).views[&bare].title_bar);
    assert_eq!(times_said(&mut stage, "Bare"), with_bar - 1);
    assert_eq!(undo_name(&stage), Some("hide title bar"));
    undo(&mut stage);
    assert_eq!(times_said(&mut stage, "Bare"), with_bar);
    // There is a way back from where it fills everything.
    let beside = view_of(&stage, "Beside");
    select(&mut stage, Item::View(beside));
    let without = times_said(&mut stage, "Beside");
    press(&mut stage, Key::Enter);
    assert_eq!(viewport(&stage).maximized, Some(beside));
    assert_eq!(times_said(&mut stage, "Beside"), without + 1);
}

#[test]
fn a_click_in_the_bar_beside_its_title_selects_a_view_that_has_the_bar_for_itself() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    let title = titles(&stage)[0].clone();
    let at = stage.find_near(&title, egui::pos2(700.0, 40.0));
    assert!(at.x > 204.0 && at.y < 100.0, "{at:?}");
    stage.click(at + egui::vec2(150.0, 0.0));
    stage.draw();
    assert_eq!(selected(&stage), [Item::View(view)]);
}
