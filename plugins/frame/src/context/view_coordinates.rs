//! View coordinates: where the axes of a space point.

use chronoscope_types::{
    ViewCoordinates,
    enums::{Enumeration as _, ViewDir},
    read,
};

use super::{ContextRows, EntityContext};
use crate::Report;

/// Where the axes of an entity's space point: to be read by [`super::EntityContexts`] and by visualizers.
///
/// What is said at an entity holds below it too.
pub enum ViewAxes {}

impl ViewAxes {
    /// The name, by which visualizers say that they read it.
    pub const NAME: &'static str = "ViewCoordinates";
}

impl EntityContext for ViewAxes {
    const NAME: &'static str = Self::NAME;
    const COMPONENTS: &'static [&'static str] = &[ViewCoordinates::XYZ.name];

    type Value = [ViewDir; 3];

    fn read(rows: &ContextRows<'_>, above: Option<&Self::Value>) -> Result<Option<Self::Value>, Report> {
        let Some(cell) = rows.cell(&ViewCoordinates::XYZ) else {
            return Ok(above.copied());
        };
        let own = read_directions(&cell).map_err(|message| rows.report(message))?;
        Ok(own.or(above.copied()))
    }
}

/// The directions of X, Y and Z; `None` where the cell is empty.
///
/// # Errors
/// Where the array holds something else, or directions that do not span a space.
fn read_directions(array: &dyn chronoscope_store::arrow::Array) -> Result<Option<[ViewDir; 3]>, String> {
    let values = read::view_coordinates(array).map_err(|error| error.to_string())?;
    values.first().map(|codes| directions_of(*codes)).transpose()
}

/// The directions with these codes of X, Y and Z.
///
/// # Errors
/// Where a code is no direction, or they do not span a space.
pub(crate) fn directions_of(codes: [u8; 3]) -> Result<[ViewDir; 3], String> {
    let direction =
        |at: usize| ViewDir::from_code(codes[at]).ok_or_else(|| format!("{} is not a direction", codes[at]));
    let directions = [direction(0)?, direction(1)?, direction(2)?];
    let [x, y, z] = directions.map(ViewDir::vector);
    let spans = (0..3).all(|at| x[at].abs() + y[at].abs() + z[at].abs() > 0.5);
    if spans {
        Ok(directions)
    } else {
        Err("the directions of the axes do not span a space".to_owned())
    }
}
