//! Commands done to the model, and through a store: the same comes out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use chronoscope_store::{ChunkStore, Recording, StoreId, StoreSettings, TimeRange};
use chronoscope_types::{
    Points3D,
    blueprint::{EntityBehavior, LineGrid3D},
};
use proptest::prelude::*;

use super::*;
use crate::{
    BlueprintCommand, BlueprintEdit, BlueprintProblem, BlueprintQuery, ContainerKind, ContentsFilter,
    LoopMode, PanelState, PlayState, UndoState, drop_rows_after, heuristics::RecommendedView,
    inherited_behavior, overridden_entities, overrides_for, read_viewport, view_property, with_heuristics,
};

mod views_stay;

use views_stay::{check_views_stay, random_layout};

fn recording(compaction: bool) -> Recording {
    let settings = if compaction {
        StoreSettings::default()
    } else {
        StoreSettings::without_compaction()
    };
    Recording::from_store(ChunkStore::with_settings(
        StoreId::blueprint("app", "test"),
        settings,
    ))
}

/// A blueprint in a store, with recommended views beside it, as an app holds it.
struct App {
    recording: Recording,
    recommended: Vec<ViewBlueprint>,
    undo: UndoState,
}

impl App {
    fn new(recommended: &[&str], compaction: bool) -> Self {
        let view = |origin: &&str| RecommendedView::subtree("3D", (*origin).into()).into_view();
        Self {
            recording: recording(compaction),
            recommended: recommended.iter().map(view).collect(),
            undo: UndoState::new(-1),
        }
    }

    fn stored(&self) -> ViewportBlueprint {
        let (viewport, reports) = read_viewport(
            &self.recording.store,
            &self.recording.cache,
            self.undo.query_time(),
        );
        assert_eq!(reports, [], "what was written makes sense");
        viewport
    }

    fn shown(&self) -> ViewportBlueprint {
        with_heuristics(&self.stored(), &self.recommended)
    }

    fn run(&mut self, command: &BlueprintCommand) -> Result<(), BlueprintError> {
        let shown = self.shown();
        let mut model = shown.clone();
        let done = command.apply(&mut model);
        let mut undo = self.undo.clone();
        let edit = undo.edit(None, "");
        match command.edit(&shown, edit.time) {
            Err(error) => {
                assert!(done.is_err());
                assert_eq!(model, shown);
                Err(error)
            }
            Ok(BlueprintEdit { chunks, stored }) => {
                let stored_before = self.stored();
                if let Some(time) = edit.drop_after {
                    drop_rows_after(&mut self.recording, time)?;
                }
                for chunk in chunks {
                    self.recording.insert(chunk)?;
                }
                self.recording.apply_pending();
                self.undo = undo;
                assert_eq!(self.stored(), model.without_derived(), "{command:?}");
                check_views_stay(command, &shown, &self.shown());
                assert_eq!(self.stored(), stored.unwrap_or(stored_before), "{command:?}");
                Ok(())
            }
        }
    }

    fn query(&self) -> BlueprintQuery<'_> {
        BlueprintQuery::new(
            &self.recording.store,
            &self.recording.cache,
            self.undo.query_time(),
        )
    }
}

#[test]
fn editing_a_heuristic_view_writes_it_down() {
    let mut app = App::new(&["/a", "/b", "/c"], false);
    let shown = app.shown();
    let ids: Vec<ViewId> = shown.views_in_order();
    app.run(&BlueprintCommand::SetName(
        Contents::View(ids[1]),
        Some("B".to_owned()),
    ))
    .unwrap();
    assert_eq!(
        app.stored().views.keys().copied().collect::<Vec<_>>(),
        [ids[1]],
        "the others are left to the heuristics"
    );
    assert_eq!(app.shown().views_in_order(), ids);

    // An edit of the layout writes the layout, and all that lies in it.
    let root = app.shown().root.unwrap();
    app.run(&BlueprintCommand::MoveContents {
        item: Contents::View(ids[2]),
        parent: root,
        position: 0,
    })
    .unwrap();
    let stored = app.stored();
    assert_eq!(
        (stored.views.len(), stored.auto_layout, stored.auto_views),
        (3, false, true)
    );
    assert_eq!(app.shown().views_in_order()[0], ids[2]);

    // A removed view does not come back, except by undo.
    app.run(&BlueprintCommand::RemoveView(ids[0])).unwrap();
    assert!(!app.shown().views.contains_key(&ids[0]));
    app.undo.undo();
    assert!(app.shown().views.contains_key(&ids[0]));
    app.undo.redo();
    assert!(!app.shown().views.contains_key(&ids[0]));

    // What is new goes to the end of a layout of the user's own.
    app.recommended
        .push(RecommendedView::subtree("3D", "/d".into()).into_view());
    assert_eq!(
        app.shown().views_in_order().last(),
        app.recommended.last().map(|view| &view.id)
    );
}

#[test]
fn overrides_and_properties() {
    let mut app = App::new(&["/world"], false);
    let view = app.recommended[0].id;
    let entity = EntityPath::parse("/world/robot/lidar");
    let hidden = EntityBehavior::default().with_visible(false);
    app.run(&BlueprintCommand::override_entity(
        view,
        "/world/robot".into(),
        &hidden,
    ))
    .unwrap();
    assert_eq!(
        app.stored().views.len(),
        1,
        "a view that is edited is written down"
    );
    assert_eq!(
        inherited_behavior(&app.query(), view, &entity).visible,
        Some(false)
    );
    assert_eq!(
        inherited_behavior(&app.query(), view, &"/world".into()).visible,
        None
    );

    let radii = Points3D::default().with_radii([0.5]);
    let target =
        overrides_for(&app.query(), view, &entity).target(view, &entity, "Points3D", &["Points3D", "Other"]);
    let components = chronoscope_types::AsComponents::components(&radii);
    app.run(&BlueprintCommand::SetOverride {
        view,
        entity: entity.clone(),
        target,
        components,
    })
    .unwrap();
    let overrides = overrides_for(&app.query(), view, &entity);
    assert!(overrides.value("Points3D", "Points3D:radii").is_some());
    assert!(overrides.value("Other", "Points3D:radii").is_none());
    assert_eq!(
        overrides.visualizers.as_ref().unwrap().len(),
        2,
        "the other visualizer goes on"
    );
    assert_eq!(
        overrides.target(view, &entity, "Points3D", &[]),
        overrides.target(view, &entity, "Points3D", &["Third"])
    );
    assert_eq!(
        overridden_entities(&app.query(), view),
        [EntityPath::parse("/world/robot"), entity.clone()]
    );
    app.run(&BlueprintCommand::ClearOverrides {
        view,
        entity: entity.clone(),
    })
    .unwrap();
    assert!(overrides_for(&app.query(), view, &entity).is_empty());
    assert_eq!(
        inherited_behavior(&app.query(), view, &entity).visible,
        Some(false),
        "those above stay"
    );

    let grid = LineGrid3D::default().with_visible(false);
    app.run(&BlueprintCommand::set_property(view, &grid)).unwrap();
    assert!(view_property(&app.query(), view, "LineGrid3D:visible").is_some());
    app.run(&BlueprintCommand::ResetView(view)).unwrap();
    assert!(view_property(&app.query(), view, "LineGrid3D:visible").is_none());
    assert_eq!(inherited_behavior(&app.query(), view, &entity).visible, None);
    app.undo.undo();
    assert!(view_property(&app.query(), view, "LineGrid3D:visible").is_some());
    let nameless = vec![(
        ComponentDescriptor::partial("color"),
        components::Visible::build(vec![true]),
    )];
    assert!(matches!(
        app.run(&BlueprintCommand::SetProperty(view, nameless)),
        Err(BlueprintError::NoArchetype { .. })
    ));
}

#[test]
fn an_edit_after_an_undo_drops_rows_even_of_merged_chunks() {
    let mut app = App::new(&["/a"], true);
    let view = Contents::View(app.recommended[0].id);
    let name = |name: &str| BlueprintCommand::SetName(view, Some(name.to_owned()));
    let title = |app: &App| app.shown().views.values().next().unwrap().title();
    for text in ["1", "2", "3"] {
        app.run(&name(text)).unwrap();
    }
    app.undo.undo();
    app.undo.undo();
    assert_eq!(title(&app), "1");
    app.run(&name("4")).unwrap();
    assert_eq!(title(&app), "4");
    app.undo.undo();
    assert_eq!(title(&app), "1");
    assert!(app.undo.redo() && !app.undo.redo());
    assert_eq!(title(&app), "4");
}

#[test]
fn hostile_rows_are_reported_and_left_out() {
    let mut recording = recording(false);
    let (a, b) = (ContainerId::hashed(["a"]), ContainerId::hashed(["b"]));
    let view = ViewBlueprint::new(ViewId::hashed(["view"]), "3D", "/");
    let missing = Contents::View(ViewId::hashed(["missing"]));
    let in_a = [
        Contents::Container(b),
        Contents::Container(a),
        Contents::View(view.id),
        Contents::View(view.id),
        missing,
    ];
    let mut bad = ViewportBlueprint {
        root: Some(a),
        maximized: Some(ViewId::hashed(["missing"])),
        auto_views: false,
        ..Default::default()
    };
    let shares = [1.0, 2.0, 3.0, f32::NAN, -1.0];
    bad.containers.insert(
        a,
        ContainerBlueprint::new(a, ContainerKind::Horizontal, in_a).with_shares(shares),
    );
    bad.containers.insert(
        b,
        ContainerBlueprint::new(b, ContainerKind::Tabs, [Contents::Container(a)]),
    );
    bad.views.insert(view.id, view.clone());
    for chunk in write_changes(
        &ViewportBlueprint::default(),
        &bad,
        &Touched::default(),
        Extra::default(),
    )
    .into_chunks(0)
    .unwrap()
    {
        recording.insert(chunk).unwrap();
    }
    // An id that is none, an array of the wrong type, a number that stands for nothing.
    let rows = [
        (
            "/view/nonsense",
            archetypes::ViewBlueprint::CLASS_IDENTIFIER,
            bp::ViewClass::build(vec!["3D".to_owned()]),
        ),
        (
            "/time_panel",
            archetypes::TimePanelBlueprint::TIMELINE,
            components::Visible::build(vec![true]),
        ),
        (
            "/top_panel",
            archetypes::PanelBlueprint::STATE,
            Arc::new(arrow_array::UInt8Array::from(vec![77])) as ArrayRef,
        ),
        (
            "/time_panel",
            archetypes::TimePanelBlueprint::FPS,
            bp::Fps::build(vec![f64::NAN]),
        ),
    ];
    for (path, name, array) in rows {
        let row = ChunkBuilder::new(path.into()).with_row(
            RowId::new(),
            [(Timeline::blueprint(), 0)],
            [(name.descriptor(), array)],
        );
        recording.insert(row.build().unwrap()).unwrap();
    }
    let (viewport, reports) = read_viewport(&recording.store, &recording.cache, i64::MAX);
    assert_eq!(viewport.views.len(), 1);
    assert_eq!(viewport.maximized, None);
    assert_eq!(
        viewport.containers[&a].contents,
        [Contents::Container(b), Contents::View(view.id)]
    );
    assert_eq!(viewport.containers[&a].col_shares, [1.0, 3.0]);
    assert_eq!(viewport.containers[&b].contents, []);
    let count = |wanted: fn(&BlueprintProblem) -> bool| {
        reports.iter().filter(|report| wanted(&report.problem)).count()
    };
    assert_eq!(
        count(|problem| matches!(problem, BlueprintProblem::TwiceInLayout(_))),
        3
    );
    assert_eq!(
        count(|problem| matches!(problem, BlueprintProblem::Dangling(_))),
        2
    );
    assert_eq!(
        count(|problem| matches!(problem, BlueprintProblem::NotAnId { .. })),
        1
    );
    assert_eq!(
        // The choice that nobody knows is read as the default.
        count(|problem| matches!(problem, BlueprintProblem::Unreadable { .. })),
        1
    );
    assert_eq!(
        count(|problem| matches!(problem, BlueprintProblem::OutOfRange { .. })),
        3
    );
    assert_eq!(reports.len(), 10);
}

/// What the Python SDK 0.41 writes, at the paths at which it does.
#[test]
fn a_blueprint_of_an_sdk() {
    let mut recording = recording(false);
    let view = "/view/64f53408-3204-42f7-abf6-1c66ab9f1025";
    let root = [
        107, 224, 201, 212, 31, 0, 72, 95, 168, 22, 53, 220, 121, 175, 7, 187,
    ];
    let instruction = [
        232, 228, 245, 75, 77, 98, 77, 94, 139, 203, 29, 139, 166, 141, 156, 183,
    ];
    let overrides = format!("{view}/ViewContents/overrides/world/robot/lidar/visualizers");
    let texts = |texts: &[&str]| Arc::new(arrow_array::StringArray::from(texts.to_vec())) as ArrayRef;
    let rows: Vec<(String, &str, ArrayRef)> = vec![
        (view.into(), "ViewBlueprint:class_identifier", texts(&["3D"])),
        (view.into(), "ViewBlueprint:display_name", texts(&["World"])),
        (view.into(), "ViewBlueprint:space_origin", texts(&["/world"])),
        (
            format!("{view}/ViewContents"),
            "ViewContents:query",
            texts(&["$origin/**", "- /world/floor"]),
        ),
        (
            overrides.clone(),
            "ActiveVisualizers:instruction_ids",
            bp::VisualizerInstructionId::build(vec![instruction]),
        ),
        (
            format!("{overrides}/e8e4f54b-4d62-4d5e-8bcb-1d8ba68d9cb7"),
            "VisualizerInstruction:visualizer_type",
            texts(&["Points3D"]),
        ),
        (
            format!("{overrides}/e8e4f54b-4d62-4d5e-8bcb-1d8ba68d9cb7"),
            "Points3D:radii",
            Arc::new(arrow_array::Float32Array::from(vec![0.04])),
        ),
        (
            "/container/6be0c9d4-1f00-485f-a816-35dc79af07bb".into(),
            "ContainerBlueprint:container_kind",
            Arc::new(arrow_array::UInt8Array::from(vec![2])),
        ),
        (
            "/container/6be0c9d4-1f00-485f-a816-35dc79af07bb".into(),
            "ContainerBlueprint:contents",
            texts(&["view/64f53408-3204-42f7-abf6-1c66ab9f1025"]),
        ),
        (
            "/viewport".into(),
            "ViewportBlueprint:root_container",
            bp::RootContainer::build(vec![root]),
        ),
        (
            "/time_panel".into(),
            "TimePanelBlueprint:timeline",
            texts(&["frame"]),
        ),
    ];
    for (path, component, array) in rows {
        let row = [(ComponentDescriptor::partial(component), array)];
        let times = [(Timeline::blueprint(), 0), (Timeline::timestamp("log_time"), 1)];
        let chunk = ChunkBuilder::new(path.into())
            .with_row(RowId::new(), times, row)
            .build()
            .unwrap();
        recording.insert(chunk).unwrap();
    }
    let (viewport, reports) = read_viewport(&recording.store, &recording.cache, i64::MAX);
    assert_eq!(reports, []);
    let shown = viewport.views.values().next().unwrap();
    assert_eq!(
        (shown.class.as_str(), &*shown.title(), shown.origin.as_str()),
        ("3D", "World", "/world")
    );
    assert!(shown.resolved_contents().matches(&"/world/robot".into()));
    assert!(!shown.resolved_contents().matches(&"/world/floor".into()));
    assert_eq!(
        viewport.containers[&viewport.root.unwrap()].contents,
        [Contents::View(shown.id)]
    );
    assert_eq!(viewport.time_panel.timeline.as_deref(), Some("frame"));
    assert!(
        !viewport.auto_views && !viewport.auto_layout,
        "who arranged views wants to see just those"
    );
    let query = BlueprintQuery::new(&recording.store, &recording.cache, i64::MAX);
    let overrides = overrides_for(&query, shown.id, &"/world/robot/lidar".into());
    assert!(overrides.value("Points3D", "Points3D:radii").is_some());
    assert_eq!(
        overridden_entities(&query, shown.id),
        [EntityPath::parse("/world/robot/lidar")]
    );
}

/// A command by numbers: which, and about what.
pub(crate) fn command(shown: &ViewportBlueprint, kind: u8, a: usize, b: usize) -> BlueprintCommand {
    let views: Vec<ViewId> = shown.views.keys().copied().collect();
    let containers: Vec<ContainerId> = shown.containers.keys().copied().collect();
    let unknown = a.to_string();
    let view = views
        .get(a % (views.len() + 1))
        .copied()
        .unwrap_or(ViewId::hashed([unknown.as_str()]));
    let container = containers
        .get(b % (containers.len() + 1))
        .copied()
        .unwrap_or(ContainerId::hashed([unknown.as_str()]));
    let other = containers
        .get(a % (containers.len() + 1))
        .copied()
        .unwrap_or(ContainerId::hashed([unknown.as_str()]));
    let kinds = [
        ContainerKind::Tabs,
        ContainerKind::Horizontal,
        ContainerKind::Vertical,
        ContainerKind::Grid,
    ];
    let item = if b.is_multiple_of(2) {
        Contents::View(view)
    } else {
        Contents::Container(other)
    };
    match kind % 27 {
        0 => BlueprintCommand::SetName(item, (!a.is_multiple_of(3)).then(|| format!("name {b}"))),
        1 if b.is_multiple_of(3) => BlueprintCommand::SetTitleBar(view, a.is_multiple_of(2)),
        1 => BlueprintCommand::SetVisible(item, a.is_multiple_of(2)),
        2 => BlueprintCommand::SetOrigin(view, format!("/origin/{b}").into()),
        3 => BlueprintCommand::SetContents(
            view,
            ContentsFilter::parse(["", "/**", "$origin/**\n- /a"][b % 3]),
        ),
        4 | 5 => {
            let id = ViewId::hashed(["new", &*(a % 50).to_string()]);
            let place = b.is_multiple_of(2).then_some((container, b % 4));
            BlueprintCommand::AddView(ViewBlueprint::new(id, "2D", format!("/new/{a}").as_str()), place)
        }
        6 => BlueprintCommand::RemoveView(view),
        7 => BlueprintCommand::ResetView(view),
        8 => BlueprintCommand::SetMaximized(a.is_multiple_of(2).then_some(view)),
        9 | 10 => BlueprintCommand::AddContainer {
            id: ContainerId::hashed(["new", &*(a % 50).to_string()]),
            kind: kinds[b % 4],
            parent: a.is_multiple_of(2).then_some(container),
            position: b % 5,
        },
        11 => BlueprintCommand::RemoveContainer(container),
        12 => BlueprintCommand::SetContainerKind(container, kinds[a % 4]),
        13 => BlueprintCommand::SetGridColumns(container, Some((a % 3) as u32)),
        14 => {
            let shares = |count: usize| (0..count).map(|at| at as f32 + 0.5).collect();
            BlueprintCommand::SetShares {
                id: container,
                columns: shares(a % 4),
                rows: shares(b % 3),
            }
        }
        15 => {
            let contents = shown
                .containers
                .get(&container)
                .map(|container| container.contents.clone())
                .unwrap_or_default();
            BlueprintCommand::SetActiveTab(
                container,
                contents.get(a % (contents.len() + 1)).copied().unwrap_or(item),
            )
        }
        16..=18 => BlueprintCommand::MoveContents {
            item,
            parent: container,
            position: a % 5,
        },
        19 => BlueprintCommand::SetPanel(
            Panel::ALL[a % 4],
            [PanelState::Hidden, PanelState::Expanded][b % 2],
        ),
        20 => {
            let mut after = shown.clone();
            let time = &mut after.time_panel;
            match a % 6 {
                0 => time.timeline = Some(format!("timeline {b}").into()),
                1 => time.loop_mode = Some([LoopMode::Off, LoopMode::All][b % 2]),
                2 => time.time_selection = Some(TimeRange::new(5, 5 + b as i64)),
                3 => time.playback_speed = Some(b as f64),
                4 => time.fps = Some(1.0 + b as f64),
                _ => time.play_state = Some([PlayState::Playing, PlayState::Paused][b % 2]),
            }
            BlueprintCommand::WriteAll(Box::new(after))
        }
        21 => BlueprintCommand::ResetLayout,
        22 => BlueprintCommand::WriteAll(Box::new(ViewportBlueprint {
            auto_views: b.is_multiple_of(2),
            ..shown.clone()
        })),
        23 => BlueprintCommand::SetAutoViews(a.is_multiple_of(2)),
        _ => random_layout(shown, a, b),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(2), ..ProptestConfig::default() })]

    /// `App::run` compares the model with what is read back after each command.
    #[test]
    fn the_model_and_the_store_agree(
        steps in proptest::collection::vec((any::<u8>(), 0_usize..1000, 0_usize..1000, 0_u8..6), 0..40), compaction in any::<bool>(),
    ) {
        let mut app = App::new(&["/a", "/b", "/c/d"], compaction);
        let mut done = 0;
        for (kind, a, b, undo) in steps {
            match undo {
                0 => { app.undo.undo(); }
                1 => { app.undo.redo(); }
                _ => {
                    let command = command(&app.shown(), kind, a, b);
                    let before = app.shown();
                    if app.run(&command).is_ok() {
                        done += 1;
                        let after = app.shown();
                        // Undo does not change whether time plays.
                        let still = |mut blueprint: ViewportBlueprint| { blueprint.time_panel.play_state = None; blueprint };
                        app.undo.undo();
                        prop_assert_eq!(still(app.shown()), still(before));
                        app.undo.redo();
                        prop_assert_eq!(app.shown(), after);
                    }
                }
            }
        }
        prop_assert!(done <= 40);
    }
}
