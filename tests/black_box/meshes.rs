//! Meshes as they are seen: from components and from files, lit up and picked by the pointer.

use chronoscope::{
    frame::{Item, Selection},
    prelude::*,
    render::RenderQuality,
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
    pointer::{app_in, app_with, click, picture, send},
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
    pack(&mut json, &binary)
}

fn pack(json: &mut Vec<u8>, binary: &[u8]) -> Vec<u8> {
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
    for (kind, chunk) in [(b"JSON", &json[..]), (b"BIN\0", binary)] {
        bytes.extend((chunk.len() as u32).to_le_bytes());
        bytes.extend(kind);
        bytes.extend(chunk);
    }
    bytes
}

fn png(side: u32, rgb: Vec<u8>) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = RgbImage::from_raw(side, side, rgb).unwrap();
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A square of this color whose right half gives off another, and which has dents by a texture of normals.
pub(crate) fn textured_glb(color: [f32; 3], emissive: [f32; 3]) -> Vec<u8> {
    let glow = [[0; 3], [255; 3]].repeat(2).concat();
    let normal = |at: usize| match (at / 4 + at % 4) % 4 {
        0 => [218, 128, 218],
        1 => [128, 218, 218],
        2 => [38, 128, 218],
        _ => [128, 38, 218],
    };
    let normals: Vec<u8> = (0..16).flat_map(normal).collect();
    let corners = [
        [-1.0f32, 0.0, -1.0],
        [1.0, 0.0, -1.0],
        [1.0, 0.0, 1.0],
        [-1.0, 0.0, 1.0],
    ];
    let places = [[0.0f32, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]];
    let numbers = corners.as_flattened().iter().chain(places.as_flattened());
    let mut binary: Vec<u8> = numbers.flat_map(|value| value.to_le_bytes()).collect();
    binary.extend([0u16, 1, 2, 0, 2, 3].iter().flat_map(|index| index.to_le_bytes()));
    let views = [png(2, glow), png(4, normals)].map(|file| {
        binary.resize(binary.len().next_multiple_of(4), 0);
        let view = format!(
            r#"{{"buffer":0,"byteOffset":{},"byteLength":{}}}"#,
            binary.len(),
            file.len()
        );
        binary.extend(file);
        view
    });
    binary.resize(binary.len().next_multiple_of(4), 0);
    let ([r, g, b], [glow, dents], length) = (color, views, binary.len());
    let mut json = format!(
        r#"{{"asset":{{"version":"2.0"}},"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],
        "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0,"TEXCOORD_0":1}},"indices":2,"material":0}}]}}],
        "materials":[{{"doubleSided":true,"emissiveFactor":{emissive:?},
            "emissiveTexture":{{"index":0}},"normalTexture":{{"index":1}},
            "pbrMetallicRoughness":{{"baseColorFactor":[{r},{g},{b},1],"metallicFactor":0,"roughnessFactor":0.6}}}}],
        "samplers":[{{"magFilter":9728}}],
        "textures":[{{"source":0,"sampler":0}},{{"source":1,"sampler":0}}],
        "images":[{{"bufferView":3,"mimeType":"image/png"}},{{"bufferView":4,"mimeType":"image/png"}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":4,"type":"VEC3","min":[-1,0,-1],"max":[1,0,1]}},
            {{"bufferView":1,"componentType":5126,"count":4,"type":"VEC2"}},
            {{"bufferView":2,"componentType":5123,"count":6,"type":"SCALAR"}}],
        "bufferViews":[{{"buffer":0,"byteLength":48}},{{"buffer":0,"byteOffset":48,"byteLength":32}},
            {{"buffer":0,"byteOffset":80,"byteLength":12}},{glow},{dents}],
        "buffers":[{{"byteLength":{length}}}]}}"#
    )
    .into_bytes();
    pack(&mut json, &binary)
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

/// With lights, half of the square glows; without, it is of one color.
#[test]
fn a_model_has_the_textures_that_light_shows() {
    for (quality, is_lit) in [(RenderQuality::Full, true), (RenderQuality::Cheap, false)] {
        let file = textured_glb([0.0, 0.0, 0.5], [1.0, 0.0, 0.0]);
        let model = Asset3D::new(file).with_media_type("model/gltf-binary");
        let mut app = app_in(quality, log_chunk("/model", [], &model).unwrap());
        let picture = picture(&mut app);
        save(
            &picture,
            if is_lit {
                "model_lit.png"
            } else {
                "model_unlit.png"
            },
        );
        let is_blue = |pixel: &Rgb<u8>| {
            let [r, g, b] = pixel.0;
            r < 130 && g < b / 2 + 10 && b > 80
        };
        let (blue, _) = shaded(&picture, is_blue);
        let glows = |pixel: &Rgb<u8>| {
            let [r, g, _] = pixel.0;
            r > 220 && g < 150
        };
        let (red, _) = shaded(&picture, glows);
        assert!(blue > 1_000, "{quality:?}: {blue} pixels");
        if !is_lit {
            // An axis and its letter are red.
            assert!(red < 200, "{red} red pixels");
            continue;
        }
        assert!(red > blue / 2 && red < blue * 2, "{red} red, {blue} blue");
    }
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
    let hovered = picture(&mut app);
    save(&hovered, "mesh_hovered.png");
    let left = shaded(&hovered, red).0;
    assert!(left > num_red / 4, "it keeps its colors: {left} red pixels");

    sent += click(&mut app, place);
    let selected = app.world().resource::<Selection>().selected.first().cloned();
    assert_eq!(named(selected.as_ref()), Some(("/sign".to_owned(), None)));
    assert!(sent < 4_000, "{sent} bytes to light it up");

    send(&mut app, [Event::PointerGone]);
    let selected = picture(&mut app);
    save(&selected, "mesh_selected.png");
    let left = shaded(&selected, red).0;
    assert!(left > num_red * 9 / 10, "{left} of {num_red} red pixels");
    // What is to the left of it, row by row.
    let beside = (0..before.height()).filter_map(|y| {
        let is_it = |x: &u32| red(before.get_pixel(*x, y)) || green(before.get_pixel(*x, y));
        let first = (0..before.width()).find(is_it)?;
        Some((first.checked_sub(1)?, y))
    });
    let beside: Vec<(u32, u32)> = beside.collect();
    let is_line = |(x, y): &&(u32, u32)| {
        let [r, g, b] = selected.get_pixel(*x, *y).0;
        b > 200 && g > 60 && g < b && r < b
    };
    let num_lines = beside.iter().filter(is_line).count();
    assert!(
        num_lines > beside.len() / 2,
        "a line in {num_lines} of {} rows",
        beside.len()
    );
}
