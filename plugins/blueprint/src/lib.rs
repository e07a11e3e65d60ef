//! The blueprint as a store: viewport, containers, views, contents expressions, overrides, heuristics, commands, undo.
