//! The built-in demo: a robot that surveys a yard, logged by the same builders that anybody can log with.

use std::f64::consts::TAU;

use chronoscope_store::{Chunk, ChunkError, StoreId, Timeline};
use chronoscope_types::{
    AnnotationContext, AsComponents, Boxes2D, Boxes3D, Image, LineStrips3D, LogMessage, Points3D, Scalars,
    SegmentationImage, SeriesLines, StoreInfo, StoreSource, TextLog, Transform3D, ViewCoordinates,
    enums::FillMode, log_chunk, records::RotationAxisAngle,
};

/// The frames of the demo, at 25 a second.
pub const FRAMES: i64 = 240;

const PICTURE: (usize, usize) = (160, 120);

/// The demo as a source would deliver it.
///
/// # Errors
/// Never, unless the builders are at odds with the store.
pub fn demo_recording() -> Result<Vec<LogMessage>, ChunkError> {
    let store = StoreId::recording("chronoscope_demo", "yard survey");
    let mut messages = vec![LogMessage::StoreInfo(StoreInfo {
        source: StoreSource::Other("chronoscope".into()),
        ..StoreInfo::new(store.clone())
    })];
    let mut log = |chunk: Chunk| {
        messages.push(LogMessage::Chunk {
            store: store.clone(),
            chunk: chunk.into(),
        });
    };

    let fixed = |path: &str, archetype: &dyn AsComponents| log_chunk(path, [], archetype);
    log(fixed("yard", &ViewCoordinates::right_hand_z_up())?);
    log(fixed("yard/ground", &ground())?);
    log(fixed("yard/crates", &crates())?);
    log(fixed(
        "camera",
        &AnnotationContext::from_labels([
            (0, "ground", [52u8, 58, 70]),
            (1, "crate", [86, 180, 233]),
            (2, "marker", [240, 120, 50]),
        ]),
    )?);
    for (path, name, color) in [
        ("vehicle/speed", "speed [m/s]", [0x4Cu8, 0x8D, 0xFF]),
        ("vehicle/heading", "heading rate [rad/s]", [0xE6, 0x9F, 0x00]),
        ("vehicle/slip", "wheel slip", [0x29, 0xC0, 0x97]),
    ] {
        log(fixed(
            path,
            &SeriesLines::default().with_colors([color]).with_names([name]),
        )?);
    }

    let mut noise = Noise(0x5EED);
    let mut trail = Vec::new();
    for frame in 0..FRAMES {
        let times = || {
            [
                (Timeline::sequence("frame"), frame),
                (Timeline::duration("sim_time"), frame * 40_000_000),
            ]
        };
        let at = |path: &str, archetype: &dyn AsComponents| log_chunk(path, times(), archetype);
        let pose = Pose::at(frame);
        trail.push([pose.x as f32, pose.y as f32, 0.03]);

        log(at(
            "yard/robot",
            &Transform3D::from_translation_rotation(
                [pose.x as f32, pose.y as f32, 0.35],
                RotationAxisAngle::new([0.0, 0.0, 1.0], pose.heading as f32),
            ),
        )?);
        log(at(
            "yard/robot/body",
            &Boxes3D::from_half_sizes([[0.55f32, 0.32, 0.2]])
                .with_colors([[240u8, 120, 50]])
                .with_labels(["surveyor"])
                .with_fill_mode(FillMode::Solid),
        )?);
        log(at("yard/robot/lidar", &lidar(&pose, &mut noise))?);
        log(at(
            "yard/trail",
            &LineStrips3D::new([trail.clone()])
                .with_colors([[76u8, 141, 255]])
                .with_radii([0.03f32]),
        )?);

        if frame % 4 == 0 {
            let (picture, classes, marker) = camera(frame);
            log(at("camera/image", &picture)?);
            log(at("camera/segmentation", &classes)?);
            log(at(
                "camera/detection",
                &Boxes2D::from_centers_and_half_sizes([marker], [[17.0f32, 17.0]]).with_class_ids([2u16]),
            )?);
        }
        let swing = (frame as f64 / FRAMES as f64 * TAU * 3.0).sin();
        log(at(
            "vehicle/speed",
            &Scalars::new([1.4 + 0.5 * swing + 0.04 * noise.next()]),
        )?);
        log(at(
            "vehicle/heading",
            &Scalars::new([0.8 * (frame as f64 / FRAMES as f64 * TAU * 2.0).cos()]),
        )?);
        log(at(
            "vehicle/slip",
            &Scalars::new([0.15 * noise.next() * (1.0 + swing)]),
        )?);
        match frame {
            0 => log(at("log", &TextLog::new("survey started").with_level("INFO"))?),
            _ if frame % 60 == 0 => log(at(
                "log",
                &TextLog::new(format!("waypoint {} reached", frame / 60)).with_level("INFO"),
            )?),
            100 => log(at(
                "log",
                &TextLog::new("wheel slip above 0.3 on the left track").with_level("WARN"),
            )?),
            101 => log(at(
                "log",
                &TextLog::new("controller reduced the speed").with_level("DEBUG"),
            )?),
            170 => log(at(
                "log",
                &TextLog::new("lost the marker for 3 frames").with_level("ERROR"),
            )?),
            _ => {}
        }
    }
    Ok(messages)
}

/// Pose of the robot: on a figure of eight around the crates.
struct Pose {
    x: f64,
    y: f64,
    heading: f64,
}

impl Pose {
    fn at(frame: i64) -> Self {
        let phase = frame as f64 / FRAMES as f64 * TAU;
        let (x, y) = (5.0 * phase.sin(), 3.0 * (2.0 * phase).sin());
        let (dx, dy) = (5.0 * phase.cos(), 6.0 * (2.0 * phase).cos());
        Self {
            x,
            y,
            heading: dy.atan2(dx),
        }
    }
}

fn ground() -> Boxes3D {
    Boxes3D::from_centers_and_half_sizes([[0.0f32, 0.0, -0.05]], [[7.5f32, 5.0, 0.05]])
        .with_colors([[44u8, 49, 60]])
        .with_fill_mode(FillMode::Solid)
}

const CRATES: [([f32; 3], [f32; 3]); 6] = [
    ([-2.6, 0.0, 0.5], [0.5, 0.5, 0.5]),
    ([2.6, 0.1, 0.7], [0.4, 0.6, 0.7]),
    ([-6.5, 3.6, 0.4], [0.4, 0.4, 0.4]),
    ([6.3, -3.7, 0.6], [0.5, 0.5, 0.6]),
    ([0.1, 4.2, 0.5], [0.9, 0.4, 0.5]),
    ([-0.2, -4.2, 0.45], [0.7, 0.45, 0.45]),
];

fn crates() -> Boxes3D {
    Boxes3D::from_centers_and_half_sizes(CRATES.map(|(center, _)| center), CRATES.map(|(_, half)| half))
        .with_colors([[120u8, 132, 150]])
}

/// Points that the lidar sees of the crates and the ground, in the robot's space.
fn lidar(pose: &Pose, noise: &mut Noise) -> Points3D {
    let (sin, cos) = pose.heading.sin_cos();
    let mut points = Vec::new();
    let mut colors = Vec::new();
    let mut see = |world: [f64; 3], color: [u8; 3]| {
        let (dx, dy) = (world[0] - pose.x, world[1] - pose.y);
        points.push([
            (dx * cos + dy * sin) as f32,
            (dy * cos - dx * sin) as f32,
            (world[2] - 0.35) as f32,
        ]);
        colors.push(color);
    };
    for (center, half) in CRATES {
        for _ in 0..60 {
            // A point of a side wall: one horizontal coordinate is at its bound.
            let (u, v, along) = (noise.next(), noise.next(), noise.next() > 0.0);
            let side = if noise.next() > 0.0 { 1.0 } else { -1.0 };
            let (lx, ly) = if along { (u, side) } else { (side, u) };
            let at = |i: usize, unit: f64| f64::from(center[i]) + f64::from(half[i]) * unit;
            let height = (v + 1.0) / 2.0;
            see(
                [at(0, lx), at(1, ly), at(2, v)],
                [(90.0 + 150.0 * height) as u8, (200.0 - 40.0 * height) as u8, 160],
            );
        }
    }
    for _ in 0..160 {
        let (angle, distance) = (noise.next() * TAU / 2.0, 0.8 + 2.6 * (noise.next() + 1.0) / 2.0);
        see(
            [
                pose.x + distance * angle.cos(),
                pose.y + distance * angle.sin(),
                0.02,
            ],
            [70, 110, 190],
        );
    }
    Points3D::new(points).with_colors(colors).with_radii([0.03f32])
}

/// The robot's camera: a picture, the class of each of its pixels, and the center of the marker in it.
fn camera(frame: i64) -> (Image, SegmentationImage, [f32; 2]) {
    let (width, height) = PICTURE;
    let phase = frame as f64 / FRAMES as f64 * TAU;
    let marker = [80.0 + 45.0 * phase.cos(), 62.0 + 28.0 * (2.0 * phase).sin()];
    let mut rgb = Vec::with_capacity(width * height * 3);
    let mut classes = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (fx, fy) = (x as f64, y as f64);
            let in_marker = (fx - marker[0]).hypot(fy - marker[1]) < 13.0;
            let in_crate = (18.0..52.0).contains(&((fx + 40.0 * phase.sin() + 160.0) % 80.0))
                && (40.0..84.0).contains(&fy);
            let (class, color) = if in_marker {
                (2u8, [236.0, 120.0, 52.0])
            } else if in_crate {
                (1, [118.0, 130.0, 150.0])
            } else {
                // Sky above, ground below.
                let t = fy / height as f64;
                (
                    0,
                    if t < 0.42 {
                        [70.0 + 60.0 * t, 96.0 + 90.0 * t, 140.0 + 90.0 * t]
                    } else {
                        [58.0, 62.0 - 20.0 * (t - 0.42), 58.0]
                    },
                )
            };
            rgb.extend(color.map(|channel: f64| channel.clamp(0.0, 255.0) as u8));
            classes.push(class);
        }
    }
    let (width, height) = (width as u32, height as u32);
    (
        Image::from_rgb8(width, height, rgb),
        SegmentationImage::from_u8(width, height, classes),
        marker.map(|v| v as f32),
    )
}

/// The same numbers in each run: a linear congruential generator with Knuth's MMIX constants ("The Art of
/// Computer Programming", volume 2).
struct Noise(u64);

impl Noise {
    /// The next number in [-1, 1).
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_is_the_same_each_time_and_small() {
        let recording = demo_recording().unwrap_or_default();
        let bytes: u64 = recording
            .iter()
            .map(|message| {
                if let LogMessage::Chunk { chunk, .. } = message {
                    chunk.num_bytes()
                } else {
                    0
                }
            })
            .sum();
        assert!(recording.len() > FRAMES as usize * 6, "{}", recording.len());
        assert!(bytes < 32 << 20, "{bytes}");
    }
}
