#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::sync::Arc;

use chronoscope_types::{Component, components::ImageBuffer};

use super::*;
use crate::spatial::pictures::PictureKey;

fn source(format: ImageFormat, bytes: &[u8]) -> PictureSource {
    PictureSource {
        buffer: ImageBuffer::build(vec![bytes.to_vec()]),
        format,
        palette: None,
    }
}

fn check(format: ImageFormat, bytes: &[u8], expected: &[[u8; 4]]) {
    let pixels = decode(&source(format, bytes), 1024).unwrap();
    assert_eq!(pixels.size, [format.width, format.height]);
    assert_eq!(pixels.rgba, expected.concat());
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

#[test]
fn bytes_are_taken_in_the_order_of_the_model() {
    use ChannelDatatype::U8;
    check(plain(1, 1, ColorModel::RGB, U8), &[1, 2, 3], &[[1, 2, 3, 255]]);
    check(plain(1, 1, ColorModel::BGR, U8), &[1, 2, 3], &[[3, 2, 1, 255]]);
    check(plain(1, 1, ColorModel::RGBA, U8), &[1, 2, 3, 4], &[[1, 2, 3, 4]]);
    check(plain(1, 1, ColorModel::BGRA, U8), &[1, 2, 3, 4], &[[3, 2, 1, 4]]);
    check(
        plain(2, 1, ColorModel::L, U8),
        &[0, 9],
        &[[0, 0, 0, 255], [9, 9, 9, 255]],
    );
}

#[test]
fn wide_numbers_are_brought_to_bytes() {
    let floats: Vec<u8> = [0.0f32, 1.0, 0.5, f32::NAN]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let (black, white) = ([0, 0, 0, 255], [255, 255, 255, 255]);
    check(
        plain(4, 1, ColorModel::L, ChannelDatatype::F32),
        &floats,
        &[black, white, [128, 128, 128, 255], black],
    );
    let shorts: Vec<u8> = [0u16, 65_535].iter().flat_map(|v| v.to_le_bytes()).collect();
    check(
        plain(2, 1, ColorModel::L, ChannelDatatype::U16),
        &shorts,
        &[black, white],
    );
    let signed: Vec<u8> = [-100i16, 100].iter().flat_map(|v| v.to_le_bytes()).collect();
    check(
        plain(2, 1, ColorModel::L, ChannelDatatype::I16),
        &signed,
        &[black, white],
    );
}

#[test]
fn gray_in_any_packing_is_gray() {
    let gray = [128, 128, 128, 255];
    check(packed(2, 2, PixelFormat::YUV12FullRange), &[128; 6], &[gray; 4]);
    check(packed(2, 2, PixelFormat::YUV16FullRange), &[128; 8], &[gray; 4]);
    check(packed(2, 2, PixelFormat::YUV24FullRange), &[128; 12], &[gray; 4]);
    check(packed(2, 2, PixelFormat::BayerRGGB8), &[128; 4], &[gray; 4]);
    let limited = [130, 130, 130, 255];
    check(packed(2, 2, PixelFormat::NV12), &[128; 6], &[limited; 4]);
    check(packed(2, 1, PixelFormat::YUY2), &[128; 4], &[limited; 2]);
    check(packed(3, 3, PixelFormat::NV12), &[128; 17], &[limited; 9]);
}

#[test]
fn classes_have_the_colors_of_their_context_or_of_the_cycle() {
    let palette = Palette::new([(1, [9, 8, 7, 255])]);
    let format = plain(3, 1, ColorModel::L, ChannelDatatype::U8);
    let source = PictureSource {
        palette: Some(Arc::new(palette)),
        ..source(format, &[0, 1, 2])
    };
    let pixels = decode(&source, 1024).unwrap();
    assert_eq!(pixels.rgba[..8], [0, 0, 0, 0, 9, 8, 7, 255]);
    assert_eq!(pixels.rgba[8..], crate::colors::cycle_color(2).to_array());
}

#[test]
fn lengths_that_lie_are_errors() {
    let short = decode(&source(ImageFormat::rgb8(100, 100), &[0; 10]), 1024);
    assert_eq!(
        short,
        Err(DecodeError::Length {
            width: 100,
            height: 100,
            expected: 30_000,
            found: 10
        })
    );
    let huge = decode(&source(ImageFormat::rgb8(u32::MAX, u32::MAX), &[0; 10]), 1024);
    assert!(matches!(
        huge,
        Err(DecodeError::TooLarge { .. } | DecodeError::Length { .. })
    ));
    assert_eq!(
        decode(&source(ImageFormat::rgb8(0, 5), &[]), 1024),
        Err(DecodeError::Empty)
    );
}

#[test]
fn a_long_picture_is_thinned() {
    let pixels = decode(
        &source(plain(10, 2, ColorModel::L, ChannelDatatype::U8), &[7; 20]),
        4,
    )
    .unwrap();
    assert_eq!((pixels.size, pixels.rgba.len()), ([4, 1], 16));
}

#[test]
fn keys_tell_formats_apart() {
    let (a, b) = (
        source(ImageFormat::rgb8(2, 1), &[0; 6]),
        source(ImageFormat::rgb8(1, 2), &[0; 6]),
    );
    assert_ne!(
        PictureKey::of_bytes(&[0; 6], &a),
        PictureKey::of_bytes(&[0; 6], &b)
    );
    assert_ne!(
        PictureKey::of_bytes(&[0; 6], &a),
        PictureKey::of_bytes(&[1; 6], &a)
    );
}
