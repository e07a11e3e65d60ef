//! What is typed as origin or contents of a view: how it may go on, and how much it matches.

use std::cmp::Ordering;

use chronoscope_blueprint::{ContentsFilter, ResolvedContents, SubtreeMatch, natural_order};
use chronoscope_store::{ChunkStore, EntityPath};

use super::parts::grouped;

/// Paths that continue a word, in their natural order, then those that contain it.
///
/// Cost: all entities of the recording.
pub(super) fn paths_like(store: Option<&ChunkStore>, word: &str) -> Vec<String> {
    const MAX: usize = 8;
    let Some(store) = store else { return Vec::new() };
    let word = word.to_lowercase();
    // In order. A list of all that match would be long, and is not asked for.
    let mut best: Vec<(bool, &str)> = Vec::new();
    let order = |(a, path): &(bool, &str), (b, other): &(bool, &str)| -> Ordering {
        a.cmp(b).then_with(|| natural_order(path, other))
    };
    for entity in store.entities() {
        let path = store.entity_path(entity).as_str();
        let Some(at) = path.to_lowercase().find(&word) else {
            continue;
        };
        let found = (at > 0, path);
        let place = best.partition_point(|other| order(other, &found).is_le());
        if place < MAX {
            best.insert(place, found);
            best.truncate(MAX);
        }
    }
    best.into_iter().map(|(_, path)| path.to_owned()).collect()
}

/// As [`paths_like`], for a rule: with `/**` for what has others below.
pub(super) fn expressions_like(store: Option<&ChunkStore>, word: &str) -> Vec<String> {
    let path = word.trim_start_matches(['+', '-']);
    let sign = word.get(..word.len() - path.len()).unwrap_or_default();
    if path.is_empty() {
        return Vec::new();
    }
    if "$origin/**".starts_with(path) {
        return vec![format!("{sign}$origin/**"), format!("{sign}$origin")];
    }
    let is_group = |path: &str| {
        let store = store?;
        let entity = store.entity_id(&EntityPath::parse(path))?;
        Some(store.tree().num_children(entity) > 0)
    };
    let mut found = Vec::new();
    for path in paths_like(store, path) {
        if is_group(&path) == Some(true) {
            found.push(format!("{sign}{}/**", path.trim_end_matches('/')));
        }
        found.push(format!("{sign}{path}"));
    }
    found
}

/// How many entities rules match that are being typed. They are counted again where rules or entities changed.
pub(super) fn count_text(
    ctx: &egui::Context,
    store: &ChunkStore,
    origin: &EntityPath,
    rules: &str,
) -> String {
    let slot = egui::Id::new("entities that typed rules match");
    let counted_for = egui::Id::new((store.id(), store.schema_version(), origin, rules));
    let known: Option<(egui::Id, usize)> = ctx.data(|data| data.get_temp(slot));
    let count = match known {
        Some((known_for, count)) if known_for == counted_for => count,
        _ => {
            let count = num_matching(store, &ContentsFilter::parse(rules).resolve(origin));
            ctx.data_mut(|data| data.insert_temp(slot, (counted_for, count)));
            count
        }
    };
    let unit = if count == 1 { "entity" } else { "entities" };
    format!(
        "Matches {} {unit}. Ctrl+Enter applies it, Escape reverts.",
        grouped(count as u64)
    )
}

/// The number of entities with data that rules match.
///
/// Cost: all entities of the recording but those below what the rules exclude, with a look at the rules where they
/// tell entities apart.
fn num_matching(store: &ChunkStore, contents: &ResolvedContents) -> usize {
    let tree = store.tree();
    let mut count = 0;
    let mut stack = vec![tree.root()];
    while let Some(entity) = stack.pop() {
        let path = tree.path(entity);
        match contents.subtree(path) {
            SubtreeMatch::None => {}
            SubtreeMatch::All => {
                let below = tree.descend(entity);
                count += below.filter(|entity| store.has_data(*entity)).count();
            }
            SubtreeMatch::Mixed => {
                count += usize::from(store.has_data(entity) && contents.matches(path));
                stack.extend(tree.children(entity));
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recording_of;

    #[test]
    fn what_lies_behind_many_entities_is_completed_and_counted() {
        let mut paths: Vec<String> = (0..20_100).map(|at| format!("/many/{at}")).collect();
        paths.extend(["/zebra/tail".to_owned(), "/zebra/tail/tip".to_owned()]);
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let recording = recording_of(&paths);
        let store = &recording.store;
        assert_eq!(
            paths_like(Some(store), "/zeb"),
            ["/zebra/tail", "/zebra/tail/tip"]
        );
        assert_eq!(
            expressions_like(Some(store), "-/zebra/tail"),
            ["-/zebra/tail/**", "-/zebra/tail", "-/zebra/tail/tip"]
        );
        assert_eq!(paths_like(Some(store), "/many/20099"), ["/many/20099"]);
        assert_eq!(paths_like(Some(store), "TIP"), ["/zebra/tail/tip"]);
        assert_eq!(
            paths_like(Some(store), "/many/").last().map(String::as_str),
            Some("/many/7")
        );

        let ctx = egui::Context::default();
        let says = |rules: &str, wanted: &str| {
            let text = count_text(&ctx, store, &EntityPath::root(), rules);
            assert!(text.contains(&format!("Matches {wanted}.")), "{rules}: {text}");
        };
        says("+ /zebra/**", "2 entities");
        says("+ /zebra/**\n- /zebra/tail/tip", "1 entity");
        says("+ /zebra/**", "2 entities");
        says("+ /**", &format!("{} entities", grouped(20_102)));
    }

    #[test]
    fn the_count_is_that_of_the_entities_that_match() {
        let recording = recording_of(&[
            "/robots/a",
            "/robots/a/pose",
            "/robots/b/pose",
            "/robots/b/camera/image",
            "/plots/speed",
            "/__properties/weather",
        ]);
        let store = &recording.store;
        for (rules, expected) in [
            ("+ /**", 5),
            ("+ /robots/**", 4),
            ("+ /robots/**\n- /robots/b/**", 2),
            ("+ /robots/*/pose", 2),
            ("+ /**\n- /robots/*/pose", 3),
            ("+ /**/image\n+ /plots/speed", 2),
            ("+ $origin/**", 2),
            ("", 0),
        ] {
            let origin = if rules.contains("$origin") {
                "/robots/b"
            } else {
                "/"
            };
            let contents = ContentsFilter::parse(rules).resolve(&origin.into());
            let matching = store
                .entities()
                .filter(|entity| contents.matches(store.entity_path(*entity)));
            let count = matching.count();
            assert_eq!(num_matching(store, &contents), count, "{rules}");
            assert_eq!(count, expected, "{rules}");
        }
    }
}
