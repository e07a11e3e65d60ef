#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::Cursor;

use chronoscope_types::{
    Component,
    components::{Blob, ImageBuffer},
    enums::{ChannelDatatype, ColorModel, PixelFormat},
    records::ImageFormat,
};
use image::{DynamicImage, ImageBuffer as Buffer, Luma};

use super::{values::Decode, *};

fn source(format: ImageFormat, bytes: &[u8]) -> PixelSource {
    PixelSource::Raw(RawPixels {
        buffer: ImageBuffer::build(vec![bytes.to_vec()]),
        format,
    })
}

fn decode(source: &PixelSource, kind: PixelKind) -> Result<Pixels, DecodeError> {
    PixelDecoders::default().decode(source, &DecodeOptions::new(kind, 1024))
}

fn check(format: ImageFormat, bytes: &[u8], expected: &[[u8; 4]]) {
    let pixels = decode(&source(format, bytes), PixelKind::Color).unwrap();
    assert_eq!(
        (pixels.size, pixels.layout),
        ([format.width, format.height], PixelLayout::Rgba8)
    );
    assert_eq!(pixels.bytes, expected.concat());
}

fn plain(width: u32, height: u32, model: ColorModel, datatype: ChannelDatatype) -> ImageFormat {
    ImageFormat::new(width, height, model, datatype)
}

fn packed(width: u32, height: u32, pixel_format: PixelFormat) -> ImageFormat {
    ImageFormat {
        width,
        height,
        pixel_format: Some(pixel_format),
        color_model: None,
        channel_datatype: None,
    }
}

fn le_bytes<const N: usize>(values: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    values.into_iter().flatten().collect()
}

#[test]
fn bytes_are_taken_in_the_order_of_the_model() {
    use ChannelDatatype::U8;
    check(plain(1, 1, ColorModel::RGB, U8), &[1, 2, 3], &[[1, 2, 3, 255]]);
    check(plain(1, 1, ColorModel::BGR, U8), &[1, 2, 3], &[[3, 2, 1, 255]]);
    check(plain(1, 1, ColorModel::RGBA, U8), &[1, 2, 3, 4], &[[1, 2, 3, 4]]);
    check(plain(1, 1, ColorModel::BGRA, U8), &[1, 2, 3, 4], &[[3, 2, 1, 4]]);
}

#[test]
fn one_channel_goes_to_the_gpu_as_it_is() {
    use ChannelDatatype::{F16, F32, F64, I16, U8, U16, U32};
    let cases = [
        (U8, vec![0, 9], PixelLayout::R8, [0.0, 255.0]),
        (
            U16,
            le_bytes([0u16, 300].map(u16::to_le_bytes)),
            PixelLayout::R16,
            [0.0, 65_535.0],
        ),
        (
            U32,
            le_bytes([7u32, 100_000].map(u32::to_le_bytes)),
            PixelLayout::R32,
            [7.0, 100_000.0],
        ),
        (
            F16,
            le_bytes([0.0, 1.0].map(|v| half::f16::from_f32(v).to_le_bytes())),
            PixelLayout::R16Float,
            [0.0, 1.0],
        ),
        (
            F32,
            le_bytes([f32::NAN, 1.5].map(f32::to_le_bytes)),
            PixelLayout::R32Float,
            [0.0, 255.0],
        ),
    ];
    for (datatype, bytes, layout, range) in cases {
        let source = source(plain(2, 1, ColorModel::L, datatype), &bytes);
        let pixels = decode(&source, PixelKind::Color).unwrap();
        assert_eq!((pixels.layout, pixels.range), (layout, range), "{datatype:?}");
        assert_eq!(pixels.bytes, bytes, "{datatype:?}");
    }
    let floats = le_bytes([-100.0f32, 100.0].map(f32::to_le_bytes));
    for (datatype, bytes) in [
        (I16, le_bytes([-100i16, 100].map(i16::to_le_bytes))),
        (F64, le_bytes([-100.0f64, 100.0].map(f64::to_le_bytes))),
    ] {
        let source = source(plain(2, 1, ColorModel::L, datatype), &bytes);
        let pixels = decode(&source, PixelKind::Color).unwrap();
        assert_eq!(
            pixels.layout,
            PixelLayout::R32Float,
            "the GPU has no such numbers"
        );
        assert_eq!((pixels.bytes, pixels.range), (floats.clone(), [-100.0, 100.0]));
    }
}

#[test]
fn channels_of_wide_numbers_are_brought_to_bytes() {
    let shorts = le_bytes([0u16, 65_535, 32_768].map(u16::to_le_bytes));
    let format = plain(1, 1, ColorModel::RGB, ChannelDatatype::U16);
    check(format, &shorts, &[[0, 255, 128, 255]]);
    let floats = le_bytes([0.0f32, f32::NAN, 1.0].map(f32::to_le_bytes));
    let format = plain(1, 1, ColorModel::BGR, ChannelDatatype::F32);
    check(format, &floats, &[[255, 0, 0, 255]]);
}

/// The pixels under the pointer are few, and what is black and white is up to all of them.
#[test]
fn pixels_alone_have_the_colors_that_they_have_in_the_picture() {
    use ChannelDatatype::{F32, I16, U8, U16};
    let settled = chronoscope_frame::Settled::default();
    let decoders = PixelDecoders::default();
    let cases = [
        (U8, vec![1, 2, 3, 200, 100, 0]),
        (
            U16,
            le_bytes([9u16, 200, 0, 40_000, 65_535, 7].map(u16::to_le_bytes)),
        ),
        (I16, le_bytes([-100i16, 0, 50, 100, 7, 8].map(i16::to_le_bytes))),
        (
            F32,
            le_bytes([0.5f32, 0.25, 1.0, 80.0, f32::NAN, 300.0].map(f32::to_le_bytes)),
        ),
    ];
    for (datatype, bytes) in cases {
        for model in [ColorModel::RGB, ColorModel::BGR] {
            let source = source(plain(2, 1, model, datatype), &bytes);
            let decoded = decode(&source, PixelKind::Color).unwrap();
            let key = PictureKey::of_bytes(&bytes, &source, PixelKind::Color);
            let picture = Picture::new(key, source, PixelMapping::Color, 0);
            let decode = Decode {
                decoders: &decoders,
                settled: &settled,
            };
            let color = |x| {
                let pixel = PixelValues::default().pixel(&picture, [x, 0], decode).unwrap();
                pixel.shown_color(&picture.mapping, decoded.range, decoded.range)
            };
            assert_eq!(
                [color(0), color(1)].concat(),
                decoded.bytes,
                "{datatype:?} {model:?}"
            );
        }
    }
}

#[test]
fn distances_span_their_finite_values() {
    let range = |datatype, bytes: &[u8], width| {
        let source = source(ImageFormat::depth(width, 1, datatype), bytes);
        decode(&source, PixelKind::Depth).unwrap().range
    };
    let floats = [f32::NEG_INFINITY, 0.5, f32::NAN, 4.0, f32::INFINITY];
    let bytes = le_bytes(floats.map(f32::to_le_bytes));
    assert_eq!(range(ChannelDatatype::F32, &bytes, 5), [0.5, 4.0]);
    let bytes = le_bytes([300u16, 7].map(u16::to_le_bytes));
    assert_eq!(range(ChannelDatatype::U16, &bytes, 2), [7.0, 300.0]);
    assert_eq!(
        range(ChannelDatatype::U8, &[5, 5], 2),
        [0.0, 255.0],
        "all the same"
    );
    let bytes = f32::NAN.to_le_bytes();
    assert_eq!(range(ChannelDatatype::F32, &bytes, 1), [0.0, 1.0], "none at all");
}

#[test]
fn luma_and_chroma_become_colors_by_the_matrix_of_their_format() {
    // Pure red, limited range: by BT.601 Y 81, U 90, V 240; by BT.709 Y 63, U 102, V 240.
    let near = |format: ImageFormat, bytes: &[u8]| {
        let pixels = decode(&source(format, bytes), PixelKind::Color).unwrap();
        for pixel in pixels.bytes.as_chunks::<4>().0 {
            let [r, g, b, a] = *pixel;
            assert!(
                r >= 252 && g <= 3 && b <= 3 && a == 255,
                "{pixel:?} of {format:?}"
            );
        }
        assert_eq!(pixels.bytes.len(), (format.width * format.height * 4) as usize);
    };
    for [width, height] in [[2u32, 2], [3, 3], [64, 47], [63, 48], [1, 1]] {
        let luma = (width * height) as usize;
        let half_width = width.div_ceil(2) as usize;
        let quarter = half_width * height.div_ceil(2) as usize;
        let half = half_width * height as usize;
        let planes = |y: u8, u: u8, v: u8, len: usize| [vec![y; luma], vec![u; len], vec![v; len]].concat();
        let nv12 = [vec![81; luma], [90, 240].repeat(quarter)].concat();
        near(packed(width, height, PixelFormat::NV12), &nv12);
        let yuy2 = [81, 90, 81, 240].repeat(half);
        near(packed(width, height, PixelFormat::YUY2), &yuy2);
        for (format, len) in [
            (PixelFormat::YUV12LimitedRange, quarter),
            (PixelFormat::YUV16LimitedRange, half),
            (PixelFormat::YUV24LimitedRange, luma),
        ] {
            near(packed(width, height, format), &planes(63, 102, 240, len));
        }
        for (format, len) in [
            (PixelFormat::YUV12FullRange, quarter),
            (PixelFormat::YUV16FullRange, half),
            (PixelFormat::YUV24FullRange, luma),
        ] {
            near(packed(width, height, format), &planes(54, 99, 255, len));
        }
    }
}

#[test]
fn luma_alone_is_gray_within_its_range() {
    let of = |format| decode(&source(packed(2, 1, format), &[16, 235]), PixelKind::Color).unwrap();
    let limited = of(PixelFormat::Y8LimitedRange);
    assert_eq!(
        (limited.layout, limited.range, limited.bytes),
        (PixelLayout::R8, [16.0, 235.0], vec![16, 235])
    );
    assert_eq!(of(PixelFormat::Y8FullRange).range, [0.0, 255.0]);
}

#[test]
fn a_mosaic_has_its_colors_where_its_name_says() {
    // Only the red pixels of each pattern are lit.
    for (format, red) in [
        (PixelFormat::BayerRGGB8, 0),
        (PixelFormat::BayerGRBG8, 1),
        (PixelFormat::BayerGBRG8, 2),
        (PixelFormat::BayerBGGR8, 3),
    ] {
        let mut bytes = [0; 4];
        bytes[red] = 200;
        check(packed(2, 2, format), &bytes, &[[200, 0, 0, 255]; 4]);
    }
}

#[test]
fn classes_have_the_colors_of_their_context_or_of_the_cycle() {
    let table = Palette::new([(1, [9, 8, 7, 255])]).table(256);
    assert_eq!(table.len(), 1024);
    assert_eq!(table[..8], [0, 0, 0, 0, 9, 8, 7, 255]);
    assert_eq!(table[8..12], crate::colors::cycle_color(2).to_array());
    assert_eq!(Palette::default().table(1 << 16).len(), 1 << 18);
}

#[test]
fn ids_that_are_no_classes_are_beyond_all_tables() {
    let bytes = le_bytes([-1i16, 300].map(i16::to_le_bytes));
    let source = source(ImageFormat::depth(2, 1, ChannelDatatype::I16), &bytes);
    let pixels = decode(&source, PixelKind::Classes).unwrap();
    assert_eq!(pixels.layout, PixelLayout::R32);
    assert_eq!(
        pixels.bytes,
        le_bytes([u32::MAX, 300].map(u32::to_le_bytes)),
        "300 is a class, -1 is none"
    );
}

#[test]
fn colormaps_begin_and_end_as_their_authors_say() {
    let ends = |map| [colormap::color(map, 0.0), colormap::color(map, 1.0)];
    assert_eq!(ends(Colormap::Grayscale), [[0; 3], [255; 3]]);
    assert_eq!(ends(Colormap::Viridis), [[68, 1, 84], [253, 231, 37]]);
    assert_eq!(ends(Colormap::Turbo), [[48, 18, 59], [122, 4, 3]]);
    assert_eq!(ends(Colormap::Spectral), [[158, 1, 66], [94, 79, 162]]);
    assert_eq!(ends(Colormap::CyanToYellow), [[0, 255, 255], [255, 255, 0]]);
    let twilight = ends(Colormap::Twilight);
    assert_eq!(twilight[0], twilight[1], "it closes in itself");
    assert_eq!(colormap::color(Colormap::Viridis, 0.5), [33, 144, 140]);
    assert_eq!(colormap::color(Colormap::Inferno, f32::NAN), [0, 0, 4]);
    assert_eq!(colormap::table(Colormap::Magma).len(), 1024);
}

#[test]
fn lengths_that_lie_are_errors() {
    let of = |format, bytes: &[u8]| decode(&source(format, bytes), PixelKind::Color);
    assert_eq!(
        of(ImageFormat::rgb8(100, 100), &[0; 10]),
        Err(DecodeError::Length {
            width: 100,
            height: 100,
            expected: 30_000,
            found: 10
        })
    );
    let huge = of(ImageFormat::rgb8(u32::MAX, u32::MAX), &[0; 10]);
    assert!(matches!(
        huge,
        Err(DecodeError::TooLarge { .. } | DecodeError::Length { .. })
    ));
    assert_eq!(of(ImageFormat::rgb8(0, 5), &[]), Err(DecodeError::Empty));
}

#[test]
fn a_long_picture_is_thinned() {
    let options = DecodeOptions::new(PixelKind::Color, 4);
    let decoders = PixelDecoders::default();
    let format = plain(10, 2, ColorModel::L, ChannelDatatype::U8);
    let bytes: Vec<u8> = (0..20).collect();
    let pixels = decoders.decode(&source(format, &bytes), &options).unwrap();
    assert_eq!((pixels.size, pixels.bytes), ([4, 1], vec![0, 3, 6, 9]));
    let file = encoded(&png_of_gray16(10, 2));
    let pixels = decoders.decode(&file, &options).unwrap();
    assert_eq!((pixels.size, pixels.bytes.len()), ([4, 1], 8));
}

#[test]
fn keys_tell_formats_and_uses_apart() {
    let (a, b) = (
        source(ImageFormat::rgb8(2, 1), &[0; 6]),
        source(ImageFormat::rgb8(1, 2), &[0; 6]),
    );
    let key = |bytes: &[u8], source, kind| PictureKey::of_bytes(bytes, source, kind);
    let first = key(&[0; 6], &a, PixelKind::Color);
    assert_eq!(first, key(&[0; 6], &a, PixelKind::Color));
    assert_ne!(first, key(&[0; 6], &b, PixelKind::Color));
    assert_ne!(first, key(&[1; 6], &a, PixelKind::Color));
    assert_ne!(first, key(&[0; 6], &a, PixelKind::Classes));
}

fn encoded(bytes: &[u8]) -> PixelSource {
    try_encoded(bytes).unwrap()
}

fn try_encoded(bytes: &[u8]) -> Result<PixelSource, DecodeError> {
    let blob = Blob::build(vec![bytes.to_vec()]);
    EncodedPixels::new(blob).map(|pixels| PixelSource::Encoded(pixels.unwrap()))
}

fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn png_of_gray16(width: u32, height: u32) -> Vec<u8> {
    let value = |x: u32, y: u32| Luma([(y * width + x) as u16 * 100]);
    png(&DynamicImage::ImageLuma16(Buffer::from_fn(width, height, value)))
}

/// Pictures of 16 x 12: red on the left, blue on the right.
#[test]
fn files_are_decoded_by_their_first_bytes() {
    let files: [(&str, &[u8], u8); 8] = [
        ("jpeg", include_bytes!("testdata/color.jpg"), 4),
        ("cmyk jpeg", include_bytes!("testdata/cmyk.jpg"), 8),
        ("webp", include_bytes!("testdata/color.webp"), 0),
        ("png with a palette", include_bytes!("testdata/palette.png"), 0),
        ("tiff", include_bytes!("testdata/color.tif"), 0),
        ("tiff with a palette", include_bytes!("testdata/palette.tif"), 0),
        ("bmp", include_bytes!("testdata/color.bmp"), 0),
        ("gif", include_bytes!("testdata/color.gif"), 0),
    ];
    for (name, bytes, tolerance) in files {
        let source = encoded(bytes);
        assert_eq!(source.size(), [16, 12], "{name}");
        let pixels = decode(&source, PixelKind::Color).unwrap();
        assert_eq!(pixels.layout, PixelLayout::Rgba8, "{name}");
        for (x, expected) in [(2, [230, 40, 40, 255]), (13, [40, 60, 160, 255])] {
            let pixel = &pixels.bytes[(5 * 16 + x) * 4..][..4];
            let is_near = |at: usize| pixel[at].abs_diff(expected[at]) <= tolerance;
            assert!((0..4).all(is_near), "{name}: {pixel:?} at {x}");
        }
    }
}

#[test]
fn gray_files_stay_gray() {
    let file = encoded(&png_of_gray16(3, 2));
    let pixels = decode(&file, PixelKind::Color).unwrap();
    assert_eq!((pixels.layout, pixels.range), (PixelLayout::R16, [0.0, 65_535.0]));
    assert_eq!(pixels.bytes[2..4], 100u16.to_le_bytes());
    assert_eq!(
        decode(&file, PixelKind::Depth).unwrap().range,
        [0.0, 500.0],
        "of distances, those that are there"
    );
    let file = encoded(include_bytes!("testdata/gray.jpg"));
    let pixels = decode(&file, PixelKind::Color).unwrap();
    assert_eq!((pixels.layout, pixels.bytes.len()), (PixelLayout::R8, 16 * 12));
}

#[test]
fn files_that_are_cut_off_say_so() {
    let bytes = include_bytes!("testdata/gray.jpg");
    let cut = |by: usize| decode(&encoded(&bytes[..bytes.len() - by]), PixelKind::Color);
    for by in [4, 8, 10] {
        assert!(matches!(cut(by), Err(DecodeError::Broken { .. })), "{by}");
    }
    assert_eq!(cut(2), cut(0), "the mark of the end alone is missing");
}

#[test]
fn distances_in_color_are_an_error() {
    let file = encoded(include_bytes!("testdata/color.jpg"));
    assert_eq!(decode(&file, PixelKind::Depth), Err(DecodeError::NotOneChannel));
}

#[test]
fn broken_files_are_errors() {
    assert_eq!(try_encoded(&[]).unwrap_err(), DecodeError::Empty);
    assert_eq!(try_encoded(b"garbage").unwrap_err(), DecodeError::UnknownFormat);
    let files: [&[u8]; 7] = [
        &png_of_gray16(30, 20),
        include_bytes!("testdata/color.jpg"),
        include_bytes!("testdata/color.webp"),
        include_bytes!("testdata/color.tif"),
        include_bytes!("testdata/palette.tif"),
        include_bytes!("testdata/color.bmp"),
        include_bytes!("testdata/color.gif"),
    ];
    // Wherever a file ends, and whichever byte is another one, there is a picture or an error.
    for file in files {
        for at in 0..file.len() {
            let _ = try_encoded(&file[..at]).and_then(|source| decode(&source, PixelKind::Color));
            let mut flipped = file.to_vec();
            flipped[at] ^= 0x55;
            let _ = try_encoded(&flipped).and_then(|source| decode(&source, PixelKind::Color));
        }
        let cut = try_encoded(&file[..file.len() * 9 / 10]);
        let cut = cut.and_then(|source| decode(&source, PixelKind::Color));
        assert!(
            cut.is_ok() || matches!(cut, Err(DecodeError::Broken { .. })),
            "{cut:?}"
        );
    }
}

#[test]
fn sizes_that_lie_are_refused_before_memory_is_reserved() {
    let with_size = |width: u32, height: u32| {
        let mut file = png_of_gray16(4, 4);
        // After the signature, the length and the name of the first chunk.
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        // The library checks sums, as any does: the lie has the right one.
        let sum = crc32(&file[12..29]);
        file[29..33].copy_from_slice(&sum.to_be_bytes());
        try_encoded(&file).map(|source| source.size())
    };
    assert_eq!(with_size(4, 4), Ok([4, 4]));
    assert!(matches!(
        with_size(60_000, 60_000),
        Err(DecodeError::TooLarge { .. })
    ));
    assert!(matches!(
        with_size(8000, 8000),
        Err(DecodeError::Implausible { .. })
    ));
}

/// The sum of a chunk of a PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(sum & 1))
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[test]
fn a_value_is_told_in_the_words_of_its_picture() {
    let picture = |format, bytes: &[u8], mapping: PixelMapping| {
        let source = source(format, bytes);
        let key = PictureKey::of_bytes(bytes, &source, mapping.kind());
        Picture::new(key, source, mapping, 0)
    };
    let depth = PixelMapping::Depth {
        colormap: Colormap::Turbo,
        range: None,
        meter: 1000.0,
    };
    let values = PixelValues::default();
    let (decoders, settled) = (PixelDecoders::default(), chronoscope_frame::Settled::default());
    let decode = Decode {
        decoders: &decoders,
        settled: &settled,
    };
    let text = |picture: &Picture, place: [u32; 2]| values.text(picture, place, decode);
    let bytes = le_bytes([0u16, 1250].map(u16::to_le_bytes));
    let format = ImageFormat::depth(2, 1, ChannelDatatype::U16);
    let raw_depth = picture(format, &bytes, depth.clone());
    assert_eq!(text(&raw_depth, [1, 0]).as_deref(), Some("1250 (1.250 m)"));
    assert_eq!(text(&raw_depth, [2, 0]), None);
    let classes = PixelMapping::Classes(Arc::new(Palette::default()));
    let classes = picture(ImageFormat::depth(2, 1, ChannelDatatype::U8), &[3, 4], classes);
    assert_eq!(text(&classes, [1, 0]).as_deref(), Some("class 4"));
    let color = picture(ImageFormat::rgb8(1, 1), &[1, 2, 3], PixelMapping::Color);
    assert_eq!(text(&color, [0, 0]).as_deref(), Some("RGB 1, 2, 3"));

    // What is decoded first is there a moment later.
    let wait = |picture: &Picture, place: [u32; 2]| {
        text(picture, place);
        values.finish_decoding();
        text(picture, place)
    };
    let gray = picture(packed(2, 2, PixelFormat::NV12), &[128; 6], PixelMapping::Color);
    assert!(wait(&gray, [0, 0]).unwrap().starts_with("RGB 1"));
    let encoded = |image: image::DynamicImage, mapping: PixelMapping| {
        let mut file = Cursor::new(Vec::new());
        image.write_to(&mut file, image::ImageFormat::Png).unwrap();
        let blob = Blob::build(vec![file.into_inner()]);
        let source = PixelSource::Encoded(EncodedPixels::new(blob).unwrap().unwrap());
        Picture {
            key: PictureKey::of_bytes(&[mapping.kind() as u8], &source, mapping.kind()),
            source,
            mapping,
            ..gray.clone()
        }
    };
    let wide = Buffer::from_fn(3, 2, |x, y| Luma([(1000 * y + x) as u16]));
    let distances = encoded(wide.into(), depth);
    assert_eq!(wait(&distances, [2, 1]).as_deref(), Some("1002 (1.002 m)"));
    assert_eq!(wait(&distances, [3, 1]), None, "outside");
    let rgba = Buffer::from_pixel(2, 1, image::Rgba([7, 8, 9, 10u8]));
    assert_eq!(
        wait(&encoded(rgba.into(), PixelMapping::Color), [1, 0]).as_deref(),
        Some("RGBA 7, 8, 9, 10")
    );
}

/// What cameras were turned by is undone, so that the pixels are counted as the picture stands upright.
#[test]
fn an_orientation_in_the_metadata_is_undone() {
    let stored = |file: &[u8]| decode(&encoded(file), PixelKind::Color).unwrap();
    // A TIFF within: big-endian, one entry, turn by 90 degrees.
    let block = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let plain = include_bytes!("testdata/color.jpg");
    // Behind the first marker, an APP1 segment.
    let segment = [&b"\xFF\xE1\0\x22Exif\0\0"[..], block].concat();
    let jpeg = [&plain[..2], &segment, &plain[2..]].concat();
    let plain_png = png_of_gray16(3, 2);
    let chunk = [&b"eXIf"[..], block].concat();
    let sum = crc32(&chunk).to_be_bytes();
    let len = (block.len() as u32).to_be_bytes();
    // Behind the signature and the header.
    let png = [&plain_png[..33], &len, &chunk, &sum, &plain_png[33..]].concat();
    for (name, plain, turned) in [("jpeg", &plain[..], &jpeg), ("png", &plain_png[..], &png)] {
        let (plain, source) = (stored(plain), encoded(turned));
        let [width, height] = plain.size;
        assert_eq!(source.size(), [height, width], "{name}");
        let turned = decode(&source, PixelKind::Color).unwrap();
        assert_eq!(turned.size, [height, width], "{name}");
        // What was at the left below is above now.
        let size = plain.layout.bytes();
        let below = plain
            .bytes
            .chunks_exact(size)
            .nth((width * (height - 1)) as usize);
        assert_eq!(turned.bytes.get(..size), below, "{name}");
    }
}

#[test]
fn tiffs_of_all_kinds_of_numbers() {
    use tiff::encoder::{TiffEncoder, colortype::*};
    fn file<C: ColorType>(values: &[C::Inner]) -> Vec<u8>
    where
        [C::Inner]: tiff::encoder::TiffValue,
    {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
        encoder.write_image::<C>(2, 1, values).unwrap();
        bytes.into_inner()
    }
    let of = |file: &[u8]| decode(&encoded(file), PixelKind::Color).unwrap();
    let gray = of(&file::<Gray16>(&[7, 9]));
    assert_eq!((gray.layout, gray.range), (PixelLayout::R16, [0.0, 65_535.0]));
    let floats = file::<Gray32Float>(&[-2.0, 5.0]);
    assert_eq!(
        (of(&floats).layout, of(&floats).range),
        (PixelLayout::R32Float, [-2.0, 5.0])
    );
    let depth = decode(&encoded(&floats), PixelKind::Depth).unwrap();
    assert_eq!(depth.bytes, le_bytes([-2.0, 5.0].map(f32::to_le_bytes)));
    let colors = [1, 2, 3, 255, 4, 5, 6, 255];
    assert_eq!(of(&file::<RGB8>(&[1, 2, 3, 4, 5, 6])).bytes, colors);
    let wide = [1, 2, 3, 255, 4, 5, 6, 255].map(|value: u16| value << 8 | 0x80);
    assert_eq!(of(&file::<RGBA16>(&wide)).bytes, colors);
    let inks = of(&file::<CMYK8>(&[255, 0, 0, 0, 0, 0, 0, 255]));
    assert_eq!(inks.bytes, [0, 255, 255, 255, 0, 0, 0, 255]);
    let distances_in_color = decode(&encoded(&file::<RGB8>(&[0; 6])), PixelKind::Depth);
    assert_eq!(distances_in_color, Err(DecodeError::NotOneChannel));
}
