//! Contents expressions: what is read can be written and read again, and means the same.

use chronoscope_blueprint::{ContentsFilter, RuleEffect};
use chronoscope_store::EntityPath;

/// A filter on all lines but the last two, which are an origin and an entity. Returns the number of its rules.
pub(crate) fn run(text: &str) -> usize {
    let mut lines = text.rsplitn(3, '\n');
    let mut path = || EntityPath::parse(lines.next().unwrap_or_default());
    let (entity, origin) = (path(), path());
    let mut filter = ContentsFilter::parse(lines.next().unwrap_or_default());
    let written: Vec<String> = filter.expressions().collect();
    let again = ContentsFilter::from_expressions(written.iter().map(String::as_str));
    assert_eq!(again, filter, "what is written is read as it was");
    let resolved = filter.resolve(&origin);
    assert!(resolved.covers(&resolved));
    let _ = resolved.subtree(&entity);
    for rule in filter.rules() {
        let _ = (rule.resolve(&origin), rule.problem());
    }
    let num_rules = filter.rules().len();
    for effect in [RuleEffect::Exclude, RuleEffect::Include] {
        filter.set(&origin, &entity, false, effect);
        let is_shown = filter.resolve(&origin).matches(&entity);
        assert_eq!(is_shown, effect == RuleEffect::Include, "what is set holds");
    }
    num_rules
}
