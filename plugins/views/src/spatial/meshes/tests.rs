//! Decoding by format, and what is broken.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use chronoscope_frame::error::Severity;
use chronoscope_render::{MeshAlpha, MeshSides};
use chronoscope_types::{Component as _, components};
use glam::{DVec3, Vec2, Vec3};

use super::{
    model::{Map, MapKind, Model, ModelError, Texture},
    *,
};
use crate::spatial::pictures::PixelKind;

fn options() -> DecodeOptions {
    DecodeOptions::new(PixelKind::Color, 4096)
}

fn open(bytes: &[u8], media_type: Option<&str>) -> Result<(MeshFile, Bounds), ModelError> {
    let blob = components::Blob::build(vec![bytes.to_vec()]);
    MeshFile::new(blob, media_type).map(Option::unwrap)
}

fn decode(bytes: &[u8]) -> Result<Model, ModelError> {
    let (file, _) = open(bytes, None)?;
    file.decode(&PixelDecoders::default(), &options(), true)
}

/// The numbers of vertices and triangles of each piece.
fn shape(model: &Model) -> Vec<(usize, usize)> {
    let pieces = model.pieces.iter();
    pieces
        .map(|piece| (piece.vertices.len(), piece.indices.len() / 3))
        .collect()
}

fn warnings(model: &Model) -> String {
    model
        .problems
        .of(Severity::Warning)
        .unwrap_or_default()
        .to_string()
}

fn num_problems(model: &Model) -> usize {
    let severities = [Severity::Warning, Severity::Info];
    severities
        .into_iter()
        .filter(|severity| model.problems.of(*severity).is_some())
        .count()
}

/// Numbers whose every byte matters, from a fixed seed.
struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// No cut and no flipped bytes make it panic, or reserve what is not there.
fn survives_damage(file: &[u8]) {
    let mut random = Random(7);
    for len in (0..file.len()).step_by(1 + file.len() / 200) {
        _ = decode(&file[..len]);
    }
    for _ in 0..500 {
        let mut damaged = file.to_vec();
        for _ in 0..=random.next(4) {
            let at = random.next(damaged.len());
            damaged[at] = random.next(256) as u8;
        }
        _ = decode(&damaged);
    }
}

const OBJ: &str = "# a square, twice\nmtllib colors.mtl\ng one\nv 0 0 0\nv 1 0 0 1 0 0\nv 1 1 0\nv 0 1 0\n\
                   vn 0 0 1\nf 1//1 2//1 3//1 4//1\ng two\nusemtl red\nf -4 -3 -2\n";

#[test]
fn obj_polygons_groups_and_relative_indices_become_triangles() {
    let model = decode(OBJ.as_bytes()).unwrap();
    assert_eq!(shape(&model), [(7, 3)], "with and without a normal");
    assert_eq!(model.pieces[0].vertices[1].color(), [255, 0, 0, 255]);
    assert_eq!(warnings(&model), "");
    let info = model.problems.of(Severity::Info).unwrap();
    assert_eq!(
        &*info,
        "the materials in colors.mtl are not used: they lie in another file"
    );
    let (_, bounds) = open(OBJ.as_bytes(), Some("model/obj")).unwrap();
    assert_eq!(bounds.max, DVec3::new(1.0, 1.0, 0.0));
}

#[test]
fn obj_faces_that_name_nothing_are_left_out_and_said() {
    let text = format!("{OBJ}f 1 2 99\nf 0 1 2\nf 1 x 2\nf 1 2\nv 1 nan\n");
    let model = decode(text.as_bytes()).unwrap();
    assert_eq!(shape(&model), [(7, 3)]);
    assert_eq!(
        warnings(&model),
        "lines that cannot be read: 2; triangles whose vertices are not there or not finite are not shown: 3"
    );
    survives_damage(text.as_bytes());
}

/// A corner of a cube: three triangles.
const CORNER: [[[f32; 3]; 3]; 3] = [
    [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]],
    [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
];

fn binary_stl() -> Vec<u8> {
    let mut bytes = b"solid but binary".to_vec();
    bytes.resize(80, 0);
    bytes.extend(3u32.to_le_bytes());
    for triangle in CORNER {
        bytes.extend([0u8; 12]);
        bytes.extend(triangle.iter().flatten().flat_map(|value| value.to_le_bytes()));
        bytes.extend([0u8; 2]);
    }
    bytes
}

fn text_stl() -> String {
    let mut text = "solid corner\n".to_owned();
    for triangle in CORNER {
        text += "facet normal 0 0 0\nouter loop\n";
        for [x, y, z] in triangle {
            text += &format!("vertex {x} {y} {z:e}\n");
        }
        text += "endloop\nendfacet\n";
    }
    text + "endsolid corner\n"
}

#[test]
fn stl_is_read_binary_and_in_words_alike() {
    let (binary, text) = (binary_stl(), text_stl());
    for bytes in [&binary, text.as_bytes()] {
        let model = decode(bytes).unwrap();
        assert_eq!((shape(&model), num_problems(&model)), (vec![(4, 3)], 0));
        assert_eq!(
            open(bytes, None).unwrap().1,
            Bounds::between(DVec3::ZERO, DVec3::ONE)
        );
        survives_damage(bytes);
    }
    let cut = open(&binary[..binary.len() - 60], Some("model/stl")).unwrap().0;
    let model = cut.decode(&PixelDecoders::default(), &options(), true).unwrap();
    assert_eq!(shape(&model), [(3, 1)]);
    assert_eq!(warnings(&model), "the file ends after 1 of 3 triangles");
}

/// Two nodes of one mesh with a red and a green pixel on it, one of them mirrored.
fn gltf(buffer: &str, image: &str) -> String {
    format!(
        r#"{{"asset":{{"version":"2.0"}},"scene":0,"scenes":[{{"nodes":[0]}}],
        "nodes":[{{"children":[1,2],"translation":[10,0,0]}},{{"mesh":0}},{{"mesh":0,"scale":[-1,1,1],"translation":[0,5,0]}}],
        "meshes":[{{"primitives":[{{"attributes":{{"POSITION":0,"TEXCOORD_0":1}},"indices":2,"material":0}}]}}],
        "materials":[{{"pbrMetallicRoughness":{{"baseColorFactor":[0.5,1,1,1],"baseColorTexture":{{"index":0}}}},
            "alphaMode":"MASK","extensions":{{"KHR_materials_unlit":{{}}}}}}],
        "textures":[{{"source":0}}],"images":[{{{image}}}],
        "accessors":[{{"bufferView":0,"componentType":5126,"count":3,"type":"VEC3","min":[0,0,0],"max":[1,1,0]}},
            {{"bufferView":1,"componentType":5121,"normalized":true,"count":3,"type":"VEC2"}},
            {{"bufferView":2,"componentType":5123,"count":3,"type":"SCALAR"}}],
        "bufferViews":[{{"buffer":0,"byteLength":36}},{{"buffer":0,"byteOffset":36,"byteLength":12,"byteStride":4}},
            {{"buffer":0,"byteOffset":48,"byteLength":6}},{{"buffer":0,"byteOffset":56,"byteLength":PNG}}],
        "buffers":[{{{buffer}"byteLength":LEN}}]}}"#
    )
}

fn png() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let pixels = image::RgbImage::from_raw(2, 1, vec![255, 0, 0, 0, 255, 0]).unwrap();
    pixels.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

fn binary() -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in [0.0f32, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0u8, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0, 0]);
    bytes.extend([0u8, 0, 1, 0, 2, 0, 0, 0]);
    bytes.extend(png());
    bytes
}

fn sized(text: &str) -> String {
    let (png, len) = (png().len().to_string(), binary().len().to_string());
    text.replace("PNG", &png).replace("LEN", &len)
}

fn json_of_glb() -> String {
    sized(&gltf("", r#""bufferView":3,"mimeType":"image/png""#))
}

fn glb() -> Vec<u8> {
    glb_of(json_of_glb())
}

fn glb_of(json: String) -> Vec<u8> {
    let mut json = json.into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let mut binary = binary();
    binary.resize(binary.len().next_multiple_of(4), 0);
    let mut bytes = b"glTF\x02\0\0\0\0\0\0\0".to_vec();
    for (kind, chunk) in [(b"JSON", &json), (b"BIN\0", &binary)] {
        bytes.extend((chunk.len() as u32).to_le_bytes());
        bytes.extend(kind);
        bytes.extend(chunk);
    }
    bytes
}

#[test]
fn glb_has_nodes_materials_and_textures() {
    let model = decode(&glb()).unwrap();
    assert_eq!((shape(&model), num_problems(&model)), (vec![(3, 1)], 0));
    let piece = &model.pieces[0];
    let mut places: Vec<Vec3> = piece
        .nodes
        .iter()
        .map(|node| node.transform_point3(Vec3::X))
        .collect();
    places.sort_by(|a, b| a.x.total_cmp(&b.x));
    assert_eq!(places, [Vec3::new(9.0, 5.0, 0.0), Vec3::new(11.0, 0.0, 0.0)]);
    let material = &piece.material;
    assert_eq!(
        (
            material.alpha,
            material.sides,
            material.is_unlit,
            material.base_color[0]
        ),
        (MeshAlpha::Mask(0.5), MeshSides::Front, true, 0.5)
    );
    let texture = &model.textures[piece.texture.unwrap()];
    assert_eq!(
        (texture.size, &texture.rgba[..4]),
        ([2, 1], &[255, 0, 0, 255][..])
    );
    let (_, bounds) = open(&glb(), None).unwrap();
    assert_eq!(
        bounds,
        Bounds::between(DVec3::new(9.0, 0.0, 0.0), DVec3::new(11.0, 6.0, 0.0))
    );
    survives_damage(&glb());
}

/// A material whose texture is read for everything, by three sets of coordinates, and once at twice the size.
fn glb_with_maps() -> Vec<u8> {
    let mut json = json_of_glb();
    for (from, to) in [
        (
            r#""TEXCOORD_0":1"#,
            r#""TEXCOORD_0":1,"TEXCOORD_1":1,"TEXCOORD_2":1"#,
        ),
        (
            r#""baseColorTexture":{"index":0}"#,
            r#""baseColorTexture":{"index":0},"metallicRoughnessTexture":{"index":0},"roughnessFactor":0.75"#,
        ),
        (
            r#""extensions":{"KHR_materials_unlit":{}}"#,
            r#""emissiveTexture":{"index":0,"texCoord":1},"emissiveFactor":[1,0.5,0],"occlusionTexture":{"index":0,"texCoord":2},
            "normalTexture":{"index":0,"scale":0.5,
                "extensions":{"KHR_texture_transform":{"scale":[2,2],"offset":[0.25,0]}}}"#,
        ),
    ] {
        assert!(json.contains(from), "{from}");
        json = json.replace(from, to);
    }
    glb_of(json)
}

#[test]
fn textures_of_gltf_materials_are_read_where_light_shows_them() {
    let file = glb_with_maps();
    let model = decode(&file).unwrap();
    let piece = &model.pieces[0];
    let kinds: Vec<MapKind> = piece.maps.iter().map(|map| map.kind).collect();
    let read = [MapKind::MetallicRoughness, MapKind::Emissive, MapKind::Normal];
    assert_eq!(kinds, read);
    let linear: Vec<bool> = model.textures.iter().map(|texture| texture.is_linear).collect();
    assert_eq!(linear, [false, true], "one image, as colors and as numbers");
    let textures: Vec<usize> = piece.maps.iter().map(|map| map.texture).collect();
    assert_eq!((piece.texture, &textures[..]), (Some(0), &[1, 0, 1][..]));
    let [metallic_roughness, emissive, normal] = piece.maps[..] else {
        panic!("{:?}", piece.maps)
    };
    let place = |map: Map| map.texture_from_vertex.transform_point2(Vec2::ONE);
    assert_eq!(
        (place(metallic_roughness), metallic_roughness.strength),
        (Vec2::ONE, 1.0)
    );
    assert_eq!((place(normal), normal.strength), (Vec2::new(2.25, 2.0), 0.5));
    let by_second = [metallic_roughness, emissive, normal].map(|map| map.is_by_second);
    assert_eq!(by_second, [false, true, false]);
    assert_eq!(piece.second_texcoords, [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
    let material = &piece.material;
    let of_light = (material.metallic, material.roughness, material.emissive);
    assert_eq!(
        of_light,
        (1.0, 0.75, [1.0, 0.5, 0.0]),
        "textures multiply the factors"
    );
    assert_eq!(
        model.problems.of(Severity::Info).as_deref(),
        Some("a texture that lies by a third set of coordinates is not shown")
    );
    survives_damage(&file);

    let (file, _) = open(&file, None).unwrap();
    let model = file.decode(&PixelDecoders::default(), &options(), false).unwrap();
    let (piece, material) = (&model.pieces[0], &model.pieces[0].material);
    assert_eq!((piece.maps.len(), model.textures.len()), (0, 1));
    let of_light = (material.metallic, material.roughness, material.emissive);
    assert_eq!(
        of_light,
        (0.0, 0.5, [0.0; 3]),
        "what no texture says is as by default"
    );
}

#[test]
fn gltf_in_one_piece_is_read_and_other_files_are_named() {
    use base64::Engine as _;
    let encode = |bytes: Vec<u8>| base64::engine::general_purpose::STANDARD.encode(bytes);
    let buffer = format!(
        r#""uri":"data:application/octet-stream;base64,{}","#,
        encode(binary())
    );
    let image = format!(r#""uri":"data:image/png;base64,{}""#, encode(png()));
    let model = decode(sized(&gltf(&buffer, &image)).as_bytes()).unwrap();
    assert_eq!((shape(&model), model.textures.len()), (vec![(3, 1)], 1));

    let model = decode(sized(&gltf(&buffer, r#""uri":"wood.png""#)).as_bytes()).unwrap();
    assert_eq!(shape(&model), [(3, 1)], "without its texture");
    assert_eq!(
        warnings(&model),
        "a texture is not shown: the model refers to another file, wood.png"
    );
    let error = decode(sized(&gltf(r#""uri":"mesh.bin","#, &image)).as_bytes()).unwrap_err();
    assert_eq!(error, ModelError::External("mesh.bin".into()));
}

#[test]
fn what_no_memory_holds_is_refused_before_it_is_reserved() {
    let text = String::from_utf8(
        glb()[20..]
            .to_vec()
            .into_iter()
            .take_while(u8::is_ascii)
            .collect(),
    );
    let json = text.unwrap();
    let json = &json[..json.rfind('}').unwrap() + 1];
    let error = |from: &str, to: &str| {
        assert!(json.contains(from));
        let json = json.replace(from, to);
        let mut bytes = glb()[..20].to_vec();
        bytes[12..16].copy_from_slice(&(json.len() as u32).to_le_bytes());
        bytes.extend(json.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(4), b' ');
        let mut binary = binary();
        binary.resize(binary.len().next_multiple_of(4), 0);
        bytes.extend((binary.len() as u32).to_le_bytes());
        bytes.extend(b"BIN\0");
        bytes.extend(binary);
        decode(&bytes).unwrap_err().to_string()
    };
    let of_position = r#""count":3,"type":"VEC3""#;
    assert!(error(of_position, r#""count":18446744073709551615,"type":"VEC3""#).contains("too large"));
    assert!(error(of_position, r#""count":4,"type":"VEC3""#).contains("exceeds its buffer"));
    assert!(error(r#""bufferView":0,"#, r#""bufferView":7,"#).contains("not there"));
    assert!(error(r#""byteLength":36"#, r#""byteLength":36000"#).contains("exceeds its buffer"));
    assert!(
        error(
            r#""asset""#,
            r#""extensionsRequired":["KHR_draco_mesh_compression"],"asset""#
        )
        .contains("draco")
    );
    assert_eq!(decode(b"").unwrap_err(), ModelError::Empty);
    assert_eq!(
        decode(b"nothing of the kind").unwrap_err(),
        ModelError::UnknownFormat
    );
    let collada = open(b"<COLLADA/>", Some("model/vnd.collada+xml")).unwrap_err();
    assert_eq!(collada, ModelError::Unsupported("COLLADA".into()));
}

#[test]
fn nodes_that_are_their_own_children_end() {
    let json = r#"{"scenes":[{"nodes":[0,1]}],"nodes":[{"children":[1,0]},{"children":[0],"mesh":0}],"meshes":[{}]}"#;
    assert_eq!(decode(json.as_bytes()).unwrap_err(), ModelError::NoTriangles);
}

#[test]
fn textures_get_smaller_ones_down_to_a_texel() {
    let texture = |is_linear| Texture {
        size: [4, 2],
        rgba: [[0, 0, 0, 255], [200, 100, 0, 55]].repeat(4).concat(),
        is_linear,
        num_levels: 1,
    };
    let mut model = Model::default();
    model.textures.extend([texture(true), texture(false)]);
    model.add_levels();
    for (texture, expected) in model.textures.iter().zip([[100, 50, 0, 155], [141, 71, 0, 155]]) {
        // Of four by two, two by one, and one texel.
        assert_eq!((texture.num_levels, texture.rgba.len()), (3, 4 * (8 + 2 + 1)));
        assert_eq!(texture.rgba[4 * 8..], [expected; 3].concat());
    }
}
