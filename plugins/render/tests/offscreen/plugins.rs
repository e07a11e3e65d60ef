//! The order of plugins is the app's own affair.

use bevy::MinimalPlugins;
use bevy::app::App;
use chronoscope_render::{
    Blending, BulkRenderPlugin, DrawList, GroundGrid, ImageQuad, InstanceBuffer, PickRequest, PointInstance,
    SegmentUniform, pack_color,
};

use crate::stage::Stage;

#[test]
fn without_a_renderer_nothing_is_drawn_and_nothing_fails() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, BulkRenderPlugin));
    app.finish();
    app.cleanup();
    let mut buffer = InstanceBuffer::<PointInstance>::default();
    let slot = buffer
        .insert(vec![PointInstance::new([0.0; 3].into(), 1.0, 0)])
        .unwrap();
    let buffer = app.world_mut().spawn(buffer).id();
    let mut list = DrawList::<PointInstance>::new(buffer, Blending::Opaque);
    list.insert(slot, SegmentUniform::default());
    let list = app
        .world_mut()
        .spawn((list, GroundGrid::default(), ImageQuad::default()))
        .id();
    app.world_mut().spawn(PickRequest {
        camera: list,
        pixel: [0, 0].into(),
        radius: 1,
    });
    app.update();
    app.world_mut()
        .entity_mut(list)
        .remove::<DrawList<PointInstance>>();
    app.world_mut().despawn(buffer);
    app.update();
}

#[test]
fn the_plugin_may_come_before_the_renderer() {
    let mut stage = Stage::flat_with_plugin_first();
    let red = [255, 0, 0, 255];
    let point = PointInstance::new([32.5, 32.5, 0.0].into(), -4.0, pack_color(red));
    stage.draw(SegmentUniform::default(), &[point]);
    assert_eq!(stage.shoot().at(32, 32), red);
}
