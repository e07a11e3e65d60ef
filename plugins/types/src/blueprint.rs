//! The archetypes of blueprints: how a recording is to be shown.

use crate::archetype::archetypes;

archetypes! {
    "rerun.blueprint.archetypes", "";

    /// The viewport: the container at the root, what is maximized.
    ViewportBlueprint {
        one root_container ROOT_CONTAINER with_root_container: blueprint::RootContainer;
        one maximized MAXIMIZED with_maximized: blueprint::ViewMaximized;
        one auto_layout AUTO_LAYOUT with_auto_layout: blueprint::AutoLayout;
        one auto_views AUTO_VIEWS with_auto_views: blueprint::AutoViews;
        many past_viewer_recommendations PAST_VIEWER_RECOMMENDATIONS with_past_viewer_recommendations: blueprint::ViewerRecommendationHash;
    }

    /// A container of views and other containers.
    ContainerBlueprint {
        one container_kind CONTAINER_KIND with_container_kind: blueprint::ContainerKind;
        one display_name DISPLAY_NAME with_display_name: Name;
        many contents CONTENTS with_contents: blueprint::IncludedContent;
        many col_shares COL_SHARES with_col_shares: blueprint::ColumnShare;
        many row_shares ROW_SHARES with_row_shares: blueprint::RowShare;
        one active_tab ACTIVE_TAB with_active_tab: blueprint::ActiveTab;
        one visible VISIBLE with_visible: Visible;
        one grid_columns GRID_COLUMNS with_grid_columns: blueprint::GridColumns;
    }

    /// A view: its class, its name, its origin.
    ViewBlueprint {
        one class_identifier CLASS_IDENTIFIER with_class_identifier: blueprint::ViewClass;
        one display_name DISPLAY_NAME with_display_name: Name;
        one space_origin SPACE_ORIGIN with_space_origin: blueprint::ViewOrigin;
        one visible VISIBLE with_visible: Visible;
        one titlebar TITLEBAR with_titlebar: blueprint::Enabled;
    }

    /// Which entities a view shows.
    ViewContents {
        many query QUERY with_query: blueprint::QueryExpression;
    }

    /// Whether an entity is shown and can be picked, with all below it.
    EntityBehavior {
        one interactive INTERACTIVE with_interactive: Interactive;
        one visible VISIBLE with_visible: Visible;
    }

    /// The time panel, and how time moves.
    TimePanelBlueprint {
        one state STATE with_state: blueprint::PanelState;
        one timeline TIMELINE with_timeline: blueprint::TimelineName;
        one playback_speed PLAYBACK_SPEED with_playback_speed: blueprint::PlaybackSpeed;
        one fps FPS with_fps: blueprint::Fps;
        one play_state PLAY_STATE with_play_state: blueprint::PlayState;
        one loop_mode LOOP_MODE with_loop_mode: blueprint::LoopMode;
        one time_selection TIME_SELECTION with_time_selection: blueprint::AbsoluteTimeRange;
    }

    /// How far a panel is open.
    PanelBlueprint {
        one state STATE with_state: blueprint::PanelState;
    }

    /// The ranges of time, about the cursor or fixed, whose data is shown.
    VisibleTimeRanges {
        many ranges RANGES with_ranges: blueprint::VisibleTimeRange;
    }

    /// The visualizers that show an entity in a view.
    ActiveVisualizers {
        one instruction_ids INSTRUCTION_IDS with_instruction_ids: blueprint::VisualizerInstructionId;
    }

    /// One visualizer of an entity, and where it takes its components from.
    VisualizerInstruction {
        one visualizer_type VISUALIZER_TYPE with_visualizer_type: blueprint::VisualizerType;
        one component_map COMPONENT_MAP with_component_map: blueprint::VisualizerComponentMapping;
    }

    /// The eye of a 3D view.
    EyeControls3D {
        one kind KIND with_kind: blueprint::Eye3DKind;
        one position POSITION with_position: Position3D;
        one look_target LOOK_TARGET with_look_target: Position3D;
        one eye_up EYE_UP with_eye_up: Vector3D;
        one speed SPEED with_speed: LinearSpeed;
        one tracking_entity TRACKING_ENTITY with_tracking_entity: EntityPath;
        one spin_speed SPIN_SPEED with_spin_speed: blueprint::AngularSpeed;
    }

    /// The background of a 3D or 2D view.
    Background {
        one kind KIND with_kind: blueprint::BackgroundKind;
        one color COLOR with_color: Color;
    }

    /// What is not seen of a scene in space because it is too near.
    NearClipPlane {
        one near_clip_plane NEAR_CLIP_PLANE with_near_clip_plane: blueprint::NearClipPlane;
    }

    /// The grid of a 3D view.
    LineGrid3D {
        one visible VISIBLE with_visible: Visible;
        one spacing SPACING with_spacing: blueprint::GridSpacing;
        one plane PLANE with_plane: Plane3D;
        one stroke_width STROKE_WIDTH with_stroke_width: StrokeWidth;
        one color COLOR with_color: Color;
    }

    /// The space of a 3D view: its frame, its axes.
    SpatialInformation {
        one target_frame TARGET_FRAME with_target_frame: TransformFrameId;
        one show_bounding_box SHOW_BOUNDING_BOX with_show_bounding_box: blueprint::Enabled;
        one show_axes SHOW_AXES with_show_axes: blueprint::Enabled;
        one axes AXES with_axes: ViewCoordinates;
    }

    /// The part of the plane that a 2D view shows.
    VisualBounds2D {
        one range RANGE with_range: blueprint::VisualBounds2D;
    }

    /// The vertical axis of a plot.
    ScalarAxis {
        one range RANGE with_range: Range1D;
        one zoom_lock ZOOM_LOCK with_zoom_lock: blueprint::LockRangeDuringZoom;
    }

    /// What a plot shows of itself under the pointer.
    PlotInteraction {
        one tooltip_mode TOOLTIP_MODE with_tooltip_mode: blueprint::TooltipMode;
        one points_display POINTS_DISPLAY with_points_display: blueprint::PointsDisplay;
    }

    /// The legend of a plot.
    PlotLegend {
        one corner CORNER with_corner: blueprint::Corner2D;
        one visible VISIBLE with_visible: Visible;
    }

    /// The background of a plot.
    PlotBackground {
        one color COLOR with_color: Color;
        one show_grid SHOW_GRID with_show_grid: blueprint::Enabled;
    }

    /// The horizontal axis of a plot.
    TimeAxis {
        one link LINK with_link: blueprint::LinkAxis;
        one view_range VIEW_RANGE with_view_range: blueprint::TimeRange;
        one zoom_lock ZOOM_LOCK with_zoom_lock: blueprint::LockRangeDuringZoom;
    }

    /// The columns of a text log.
    TextLogColumns {
        many timeline_columns TIMELINE_COLUMNS with_timeline_columns: blueprint::TimelineColumn;
        many text_log_columns TEXT_LOG_COLUMNS with_text_log_columns: blueprint::TextLogColumn;
    }

    /// Which lines of a text log are shown.
    TextLogRows {
        many filter_by_log_level FILTER_BY_LOG_LEVEL with_filter_by_log_level: TextLogLevel;
    }

    /// How the lines of a text log look.
    TextLogFormat {
        one monospace_body MONOSPACE_BODY with_monospace_body: blueprint::Enabled;
    }

    /// How a plain text document looks.
    TextDocumentFormat {
        one monospace MONOSPACE with_monospace: blueprint::Enabled;
        one word_wrap WORD_WRAP with_word_wrap: blueprint::Enabled;
    }
}
