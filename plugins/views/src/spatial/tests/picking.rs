//! What the pointer does, with answers that the test gives in the renderer's place.

use bevy::{ecs::message::Messages, math::IVec2};
use chronoscope_blueprint::OverrideTarget;
use chronoscope_frame::{
    Recordings,
    selection::{ClickSource, EntityClicked},
};
use chronoscope_render::{Highlight, PickAnswer, PickHit, PickRequest};
use chronoscope_store::StoreId;
use chronoscope_types::{AsComponents as _, blueprint::EntityBehavior};
use glam::{DVec3, UVec2};

use super::*;

/// The middle of the tile.
const MIDDLE: Pos2 = Pos2::new(300.0, 200.0);

impl Viewer {
    /// The questions that wait for their answers.
    pub(super) fn asked(&mut self) -> Vec<(Entity, PickRequest)> {
        let world = self.app.world_mut();
        let mut requests = world.query_filtered::<(Entity, &PickRequest), Without<PickAnswer>>();
        let mut asked: Vec<_> = requests
            .iter(world)
            .map(|(entity, request)| (entity, *request))
            .collect();
        asked.sort_by_key(|(entity, _)| *entity);
        asked
    }

    /// Answers a question, and lets a pass and a frame show it. Returns the clicks that this tells of.
    pub(super) fn answer(&mut self, request: Entity, hit: Option<(&str, u32)>) -> Vec<EntityClicked> {
        let recordings = self.app.world().resource::<Recordings>();
        let active = recordings.active().unwrap().id().clone();
        self.answer_of(&active, request, hit)
    }

    /// As [`Self::answer`], for a view of another recording.
    pub(super) fn answer_of(
        &mut self,
        recording: &StoreId,
        request: Entity,
        hit: Option<(&str, u32)>,
    ) -> Vec<EntityClicked> {
        let hit = hit.map(|(path, instance)| {
            let recordings = self.app.world().resource::<Recordings>();
            let store = recordings.find(recording).unwrap().store();
            (
                store.entity_id(&path.into()).unwrap().index() as u32 + 1,
                instance,
            )
        });
        self.answer_drawn(request, hit)
    }

    /// As [`Self::answer`], with what was drawn and its instance.
    pub(super) fn answer_drawn(&mut self, request: Entity, hit: Option<(u32, u32)>) -> Vec<EntityClicked> {
        let world = self.app.world_mut();
        let hit = hit.map(|(picking_id, instance)| PickHit {
            picking_id,
            instance: Some(instance),
            is_face: false,
            offset: IVec2::ZERO,
            depth: 0.5,
            position: DVec3::new(1.0, 2.0, 3.0),
        });
        let request_of = *world.get::<PickRequest>(request).unwrap();
        let answer = PickAnswer {
            request: request_of,
            hit,
        };
        world.entity_mut(request).insert(answer);
        self.app.update();
        let mut clicks = self.app.world_mut().resource_mut::<Messages<EntityClicked>>();
        let clicks = clicks.drain().collect();
        self.draw(vec![]);
        clicks
    }

    /// Moves the pointer, and lets a pass find what it is over.
    pub(super) fn point_at(&mut self, at: Pos2) {
        self.draw(vec![Event::PointerMoved(at)]);
        self.draw(vec![]);
    }

    /// Answers the only question.
    #[track_caller]
    fn answer_all(&mut self, hit: Option<(&str, u32)>) -> Vec<EntityClicked> {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        self.answer(asked[0].0, hit)
    }

    fn hovered(&self) -> Option<(String, Option<u32>)> {
        let item = self.app.world().resource::<Selection>().hovered.clone()?;
        Some((item.entity()?.to_string(), item.instance()))
    }

    pub(super) fn selected(&self) -> Vec<Item> {
        self.app.world().resource::<Selection>().selected.clone()
    }

    pub(super) fn press_and_release(&mut self, at: Pos2) {
        self.draw(vec![button(at, true)]);
        self.draw(vec![button(at, false)]);
    }
}

fn cloud() -> Chunk {
    let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    log_chunk("world/cloud", [], &points).unwrap()
}

#[test]
fn pointing_lights_up_and_clicking_selects() {
    let mut viewer = Viewer::new([cloud()]);
    viewer.point_at(MIDDLE);
    let asked = viewer.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].1.pixel, asked[0].1.radius), (UVec2::new(300, 200), 8));
    assert_eq!(viewer.hovered(), None, "there is no answer yet");
    viewer.answer_all(Some(("/world/cloud", 1)));
    assert_eq!(viewer.hovered(), Some(("/world/cloud".to_owned(), Some(1))));
    assert_eq!(viewer.asked(), []);

    viewer.press_and_release(MIDDLE);
    assert_eq!(viewer.selected(), [], "there is no answer yet");
    viewer.draw(vec![]);
    let clicks = viewer.answer_all(Some(("/world/cloud", 0)));
    let view = viewer.view();
    let item = |instance| Item::DataResult {
        view,
        entity: "/world/cloud".into(),
        instance: Some(instance),
    };
    assert_eq!(viewer.selected(), [item(0)], "what the click says, not the hover");
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    let click = &clicks[0];
    assert_eq!(
        (click.view, click.instance, click.source, click.position),
        (Some(view), Some(0), ClickSource::View, Some([1.0, 2.0, 3.0]))
    );
    viewer.draw(vec![Event::PointerGone]);
    viewer.draw(vec![]);
    assert_eq!(viewer.hovered(), None);
}

#[test]
fn the_label_of_what_is_pointed_at_is_told_where_labels_are_not_shown() {
    let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
        .with_labels(["first", "second"])
        .with_show_labels(false);
    let mut viewer = Viewer::new([log_chunk("world/cloud", [], &points).unwrap()]);
    assert!(!viewer.draw(vec![]).contains("second"));
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/world/cloud", 1)));
    let text = viewer.hover(MIDDLE);
    assert!(text.contains("second") && !text.contains("first"), "{text}");
}

#[test]
fn what_is_pointed_at_in_the_plane_is_told_with_its_instance() {
    let points = Points2D::new([[0.0, 0.0], [1.0, 0.0]]);
    let one = Points2D::new([[5.0, 5.0]]);
    let mut viewer = Viewer::new([
        log_chunk("plane/two", [], &points).unwrap(),
        log_chunk("plane/one", [], &one).unwrap(),
    ]);
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/plane/two", 1)));
    let text = viewer.hover(MIDDLE);
    assert!(
        text.contains("/plane/two") && text.contains("instance 1"),
        "{text}"
    );
    let beside = MIDDLE + vec2(40.0, 0.0);
    viewer.point_at(beside);
    viewer.answer_all(Some(("/plane/one", 0)));
    let text = viewer.hover(beside);
    assert!(
        text.contains("/plane/one") && !text.contains("instance"),
        "{text}"
    );
}

#[test]
fn who_measures_selects_nothing() {
    let mut viewer = Viewer::new([cloud()]);
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/world/cloud", 1)));
    viewer.act(ViewAction::Measure);
    viewer.press_and_release(MIDDLE);
    let text = viewer.draw(vec![]);
    assert!(text.contains("Click where to end"), "{text}");
    for (request, _) in viewer.asked() {
        viewer.answer(request, Some(("/world/cloud", 1)));
    }
    assert_eq!(viewer.selected(), []);
    viewer.draw(vec![press(egui::Key::Escape)]);
    assert!(!viewer.draw(vec![]).contains("Click where"));
}

#[test]
fn a_double_click_in_a_plane_frames_what_is_under_the_pointer_or_everything() {
    let ball = Boxes2D::default()
        .with_half_sizes([[0.5, 0.5]])
        .with_centers([[3.0, 2.0]]);
    let mut viewer = Viewer::new([
        log_chunk("camera/image", [], &Image::from_rgb8(6, 4, [0; 72])).unwrap(),
        log_chunk("camera/ball", [], &ball).unwrap(),
    ]);
    let scale = |viewer: &mut Viewer| match viewer.lens() {
        Lens::Plane { scale, .. } => scale,
        other => panic!("a plane, not {other:?}"),
    };
    assert_eq!(scale(&mut viewer), 100.0);
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/camera/ball", 0)));
    viewer.press_and_release(MIDDLE);
    viewer.press_and_release(MIDDLE);
    viewer.draw(vec![]);
    viewer.settle();
    let near = scale(&mut viewer);
    assert!(near > 300.0, "the ball fills the tile: {near}");
    viewer.draw(vec![Event::PointerGone]);

    let mut viewer = Viewer::new([
        log_chunk("camera/image", [], &Image::from_rgb8(6, 4, [0; 72])).unwrap(),
        log_chunk("camera/ball", [], &ball).unwrap(),
    ]);
    viewer.act(ViewAction::ZoomIn);
    viewer.draw(vec![]);
    viewer.settle();
    assert!(scale(&mut viewer) > 100.0);
    viewer.point_at(MIDDLE);
    viewer.answer_all(None);
    viewer.press_and_release(MIDDLE);
    viewer.press_and_release(MIDDLE);
    viewer.draw(vec![]);
    viewer.settle();
    assert_eq!(scale(&mut viewer), 100.0, "all of it");
}

#[test]
fn nothing_is_asked_while_pointer_eye_and_content_stay() {
    let mut viewer = Viewer::new([cloud()]);
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/world/cloud", 1)));
    viewer.draw(vec![]);
    assert_eq!(viewer.hovered(), Some(("/world/cloud".to_owned(), Some(1))));
    assert_eq!(viewer.asked(), [], "what is lit up is the same as before");

    viewer.point_at(MIDDLE + vec2(0.2, 0.0));
    assert_eq!(viewer.asked(), [], "the same pixel");
    viewer.point_at(MIDDLE + vec2(2.0, 0.0));
    viewer.point_at(MIDDLE + vec2(4.0, 0.0));
    let asked = viewer.asked();
    assert_eq!(asked.len(), 1, "one at a time: {asked:?}");
    assert_eq!(asked[0].1.pixel.x, 302);
    viewer.answer_all(Some(("/world/cloud", 0)));
    assert_eq!(viewer.hovered(), Some(("/world/cloud".to_owned(), Some(0))));
    assert_eq!(viewer.asked()[0].1.pixel.x, 304, "then where it went meanwhile");
    viewer.answer_all(Some(("/world/cloud", 0)));

    log(
        &mut viewer.app,
        log_chunk("world/new", [], &Points3D::new([[9.0, 0.0, 0.0]])).unwrap(),
    );
    viewer.settle();
    viewer.answer_all(None);
    assert_eq!(viewer.hovered(), None, "something else is there");
    let view = viewer.view();
    let eye = EyeControls3D::default().with_position([1.0, 2.0, 3.0]);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::set_property(
        view, &eye,
    )));
    viewer.settle();
    viewer.answer_all(None);
    viewer.settle();
    assert_eq!(viewer.asked(), []);
}

#[test]
fn a_drag_asks_nothing_and_is_no_click() {
    let mut viewer = Viewer::new([cloud()]);
    viewer.drag(MIDDLE, MIDDLE + vec2(60.0, 30.0));
    // Where the pointer was before the drag, and where it is since.
    while let Some((request, _)) = viewer.asked().first().copied() {
        let clicks = viewer.answer(request, Some(("/world/cloud", 0)));
        assert_eq!(clicks, []);
    }
    assert_eq!(viewer.selected(), []);
}

#[test]
fn clicks_wait_for_their_answers_and_come_in_order() {
    let mut viewer = Viewer::new([cloud()]);
    let view = viewer.view();
    viewer.point_at(MIDDLE);
    viewer.answer_all(None);
    viewer.press_and_release(MIDDLE);
    viewer.draw(vec![Event::PointerGone]);
    viewer.settle();
    assert_eq!(viewer.selected(), []);
    let first = viewer.asked()[0].0;
    let elsewhere = MIDDLE + vec2(50.0, 0.0);
    viewer.point_at(elsewhere);
    let other_than_first = |viewer: &mut Viewer| {
        let asked = viewer.asked();
        asked.into_iter().find(|(entity, _)| *entity != first).unwrap().0
    };
    let about_pointer = other_than_first(&mut viewer);
    viewer.answer(about_pointer, None);
    viewer.press_and_release(elsewhere);
    let second = other_than_first(&mut viewer);
    viewer.answer(second, None);
    assert_eq!(viewer.selected(), [], "the first comes first");
    let clicks = viewer.answer(first, Some(("/world/cloud", 1)));
    assert_eq!(clicks.len(), 1, "{clicks:?}");
    assert_eq!(
        viewer.selected(),
        [Item::View(view)],
        "then the second, on the background"
    );
}

/// The pointer passes over what the blueprint says so of, and over its labels.
#[test]
fn what_cannot_be_picked_is_not() {
    let points = Points3D::new([[0.0; 3], [1.0, 0.0, 0.0]]).with_labels(["left", "right"]);
    let mut viewer = Viewer::new([log_chunk("world/named", [], &points).unwrap()]);
    let view = viewer.view();
    let inert = EntityBehavior::default().with_interactive(false);
    viewer.command(ViewerCommand::Blueprint(BlueprintCommand::SetOverride {
        view,
        entity: "world".into(),
        target: OverrideTarget::Entity,
        components: inert.components(),
    }));
    viewer.settle();
    viewer.point_at(MIDDLE);
    viewer.answer_all(Some(("/world/named", 1)));
    assert_eq!(viewer.hovered(), None);
    let place = viewer.scene().projector().project(DVec3::X).unwrap().position;
    viewer.point_at(Pos2::new(place.x as f32, place.y as f32 + 9.0));
    assert_eq!(viewer.hovered(), None, "nor its label");
}

#[test]
fn a_double_click_in_the_plane_frames_what_it_is_on_or_everything() {
    let square = |center| Boxes2D::from_half_sizes([[1.0; 2]]).with_centers([center]);
    let mut viewer = Viewer::new([
        log_chunk("plane/near", [], &square([3.0, 2.0])).unwrap(),
        log_chunk("plane/far", [], &square([99.0, 48.0])).unwrap(),
        log_chunk("plane/point", [], &Points2D::new([[50.0, 20.0]])).unwrap(),
    ]);
    let mut double_click = |hit| {
        viewer.point_at(MIDDLE);
        viewer.answer_all(hit);
        for pressed in [true, false, true, false] {
            viewer.draw(vec![button(MIDDLE, pressed)]);
        }
        viewer.draw(vec![]);
        // What the clicks select is of no concern, nor what is under the pointer now.
        while let Some((request, _)) = viewer.asked().first().copied() {
            viewer.answer(request, None);
        }
        viewer.draw(vec![Event::PointerGone]);
        // So that the next is no third click.
        for _ in 0..40 {
            viewer.draw(vec![]);
        }
        let Lens::Plane { center, scale } = viewer.lens() else {
            panic!("a plane")
        };
        (center.round().to_array(), scale)
    };
    let (center, scale) = double_click(Some(("/plane/near", 0)));
    assert_eq!(center, [3.0, 2.0]);
    assert!((100.0..200.0).contains(&scale), "{scale} for a height of 400");
    let (center, scale_of_point) = double_click(Some(("/plane/point", 0)));
    assert_eq!(center, [50.0, 20.0]);
    assert!((scale_of_point - scale).abs() < 1e-6, "it has no size");
    let (center, scale) = double_click(None);
    assert_eq!(center, [51.0, 25.0], "the middle of everything");
    assert!((4.0..6.0).contains(&scale), "{scale} for a width of 600");
}

#[test]
fn a_label_is_picked_where_it_is_seen() {
    let points = Points3D::new([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]).with_labels(["left", "right"]);
    let mut viewer = Viewer::new([log_chunk("world/named", [], &points).unwrap()]);
    let place = viewer.scene().projector().project(DVec3::X).unwrap().position;
    let on_label = Pos2::new(place.x as f32, place.y as f32 + 9.0);
    viewer.point_at(on_label);
    assert_eq!(viewer.hovered(), Some(("/world/named".to_owned(), Some(1))));
    viewer.press_and_release(on_label);
    viewer.draw(vec![]);
    assert_eq!(viewer.selected().first().and_then(Item::instance), Some(1));
    assert_eq!(viewer.asked(), [], "a label lies before everything");
}

/// What is lit up by itself costs a write for each entity that it concerns in each view, whichever view it was pointed at in.
#[test]
fn another_instance_is_lit_up_by_two_segments_a_view() {
    let others = (0..50).map(|at| {
        let path = format!("world/cloud/{at}");
        log_chunk(path.as_str(), [], &Points3D::new([[at as f32, 0.0, 0.0]])).unwrap()
    });
    let second = Points3D::new([[0.0, 1.0, 0.0], [1.0, 1.0, 0.0]]);
    let second = log_chunk("world/second", [], &second).unwrap();
    let mut viewer = Viewer::new(others.chain([cloud(), second]));
    let view = viewer.view();
    let item = |view, path: &str, instance| Item::DataResult {
        view,
        entity: path.into(),
        instance,
    };
    let segments = |count: u64| [(Work::SegmentsPlaced, count)];
    let hover = |item| ViewerCommand::Hover(Some(item));
    let lit = |viewer: &mut Viewer, path: &str| {
        let digest = viewer.digest();
        let uniform = &digest.iter().find(|part| part.path == path).unwrap().uniform;
        (
            uniform.highlight,
            uniform.hovered_instance,
            uniform.selected_instances.as_slice().to_vec(),
        )
    };
    let select = ViewerCommand::Select(vec![
        item(view, "/world/cloud", Some(1)),
        item(view, "/world/cloud", Some(0)),
    ]);
    assert_eq!(viewer.work_of(select), segments(1), "what is below is not lit up");
    let hovered = viewer.work_of(hover(item(view, "/world/cloud", Some(1))));
    assert_eq!(hovered, segments(1));
    assert_eq!(
        lit(&mut viewer, "/world/cloud"),
        (Highlight::None, Some(1), vec![0, 1]),
        "all that are selected, in whichever order"
    );
    let hovered = viewer.work_of(hover(item(view, "/world/second", Some(0))));
    assert_eq!(hovered, segments(2), "one darkens, one lights up");
    assert_eq!(
        lit(&mut viewer, "/world/cloud"),
        (Highlight::None, None, vec![0, 1])
    );
    let hovered = viewer.work_of(hover(item(view, "/world/second", Some(1))));
    assert_eq!(hovered, segments(1), "the other point of the same cloud");
    let other_view = ViewId::from_bytes([7; 16]);
    let hovered = viewer.work_of(hover(item(other_view, "/world/second", Some(1))));
    assert_eq!(
        hovered,
        [],
        "it is lit up already, and it is the same in all views"
    );
    assert_eq!(
        lit(&mut viewer, "/world/second"),
        (Highlight::None, Some(1), vec![])
    );
    let hovered = viewer.work_of(hover(item(other_view, "/world/second", Some(0))));
    assert_eq!(
        hovered,
        segments(1),
        "what another view shows of it lights up here"
    );
    assert_eq!(
        lit(&mut viewer, "/world/second"),
        (Highlight::None, Some(0), vec![])
    );
    let hovered = viewer.work_of(hover(item(view, "/world/second", None)));
    assert_eq!(hovered, segments(1));
    assert_eq!(
        lit(&mut viewer, "/world/second"),
        (Highlight::Hovered, None, vec![])
    );
}
