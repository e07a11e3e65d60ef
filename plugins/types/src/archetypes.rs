//! The archetypes of recordings: components that belong together, with the names of their columns and builders to log with.

use crate::archetype::archetypes;

archetypes! {
    "rerun.archetypes", "";

    /// How the axes of a space are to be seen: where X, Y and Z point.
    ViewCoordinates {
        one xyz XYZ with_xyz: ViewCoordinates;
    }

    /// What class ids stand for: labels, colors, keypoints. Holds at its entity and below.
    AnnotationContext {
        one context CONTEXT with_context: AnnotationContext;
    }

    /// The transform between an entity's space and its parent's.
    Transform3D {
        one translation TRANSLATION with_translation: Translation3D;
        one rotation_axis_angle ROTATION_AXIS_ANGLE with_rotation_axis_angle: RotationAxisAngle;
        one quaternion QUATERNION with_quaternion: RotationQuat;
        one scale SCALE with_scale: Scale3D;
        one mat3x3 MAT3X3 with_mat3x3: TransformMat3x3;
        one relation RELATION with_relation: TransformRelation;
        one child_frame CHILD_FRAME with_child_frame: TransformFrameId;
        one parent_frame PARENT_FRAME with_parent_frame: TransformFrameId;
    }

    /// The axes of a transform, to be drawn.
    TransformAxes3D {
        one axis_length AXIS_LENGTH with_axis_length: AxisLength;
        one show_frame SHOW_FRAME with_show_frame: ShowLabels;
    }

    /// The named coordinate frame that an entity's data is in.
    CoordinateFrame {
        one frame FRAME with_frame: TransformFrameId;
    }

    /// Poses at which everything on an entity is repeated.
    InstancePoses3D {
        many translations TRANSLATIONS with_translations: Translation3D;
        many rotation_axis_angles ROTATION_AXIS_ANGLES with_rotation_axis_angles: RotationAxisAngle;
        many quaternions QUATERNIONS with_quaternions: RotationQuat;
        many scales SCALES with_scales: Scale3D;
        many mat3x3 MAT3X3 with_mat3x3: TransformMat3x3;
    }

    /// A cloud of points.
    Points3D {
        many positions POSITIONS with_positions: Position3D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one point_shading POINT_SHADING with_point_shading: PointShading;
        many class_ids CLASS_IDS with_class_ids: ClassId;
        many keypoint_ids KEYPOINT_IDS with_keypoint_ids: KeypointId;
    }

    /// Points in a picture or another plane.
    Points2D {
        many positions POSITIONS with_positions: Position2D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        many class_ids CLASS_IDS with_class_ids: ClassId;
        many keypoint_ids KEYPOINT_IDS with_keypoint_ids: KeypointId;
    }

    /// Boxes, given by their centers and half of their sizes.
    Boxes3D {
        many half_sizes HALF_SIZES with_half_sizes: HalfSize3D;
        many centers CENTERS with_centers: Translation3D;
        many rotation_axis_angles ROTATION_AXIS_ANGLES with_rotation_axis_angles: RotationAxisAngle;
        many quaternions QUATERNIONS with_quaternions: RotationQuat;
        many colors COLORS with_colors: Color;
        many radii RADII with_radii: Radius;
        one fill_mode FILL_MODE with_fill_mode: FillMode;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Rectangles, given by their centers and half of their sizes.
    Boxes2D {
        many half_sizes HALF_SIZES with_half_sizes: HalfSize2D;
        many centers CENTERS with_centers: Position2D;
        many colors COLORS with_colors: Color;
        many radii RADII with_radii: Radius;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Lines through many points each.
    LineStrips3D {
        many strips STRIPS with_strips: LineStrip3D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Lines through many points each, in a plane.
    LineStrips2D {
        many strips STRIPS with_strips: LineStrip2D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Arrows, given by their origins and vectors.
    Arrows3D {
        many vectors VECTORS with_vectors: Vector3D;
        many origins ORIGINS with_origins: Position3D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Arrows in a plane, given by their origins and vectors.
    Arrows2D {
        many vectors VECTORS with_vectors: Vector2D;
        many origins ORIGINS with_origins: Position2D;
        many radii RADII with_radii: Radius;
        many colors COLORS with_colors: Color;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Ellipses in a plane, given by their centers and half of their sizes.
    Ellipses2D {
        many half_sizes HALF_SIZES with_half_sizes: HalfSize2D;
        many centers CENTERS with_centers: Position2D;
        many colors COLORS with_colors: Color;
        many line_radii LINE_RADII with_line_radii: Radius;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Ellipsoids, given by their centers and their radii along their axes.
    Ellipsoids3D {
        many half_sizes HALF_SIZES with_half_sizes: HalfSize3D;
        many centers CENTERS with_centers: Translation3D;
        many rotation_axis_angles ROTATION_AXIS_ANGLES with_rotation_axis_angles: RotationAxisAngle;
        many quaternions QUATERNIONS with_quaternions: RotationQuat;
        many colors COLORS with_colors: Color;
        many line_radii LINE_RADII with_line_radii: Radius;
        one fill_mode FILL_MODE with_fill_mode: FillMode;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Cylinders around their Z axes, given by their centers.
    Cylinders3D {
        many lengths LENGTHS with_lengths: Length;
        many radii RADII with_radii: Radius;
        many centers CENTERS with_centers: Translation3D;
        many rotation_axis_angles ROTATION_AXIS_ANGLES with_rotation_axis_angles: RotationAxisAngle;
        many quaternions QUATERNIONS with_quaternions: RotationQuat;
        many colors COLORS with_colors: Color;
        many line_radii LINE_RADII with_line_radii: Radius;
        one fill_mode FILL_MODE with_fill_mode: FillMode;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Capsules along their Z axes, given by the centers of their first half spheres.
    Capsules3D {
        many lengths LENGTHS with_lengths: Length;
        many radii RADII with_radii: Radius;
        many translations TRANSLATIONS with_translations: Translation3D;
        many rotation_axis_angles ROTATION_AXIS_ANGLES with_rotation_axis_angles: RotationAxisAngle;
        many quaternions QUATERNIONS with_quaternions: RotationQuat;
        many colors COLORS with_colors: Color;
        many line_radii LINE_RADII with_line_radii: Radius;
        one fill_mode FILL_MODE with_fill_mode: FillMode;
        many labels LABELS with_labels: Text;
        one show_labels SHOW_LABELS with_show_labels: ShowLabels;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// Voxels of a sparse grid, given by their indices.
    VoxelGridMap {
        many voxel_indices VOXEL_INDICES with_voxel_indices: VoxelIndex;
        one voxel_size VOXEL_SIZE with_voxel_size: VoxelSize;
        many values VALUES with_values: VoxelValue;
        many colors COLORS with_colors: Color;
        one translation TRANSLATION with_translation: Translation3D;
        one rotation_axis_angle ROTATION_AXIS_ANGLE with_rotation_axis_angle: RotationAxisAngle;
        one quaternion QUATERNION with_quaternion: RotationQuat;
        one opacity OPACITY with_opacity: Opacity;
        one value_range VALUE_RANGE with_value_range: ValueRange;
        one colormap COLORMAP with_colormap: Colormap;
    }

    /// A map as a picture that lies in space, with the size of its cells.
    GridMap {
        one data DATA with_data: ImageBuffer;
        one format FORMAT with_format: ImageFormat;
        one cell_size CELL_SIZE with_cell_size: CellSize;
        one translation TRANSLATION with_translation: Translation3D;
        one rotation_axis_angle ROTATION_AXIS_ANGLE with_rotation_axis_angle: RotationAxisAngle;
        one quaternion QUATERNION with_quaternion: RotationQuat;
        one opacity OPACITY with_opacity: Opacity;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        one colormap COLORMAP with_colormap: Colormap;
    }

    /// A chart of numbers as bars.
    BarChart {
        one values VALUES with_values: TensorData;
        one color COLOR with_color: Color;
        one abscissa ABSCISSA with_abscissa: TensorData;
        many widths WIDTHS with_widths: Length;
    }

    /// A mesh of triangles.
    Mesh3D {
        many vertex_positions VERTEX_POSITIONS with_vertex_positions: Position3D;
        many triangle_indices TRIANGLE_INDICES with_triangle_indices: TriangleIndices;
        many vertex_normals VERTEX_NORMALS with_vertex_normals: Vector3D;
        many vertex_colors VERTEX_COLORS with_vertex_colors: Color;
        many vertex_texcoords VERTEX_TEXCOORDS with_vertex_texcoords: Texcoord2D;
        one albedo_factor ALBEDO_FACTOR with_albedo_factor: AlbedoFactor;
        one face_rendering FACE_RENDERING with_face_rendering: MeshFaceRendering;
        one albedo_texture_buffer ALBEDO_TEXTURE_BUFFER with_albedo_texture_buffer: ImageBuffer;
        one albedo_texture_format ALBEDO_TEXTURE_FORMAT with_albedo_texture_format: ImageFormat;
        many class_ids CLASS_IDS with_class_ids: ClassId;
    }

    /// A 3D model as the contents of a file.
    Asset3D {
        one blob BLOB with_blob: Blob;
        one media_type MEDIA_TYPE with_media_type: MediaType;
        one albedo_factor ALBEDO_FACTOR with_albedo_factor: AlbedoFactor;
    }

    /// A pinhole camera: how 3D becomes a picture.
    Pinhole {
        one image_from_camera IMAGE_FROM_CAMERA with_image_from_camera: PinholeProjection;
        one resolution RESOLUTION with_resolution: Resolution;
        one camera_xyz CAMERA_XYZ with_camera_xyz: ViewCoordinates;
        one child_frame CHILD_FRAME with_child_frame: TransformFrameId;
        one parent_frame PARENT_FRAME with_parent_frame: TransformFrameId;
        one image_plane_distance IMAGE_PLANE_DISTANCE with_image_plane_distance: ImagePlaneDistance;
        one color COLOR with_color: Color;
        one line_width LINE_WIDTH with_line_width: Radius;
    }

    /// A picture, as its pixels.
    Image {
        one buffer BUFFER with_buffer: ImageBuffer;
        one format FORMAT with_format: ImageFormat;
        one opacity OPACITY with_opacity: Opacity;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        one magnification_filter MAGNIFICATION_FILTER with_magnification_filter: MagnificationFilter;
    }

    /// A picture of class ids.
    SegmentationImage {
        one buffer BUFFER with_buffer: ImageBuffer;
        one format FORMAT with_format: ImageFormat;
        one opacity OPACITY with_opacity: Opacity;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
    }

    /// A picture of distances.
    DepthImage {
        one buffer BUFFER with_buffer: ImageBuffer;
        one format FORMAT with_format: ImageFormat;
        one meter METER with_meter: DepthMeter;
        one colormap COLORMAP with_colormap: Colormap;
        one depth_range DEPTH_RANGE with_depth_range: ValueRange;
        one point_fill_ratio POINT_FILL_RATIO with_point_fill_ratio: FillRatio;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        one magnification_filter MAGNIFICATION_FILTER with_magnification_filter: MagnificationFilter;
    }

    /// A picture as the contents of a file.
    EncodedImage {
        one blob BLOB with_blob: Blob;
        one media_type MEDIA_TYPE with_media_type: MediaType;
        one opacity OPACITY with_opacity: Opacity;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        one magnification_filter MAGNIFICATION_FILTER with_magnification_filter: MagnificationFilter;
    }

    /// A picture of distances as the contents of a file.
    EncodedDepthImage {
        one blob BLOB with_blob: Blob;
        one media_type MEDIA_TYPE with_media_type: MediaType;
        one meter METER with_meter: DepthMeter;
        one colormap COLORMAP with_colormap: Colormap;
        one depth_range DEPTH_RANGE with_depth_range: ValueRange;
        one point_fill_ratio POINT_FILL_RATIO with_point_fill_ratio: FillRatio;
        one draw_order DRAW_ORDER with_draw_order: DrawOrder;
        one magnification_filter MAGNIFICATION_FILTER with_magnification_filter: MagnificationFilter;
    }

    /// Numbers to be plotted over time.
    Scalars {
        many scalars SCALARS with_scalars: Scalar;
    }

    /// How scalars are drawn as lines.
    SeriesLines {
        many colors COLORS with_colors: Color;
        many widths WIDTHS with_widths: StrokeWidth;
        many names NAMES with_names: Name;
        many visible_series VISIBLE_SERIES with_visible_series: Visible;
        one aggregation_policy AGGREGATION_POLICY with_aggregation_policy: AggregationPolicy;
        one interpolation_mode INTERPOLATION_MODE with_interpolation_mode: InterpolationMode;
    }

    /// Values that were measured, each with its variance and its unit, and how they are drawn as lines.
    Measurements {
        many values VALUES with_values: Scalar;
        many variances VARIANCES with_variances: Variance;
        many units UNITS with_units: Unit;
        many colors COLORS with_colors: Color;
        many widths WIDTHS with_widths: StrokeWidth;
        many names NAMES with_names: Name;
        many visible_series VISIBLE_SERIES with_visible_series: Visible;
        one aggregation_policy AGGREGATION_POLICY with_aggregation_policy: AggregationPolicy;
        one interpolation_mode INTERPOLATION_MODE with_interpolation_mode: InterpolationMode;
    }

    /// How scalars are drawn as points.
    SeriesPoints {
        many colors COLORS with_colors: Color;
        many markers MARKERS with_markers: MarkerShape;
        many names NAMES with_names: Name;
        many visible_series VISIBLE_SERIES with_visible_series: Visible;
        many marker_sizes MARKER_SIZES with_marker_sizes: MarkerSize;
    }

    /// An entry of a log.
    TextLog {
        one text TEXT with_text: Text;
        one level LEVEL with_level: TextLogLevel;
        one color COLOR with_color: Color;
    }

    /// A document.
    TextDocument {
        one text TEXT with_text: Text;
        one media_type MEDIA_TYPE with_media_type: MediaType;
    }

    /// Empties an entity from a time on, alone or with all below it.
    Clear {
        one is_recursive IS_RECURSIVE with_is_recursive: ClearIsRecursive;
    }

    /// What a recording says of itself.
    RecordingInfo {
        one start_time START_TIME with_start_time: Timestamp;
        one name NAME with_name: Name;
    }
}
