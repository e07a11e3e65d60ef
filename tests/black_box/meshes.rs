//! Meshes as they are seen: from components and from files, lit up and picked by the pointer.

use chronoscope::{
    frame::{Item, Selection},
    prelude::*,
    types::{
        Asset3D, Mesh3D,
        enums::{ChannelDatatype, ColorModel},
        records::ImageFormat,
    },
};
use egui::{Event, Pos2, pos2};
use image::{Rgb, RgbImage};

use crate::{
    picture::save,
    pointer::{app_with, click, picture, send},
};

/// A box about the origin of which all sides are seen.
const CORNERS: [[f32; 3]; 8] = [
    [-1.0, -1.0, -1.0],
    [1.0, -1.0, -1.0],
    [-1.0, 1.0, -1.0],
    [1.0, 1.0, -1.0],
    [-1.0, -1.0, 1.0],
    [1.0, -1.0, 1.0],
    [-1.0, 1.0, 1.0],
    [1.0, 1.0, 1.0],
];

const TRIANGLES: [[u32; 3]; 12] = [
    [0, 2, 3],
    [0, 3, 1],
    [4, 5, 7],
    [4, 7, 6],
    [0, 1, 5],
    [0, 5, 4],
    [2, 6, 7],
    [2, 7, 3],
    [0, 4, 6],
    [0, 6, 2],
    [1, 3, 7],
    [1, 7, 5],
];

fn obj() -> Vec<u8> {
    let vertices = CORNERS.map(|[x, y, z]| format!("v {x} {y} {z}\n"));
    let faces = TRIANGLES.map(|[a, b, c]| format!("f {} {} {}\n", a + 1, b + 1, c + 1));
    (vertices.concat() + &faces.concat()).into_bytes()
}

fn stl() -> Vec<u8> {
    let mut bytes = vec![b' '; 80];
    bytes.extend((TRIANGLES.len() as u32).to_le_bytes());
    for triangle in TRIANGLES {
        bytes.extend([0u8; 12]);
        let corners = triangle.map(|corner| CORNERS[corner as usize]);
        bytes.extend(
            corners
                .as_flattened()
                .iter()
                .flat_map(|value| value.to_le_bytes()),
        );
        bytes.extend([0u8; 2]);
    }
    bytes
}

/// The box in blue, as the material of the file says.
fn glb() -> Vec<u8> {
    let mut binary: Vec<u8> = CORNERS
        .as_flattened()
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    binary.extend(
        TRIANGLES
            .as_flattened()
            .iter()
            .flat_map(|index| (*index as u16).to_le_bytes()),
    );
    let mut json = r#"{"asset":{"version":"2.0"},"scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],
        "meshes":[{"primitives":[{"attributes":{"POSITION":0},"indices":1,"material":0}]}],
        "materials":[{"pbrMetallicRoughness":{"baseColorFactor":[0,0,1,1]}}],
        "accessors":[{"bufferView":0,"componentType":5126,"count":8,"type":"VEC3","min":[-1,-1,-1],"max":[1,1,1]},
            {"bufferView":1,"componentType":5123,"count":36,"type":"SCALAR"}],
        "bufferViews":[{"buffer":0,"byteLength":96},{"buffer":0,"byteOffset":96,"byteLength":72}],
        "buffers":[{"byteLength":168}]}"#
        .as_bytes()
        .to_vec();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
    for (kind, chunk) in [(b"JSON", &json), (b"BIN\0", &binary)] {
        bytes.extend((chunk.len() as u32).to_le_bytes());
        bytes.extend(kind);
        bytes.extend(chunk);
    }
    bytes
}

/// A square with a texture of two colors, seen from all sides.
fn textured() -> Mesh3D {
    let format = ImageFormat::new(2, 1, ColorModel::RGB, ChannelDatatype::U8);
    let corners = [
        [-1.0, 0.0, -1.0],
        [1.0, 0.0, -1.0],
        [1.0, 0.0, 1.0],
        [-1.0, 0.0, 1.0],
    ];
    Mesh3D::new(corners)
        .with_triangle_indices([[0u32, 1, 2], [0, 2, 3]])
        .with_vertex_texcoords([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
        .with_albedo_texture_buffer(vec![255u8, 0, 0, 0, 255, 0])
        .with_albedo_texture_format(format)
}

/// How many pixels are of this color, however dark, and their middle.
fn shaded(picture: &RgbImage, is_it: impl Fn(&Rgb<u8>) -> bool) -> (usize, Pos2) {
    let places: Vec<(f32, f32)> = picture
        .enumerate_pixels()
        .filter(|(.., pixel)| is_it(pixel))
        .map(|(x, y, _)| (x as f32 + 0.5, y as f32 + 0.5))
        .collect();
    let count = places.len().max(1) as f32;
    let sum = places
        .iter()
        .fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
    (places.len(), pos2(sum.0 / count, sum.1 / count))
}

fn is_blue(pixel: &Rgb<u8>) -> bool {
    let [r, g, b] = pixel.0;
    r < 12 && g < 12 && b > 60
}

#[test]
fn models_of_all_formats_look_alike() {
    let file = |bytes: Vec<u8>, factor: u32| {
        let asset = Asset3D::new(bytes).with_albedo_factor(factor.to_be_bytes());
        let mut app = app_with(log_chunk("model", [], &asset).unwrap());
        picture(&mut app)
    };
    let blue = 0x0000_FFFF;
    let pictures = [
        ("glb", file(glb(), 0xFFFF_FFFF)),
        ("obj", file(obj(), blue)),
        ("stl", file(stl(), blue)),
    ];
    let counts = pictures.each_ref().map(|(name, picture)| {
        save(picture, &format!("mesh_{name}.png"));
        shaded(picture, is_blue).0
    });
    assert!(counts[0] > 10_000, "{counts:?} pixels");
    let is_close = |count: &usize| count.abs_diff(counts[0]) < counts[0] / 100;
    assert!(counts.iter().all(is_close), "{counts:?} pixels");
}

#[test]
fn a_mesh_with_a_texture_is_hovered_and_selected_as_a_whole() {
    let mut app = app_with(log_chunk("sign", [], &textured()).unwrap());
    let before = picture(&mut app);
    save(&before, "mesh_texture.png");
    // Between the middles of its texels the colors run into each other.
    let is_mostly = |pixel: &Rgb<u8>, more: usize, less: usize| {
        pixel.0[more] > 60 && pixel.0[more] / 2 > pixel.0[less] && pixel.0[2] < 12
    };
    let red = |pixel: &Rgb<u8>| is_mostly(pixel, 0, 1);
    let green = |pixel: &Rgb<u8>| is_mostly(pixel, 1, 0);
    let ((num_red, place), (num_green, _)) = (shaded(&before, red), shaded(&before, green));
    assert!(
        num_red > 1000 && num_green > 1000,
        "{num_red} red and {num_green} green pixels"
    );

    let mut sent = send(&mut app, [Event::PointerMoved(place)]);
    let item = app.world().resource::<Selection>().hovered.clone();
    let named = |item: Option<&Item>| item.map(|item| (item.entity().unwrap().to_string(), item.instance()));
    assert_eq!(named(item.as_ref()), Some(("/sign".to_owned(), None)));
    let lit = picture(&mut app);
    assert_eq!(shaded(&lit, red).0, 0, "all of it stands out");

    sent += click(&mut app, place);
    let selected = app.world().resource::<Selection>().selected.first().cloned();
    assert_eq!(named(selected.as_ref()), Some(("/sign".to_owned(), None)));
    assert!(sent < 4_000, "{sent} bytes to light it up");
}
