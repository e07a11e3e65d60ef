//! What the pointer is told of pictures that lie on each other.

use chronoscope_types::SegmentationImage;

use super::*;

impl Viewer {
    /// The texts of the tile while the pointer rests at a place in it.
    pub(super) fn hover(&mut self, at: Pos2) -> String {
        self.draw(vec![Event::PointerMoved(at)]);
        // A tooltip comes where the pointer rests for half a second, and knows its size a pass later.
        for _ in 0..45 {
            self.draw(vec![]);
        }
        self.draw(vec![])
    }
}

#[test]
fn all_pictures_under_the_pointer_tell_their_pixel() {
    let mut bytes = [0; 72];
    // The pixel in column 4 and row 1.
    bytes[(6 + 4) * 3..][..3].copy_from_slice(&[10, 20, 30]);
    let mut classes = [0; 24];
    classes[6 + 4] = 7;
    let mut viewer = Viewer::new([
        log_chunk("camera/image", [], &Image::from_rgb8(6, 4, bytes)).unwrap(),
        log_chunk("camera/mask", [], &SegmentationImage::from_u8(6, 4, classes)).unwrap(),
    ]);
    // A pixel takes a hundred points.
    let text = viewer.hover(Pos2::new(450.0, 150.0));
    for wanted in [
        "/camera/image",
        "/camera/mask",
        "4, 1",
        "RGB 10, 20, 30",
        "class 7",
    ] {
        assert!(text.contains(wanted), "{wanted} in {text}");
    }
    let (mask, image) = (text.find("/camera/mask"), text.find("/camera/image"));
    assert!(mask < image, "the uppermost first: {text}");

    let scene = viewer.scene();
    let pixels = |x, y| {
        let at = scene.pictures_at(glam::DVec2::new(x, y));
        at.iter().map(|at| at.pixel).collect::<Vec<_>>()
    };
    assert_eq!(pixels(4.5, 1.5), [[4, 1], [4, 1]]);
    assert_eq!(pixels(-0.1, 1.5), Vec::<[u32; 2]>::new());
    assert_eq!(pixels(6.0, 1.5), Vec::<[u32; 2]>::new());
}
