//! Choices that are stored as a byte.

/// A choice that is stored as a byte.
pub trait Enumeration: Copy + PartialEq + std::fmt::Debug + 'static {
    /// All choices, in the order of their bytes.
    const ALL: &'static [Self];

    /// The choice that is stored as this byte.
    fn from_code(code: u8) -> Option<Self>;

    /// The byte that it is stored as.
    fn code(self) -> u8;

    /// Its name, as the vocabulary has it.
    fn name(self) -> &'static str;
}

macro_rules! enumerations {
    ($( $(#[$doc:meta])* $name:ident { $( $(#[$variant_doc:meta])* $variant:ident = $code:literal, )* } )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            #[repr(u8)]
            pub enum $name {
                $( $(#[$variant_doc])* $variant = $code, )*
            }

            impl Enumeration for $name {
                const ALL: &'static [Self] = &[$(Self::$variant),*];

                fn from_code(code: u8) -> Option<Self> {
                    match code {
                        $($code => Some(Self::$variant),)*
                        _ => None,
                    }
                }

                fn code(self) -> u8 {
                    self as u8
                }

                fn name(self) -> &'static str {
                    match self {
                        $(Self::$variant => stringify!($variant),)*
                    }
                }
            }
        )*
    };
}

enumerations! {
    /// How the points of a plot that fall on one pixel are put together.
    AggregationPolicy {
        /// Every point is drawn.
        Off = 1,
        /// Their mean.
        Average = 2,
        /// Their maximum.
        Max = 3,
        /// Their minimum.
        Min = 4,
        /// Minimum and maximum.
        MinMax = 5,
        /// Minimum, maximum and mean.
        MinMaxAverage = 6,
    }

    /// How far apart the values of an axis are.
    AxisScale {
        /// As their differences.
        Linear = 1,
        /// As their ratios. What is not positive has no place.
        Logarithmic = 2,
    }

    /// How an eye sees depth.
    EyeProjection {
        /// What is farther is smaller.
        Perspective = 1,
        /// What is farther is as large as what is near.
        Orthographic = 2,
    }

    /// Which axis of values of a plot.
    AxisSide {
        /// The first one.
        Left = 1,
        /// The second one.
        Right = 2,
    }

    /// How numbers become colors.
    Colormap {
        /// Black to white, even in sRGB.
        Grayscale = 1,
        /// Matplotlib's Inferno.
        Inferno = 2,
        /// Matplotlib's Magma.
        Magma = 3,
        /// Matplotlib's Plasma.
        Plasma = 4,
        /// Google's Turbo.
        Turbo = 5,
        /// Matplotlib's Viridis.
        Viridis = 6,
        /// Cyan over black to yellow.
        CyanToYellow = 7,
        /// Red over yellow to blue.
        Spectral = 8,
        /// Matplotlib's Twilight, which closes in itself.
        Twilight = 9,
        /// Occupancy maps as `RViz` shows them.
        RvizMap = 10,
        /// Cost maps as `RViz` shows them.
        RvizCostmap = 11,
        /// Cost maps.
        Costmap = 12,
    }

    /// How a solid is drawn.
    FillMode {
        /// The lines that make out its shape.
        MajorWireframe = 1,
        /// Many lines.
        DenseWireframe = 2,
        /// Its surface.
        Solid = 3,
        /// Its lines, and its surface with transparency.
        TransparentFillMajorWireframe = 4,
    }

    /// Whether the edges of a graph have a direction.
    GraphType {
        /// They have none.
        Undirected = 1,
        /// They have one.
        Directed = 2,
    }

    /// How a plot gets from one value to the next.
    InterpolationMode {
        /// In a straight line.
        Linear = 1,
        /// The value holds until the next.
        StepAfter = 2,
        /// The next value holds from the last on.
        StepBefore = 3,
        /// The value changes in the middle.
        StepMid = 4,
    }

    /// How a picture is enlarged.
    MagnificationFilter {
        /// Pixels stay visible.
        Nearest = 1,
        /// Pixels blend into each other.
        Linear = 2,
        /// Smoother than linear.
        Bicubic = 3,
    }

    /// The shape of a plot's marker.
    MarkerShape {
        /// A disc.
        Circle = 1,
        /// A square on its corner.
        Diamond = 2,
        /// A square.
        Square = 3,
        /// Two crossing diagonals.
        Cross = 4,
        /// A horizontal and a vertical line.
        Plus = 5,
        /// A triangle that points up.
        Up = 6,
        /// A triangle that points down.
        Down = 7,
        /// A triangle that points left.
        Left = 8,
        /// A triangle that points right.
        Right = 9,
        /// A star of lines.
        Asterisk = 10,
    }

    /// Which sides of a mesh's faces are drawn.
    MeshFaceRendering {
        /// Both.
        DoubleSided = 1,
        /// The front.
        Front = 2,
        /// The back.
        Back = 3,
    }

    /// How points are shaded.
    PointShading {
        /// As little spheres.
        Gradient = 1,
        /// In one color.
        Flat = 2,
    }

    /// What a transform maps.
    TransformRelation {
        /// From the child's space to the parent's.
        ParentFromChild = 1,
        /// From the parent's space to the child's.
        ChildFromParent = 2,
    }

    /// The kinds of a view's background.
    BackgroundKind {
        /// Dark, with a gradient.
        GradientDark = 1,
        /// Bright, with a gradient.
        GradientBright = 2,
        /// One color.
        SolidColor = 3,
    }

    /// How the columns of a table are shown.
    ColumnDisplayMode {
        /// As short as possible.
        Compact = 1,
        /// With the component.
        Component = 2,
        /// With everything.
        Full = 3,
    }

    /// The kinds of containers.
    ContainerKind {
        /// One child at a time.
        Tabs = 1,
        /// Children side by side.
        Horizontal = 2,
        /// Children one above the other.
        Vertical = 3,
        /// Children in rows and columns.
        Grid = 4,
    }

    /// A corner of a rectangle.
    Corner2D {
        /// Left, above.
        LeftTop = 1,
        /// Right, above.
        RightTop = 2,
        /// Left, below.
        LeftBottom = 3,
        /// Right, below.
        RightBottom = 4,
    }

    /// How a 3D view is navigated.
    Eye3DKind {
        /// Looking around from where one stands.
        FirstPerson = 1,
        /// Turning around what one looks at.
        Orbital = 2,
    }

    /// Whether an axis moves with others.
    LinkAxis {
        /// By itself.
        Independent = 1,
        /// With all that are linked.
        LinkToGlobal = 2,
    }

    /// A column of a text log.
    TextLogColumnKind {
        /// The path of the entity.
        EntityPath = 1,
        /// The level.
        LogLevel = 2,
        /// The text.
        Body = 3,
    }

    /// What playback does at the end.
    LoopMode {
        /// It stops.
        Off = 1,
        /// It goes back to the beginning of the time selection.
        Selection = 2,
        /// It goes back to the beginning.
        All = 3,
    }

    /// Where a map's pictures come from.
    MapProvider {
        /// `OpenStreetMap`.
        OpenStreetMap = 1,
        /// Mapbox's streets.
        MapboxStreets = 2,
        /// Mapbox in dark.
        MapboxDark = 3,
        /// Mapbox from above.
        MapboxSatellite = 4,
        /// Mapbox in light.
        MapboxLight = 5,
    }

    /// How far a panel is open.
    PanelState {
        /// Not at all.
        Hidden = 1,
        /// As small as possible.
        Collapsed = 2,
        /// Whole.
        Expanded = 3,
    }

    /// Whether time moves.
    PlayState {
        /// It stands still.
        Paused = 1,
        /// It runs.
        Playing = 2,
        /// It stays at the newest data.
        Following = 3,
    }

    /// When the points of a plot's lines are shown.
    PointsDisplay {
        /// Under the pointer.
        OnHover = 1,
        /// Always.
        Always = 2,
    }

    /// How a table is laid out.
    TableLayoutKind {
        /// In rows.
        Table = 1,
        /// In cards.
        Cards = 2,
    }

    /// What a plot's tooltip tells.
    TooltipMode {
        /// The nearest value.
        Nearest = 1,
        /// All values at that time.
        All = 2,
    }

    /// How a picture is fitted into its view.
    ViewFit {
        /// Pixel by pixel.
        Original = 1,
        /// Filling the view.
        Fill = 2,
        /// Filling the view without changing its shape.
        FillKeepAspectRatio = 3,
    }

    /// Where a visualizer takes a component from.
    ComponentSourceKind {
        /// From a component of the entity.
        SourceComponent = 1,
        /// From the blueprint's override.
        Override = 2,
        /// From the view's default.
        Default = 3,
        /// From the annotation context.
        AnnotationContext = 4,
    }

    /// How color and luminance are packed in pictures that are not a channel after the other.
    PixelFormat {
        /// Planes Y, U, V in 4:2:0, limited range.
        YUV12LimitedRange = 20,
        /// A plane of Y and one of interleaved U, V, in 4:2:0.
        NV12 = 26,
        /// Interleaved Y, U, Y, V in 4:2:2.
        YUY2 = 27,
        /// Luminance only, full range.
        Y8FullRange = 30,
        /// Planes Y, U, V in 4:4:4, limited range.
        YUV24LimitedRange = 39,
        /// Planes Y, U, V in 4:4:4, full range.
        YUV24FullRange = 40,
        /// Luminance only, limited range.
        Y8LimitedRange = 41,
        /// Planes Y, U, V in 4:2:0, full range.
        YUV12FullRange = 44,
        /// Planes Y, U, V in 4:2:2, limited range.
        YUV16LimitedRange = 49,
        /// Planes Y, U, V in 4:2:2, full range.
        YUV16FullRange = 50,
        /// A Bayer mosaic that begins with red, green.
        BayerRGGB8 = 128,
        /// A Bayer mosaic that begins with blue, green.
        BayerBGGR8 = 129,
        /// A Bayer mosaic that begins with green, blue.
        BayerGBRG8 = 130,
        /// A Bayer mosaic that begins with green, red.
        BayerGRBG8 = 131,
    }

    /// The channels of a picture's pixels, in order.
    ColorModel {
        /// Luminance.
        L = 1,
        /// Red, green, blue.
        RGB = 2,
        /// Red, green, blue, alpha.
        RGBA = 3,
        /// Blue, green, red.
        BGR = 4,
        /// Blue, green, red, alpha.
        BGRA = 5,
    }

    /// The numbers of a picture's channels.
    ChannelDatatype {
        /// 8 bits.
        U8 = 6,
        /// 8 bits with sign.
        I8 = 7,
        /// 16 bits.
        U16 = 8,
        /// 16 bits with sign.
        I16 = 9,
        /// 32 bits.
        U32 = 10,
        /// 32 bits with sign.
        I32 = 11,
        /// 64 bits.
        U64 = 12,
        /// 64 bits with sign.
        I64 = 13,
        /// 16 bits, floating.
        F16 = 33,
        /// 32 bits, floating.
        F32 = 34,
        /// 64 bits, floating.
        F64 = 35,
    }

    /// A direction that an axis may point in, as one sees it.
    ViewDir {
        /// Up.
        Up = 1,
        /// Down.
        Down = 2,
        /// Right.
        Right = 3,
        /// Left.
        Left = 4,
        /// Forward, away from the viewer.
        Forward = 5,
        /// Back, towards the viewer.
        Back = 6,
    }
}

/// The choices that hold where none is given, as the SDK has them, or one that this version does not know.
macro_rules! defaults {
    ($($name:ident: $default:ident,)*) => {
        $(
            impl Default for $name {
                fn default() -> Self {
                    Self::$default
                }
            }
        )*
    };
}

defaults! {
    AggregationPolicy: MinMax,
    AxisScale: Linear,
    AxisSide: Left,
    BackgroundKind: GradientDark,
    Colormap: Turbo,
    ColumnDisplayMode: Compact,
    ComponentSourceKind: SourceComponent,
    ContainerKind: Grid,
    Corner2D: LeftBottom,
    Eye3DKind: Orbital,
    EyeProjection: Perspective,
    FillMode: TransparentFillMajorWireframe,
    GraphType: Undirected,
    InterpolationMode: Linear,
    LinkAxis: Independent,
    LoopMode: Off,
    MagnificationFilter: Nearest,
    MapProvider: OpenStreetMap,
    MarkerShape: Circle,
    MeshFaceRendering: DoubleSided,
    PanelState: Expanded,
    PlayState: Playing,
    PointShading: Gradient,
    PointsDisplay: OnHover,
    TableLayoutKind: Table,
    TextLogColumnKind: EntityPath,
    TooltipMode: Nearest,
    TransformRelation: ParentFromChild,
    ViewFit: FillKeepAspectRatio,
}

impl ViewDir {
    /// The direction with X to the right, Y up and Z back.
    pub const fn vector(self) -> [f32; 3] {
        match self {
            Self::Up => [0.0, 1.0, 0.0],
            Self::Down => [0.0, -1.0, 0.0],
            Self::Right => [1.0, 0.0, 0.0],
            Self::Left => [-1.0, 0.0, 0.0],
            Self::Forward => [0.0, 0.0, -1.0],
            Self::Back => [0.0, 0.0, 1.0],
        }
    }
}

impl ColorModel {
    /// The channels of a pixel.
    pub const fn channels(self) -> usize {
        match self {
            Self::L => 1,
            Self::RGB | Self::BGR => 3,
            Self::RGBA | Self::BGRA => 4,
        }
    }
}

impl ChannelDatatype {
    /// The bytes of a channel.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}
