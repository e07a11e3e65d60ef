//! Archetypes of our own, of which Rerun's vocabulary knows nothing.
//!
//! They stand beside its archetypes in blueprints, in a namespace of their own, and so do their components: other
//! viewers find names that they do not know, and pass over them.

use crate::archetype::archetypes;

archetypes! {
    "chronoscope.blueprint.archetypes", "chronoscope.blueprint.archetypes.";

    /// Where a view looks, where that is not where the time panel looks. What is not given is as there.
    QueryContext {
        one application APPLICATION with_application: Text;
        one recording RECORDING with_recording: Text;
        one timeline TIMELINE with_timeline: blueprint::TimelineName;
        one fixed_time FIXED_TIME with_fixed_time: own::TimeInt;
        one offset OFFSET with_offset: own::TimeInt;
    }

    /// What the numbers of `EyeControls3D` leave out of an eye far from the origin.
    EyeControls3DRest {
        one position POSITION with_position: Position3D;
        one look_target LOOK_TARGET with_look_target: Position3D;
    }

    /// How the eye of a 3D view sees depth, beside what `EyeControls3D` says of it.
    EyeLens3D {
        one projection PROJECTION with_projection: own::EyeProjection;
        one depth_shading DEPTH_SHADING with_depth_shading: blueprint::Enabled;
    }

    /// What light there is in a 3D view.
    Lighting3D {
        one shadows SHADOWS with_shadows: blueprint::Enabled;
    }

    /// The scale of the axis of values of a plot, beside what `ScalarAxis` says of it.
    ScalarAxisScale {
        one scale SCALE with_scale: own::AxisScale;
    }

    /// The second axis of values of a plot, at its right.
    SecondScalarAxis {
        one range RANGE with_range: Range1D;
        one scale SCALE with_scale: own::AxisScale;
    }

    /// By which axis of values the series of an entity are plotted. The last one holds for all further
    /// series.
    SeriesAxis {
        many sides SIDES with_sides: own::AxisSide;
    }
}
