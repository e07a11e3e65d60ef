//! What is pointed at and what is selected, as the renderer is told.

use bevy::camera::Camera;
use chronoscope_render::{BulkView, Highlight};
use egui::Color32;

use super::*;
use crate::ViewStyle;

impl Viewer {
    /// The camera of the one view, and whether it renders.
    fn bulk_view(&mut self) -> (BulkView, bool) {
        let world = self.app.world_mut();
        let mut cameras = world.query::<(&Camera, &BulkView)>();
        let (camera, bulk) = cameras.single(world).unwrap();
        (*bulk, camera.is_active)
    }

    /// How an entity stands out.
    fn highlight(&mut self, path: &str) -> Highlight {
        let digest = self.digest();
        let part = digest.iter().find(|part| part.path == path);
        part.unwrap().uniform.highlight
    }
}

fn item(view: ViewId, path: &str) -> Item {
    Item::DataResult {
        view,
        entity: path.into(),
        instance: None,
    }
}

fn in_space() -> [Chunk; 3] {
    let points = |x: f32| Points3D::new([[x, 0.0, 0.0]]);
    [0.0, 1.0, 2.0].map(|x| log_chunk(format!("world/{x}").as_str(), [], &points(x)).unwrap())
}

fn in_plane() -> [Chunk; 3] {
    let points = |x: f32| Points2D::new([[x, 0.0]]);
    [0.0, 1.0, 2.0].map(|x| log_chunk(format!("world/{x}").as_str(), [], &points(x)).unwrap())
}

/// In the colors of the theme, and with their own colors as they are.
#[test]
fn what_is_pointed_at_and_what_is_selected_has_an_outline() {
    let style = ViewStyle {
        hovered: Color32::from_rgb(1, 2, 3),
        selected: Color32::from_rgb(4, 5, 6),
        ..ViewStyle::default()
    };
    for chunks in [in_space(), in_plane()] {
        let mut viewer = Viewer::with(chunks, |app| {
            app.insert_resource(style.clone());
        });
        let (bulk, is_rendering) = viewer.bulk_view();
        assert!(bulk.is_outlined);
        assert_eq!(
            (bulk.hovered_color, bulk.selected_color),
            ([1, 2, 3, 0], [4, 5, 6, 0])
        );
        assert!(!is_rendering, "all is at rest");
        let view = viewer.view();
        viewer.command(ViewerCommand::Select(vec![item(view, "/world/1")]));
        viewer.command(ViewerCommand::Hover(Some(item(view, "/world/2"))));
        viewer.app.update();
        assert!(viewer.bulk_view().1, "another picture");
        assert_eq!(
            ["/world/0", "/world/1", "/world/2"].map(|path| viewer.highlight(path)),
            [Highlight::None, Highlight::Selected, Highlight::Hovered]
        );
    }
}
