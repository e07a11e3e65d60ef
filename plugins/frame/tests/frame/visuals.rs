//! Visuals are made once for all views that ask for the same, and go when nobody needs them.

use std::sync::Arc;

use bevy_app::App;
use chronoscope_blueprint::{
    BlueprintCommand, ContainerBlueprint, ContainerId, ContainerKind, Contents, Instruction, InstructionId,
    OverrideTarget, ViewBlueprint, ViewId, ViewportBlueprint,
};
use chronoscope_frame::{
    AppFallbackExt, InstructionIndex, LatestAtResults, Recordings, ResultKey, Source, TimeCommand,
    ViewerCommand, ViewerCommands, Visuals, Work, WorkCounters, resolve,
};
use chronoscope_store::{EntityId, EntityPath, StoreId, Timeline};
use chronoscope_types::{
    AsComponents, Boxes3D, Component, ComponentMapping, CursorTimeRange, Points3D, Rgba, TimeBoundary,
    VisibleTimeRange,
    blueprint::{VisibleTimeRanges, VisualizerInstruction},
    columns_chunk, components,
    enums::ComponentSourceKind,
    log_chunk, read,
};

use crate::{CLASS, Cloud, Points, add, new_app, show_all, store_id};

pub(crate) fn view(at: usize) -> ViewId {
    ViewId::hashed(["visuals", &at.to_string()])
}

pub(crate) fn command(app: &mut App, command: BlueprintCommand) {
    let mut commands = app.world_mut().resource_mut::<ViewerCommands>();
    commands.push(ViewerCommand::Blueprint(command));
    commands.push(ViewerCommand::EndGesture);
}

/// An app with so many views that show everything, and a cloud with a row of one point at each of the times.
pub(crate) fn app_with(views: usize, times: impl Iterator<Item = i64>) -> App {
    let mut app = new_app();
    for time in times {
        let points = Points3D::new([[time as f32, 0.0, 0.0]]);
        let at = [(Timeline::sequence("frame"), time)];
        add(&mut app, &store_id(), log_chunk("/world/a", at, &points).unwrap());
    }
    app.update();
    let root = ContainerId::hashed(["visuals"]);
    let mut viewport = ViewportBlueprint {
        root: Some(root),
        auto_layout: false,
        auto_views: false,
        ..ViewportBlueprint::default()
    };
    for at in 0..views {
        let view = ViewBlueprint::new(view(at), CLASS, "/");
        viewport.views.insert(view.id, view);
    }
    let contents = (0..views).map(|at| Contents::View(view(at)));
    let container = ContainerBlueprint::new(root, ContainerKind::Grid, contents);
    viewport.containers.insert(root, container);
    command(&mut app, BlueprintCommand::WriteAll(Box::new(viewport)));
    settle(&mut app);
    app
}

pub(crate) fn settle(app: &mut App) {
    for _ in 0..4 {
        show_all(app, None);
        app.update();
    }
}

pub(crate) fn seek(app: &mut App, time: i64) {
    let command = TimeCommand::SetTimelineAndTime("frame".to_owned(), time);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::Time(command));
    app.update();
}

/// A range of times around the cursor.
fn around_cursor(from: i64, to: i64) -> VisibleTimeRanges {
    VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
        timeline: "frame".to_owned(),
        range: CursorTimeRange {
            start: TimeBoundary::CursorRelative(from),
            end: TimeBoundary::CursorRelative(to),
        },
    }])
}

/// Lets so many views show the rows in a range of times around the cursor.
pub(crate) fn show_range(app: &mut App, views: usize, from: i64, to: i64) {
    let ranges = around_cursor(from, to);
    for at in 0..views {
        command(app, BlueprintCommand::set_property(view(at), &ranges));
    }
    settle(app);
}

fn made(app: &App) -> u64 {
    app.world().resource::<WorkCounters>().get(Work::VisualsMade)
}

pub(crate) fn visuals(app: &App) -> &Visuals<Points> {
    app.world().resource::<Visuals<Points>>()
}

pub(crate) fn entity(app: &App) -> EntityId {
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    store.entity_id(&"/world/a".into()).unwrap()
}

/// The x of all points that a view shows of the entity, by instruction.
pub(crate) fn shown(app: &App, at: usize) -> Vec<Vec<f32>> {
    let Some(visuals) = visuals(app).view(view(at)) else {
        return Vec::new();
    };
    let clouds = visuals.of_entity(entity(app));
    clouds
        .map(|(_, cloud)| cloud.positions.iter().map(|position| position[0]).collect())
        .collect()
}

#[test]
fn views_that_show_the_same_share_what_is_made() {
    let mut app = app_with(6, 0..10);
    for time in 1..10 {
        seek(&mut app, time);
        assert_eq!(made(&app), 1);
        assert_eq!(visuals(&app).num_visuals(), 1);
        for at in 0..6 {
            assert_eq!(shown(&app, at), [[time as f32]]);
            assert_eq!(visuals(&app).view(view(at)).unwrap().changed().len(), 1);
        }
    }
    app.update();
    assert_eq!(made(&app), 0);
    assert!((0..6).all(|at| visuals(&app).view(view(at)).unwrap().is_unchanged()));
}

#[test]
fn a_thousand_entities_play_as_one_does() {
    let mut app = app_with(2, 0..1);
    let times: Vec<i64> = (0..40).collect();
    for at in 0..1_000 {
        let points = Points3D::new(times.iter().map(|time| [*time as f32, at as f32, 0.0]));
        let timeline = Timeline::sequence("frame");
        let chunk = columns_chunk(format!("/world/many/{at}"), [(timeline, times.clone())], &points);
        add(&mut app, &store_id(), chunk.unwrap());
    }
    settle(&mut app);
    let recordings = app.world().resource::<Recordings>();
    let store = recordings.active().unwrap().store();
    let paths = (0..1_000).map(|at| EntityPath::parse(&format!("/world/many/{at}")));
    let entities: Vec<EntityId> = paths.map(|path| store.entity_id(&path).unwrap()).collect();
    seek(&mut app, 0);
    let mut before = 0;
    // Forth and back, by single rows and by many, and not at all.
    for time in (1..20).chain([19, 18, 17, 39, 39, 5, 0]) {
        seek(&mut app, time);
        assert_eq!(made(&app), if time == before { 0 } else { 1_000 });
        before = time;
        for visuals in (0..2).map(|at| visuals(&app).view(view(at)).unwrap()) {
            for (at, entity) in entities.iter().enumerate() {
                let shown: Vec<_> = visuals.of_entity(*entity).map(|(_, cloud)| cloud).collect();
                assert_eq!(shown.len(), 1);
                assert_eq!(shown[0].positions, [[time as f32, at as f32, 0.0]]);
            }
        }
    }
    let latest_at = app.world().resource::<LatestAtResults>();
    assert!(
        latest_at.entities().is_sorted(),
        "what came at once stands in the order in which it is gone through"
    );
}

#[test]
fn the_same_default_in_two_views_makes_one_visual_and_another_two() {
    let mut app = app_with(3, 0..1);
    let set = |app: &mut App, at: usize, red: u8| {
        let points = Points3D::default().with_colors([[red, 0, 0, 255]]);
        command(app, BlueprintCommand::SetDefault(view(at), points.components()));
        settle(app);
    };
    set(&mut app, 0, 7);
    assert_eq!(visuals(&app).num_visuals(), 2);
    set(&mut app, 1, 7);
    assert_eq!(visuals(&app).num_visuals(), 2);
    set(&mut app, 1, 8);
    assert_eq!(visuals(&app).num_visuals(), 3);
    let color = |at: usize| {
        let mut of_view = visuals(&app).view(view(at)).unwrap().of_entity(entity(&app));
        of_view.next().unwrap().1.colors.clone()
    };
    assert_eq!(
        [color(0), color(1), color(2)],
        [vec![0x0700_00FF], vec![0x0800_00FF], vec![]]
    );
    // Whoever asks is told the same.
    let source = |at: usize, component: &str| {
        let key = ResultKey {
            entity: entity(&app),
            instruction: InstructionIndex(0),
        };
        Some(resolve(app.world(), view(at), key, component)?.source)
    };
    assert_eq!(source(0, "Points3D:colors"), Some(Source::ViewDefault));
    assert_eq!(source(2, "Points3D:colors"), None);
    assert_eq!(source(2, "Points3D:positions"), Some(Source::Store));
}

#[test]
fn what_nobody_gives_has_a_fallback() {
    let mut app = app_with(1, 0..1);
    app.add_fallback("Points3D:colors", |input| {
        assert_eq!(
            (input.view.class.as_str(), input.path.as_str()),
            (CLASS, "/world/a")
        );
        components::Color::build(vec![Rgba(9)])
    });
    let key = ResultKey {
        entity: entity(&app),
        instruction: InstructionIndex(0),
    };
    let found = resolve(app.world(), view(0), key, "Points3D:colors").unwrap();
    assert_eq!((found.source, found.row), (Source::Fallback, None));
    assert_eq!(*read::colors(&found.array).unwrap(), [9]);
    assert!(resolve(app.world(), view(0), key, "Points3D:radii").is_none());
}

#[test]
fn two_instructions_of_one_visualizer_show_an_entity_twice() {
    let mut app = app_with(2, 0..3);
    let centers = [(0, 100.0), (2, 102.0)];
    for (time, x) in centers {
        let boxes = Boxes3D::from_centers_and_half_sizes([[x, 0.0, 0.0]], [[1.0; 3]]);
        let at = [(Timeline::sequence("frame"), time)];
        add(&mut app, &store_id(), log_chunk("/world/a", at, &boxes).unwrap());
    }
    let instruction = |name: &str| Instruction {
        id: InstructionId::hashed([name]),
        visualizer: "Points3D".into(),
    };
    let mapped = VisualizerInstruction::default().with_component_map(ComponentMapping {
        target: "Points3D:positions".to_owned(),
        source_kind: ComponentSourceKind::SourceComponent,
        source_component: Some("Boxes3D:centers".to_owned()),
        selector: None,
    });
    let red = Points3D::default().with_colors([[255, 0, 0, 255]]);
    for (name, components) in [("own", red.components()), ("mapped", mapped.components())] {
        let target = OverrideTarget::Visualizer {
            id: instruction(name).id,
            active: vec![instruction("own"), instruction("mapped")],
        };
        let set = BlueprintCommand::SetOverride {
            view: view(0),
            entity: "/world/a".into(),
            target,
            components,
        };
        command(&mut app, set);
    }
    settle(&mut app);
    seek(&mut app, 0);
    assert_eq!(shown(&app, 0), [[0.0], [100.0]]);
    assert_eq!(shown(&app, 1), [[0.0]]);
    // Between two rows of the mapped component nothing of it is made.
    seek(&mut app, 1);
    assert_eq!(shown(&app, 0), [[1.0], [100.0]]);
    assert_eq!(made(&app), 2, "the red points, and those of the other view");
    seek(&mut app, 2);
    assert_eq!(shown(&app, 0), [[2.0], [102.0]]);
    let source = |instruction: u16, component: &str| {
        let key = ResultKey {
            entity: entity(&app),
            instruction: InstructionIndex(instruction),
        };
        Some(resolve(app.world(), view(0), key, component)?.source)
    };
    assert_eq!(source(0, "Points3D:colors"), Some(Source::Override));
    assert_eq!(source(1, "Points3D:colors"), None);
    assert_eq!(source(1, "Points3D:positions"), Some(Source::Store));
}

#[test]
fn a_view_of_another_class_shows_nothing_by_the_visualizers_of_the_one_before() {
    let mut app = app_with(1, 0..1);
    let own = Instruction {
        id: InstructionId::hashed(["own"]),
        visualizer: "Points3D".into(),
    };
    let set = BlueprintCommand::SetOverride {
        view: view(0),
        entity: "/world/a".into(),
        target: OverrideTarget::Visualizer {
            id: own.id,
            active: vec![own],
        },
        components: Points3D::default().with_colors([[255, 0, 0, 255]]).components(),
    };
    command(&mut app, set);
    settle(&mut app);
    assert_eq!(shown(&app, 0), [[0.0]]);
    command(&mut app, BlueprintCommand::SetClass(view(0), "Other".into()));
    settle(&mut app);
    assert!(shown(&app, 0).is_empty());
    command(&mut app, BlueprintCommand::SetClass(view(0), CLASS.into()));
    settle(&mut app);
    assert_eq!(shown(&app, 0), [[0.0]]);
}

#[test]
fn what_no_shown_view_holds_is_idle_and_is_made_anew_after_a_purge() {
    let mut app = app_with(2, 0..2);
    seek(&mut app, 1);
    let bytes = visuals(&app).bytes();
    assert!(bytes > 12 && visuals(&app).idle_bytes() == 0, "{bytes}");
    // Another view shows it.
    show_all(&mut app, Some(0));
    app.update();
    assert_eq!(visuals(&app).idle_bytes(), 0);
    // The one that is hidden keeps what it had when the other moves on.
    seek(&mut app, 0);
    assert_eq!(visuals(&app).num_visuals(), 2);
    assert_eq!(visuals(&app).idle_bytes(), bytes);
    let freed = app.world_mut().resource_mut::<Visuals<Points>>().purge(1);
    assert_eq!((freed, visuals(&app).idle_bytes()), (bytes, 0));
    assert_eq!(visuals(&app).num_visuals(), 1);
    app.update();
    assert_eq!(made(&app), 0);
    show_all(&mut app, None);
    app.update();
    assert_eq!(made(&app), 0, "the other view has it");
    let views = [0, 1].map(|at| shown(&app, at));
    assert!(
        views.contains(&vec![vec![0.0]]) && views[0] == views[1],
        "{views:?}"
    );
}

#[test]
fn a_range_of_times_shows_all_its_rows_and_makes_those_that_come_in() {
    let mut app = app_with(2, (0..40).filter(|time| time % 2 == 0));
    seek(&mut app, 20);
    show_range(&mut app, 2, -10, 0);
    assert_eq!(shown(&app, 0), [[10.0, 12.0, 14.0, 16.0, 18.0, 20.0]]);
    seek(&mut app, 21);
    assert_eq!(shown(&app, 1), [[12.0, 14.0, 16.0, 18.0, 20.0]]);
    assert_eq!(made(&app), 0, "rows were lost, none came in");
    seek(&mut app, 22);
    assert_eq!(shown(&app, 1), [[12.0, 14.0, 16.0, 18.0, 20.0, 22.0]]);
    assert_eq!(made(&app), 1, "one row, for both views");
    // A range without rows shows nothing, not what came before.
    show_range(&mut app, 2, 0, 0);
    assert_eq!(shown(&app, 0), [[22.0]]);
    seek(&mut app, 23);
    assert!(shown(&app, 0).is_empty());
    show_range(&mut app, 2, -2, 2);
    assert_eq!(shown(&app, 0), [[22.0, 24.0]]);
}

#[test]
fn a_range_of_the_root_entity_is_not_one_of_the_view() {
    let mut app = app_with(1, 0..5);
    let ranges = around_cursor(-2, 0);
    command(
        &mut app,
        BlueprintCommand::override_entity(view(0), EntityPath::root(), &ranges),
    );
    settle(&mut app);
    seek(&mut app, 4);
    assert_eq!(shown(&app, 0), [[4.0]]);
    show_range(&mut app, 1, -1, 0);
    assert_eq!(shown(&app, 0), [[3.0, 4.0]]);
}

#[test]
fn an_entity_without_a_range_on_the_shown_timeline_has_that_of_the_view() {
    let mut app = app_with(1, 0..5);
    show_range(&mut app, 1, -1, 0);
    let elsewhere = VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
        timeline: "other".to_owned(),
        range: CursorTimeRange::EVERYTHING,
    }]);
    command(
        &mut app,
        BlueprintCommand::override_entity(view(0), "/world/a".into(), &elsewhere),
    );
    settle(&mut app);
    seek(&mut app, 4);
    assert_eq!(shown(&app, 0), [[3.0, 4.0]]);
}

/// Static rows are shown once, with what the range ends with, wherever the cursor is.
#[test]
fn static_data_in_a_range_has_what_was_last_logged_in_the_range() {
    // Static rows win over those that have a time.
    let mut app = app_with(1, 0..1);
    let points = Points3D::new([[7.0, 0.0, 0.0]]);
    add(&mut app, &store_id(), log_chunk("/world/a", [], &points).unwrap());
    for (time, red) in [(0, 1), (10, 2), (20, 3)] {
        let color = Points3D::default().with_colors([[red, 0, 0, 255]]);
        let at = [(Timeline::sequence("frame"), time)];
        add(&mut app, &store_id(), log_chunk("/world/a", at, &color).unwrap());
    }
    settle(&mut app);
    let reds = |app: &App| -> Vec<u32> {
        let of_view = visuals(app).view(view(0)).unwrap();
        let clouds = of_view.of_entity(entity(app));
        clouds
            .flat_map(|(_, cloud)| cloud.colors.iter().map(|color| color >> 24).collect::<Vec<_>>())
            .collect()
    };
    seek(&mut app, 0);
    assert_eq!(reds(&app), [1], "without a range, that of the cursor");
    let show = |app: &mut App, start, end| {
        let ranges = VisibleTimeRanges::default().with_ranges([VisibleTimeRange {
            timeline: "frame".to_owned(),
            range: CursorTimeRange { start, end },
        }]);
        command(app, BlueprintCommand::set_property(view(0), &ranges));
        settle(app);
    };
    show(&mut app, TimeBoundary::Absolute(5), TimeBoundary::Absolute(15));
    assert_eq!((reds(&app), shown(&app, 0)), (vec![2], vec![vec![7.0]]));
    seek(&mut app, 20);
    assert_eq!((reds(&app), made(&app)), (vec![2], 0), "the same range");
    show(&mut app, TimeBoundary::Absolute(-9), TimeBoundary::Absolute(-1));
    assert_eq!(
        (reds(&app), shown(&app, 0)),
        (vec![], vec![vec![7.0]]),
        "before all colors"
    );
    show(
        &mut app,
        TimeBoundary::CursorRelative(-2),
        TimeBoundary::CursorRelative(8),
    );
    for (time, red) in [(1, 1), (2, 2), (11, 2), (12, 3)] {
        seek(&mut app, time);
        assert_eq!(reds(&app), [red], "at {time}");
    }
}

#[test]
fn the_visuals_of_a_recording_that_is_closed_go_at_once() {
    let mut app = app_with(2, 0..2);
    let key = app
        .world()
        .resource::<Recordings>()
        .active()
        .unwrap()
        .id()
        .clone();
    // Another of the application, so that its views stay.
    let other = StoreId::recording(key.application_id.clone(), "other");
    add(
        &mut app,
        &other,
        log_chunk("/world/b", [], &Boxes3D::from_half_sizes([[1.0; 3]])).unwrap(),
    );
    show_all(&mut app, Some(0));
    app.update();
    assert!(visuals(&app).bytes() > 0);
    app.world_mut()
        .resource_mut::<ViewerCommands>()
        .push(ViewerCommand::CloseRecording(key));
    app.update();
    assert_eq!(visuals(&app).bytes(), 0);
    // The view that was hidden meanwhile is told when it is shown again.
    app.update();
    show_all(&mut app, None);
    app.update();
    let hidden = [view(0), view(1)].into_iter().min().unwrap();
    let visuals = visuals(&app).view(hidden).unwrap();
    assert!(!visuals.removed().is_empty());
}

#[test]
fn what_is_given_back_is_used_for_the_next_visual() {
    let mut app = app_with(1, 0..10);
    let cloud = |app: &App| {
        let visuals = visuals(app).view(view(0)).unwrap();
        let cloud = visuals.of_entity(entity(app)).next().unwrap().1;
        Arc::clone(cloud)
    };
    let give_back = |app: &mut App, cloud: Arc<Cloud>| {
        let mut visuals = app.world_mut().resource_mut::<Visuals<Points>>();
        visuals.recycle(vec![cloud]);
    };
    seek(&mut app, 1);
    let (first, bytes) = (cloud(&app), visuals(&app).bytes());
    let address = Arc::as_ptr(&first);
    seek(&mut app, 2);
    give_back(&mut app, first);
    let spare_bytes = visuals(&app).idle_bytes();
    assert!(spare_bytes > 0);
    assert_eq!(visuals(&app).bytes(), bytes + spare_bytes);
    seek(&mut app, 3);
    assert_eq!(Arc::as_ptr(&cloud(&app)), address);
    assert_eq!(shown(&app, 0), [[3.0]]);
    assert_eq!((visuals(&app).bytes(), visuals(&app).idle_bytes()), (bytes, 0));

    // What somebody holds stays as it is.
    let held = cloud(&app);
    seek(&mut app, 4);
    give_back(&mut app, Arc::clone(&held));
    seek(&mut app, 5);
    assert_ne!(Arc::as_ptr(&cloud(&app)), address);
    assert_eq!((held.positions[0][0], shown(&app, 0)), (3.0, vec![vec![5.0]]));

    // It goes when nothing is made, and when memory is short.
    give_back(&mut app, held);
    app.update();
    assert_eq!(visuals(&app).idle_bytes(), 0);
    let last = cloud(&app);
    seek(&mut app, 6);
    give_back(&mut app, last);
    let freed = app.world_mut().resource_mut::<Visuals<Points>>().purge(1);
    assert_eq!((freed, visuals(&app).idle_bytes()), (spare_bytes, 0));
    assert_eq!(shown(&app, 0), [[6.0]]);
}
