//! Views and containers of the tree that are dragged to another place of the layout.

use chronoscope_blueprint::{BlueprintCommand, ContainerId, Contents, ViewportBlueprint};
use egui::{Response, Stroke, StrokeKind, Ui};

use crate::{
    pass::Pass,
    theme::{Theme, size},
};

/// Where something is dropped on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    Into,
    After,
}

/// Lets the row of a view or container be dragged, and others be dropped on it.
pub(super) fn drag_and_drop(ui: &Ui, pass: &mut Pass<'_>, row: &Response, target: Contents) {
    let is_root = matches!(target, Contents::Container(id) if pass.viewport().root == Some(id));
    if !is_root {
        row.dnd_set_drag_payload(target);
    }
    let (Some(item), Some(pointer)) = (
        row.dnd_hover_payload::<Contents>(),
        ui.input(|input| input.pointer.interact_pos()),
    ) else {
        return;
    };
    let share = (pointer.y - row.rect.top()) / row.rect.height();
    let side = match target {
        Contents::View(_) if share < 0.5 => Side::Before,
        Contents::View(_) => Side::After,
        Contents::Container(_) if share < 0.3 && !is_root => Side::Before,
        Contents::Container(_) => Side::Into,
    };
    let Some((parent, position)) = place(pass.viewport(), *item, target, side) else {
        return;
    };
    paint(ui, row, side);
    if row.dnd_release_payload::<Contents>().is_some() {
        let item = *item;
        pass.edit(BlueprintCommand::MoveContents {
            item,
            parent,
            position,
        });
    }
}

/// Where an item goes that is dropped there; `None` where it cannot, or lies already.
fn place(
    viewport: &ViewportBlueprint,
    item: Contents,
    target: Contents,
    side: Side,
) -> Option<(ContainerId, usize)> {
    if viewport.subtree(item).contains(&target) {
        return None;
    }
    let (parent, at) = match (target, side) {
        (Contents::Container(id), Side::Into) => (id, None),
        _ => {
            let (parent, _) = viewport.parent_of(target)?;
            (parent, Some(target))
        }
    };
    let contents = &viewport.containers.get(&parent)?.contents;
    // Positions are counted without the item.
    let others = || contents.iter().filter(|other| **other != item);
    let position = match at {
        None => others().count(),
        Some(target) => others().position(|other| *other == target)? + usize::from(side == Side::After),
    };
    let lies_there = contents.get(position) == Some(&item);
    (!lies_there).then_some((parent, position))
}

/// Shows where the item would go.
fn paint(ui: &Ui, row: &Response, side: Side) {
    let stroke = Stroke::new(2.0, Theme::of(ui).accent);
    let rect = row.rect;
    match side {
        Side::Before => _ = ui.painter().hline(rect.x_range(), rect.top() + 1.0, stroke),
        Side::After => _ = ui.painter().hline(rect.x_range(), rect.bottom() - 1.0, stroke),
        Side::Into => {
            let radius = egui::CornerRadius::same(size::RADIUS);
            ui.painter().rect_stroke(rect, radius, stroke, StrokeKind::Inside);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use chronoscope_blueprint::{ContainerBlueprint, ContainerKind, ViewBlueprint, ViewId};
    use chronoscope_frame::{ActiveBlueprint, ViewerCommand, ViewerCommands};
    use egui::{Event, Modifiers, PointerButton, Pos2, vec2};

    use super::*;
    use crate::testing::Stage;

    fn view(id: u8) -> ViewId {
        ViewId::from_bytes([id; 16])
    }

    const NAMES: [&str; 3] = ["first view", "second view", "third view"];

    /// Two views in a row, and a third in tabs beside.
    fn stage() -> (Stage, ContainerId, ContainerId) {
        let (root, tabs) = (ContainerId::hashed(["root"]), ContainerId::hashed(["tabs"]));
        let mut viewport = ViewportBlueprint {
            root: Some(root),
            auto_layout: false,
            auto_views: false,
            ..ViewportBlueprint::default()
        };
        for (at, name) in (0_u8..).zip(NAMES) {
            let mut made = ViewBlueprint::new(view(at), "TimeSeries", "/");
            made.name = Some(name.to_owned());
            viewport.views.insert(made.id, made);
        }
        let of = |id, kind, contents: &[Contents]| {
            (id, ContainerBlueprint::new(id, kind, contents.iter().copied()))
        };
        let [a, b, c] = [0, 1, 2].map(|at| Contents::View(view(at)));
        viewport.containers.extend([
            of(
                root,
                ContainerKind::Horizontal,
                &[a, b, Contents::Container(tabs)],
            ),
            of(tabs, ContainerKind::Tabs, &[c]),
        ]);
        let mut stage = Stage::with_entities(1400.0, 900.0, &["/plots"]);
        stage.draw();
        let write = BlueprintCommand::WriteAll(Box::new(viewport));
        push(&mut stage, ViewerCommand::Blueprint(write));
        (stage, root, tabs)
    }

    fn push(stage: &mut Stage, command: ViewerCommand) {
        stage
            .app
            .world_mut()
            .resource_mut::<ViewerCommands>()
            .push(command);
        stage.draw();
    }

    fn contents(stage: &Stage, container: ContainerId) -> Vec<Contents> {
        let viewport = stage.app.world().resource::<ActiveBlueprint>().viewport();
        let container = viewport.containers.get(&container);
        container.map_or_else(Vec::new, |container| container.contents.clone())
    }

    /// Drags the row of a view onto another, so many points below its middle.
    fn drag(stage: &mut Stage, name: &str, onto: &str, below: f32) {
        // Names stand at the tiles as well, which lie to the right.
        let left = |stage: &mut Stage, text: &str| stage.find_near(text, Pos2::new(0.0, 400.0));
        let from = left(stage, name);
        let to = left(stage, onto) + vec2(0.0, below);
        let button = |pos, pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        stage.draw_with(vec![Event::PointerMoved(from)]);
        stage.draw_with(vec![button(from, true)]);
        stage.draw_with(vec![Event::PointerMoved(from.lerp(to, 0.5))]);
        stage.draw_with(vec![Event::PointerMoved(to)]);
        stage.draw_with(vec![button(to, false)]);
        stage.draw_with(vec![Event::PointerGone]);
        stage.draw();
    }

    #[test]
    fn a_view_is_dragged_to_another_place_of_the_tree() {
        let (mut stage, root, tabs) = stage();
        let [a, b, c] = [0, 1, 2].map(|at| Contents::View(view(at)));
        let beside = Contents::Container(tabs);
        assert_eq!(contents(&stage, root), [a, b, beside]);
        drag(&mut stage, NAMES[0], NAMES[1], 6.0);
        assert_eq!(contents(&stage, root), [b, a, beside]);
        drag(&mut stage, NAMES[0], NAMES[2], -6.0);
        assert_eq!(
            (contents(&stage, root), contents(&stage, tabs)),
            (vec![b, beside], vec![a, c])
        );
        // Where it lies already, it stays, and there is nothing to undo.
        drag(&mut stage, NAMES[0], NAMES[2], -6.0);
        push(&mut stage, ViewerCommand::Undo);
        assert_eq!(contents(&stage, root), [b, a, beside]);
    }

    #[test]
    fn nothing_is_dropped_into_itself() {
        let (stage, root, tabs) = stage();
        let viewport = stage.app.world().resource::<ActiveBlueprint>().viewport();
        let [a, b, c] = [0, 1, 2].map(|at| Contents::View(view(at)));
        let (outer, inner) = (Contents::Container(root), Contents::Container(tabs));
        let check = |item, target, side, expected| {
            assert_eq!(
                place(viewport, item, target, side),
                expected,
                "{item} on {target}"
            );
        };
        check(inner, inner, Side::Into, None);
        check(inner, c, Side::Before, None);
        check(outer, a, Side::Before, None);
        check(a, b, Side::Before, None);
        check(a, b, Side::After, Some((root, 1)));
        check(a, inner, Side::Into, Some((tabs, 1)));
        check(c, inner, Side::Into, None);
        check(inner, a, Side::Before, Some((root, 0)));
        check(b, outer, Side::Into, Some((root, 2)));
    }
}
