//! The component types, under the names and with the datatypes that recordings carry.
//!
//! Each is an empty type whose [`Component`] says how its instances are read and built. Component types of blueprints are in
//! [`blueprint`], those of our own in [`own`].

use std::ops::Range;

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use chronoscope_store::CellRef;

use crate::{
    Component, ReadError, blueprint_records,
    encoding::{
        Encoding, Opaque,
        bools::Bools,
        codes::{Colors, Enums},
        lists::Lists,
        plain::Plain,
        records::Records,
        text::Texts,
    },
    enums,
    records::{self, AnnotationContexts},
    tensor,
};

/// Reads a range of an array, and says what that is.
#[cfg(test)]
pub(crate) type ReadRange = fn(&dyn Array, Range<usize>) -> Result<String, ReadError>;

macro_rules! components {
    ($namespace:literal; $($name:ident: $encoding:ty;)*) => {
        $(
            #[doc = concat!("The component type `", $namespace, ".", stringify!($name), "`.")]
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}

            impl Component for $name {
                const TYPE: &'static str = concat!($namespace, ".", stringify!($name));
                type Value = <$encoding as Encoding>::Value;
                type Slice<'a> = <$encoding as Encoding>::Slice<'a>;

                fn datatype() -> DataType {
                    <$encoding as Encoding>::datatype(Self::TYPE)
                }

                fn read_cell(cell: CellRef<'_>) -> Result<Self::Slice<'_>, ReadError> {
                    <$encoding as Encoding>::read_cell(Self::TYPE, cell)
                }

                fn read_range(array: &dyn Array, range: Range<usize>) -> Result<Self::Slice<'_>, ReadError> {
                    <$encoding as Encoding>::read_range(Self::TYPE, array, range)
                }

                fn build(values: Vec<Self::Value>) -> ArrayRef {
                    <$encoding as Encoding>::build(Self::TYPE, values)
                }
            }
        )*

        /// Every component type here: its name, its datatype, and what a range of an array reads as.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, fn() -> DataType, ReadRange)] = &[$((
            $name::TYPE,
            $name::datatype,
            |array, range| $name::read_range(array, range).map(|read| format!("{read:?}")),
        )),*];
    };
}

components! {
    "rerun.components";
    AggregationPolicy: Enums<enums::AggregationPolicy>;
    AlbedoFactor: Colors;
    AnnotationContext: AnnotationContexts;
    AxisLength: Plain<f32>;
    Blob: Lists<u8>;
    CellSize: Plain<f32>;
    ChannelId: Plain<u16>;
    ChannelMessageCounts: Opaque;
    ClassId: Plain<u16>;
    ClearIsRecursive: Bools;
    Color: Colors;
    Colormap: Enums<enums::Colormap>;
    Count: Plain<u64>;
    DepthMeter: Plain<f32>;
    DrawOrder: Plain<f32>;
    EntityPath: Texts;
    FillMode: Enums<enums::FillMode>;
    FillRatio: Plain<f32>;
    GammaCorrection: Plain<f32>;
    GeoLineString: Lists<[f64; 2]>;
    GraphEdge: Opaque;
    GraphNode: Texts;
    GraphType: Enums<enums::GraphType>;
    HalfSize2D: Plain<[f32; 2]>;
    HalfSize3D: Plain<[f32; 3]>;
    ImageBuffer: Lists<u8>;
    ImageFormat: Records<records::ImageFormat>;
    ImagePlaneDistance: Plain<f32>;
    Interactive: Bools;
    InterpolationMode: Enums<enums::InterpolationMode>;
    IsKeyframe: Bools;
    KeyValuePairs: Opaque;
    KeypointId: Plain<u16>;
    LatLon: Plain<[f64; 2]>;
    Length: Plain<f32>;
    LineStrip2D: Lists<[f32; 2]>;
    LineStrip3D: Lists<[f32; 3]>;
    LinearSpeed: Plain<f64>;
    MagnificationFilter: Enums<enums::MagnificationFilter>;
    MarkerShape: Enums<enums::MarkerShape>;
    MarkerSize: Plain<f32>;
    MediaType: Texts;
    MeshFaceRendering: Enums<enums::MeshFaceRendering>;
    Name: Texts;
    Opacity: Plain<f32>;
    OpticalDensity: Plain<f32>;
    PinholeProjection: Plain<[f32; 9]>;
    Plane3D: Plain<[f32; 4]>;
    PointShading: Enums<enums::PointShading>;
    Position2D: Plain<[f32; 2]>;
    Position3D: Plain<[f32; 3]>;
    Radius: Plain<f32>;
    Range1D: Plain<[f64; 2]>;
    Resolution: Plain<[f32; 2]>;
    RotationAxisAngle: Records<records::RotationAxisAngle>;
    RotationQuat: Plain<[f32; 4]>;
    Scalar: Plain<f64>;
    Scale3D: Plain<[f32; 3]>;
    SchemaId: Plain<u16>;
    ShowLabels: Bools;
    SphericalHarmonics3Rgb: Opaque;
    SphericalHarmonicsDegree: Plain<u32>;
    StrokeWidth: Plain<f32>;
    TensorData: Records<tensor::TensorData>;
    TensorDimensionIndexSelection: Opaque;
    TensorHeightDimension: Opaque;
    TensorWidthDimension: Opaque;
    Texcoord2D: Plain<[f32; 2]>;
    Text: Texts;
    TextLogLevel: Texts;
    Timestamp: Plain<i64>;
    TransformFrameId: Texts;
    TransformMat3x3: Plain<[f32; 9]>;
    TransformRelation: Enums<enums::TransformRelation>;
    Translation3D: Plain<[f32; 3]>;
    TriangleIndices: Plain<[u32; 3]>;
    Unit: Texts;
    ValueRange: Plain<[f64; 2]>;
    Variance: Plain<f64>;
    Vector2D: Plain<[f32; 2]>;
    Vector3D: Plain<[f32; 3]>;
    VideoCodec: Plain<u32>;
    VideoSample: Lists<u8>;
    VideoTimestamp: Plain<i64>;
    ViewCoordinates: Plain<[u8; 3]>;
    Visible: Bools;
    VoxelIndex: Plain<[i32; 3]>;
    VoxelSize: Plain<[f32; 3]>;
    VoxelValue: Plain<f32>;
}

/// The component types of blueprints.
pub mod blueprint {
    use super::*;

    components! {
        "rerun.blueprint.components";
        AbsoluteTimeRange: Records<chronoscope_store::TimeRange>;
        ActiveTab: Texts;
        AngularSpeed: Plain<f64>;
        ApplyLatestAt: Bools;
        AutoLayout: Bools;
        AutoScroll: Bools;
        AutoViews: Bools;
        BackgroundKind: Enums<enums::BackgroundKind>;
        ColumnDisplayMode: Enums<enums::ColumnDisplayMode>;
        ColumnName: Texts;
        ColumnOrder: Opaque;
        ColumnShare: Plain<f32>;
        ColumnType: Opaque;
        ContainerKind: Enums<enums::ContainerKind>;
        Corner2D: Enums<enums::Corner2D>;
        Editable: Bools;
        Enabled: Bools;
        Eye3DKind: Enums<enums::Eye3DKind>;
        FilterByRange: Opaque;
        FilterIsNotNull: Opaque;
        ForceDistance: Plain<f64>;
        ForceIterations: Plain<u64>;
        ForceStrength: Plain<f64>;
        Fps: Plain<f64>;
        GridColumns: Plain<u32>;
        GridSpacing: Plain<f32>;
        IncludedContent: Texts;
        LinkAxis: Enums<enums::LinkAxis>;
        LockRangeDuringZoom: Bools;
        LoopMode: Enums<enums::LoopMode>;
        MapProvider: Enums<enums::MapProvider>;
        NearClipPlane: Plain<f32>;
        PanelState: Enums<enums::PanelState>;
        PlayState: Enums<enums::PlayState>;
        PlaybackSpeed: Plain<f64>;
        PointsDisplay: Enums<enums::PointsDisplay>;
        QueryExpression: Texts;
        RootContainer: Plain<[u8; 16]>;
        RowShare: Plain<f32>;
        SelectedColumns: Opaque;
        SortBy: Opaque;
        SqlFilterExpression: Texts;
        TableLayoutKind: Enums<enums::TableLayoutKind>;
        TensorDimensionIndexSlider: Opaque;
        TextLogColumn: Records<blueprint_records::TextLogColumn>;
        TimeRange: Records<blueprint_records::CursorTimeRange>;
        TimelineColumn: Records<blueprint_records::TimelineColumn>;
        TimelineFraction: Plain<f64>;
        TimelineName: Texts;
        TooltipMode: Enums<enums::TooltipMode>;
        ViewClass: Texts;
        ViewFit: Enums<enums::ViewFit>;
        ViewMaximized: Plain<[u8; 16]>;
        ViewOrigin: Texts;
        ViewerRecommendationHash: Plain<u64>;
        VisibleTimeRange: Records<blueprint_records::VisibleTimeRange>;
        VisualBounds2D: Records<blueprint_records::VisualBounds2D>;
        VisualizerComponentMapping: Records<blueprint_records::ComponentMapping>;
        VisualizerInstructionId: Plain<[u8; 16]>;
        VisualizerType: Texts;
        Volume: Plain<f32>;
        ZoomLevel: Plain<f64>;
    }
}

/// Component types of our own, of which Rerun's vocabulary knows nothing.
pub mod own {
    use super::*;

    components! {
        "chronoscope.blueprint.components";
        AxisScale: Enums<enums::AxisScale>;
        AxisSide: Enums<enums::AxisSide>;
        EyeProjection: Enums<enums::EyeProjection>;
        TimeInt: Plain<i64>;
    }
}
