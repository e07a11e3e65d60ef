#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use chronoscope_blueprint::{
    ContainerBlueprint, ContainerId, Contents, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint,
};
use chronoscope_frame::{ActiveBlueprint, ViewerCommands};
use chronoscope_types::enums::ContainerKind;
use egui::{Event, Modifiers, PointerButton, Pos2, Rect};
use egui_tiles::TileId;

use super::*;
use crate::{state::UiState, testing::Stage, theme::size};

const NUM_VIEWS: usize = 6;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }

    fn within(&mut self, rect: Rect) -> Pos2 {
        let share = |number: usize| number as f32 / 1_000.0;
        let (x, y) = (share(self.below(1_000)), share(self.below(1_000)));
        rect.lerp_inside(egui::vec2(x, y))
    }
}

fn stage_with_views() -> Stage {
    let mut stage = Stage::with_entities(1200.0, 900.0, &["/plots"]);
    stage.draw();
    for number in 0..NUM_VIEWS {
        let id = ViewId::hashed(["dragged", &number.to_string()]);
        let view = ViewBlueprint::new(id, ViewClassId::new("TimeSeries"), "/");
        let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
        commands.blueprint(BlueprintCommand::AddView(view, None));
    }
    stage.draw();
    stage
}

fn viewport(stage: &Stage) -> Arc<ViewportBlueprint> {
    Arc::clone(stage.app.world().resource::<ActiveBlueprint>().viewport())
}

/// The views that are on the screen, with where they are.
fn view_rects(stage: &Stage) -> Vec<Rect> {
    let state = stage.app.world().resource::<UiState>();
    let layout = &state.viewport.copy.as_ref().unwrap().layout;
    let tiles = layout.views.keys().map(|tile| TileId(*tile));
    tiles.filter_map(|tile| layout.tree.tiles.rect(tile)).collect()
}

/// Drags from one place to another, with some stops on the way.
fn drag(stage: &mut Stage, from: Pos2, to: Pos2) {
    let button = |pos: Pos2, pressed| Event::PointerButton {
        pos,
        button: PointerButton::Primary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    stage.draw_with(vec![Event::PointerMoved(from)]);
    stage.draw_with(vec![button(from, true)]);
    for share in [0.3, 0.7, 1.0] {
        stage.draw_with(vec![Event::PointerMoved(from.lerp(to, share))]);
    }
    stage.draw_with(vec![button(to, false)]);
    stage.draw();
}

/// Every view lies in one container that can be reached from the root.
fn check_keeps_all_views(viewport: &ViewportBlueprint, step: usize) {
    let root = Contents::Container(viewport.root.unwrap());
    let reached = viewport.subtree(root);
    let containers = reached.iter().filter_map(|item| match item {
        Contents::Container(id) => viewport.containers.get(id),
        Contents::View(_) => None,
    });
    let mut views: Vec<ViewId> = containers
        .flat_map(|container| &container.contents)
        .filter_map(|item| match item {
            Contents::View(view) => Some(*view),
            Contents::Container(_) => None,
        })
        .collect();
    views.sort();
    let all: Vec<ViewId> = viewport.views.keys().copied().collect();
    assert_eq!(views, all, "drop {step}: {:#?}", viewport.containers);
}

#[test]
fn no_drag_and_drop_loses_a_view() {
    let mut stage = stage_with_views();
    assert!(viewport(&stage).views.len() >= NUM_VIEWS);
    let mut numbers = Numbers(17);
    let mut num_changed = 0;
    for step in 0..60 {
        let rects = view_rects(&stage);
        let all = rects.iter().fold(Rect::NOTHING, |all, rect| all.union(*rect));
        let dragged = rects[numbers.below(rects.len())];
        let bar = Rect::from_x_y_ranges(dragged.x_range(), dragged.top() - size::ROW..=dragged.top());
        let from = if numbers.below(3) == 0 {
            numbers.within(bar)
        } else {
            bar.left_center() + egui::vec2(2.0 * size::GRID, 0.0)
        };
        // Places between all views are where tiles beside the root are dropped, so they are tried often.
        let to = match numbers.below(4) {
            0 => all.center(),
            1 => numbers.within(Rect::from_center_size(all.center(), all.size() * 0.2)),
            _ => numbers.within(all.expand2(egui::vec2(0.0, size::ROW))),
        };
        let before = viewport(&stage);
        drag(&mut stage, from, to);
        let after = viewport(&stage);
        num_changed += usize::from(!layout::is_same_layout(&before, &after));
        check_keeps_all_views(&after, step);
    }
    assert!(num_changed > 20, "only {num_changed} drops changed anything");
}

#[test]
fn a_tile_that_is_dropped_on_a_tab_bar_becomes_a_tab() {
    let mut stage = stage_with_views();
    let rects = view_rects(&stage);
    let grab = |rect: Rect| rect.left_top() + egui::vec2(3.0 * size::GRID, -size::ROW / 2.0);
    let empty = |rect: Rect| rect.right_top() + egui::vec2(-2.0 * size::ROW, -size::ROW / 2.0);
    drag(&mut stage, grab(rects[0]), empty(rects[1]));
    let after = viewport(&stage);
    check_keeps_all_views(&after, 0);
    let tabs = after
        .containers
        .values()
        .find(|container| container.kind == chronoscope_blueprint::ContainerKind::Tabs);
    let tabs = tabs.expect("no tabs were made");
    assert_eq!(tabs.contents.len(), 2);
    assert_eq!(
        tabs.active_tab,
        tabs.contents.last().copied(),
        "what is dropped is in front"
    );
}

/// Arrows came and went with every frame where a title fitted to a fraction of a point.
#[test]
fn titles_that_just_fit_are_not_scrolled() {
    let mut stage = Stage::with_entities(1100.0, 600.0, &["/plots"]);
    stage.draw();
    let views = (4..9).map(|letters: usize| {
        let id = ViewId::hashed(["titled", &letters.to_string()]);
        let view = ViewBlueprint::new(id, ViewClassId::new("TimeSeries"), "/");
        ViewBlueprint {
            name: Some("m".repeat(letters)),
            ..view
        }
    });
    let root = ContainerId::hashed(["titled"]);
    let views: Vec<ViewBlueprint> = views.collect();
    let contents: Vec<Contents> = views.iter().map(|view| Contents::View(view.id)).collect();
    let mut viewport = ViewportBlueprint {
        root: Some(root),
        auto_layout: false,
        auto_views: false,
        ..ViewportBlueprint::default()
    };
    let container = ContainerBlueprint::new(root, ContainerKind::Horizontal, contents);
    viewport.containers.insert(root, container);
    viewport
        .views
        .extend(views.into_iter().map(|view| (view.id, view)));
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.blueprint(BlueprintCommand::WriteAll(Box::new(viewport)));
    for step in 0..60 {
        stage.resize(1040.0 + 1.5 * step as f32, 600.0);
        // Every second frame had them.
        for _ in 0..4 {
            let texts = stage.draw_with(Vec::new());
            assert!(!texts.iter().any(|text| text == "⏵"), "{texts:?}");
        }
    }
    let rects = view_rects(&stage);
    let is_near = |rect: &Rect| rect.width() > 100.0 && rect.width() < 180.0;
    assert!(rects.len() == 5 && rects.iter().all(is_near), "{rects:?}");
}
