#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use chronoscope_blueprint::{RecommendedView, Schema, ViewBlueprint, ViewClassId, ViewId, ViewportBlueprint};
use chronoscope_frame::{ActiveBlueprint, AppViewClassExt, View, ViewClass, ViewTile, ViewerCommands};
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

/// A class of views that recommends one for each entity.
struct Each;

impl ViewClass for Each {
    fn id(&self) -> ViewClassId {
        ViewClassId::new("Each")
    }

    fn display_name(&self) -> &'static str {
        "One of each"
    }

    fn recommend(&self, schema: &Schema) -> Vec<RecommendedView> {
        let entities = schema.iter().map(|(path, _)| path.clone());
        entities
            .map(|path| RecommendedView::subtree("Each", path))
            .collect()
    }
}

/// The titles of the views on the screen, each with the size of its content.
fn on_screen(stage: &mut Stage) -> Vec<(String, [u32; 2])> {
    let viewport = viewport(stage);
    let world = stage.app.world_mut();
    let mut views = world.query::<(&View, &ViewTile)>();
    let shown = views.iter(world).filter(|(_, tile)| tile.shown);
    shown
        .map(|(view, tile)| (viewport.views[&view.id].title(), tile.size_pixels))
        .collect()
}

#[test]
fn a_grid_of_the_heuristics_that_has_no_room_is_shown_as_tabs() {
    let names: Vec<String> = (0..9).map(|at| format!("/signal_{at}")).collect();
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut stage = Stage::with_entities(280.0, 240.0, &paths);
    stage.app.add_view_class(Each);
    stage.draw();
    let grids = |stage: &Stage| -> Vec<usize> {
        let viewport = viewport(stage);
        let containers = viewport.containers.values();
        containers
            .filter(|container| container.kind == chronoscope_blueprint::ContainerKind::Grid)
            .map(|container| container.contents.len())
            .collect()
    };
    assert!(grids(&stage)[..] == [10], "{:?}", viewport(&stage).containers);
    let small = on_screen(&mut stage);
    assert_eq!(small.len(), 1, "{small:?}");
    let is_readable = |(_, size): &(String, [u32; 2])| size[0] >= 96 && size[1] >= 46;
    assert!(small.iter().all(is_readable), "{small:?}");
    // The others are behind tabs, which are none of the blueprint.
    let other = if small[0].0 == "signal_0" {
        "signal_1"
    } else {
        "signal_0"
    };
    let tab = stage.find(other);
    stage.click(tab);
    stage.draw();
    let shown: Vec<String> = on_screen(&mut stage)
        .into_iter()
        .map(|(title, _)| title)
        .collect();
    assert_eq!(shown, [other]);
    assert_eq!(grids(&stage), [10], "nothing is edited");
    // Where there is room, the grid is there.
    stage.resize(1400.0, 900.0);
    stage.draw();
    let large = on_screen(&mut stage);
    assert_eq!(large.len(), 10, "{large:?}");
    assert!(large.iter().all(is_readable), "{large:?}");
}

#[test]
fn a_title_that_is_as_wide_as_its_bar_gets_no_arrows() {
    const TITLE: &str = "a view whose title is nearly as wide as its tile";
    let mut stage = Stage::with_entities(1200.0, 320.0, &["/plots"]);
    stage.draw();
    let view = stage.first_view();
    let name = BlueprintCommand::SetName(Contents::View(view), Some(TITLE.to_owned()));
    let mut commands = stage.app.world_mut().resource_mut::<ViewerCommands>();
    commands.blueprint(name);
    stage.draw();
    let texts = stage.texts(Vec::new());
    // The tree has it, too, where it may be cut.
    let widths = texts.iter().filter(|(text, _)| text == TITLE);
    let title = widths.map(|(_, rect)| rect.width()).fold(0.0, f32::max);
    let around = 2.0 * size::PADDING + size::ICON + size::GRID;
    // With the button that maximizes the view.
    let whole = title + around + size::ROW;
    let mut widest = 0.0_f32;
    for step in -30..=30_i16 {
        stage.resize(whole + f32::from(step) * 0.1, 320.0);
        stage.draw();
        widest = widest.max(view_rects(&stage)[0].width());
        for _ in 0..2 {
            let texts = stage.draw_with(Vec::new());
            let has_arrow = texts.iter().any(|text| text == "⏵" || text == "⏴");
            assert!(!has_arrow, "{step}: {texts:?}");
        }
    }
    assert!(
        (widest - whole).abs() < 4.0,
        "the tile takes the window: {widest} of {whole}"
    );
}
