//! The system's fonts, for characters that the bundled faces lack.
//!
//! Nothing is read before such a character is drawn for the first time. Then a task lists the system's
//! fonts and picks from them, and in a later pass the faces that it picked stand behind all others. What is
//! picked depends on the fonts and the character alone, and stays.

mod finder;
#[cfg(test)]
mod testing;

use std::collections::BTreeSet;

use bevy::{
    ecs::prelude::*,
    tasks::{AsyncComputeTaskPool, Task, TaskPool},
};
use chronoscope_frame::{Settled, settle::PendingWork};
use egui::{Context, FontDefinitions, LayerId, Shape};
use finder::{Finder, Limits};
use fontdb::Database;
use rustc_hash::FxHashSet;

use crate::fonts;

/// The most that the faces of all scripts together may take.
const LIMITS: Limits = Limits {
    num_faces: 16,
    num_bytes: 96 << 20,
};

/// Faces of the system, for all contexts of an app.
#[derive(Resource)]
pub(crate) struct SystemFonts {
    /// Where fonts come from.
    load: fn() -> Database,
    /// Characters that were looked for.
    known: FxHashSet<char>,
    /// Characters to look for.
    wanted: BTreeSet<char>,
    finder: FinderState,
}

enum FinderState {
    /// No character was missing yet.
    Unneeded,
    Searching(Task<Box<Finder>>, PendingWork),
    Idle(Box<Finder>),
}

impl Default for SystemFonts {
    fn default() -> Self {
        Self::from_source(|| {
            let mut database = Database::new();
            database.load_system_fonts();
            database
        })
    }
}

impl SystemFonts {
    /// Faces from this database.
    pub(crate) fn from_source(load: fn() -> Database) -> Self {
        Self {
            load,
            known: FxHashSet::default(),
            wanted: BTreeSet::new(),
            finder: FinderState::Unneeded,
        }
    }

    /// Looks at what was drawn in this pass, looks for faces where characters are missing, and adds to `ctx`
    /// what was found. Returns whether the next pass will show more.
    ///
    /// While faces are looked for, nothing is settled, and the viewer is woken at the end.
    pub(crate) fn update(&mut self, ctx: &Context, settled: &Settled) -> bool {
        if let FinderState::Searching(search, pending) = &mut self.finder
            && let Some(finder) = pending.poll(search)
        {
            self.finder = FinderState::Idle(finder);
        }
        self.gather_wanted(ctx);
        let has_added = match &self.finder {
            FinderState::Idle(finder) => add_faces(ctx, finder),
            _ => false,
        };
        self.start_search(settled);
        has_added
    }

    /// Gathers the characters of this pass that no bundled face has. Cost: a look at each text that is drawn.
    fn gather_wanted(&mut self, ctx: &Context) {
        let layers: Vec<LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
        ctx.graphics(|graphics| {
            for layer in layers.into_iter().chain([LayerId::background()]) {
                if let Some(list) = graphics.get(layer) {
                    list.all_entries()
                        .for_each(|entry| self.gather_from(&entry.shape));
                }
            }
        });
    }

    fn gather_from(&mut self, shape: &Shape) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| self.gather_from(shape)),
            Shape::Text(text) if !text.galley.text().is_ascii() => {
                for c in text.galley.text().chars().filter(|c| !c.is_ascii()) {
                    if self.known.insert(c) && has_ink(c) && !fonts::has_bundled_glyph(c) {
                        self.wanted.insert(c);
                    }
                }
            }
            _ => {}
        }
    }

    fn start_search(&mut self, settled: &Settled) {
        if self.wanted.is_empty() || matches!(self.finder, FinderState::Searching(..)) {
            return;
        }
        let (load, wanted) = (self.load, std::mem::take(&mut self.wanted));
        let known = std::mem::replace(&mut self.finder, FinderState::Unneeded);
        let pool = AsyncComputeTaskPool::get_or_init(TaskPool::new);
        let search = pool.spawn(async move {
            let mut finder = match known {
                FinderState::Idle(finder) => finder,
                _ => Box::new(Finder::new(load(), LIMITS)),
            };
            finder.pick(&wanted);
            finder
        });
        self.finder = FinderState::Searching(search, settled.pending_work());
    }
}

/// Puts the faces that were found behind all others of `ctx`. Returns whether there were new ones.
fn add_faces(ctx: &Context, finder: &Finder) -> bool {
    let is_known = |fonts: &FontDefinitions, name: &String| fonts.font_data.contains_key(name);
    let names: Vec<String> = finder.faces().map(|(name, _)| name).collect();
    if ctx.fonts(|fonts| names.iter().all(|name| is_known(fonts.definitions(), name))) {
        return false;
    }
    let mut definitions = ctx.fonts(|fonts| fonts.definitions().clone());
    for (name, data) in finder.faces() {
        definitions.font_data.entry(name).or_insert(data);
    }
    for family in definitions.families.values_mut() {
        family.retain(|name| !names.contains(name));
        family.extend(names.iter().cloned());
    }
    ctx.set_fonts(definitions);
    true
}

/// Whether a character leaves a mark at all, and a mark that all fonts agree on.
fn has_ink(c: char) -> bool {
    let is_ignorable = matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}'
    );
    let is_private = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..);
    !(c.is_whitespace() || c.is_control() || is_ignorable || is_private)
}

#[cfg(test)]
mod tests {
    use chronoscope_frame::Settled;
    use fontdb::Database;

    use super::{
        SystemFonts,
        testing::{Font, NEVER},
    };
    use crate::{Look, UiSettings, testing::Stage};

    /// Characters that no bundled face has.
    const MISSING: &str = "/robot/\u{4e2d}";

    fn fonts_of_test() -> Database {
        let mut database = Database::new();
        database.load_font_data(
            Font::named("Test Sans")
                .with_glyphs("\u{4e2d}\u{6587}")
                .to_bytes(),
        );
        database
    }

    fn stage(settings: UiSettings, load: fn() -> Database) -> Stage {
        let mut stage = Stage::with_entities(1000.0, 700.0, &[MISSING]);
        let world = stage.app.world_mut();
        world.insert_resource(settings);
        world.insert_resource(SystemFonts::from_source(load));
        stage
    }

    /// Draws until nothing more is awaited.
    fn settle(stage: &mut Stage) {
        loop {
            stage.draw_with(Vec::new());
            if stage.app.world().resource::<Settled>().frames() > 2 && !stage.wants_repaint() {
                return;
            }
            std::thread::yield_now();
        }
    }

    fn last_faces(stage: &Stage) -> Vec<String> {
        stage.ctx.fonts(|fonts| {
            let families = fonts.definitions().families.values();
            families.filter_map(|faces| faces.last().cloned()).collect()
        })
    }

    #[test]
    fn a_missing_character_brings_a_face_of_the_system() {
        let settings = UiSettings {
            system_fonts: true,
            ..UiSettings::default()
        };
        let mut stage = stage(settings, fonts_of_test);
        settle(&mut stage);
        let faces = last_faces(&stage);
        assert!(!faces.is_empty());
        for face in faces {
            assert!(face.contains("Test Sans"), "{face}");
        }
        let width = |stage: &Stage, c| {
            let font = egui::TextStyle::Body.resolve(&stage.ctx.global_style());
            stage.ctx.fonts_mut(|fonts| fonts.glyph_width(&font, c))
        };
        assert_eq!(width(&stage, '\u{4e2d}'), width(&stage, '\u{6587}'));
        assert_ne!(
            width(&stage, '\u{4e2d}'),
            width(&stage, '\u{56fd}'),
            "which no face has"
        );
    }

    #[test]
    fn without_need_or_leave_nothing_is_loaded() {
        let on = UiSettings {
            system_fonts: true,
            ..UiSettings::default()
        };
        let of_host = UiSettings {
            fonts: Look::Host,
            ..on
        };
        for settings in [UiSettings::default(), of_host] {
            let mut stage = stage(settings, NEVER);
            settle(&mut stage);
        }
        let mut stage = Stage::with_entities(1000.0, 700.0, &["/robot/\u{fc}ber \u{2026} \u{b5}"]);
        stage.app.insert_resource(on);
        stage.app.insert_resource(SystemFonts::from_source(NEVER));
        settle(&mut stage);
    }

    #[test]
    fn a_system_without_fonts_changes_nothing() {
        let settings = UiSettings {
            system_fonts: true,
            ..UiSettings::default()
        };
        let mut with = stage(settings, Database::new);
        let mut without = stage(UiSettings::default(), NEVER);
        settle(&mut with);
        settle(&mut without);
        assert_eq!(last_faces(&with), last_faces(&without));
        assert_eq!(with.draw(), without.draw());
    }
}
