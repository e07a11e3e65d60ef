//! The view classes, a folder each, with their user interface and visualizers.
