//! Colors as they are logged.

use std::fmt;

/// A color in sRGB with separate alpha, as the number `0xRRGGBBAA`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rgba(pub u32);

impl Rgba {
    /// Opaque white.
    pub const WHITE: Self = Self(0xFFFF_FFFF);

    /// From its four channels.
    pub const fn from_array(rgba: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(rgba))
    }

    /// Red, green, blue, alpha.
    pub const fn to_array(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }
}

impl From<u32> for Rgba {
    fn from(rgba: u32) -> Self {
        Self(rgba)
    }
}

impl From<[u8; 4]> for Rgba {
    fn from(rgba: [u8; 4]) -> Self {
        Self::from_array(rgba)
    }
}

impl From<[u8; 3]> for Rgba {
    fn from([r, g, b]: [u8; 3]) -> Self {
        Self::from_array([r, g, b, 255])
    }
}

/// `#RRGGBB`, or `#RRGGBBAA` where it is not opaque.
impl fmt::Display for Rgba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_array() {
            [r, g, b, 255] => write!(f, "#{r:02X}{g:02X}{b:02X}"),
            [r, g, b, a] => write!(f, "#{r:02X}{g:02X}{b:02X}{a:02X}"),
        }
    }
}

impl fmt::Debug for Rgba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
