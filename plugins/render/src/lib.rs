//! GPU primitives for bulk data: point clouds, thick lines, instanced shapes, image quads, grids.
