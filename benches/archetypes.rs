//! A row of each archetype that is drawn in space or in a plane, of any number of instances.

mod pictures;

use chronoscope::{
    blueprint::ViewClassId,
    store::{Chunk, Timeline},
    types::{
        Arrows2D, Arrows3D, AsComponents, Boxes2D, Boxes3D, Capsules3D, Cylinders3D, Ellipses2D,
        Ellipsoids3D, LineStrips2D, LineStrips3D, Mesh3D, Points2D, Points3D, log_chunk,
    },
};

pub use pictures::{DEPTH_CLOUD, PICTURES};

use crate::scenes::TIMELINE;

/// An archetype that is drawn.
#[derive(Clone, Copy)]
pub struct DrawnArchetype {
    /// Its name.
    pub name: &'static str,
    /// The class of the views that show it.
    pub class: &'static str,
    row: fn(&[[f32; 3]]) -> Box<dyn AsComponents>,
}

impl DrawnArchetype {
    /// A row of so many instances, each of which is elsewhere at each time.
    pub fn chunk(&self, path: &str, time: i64, instances: usize) -> Chunk {
        let places: Vec<[f32; 3]> = (0..instances)
            .map(|at| {
                let at = at as f32 + time as f32 * 0.25;
                [
                    (at * 0.37).sin() * 10.0,
                    (at * 0.73).cos() * 10.0,
                    (at * 0.11).sin(),
                ]
            })
            .collect();
        let time = (Timeline::sequence(TIMELINE), time);
        log_chunk(path, [time], &*(self.row)(&places)).unwrap()
    }
}

const SIZE: f32 = 0.1;

fn beside([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x + SIZE, y + SIZE, z + SIZE]
}

fn flat([x, y, _]: [f32; 3]) -> [f32; 2] {
    [x, y]
}

/// All that have marks or solids as instances.
pub const ALL: [DrawnArchetype; 13] = [
    DrawnArchetype {
        name: "Points3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| Box::new(Points3D::new(places.iter().copied())),
    },
    DrawnArchetype {
        name: "LineStrips3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            Box::new(LineStrips3D::new(
                places.iter().map(|place| vec![*place, beside(*place)]),
            ))
        },
    },
    DrawnArchetype {
        name: "Arrows3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let vectors = places.iter().map(|_| [SIZE; 3]);
            Box::new(Arrows3D::new(vectors).with_origins(places.iter().copied()))
        },
    },
    DrawnArchetype {
        name: "Boxes3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let sizes = places.iter().map(|_| [SIZE; 3]);
            Box::new(Boxes3D::from_centers_and_half_sizes(
                places.iter().copied(),
                sizes,
            ))
        },
    },
    DrawnArchetype {
        name: "Ellipsoids3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let sizes = places.iter().map(|_| [SIZE, SIZE, 0.5 * SIZE]);
            Box::new(
                Ellipsoids3D::default()
                    .with_half_sizes(sizes)
                    .with_centers(places.iter().copied()),
            )
        },
    },
    DrawnArchetype {
        name: "Cylinders3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let sizes = || places.iter().map(|_| SIZE);
            let cylinders = Cylinders3D::default().with_lengths(sizes()).with_radii(sizes());
            Box::new(cylinders.with_centers(places.iter().copied()))
        },
    },
    DrawnArchetype {
        name: "Capsules3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let sizes = || places.iter().map(|_| SIZE);
            let capsules = Capsules3D::default().with_lengths(sizes()).with_radii(sizes());
            Box::new(capsules.with_translations(places.iter().copied()))
        },
    },
    DrawnArchetype {
        name: "Mesh3D",
        class: ViewClassId::SPATIAL_3D,
        row: |places| {
            let corners = places.iter().flat_map(|place| {
                let [x, y, z] = *place;
                [*place, [x + SIZE, y, z], [x, y + SIZE, z]]
            });
            Box::new(Mesh3D::new(corners))
        },
    },
    DrawnArchetype {
        name: "Points2D",
        class: ViewClassId::SPATIAL_2D,
        row: |places| Box::new(Points2D::new(places.iter().map(|place| flat(*place)))),
    },
    DrawnArchetype {
        name: "LineStrips2D",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let strips = places
                .iter()
                .map(|place| vec![flat(*place), flat(beside(*place))]);
            Box::new(LineStrips2D::new(strips))
        },
    },
    DrawnArchetype {
        name: "Arrows2D",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let vectors = places.iter().map(|_| [SIZE; 2]);
            Box::new(Arrows2D::new(vectors).with_origins(places.iter().map(|place| flat(*place))))
        },
    },
    DrawnArchetype {
        name: "Boxes2D",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let sizes = places.iter().map(|_| [SIZE; 2]);
            let centers = places.iter().map(|place| flat(*place));
            Box::new(Boxes2D::from_centers_and_half_sizes(centers, sizes))
        },
    },
    DrawnArchetype {
        name: "Ellipses2D",
        class: ViewClassId::SPATIAL_2D,
        row: |places| {
            let sizes = places.iter().map(|_| [SIZE, 0.5 * SIZE]);
            let centers = places.iter().map(|place| flat(*place));
            Box::new(Ellipses2D::default().with_half_sizes(sizes).with_centers(centers))
        },
    },
];
