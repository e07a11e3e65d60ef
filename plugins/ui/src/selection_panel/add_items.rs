//! The menu that adds a view or a container to a container.

use chronoscope_blueprint::{
    BlueprintCommand, ContainerBlueprint, ContainerId, ContainerKind, ViewBlueprint, ViewId,
};
use chronoscope_frame::ViewClasses;
use egui::Ui;

use crate::{
    icons,
    pass::Pass,
    theme::size,
    widgets::{ListRow, container_kind_title, icon_button},
};

const WIDTH: f32 = 56.0 * size::GRID;

/// The button, and the menu behind it.
pub(super) fn show(ui: &mut Ui, pass: &mut Pass<'_>, container: &ContainerBlueprint) {
    let button = icon_button(ui, icons::ADD, "Add a view or a container", None);
    let position = container.contents.len();
    egui::Popup::menu(&button).show(|ui| {
        ui.set_width(pass.place.width_for(WIDTH));
        ui.spacing_mut().item_spacing.y = 0.0;
        for class in pass.world.resource::<ViewClasses>().iter() {
            let id = class.id();
            let row = ListRow::new(class.display_name()).icon(pass.view_icon(&id));
            if row.show(ui, |_| {}).response.clicked() {
                let view = ViewBlueprint::new(ViewId::unique(), id, "/");
                pass.edit(BlueprintCommand::AddView(view, Some((container.id, position))));
                ui.close();
            }
        }
        ui.separator();
        for kind in [
            ContainerKind::Tabs,
            ContainerKind::Horizontal,
            ContainerKind::Vertical,
            ContainerKind::Grid,
        ] {
            let row = ListRow::new(container_kind_title(kind)).icon(icons::container(kind));
            if row.show(ui, |_| {}).response.clicked() {
                pass.edit(BlueprintCommand::AddContainer {
                    id: ContainerId::unique(),
                    kind,
                    parent: Some(container.id),
                    position,
                });
                ui.close();
            }
        }
    });
}
