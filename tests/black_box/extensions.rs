//! What an app adds under a name that the viewer has already. Visualizers, commands, panels and editors of known names are tested
//! where they are registered.

use bevy::prelude::*;
use chronoscope::{
    ChronoscopePlugins,
    blueprint::{RecommendedView, Schema, ViewClassId},
    frame::{
        Annotations, Report, ViewClasses,
        context::{AppEntityContextExt as _, ContextRows, EntityContext, EntityContexts},
    },
    io::{Candidate, Certainty, FileInput, ImportContext, Importer, Messages, TextImporter},
    prelude::*,
    sources::FileSettings,
    views::ViewUis,
};

/// The view class whose place is taken.
const CLASS: &str = "TextLog";

struct Lines;

impl ViewClass for Lines {
    fn id(&self) -> ViewClassId {
        CLASS.into()
    }

    fn display_name(&self) -> &'static str {
        "Lines of mine"
    }

    fn recommend(&self, _: &Schema) -> Vec<RecommendedView> {
        Vec::new()
    }
}

struct LinesUi;

impl ViewUi for LinesUi {
    fn class(&self) -> ViewClassId {
        CLASS.into()
    }

    fn icon(&self) -> &'static str {
        "L"
    }

    fn ui(&self, ui: &mut egui::Ui, _: &mut ViewUiContext<'_>) {
        ui.label("mine");
    }
}

/// Reads nothing, in place of what reads texts.
struct Notes;

impl Importer for Notes {
    fn name(&self) -> &'static str {
        TextImporter.name()
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["notes"]
    }

    fn certainty(&self, _: &Candidate<'_>) -> Certainty {
        Certainty::No
    }

    fn import(&self, _: FileInput, _: &ImportContext) -> Messages {
        Box::new(std::iter::empty())
    }
}

struct Labels;

impl EntityContext for Labels {
    const NAME: &'static str = Annotations::NAME;
    const COMPONENTS: &'static [&'static str] = &["Mine:labels"];
    type Value = u8;

    fn read(_: &ContextRows<'_>, _: Option<&u8>) -> Result<Option<u8>, Report> {
        Ok(Some(1))
    }
}

#[test]
fn what_is_added_under_a_known_name_takes_its_place() {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, ChronoscopePlugins));
    let counts = |app: &App| {
        let world = app.world();
        [
            world.resource::<ViewClasses>().iter().count(),
            world.resource::<ViewUis>().iter().count(),
            world.resource::<FileSettings>().kinds().0.len(),
            world.resource::<EntityContexts>().iter().count(),
        ]
    };
    let before = counts(&app);
    app.add_view_class(Lines)
        .add_view_ui(LinesUi)
        .add_importer(Notes)
        .add_entity_context::<Labels>();
    assert_eq!(counts(&app), before);
    let world = app.world();
    let class = world.resource::<ViewClasses>().get(&CLASS.into()).unwrap();
    assert_eq!(class.display_name(), "Lines of mine");
    let ui = world.resource::<ViewUis>().get(&CLASS.into()).unwrap();
    assert_eq!(ui.icon(), "L");
    let kinds = world.resource::<FileSettings>().kinds();
    let kind = kinds
        .0
        .iter()
        .find(|kind| kind.name == TextImporter.name())
        .unwrap();
    assert_eq!(kind.extensions, ["notes"]);
    let mut contexts = world.resource::<EntityContexts>().iter();
    assert!(contexts.any(|(name, read)| name == Annotations::NAME && read == Labels::COMPONENTS));
}
