//! The frame: its phases as plugins, resources, time control, budgets, diagnostics, view classes and visualizers.
