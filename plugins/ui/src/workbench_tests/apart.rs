//! What is dragged from view to view, taken back one by one, walked through by keys, and shown apart.

use chronoscope_blueprint::Contents;
use chronoscope_views::DraggedEntities;

use super::*;
use crate::{OwnWindows, UiState, show};

/// Lets go of entities over a place of the viewport.
fn drop_at(stage: &mut Stage, dragged: DraggedEntities, at: egui::Pos2, modifiers: Modifiers) {
    let button = |pressed| Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers,
    };
    stage.draw_with(vec![Event::PointerMoved(at), button(true)]);
    egui::DragAndDrop::set_payload(&stage.ctx, dragged);
    stage.hold(modifiers);
    stage.draw_with(vec![Event::PointerMoved(at + egui::vec2(2.0, 0.0))]);
    stage.draw_with(vec![button(false)]);
    stage.hold(Modifiers::NONE);
    stage.draw();
}

fn shows(stage: &Stage, view: ViewId, entity: &str) -> bool {
    let view = viewport(stage).views.get(&view).unwrap();
    view.resolved_contents().matches(&entity.into())
}

#[test]
fn what_is_dragged_out_of_a_view_leaves_it_unless_it_is_copied() {
    let middle = egui::pos2(700.0, 300.0);
    let mut stage = stage(&["/robot/a", "/robot/b"]);
    let first = only_view(&stage);
    let dragged = |from| DraggedEntities {
        entities: vec!["/robot/b".into()],
        from: Some(from),
    };
    // Where it comes from it stays.
    drop_at(&mut stage, dragged(first), middle, Modifiers::NONE);
    assert_eq!(titles(&stage).len(), 1);
    assert!(shows(&stage, first, "/robot/b"));

    // From a view that is not there any more, it is shown in a new one.
    drop_at(
        &mut stage,
        dragged(ViewId::hashed(["gone"])),
        middle,
        Modifiers::NONE,
    );
    assert_eq!(titles(&stage).len(), 2);
    let second = *viewport(&stage).views.keys().find(|id| **id != first).unwrap();
    assert!(shows(&stage, first, "/robot/b") && shows(&stage, second, "/robot/b"));

    // From the second to the tree's row of the first, as one step.
    let row = stage.find_near(&titles(&stage)[0], egui::pos2(60.0, 150.0));
    assert!(row.x < 300.0, "{row:?}");
    drop_at(&mut stage, dragged(second), row, Modifiers::COMMAND);
    assert!(shows(&stage, second, "/robot/b"), "a copy");
    drop_at(&mut stage, dragged(second), row, Modifiers::NONE);
    assert!(!shows(&stage, second, "/robot/b"));
    assert!(shows(&stage, first, "/robot/b"));
    assert_eq!(undo_name(&stage), Some("move to view"));
    undo(&mut stage);
    assert!(shows(&stage, second, "/robot/b"));
}

#[test]
fn what_is_dragged_is_named_on_one_line_with_what_happens_to_it() {
    let mut stage = stage(&["/robot/a", "/robot/b"]);
    let items = ["/robot/a", "/robot/b"].map(|path| Item::Entity(path.into()));
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Select(items.to_vec()));
    stage.draw();
    // The row of the streams, below.
    let row = stage.find_near("b", egui::pos2(60.0, 850.0));
    let middle = egui::pos2(700.0, 300.0);
    let press = Event::PointerButton {
        pos: row,
        button: egui::PointerButton::Primary,
        pressed: true,
        modifiers: Modifiers::NONE,
    };
    stage.draw_with(vec![Event::PointerMoved(row), press]);
    stage.draw_with(vec![Event::PointerMoved(row.lerp(middle, 0.5))]);
    stage.draw_with(vec![Event::PointerMoved(middle)]);
    let texts = stage.texts(Vec::new());
    let rect = |wanted: &str| {
        let found = texts.iter().find(|(text, _)| text == wanted);
        found
            .unwrap_or_else(|| panic!("{wanted} is not among {texts:?}"))
            .1
    };
    let (named, told) = (rect("2 entities"), rect("Show in a new view"));
    assert!(named.height() < 20.0, "{named:?}: more than one line");
    assert!(!named.intersects(told), "{named:?} and {told:?}");
}

#[test]
fn rows_up_to_one_that_is_clicked_with_shift_are_selected() {
    let mut stage = stage(&["/alpha", "/beta", "/gamma", "/delta"]);
    let below = egui::pos2(60.0, 850.0);
    let click = |stage: &mut Stage, row: &str, modifiers: Modifiers| {
        let at = stage.find_near(row, below);
        stage.hold(modifiers);
        stage.click(at);
        stage.hold(Modifiers::NONE);
        stage.draw();
    };
    let entities = |names: &[&str]| -> Vec<Item> {
        let names = names.iter();
        names.map(|name| Item::Entity((*name).into())).collect()
    };
    // In the order of the rows: alpha, beta, delta, gamma.
    click(&mut stage, "beta", Modifiers::NONE);
    click(&mut stage, "gamma", Modifiers::SHIFT);
    assert_eq!(selected(&stage), entities(&["/beta", "/delta", "/gamma"]));
    // From the same row on, to the other side.
    click(&mut stage, "alpha", Modifiers::SHIFT);
    assert_eq!(selected(&stage), entities(&["/beta", "/alpha"]));
    // In the tree of the blueprint, from what was selected in the other one.
    let at = stage.find_near("delta", egui::pos2(60.0, 200.0));
    stage.hold(Modifiers::SHIFT);
    stage.click(at);
    stage.hold(Modifiers::NONE);
    stage.draw();
    let names: Vec<String> = selected(&stage)
        .iter()
        .filter_map(|item| Some(item.entity()?.to_string()))
        .collect();
    assert_eq!(names, ["/beta", "/delta"]);
}

#[test]
fn a_right_click_in_a_view_opens_its_menu() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    stage.right_click(egui::pos2(700.0, 300.0));
    assert_eq!(selected(&stage), [Item::View(view)]);
    let duplicate = stage.find("Duplicate");
    stage.click(duplicate);
    stage.draw();
    assert_eq!(titles(&stage).len(), 2);
    assert!(!says(&mut stage, "Duplicate"), "it is closed");
}

#[test]
fn stars_stand_for_parts_of_paths_in_the_contents_of_a_view() {
    let mut stage = stage(&["/robots/1/speed", "/robots/2/speed", "/robots/2/load"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    let field = stage.find("+ $origin/**");
    stage.click(field);
    stage.press(Key::A, Modifiers::COMMAND);
    type_text(&mut stage, "/robots/*/speed");
    assert!(says(&mut stage, "Matches 2 entities"));
    stage.press(Key::Enter, Modifiers::COMMAND);
    stage.draw();
    assert!(shows(&stage, view, "/robots/1/speed") && !shows(&stage, view, "/robots/2/load"));
    let counted = stage.draw().join("|");
    assert!(counted.contains("Matched|2"), "{counted}");
}

#[test]
fn keys_lead_through_the_trees() {
    let mut stage = stage(&["/a/b", "/a/c"]);
    select(&mut stage, Item::Entity("/a".into()));
    press(&mut stage, Key::ArrowDown);
    assert_eq!(selected(&stage), [Item::Entity("/a/b".into())]);
    press(&mut stage, Key::ArrowDown);
    assert_eq!(selected(&stage), [Item::Entity("/a/c".into())]);
    assert_eq!(time(&stage), 0, "up and down are no times");
    // What it holds, the first of that, and out again.
    press(&mut stage, Key::Plus);
    press(&mut stage, Key::Plus);
    let component = Item::Component {
        entity: "/a/c".into(),
        component: "Scalars:scalars".to_owned(),
    };
    assert_eq!(selected(&stage), [component]);
    press(&mut stage, Key::Minus);
    assert_eq!(selected(&stage), [Item::Entity("/a/c".into())]);
    press(&mut stage, Key::Minus);
    press(&mut stage, Key::Minus);
    assert_eq!(selected(&stage), [Item::Entity("/a".into())]);

    // In the tree of the blueprint.
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    press(&mut stage, Key::ArrowUp);
    assert_eq!(
        selected(&stage),
        [Item::Container(viewport(&stage).root.unwrap())]
    );
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::ArrowDown);
    let in_view = |item: &Item| matches!(item, Item::DataResult { .. });
    assert!(selected(&stage).iter().all(in_view), "{:?}", selected(&stage));
}

#[test]
fn a_view_stands_in_a_window_of_its_own_and_comes_back() {
    let mut stage = stage(&["/a"]);
    let view = only_view(&stage);
    select(&mut stage, Item::View(view));
    stage.press(Key::D, Modifiers::COMMAND);
    stage.draw();
    select(&mut stage, Item::View(view));
    let is_here = |stage: &Stage| stage.app.world().resource::<UiState>().view_rect(view).is_some();
    let press = |stage: &mut Stage| {
        stage.press(Key::N, Modifiers::COMMAND | Modifiers::SHIFT);
        stage.draw();
    };
    // Where nobody opens windows it stays.
    press(&mut stage);
    assert!(is_here(&stage));
    stage.app.insert_resource(OwnWindows::default());
    press(&mut stage);
    let own = stage.app.world().resource::<OwnWindows>();
    assert_eq!(own.iter().collect::<Vec<_>>(), [Contents::View(view)]);
    assert!(!is_here(&stage));
    assert_eq!(titles(&stage).len(), 2, "the blueprint is as it was");
    assert!(viewport(&stage).views.values().all(|view| view.visible));

    // What a host shows in the window: the view and nothing else.
    let mut apart = UiState::of_contents("apart", Contents::View(view));
    for _ in 0..3 {
        stage.draw_by(Vec::new(), |world, ui| show(world, ui, &mut apart));
    }
    let texts = stage.draw_by(Vec::new(), |world, ui| show(world, ui, &mut apart));
    assert!(apart.view_rect(view).unwrap().width() > 1300.0);
    assert!(texts.iter().all(|(text, _)| text != "Recordings"), "{texts:?}");

    stage.draw();
    press(&mut stage);
    assert!(is_here(&stage));

    // A container comes with all in it.
    let root = Contents::Container(viewport(&stage).root.unwrap());
    let mut apart = UiState::of_contents("apart too", root);
    for _ in 0..4 {
        stage.draw_by(Vec::new(), |world, ui| show(world, ui, &mut apart));
    }
    // Of tabs one is seen.
    assert!(
        viewport(&stage)
            .views
            .keys()
            .any(|view| apart.view_rect(*view).is_some())
    );
}
