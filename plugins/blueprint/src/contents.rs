//! Contents expressions: which entities a view shows.
//!
//! A filter is a list of rules, `+ /world/**`, `- /world/roads/**`, `$origin/lidar`. A rule without a sign includes. `/**`
//! at the end stands for the entity and all below it. `$origin` is the view's origin. A star in a part stands for any
//! characters of that part, a part `**` for any number of parts: `/robots/*/pose`, `/**/camera`, `/plots/wheel_*`. A star
//! of a name has a backslash before it.
//!
//! Of the rules that match an entity the most specific wins: the one that matches down to the deepest part, an entity's
//! own rule before one for its subtree, one without stars before one with stars; of equally specific ones, the last. What
//! no rule matches is not shown. Properties of the recording (`/__properties/**`) are only shown by a rule that names them.

mod pattern;

use std::{collections::BTreeMap, fmt, sync::Arc};

use chronoscope_store::{EntityPath, path::split_parts};

use self::pattern::{PathPattern, PatternMatch, canonical_part, has_star};

/// Where recordings keep properties of themselves, which no view shows unasked.
pub const PROPERTIES_PATH: &str = "/__properties";

/// Whether an entity holds properties of the recording.
pub(crate) fn is_property(path: &EntityPath) -> bool {
    let below = path.as_str().strip_prefix(PROPERTIES_PATH);
    below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
}

/// What a rule does with the entities that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleEffect {
    /// They are shown.
    Include,
    /// They are not.
    Exclude,
}

impl RuleEffect {
    /// The sign before a rule, `+` or `-`.
    pub const fn sign(self) -> char {
        match self {
            Self::Include => '+',
            Self::Exclude => '-',
        }
    }

    const fn includes(self) -> bool {
        matches!(self, Self::Include)
    }
}

/// One rule, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentsRule {
    /// What it does.
    pub effect: RuleEffect,
    /// The path, with variables, and `/**` for a subtree: `$origin/**`. Parts that are no variables are escaped as in an
    /// [`EntityPath`].
    expression: Arc<str>,
}

impl ContentsRule {
    /// The rule for one entity, or for it and all below it.
    pub fn for_entity(effect: RuleEffect, path: &EntityPath, subtree: bool) -> Self {
        let expression = match (subtree, path.is_root()) {
            (false, _) => path.as_str().to_owned(),
            (true, true) => "/**".to_owned(),
            (true, false) => format!("{path}/**"),
        };
        Self {
            effect,
            expression: expression.into(),
        }
    }

    /// Reads one rule: the whole text, whatever spaces stand in it. `None` where there is nothing but a comment.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (effect, rest) = match text.chars().next()? {
            '+' => (RuleEffect::Include, text.get(1..)?),
            '-' => (RuleEffect::Exclude, text.get(1..)?),
            _ => (RuleEffect::Include, text),
        };
        let rest = strip_comment(rest).trim();
        (!rest.is_empty()).then(|| Self {
            effect,
            expression: canonical_expression(rest).into(),
        })
    }

    /// The path as written: `$origin/**`.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The path meant, and whether its subtree is. Stars are taken for names.
    pub fn resolve(&self, origin: &EntityPath) -> (EntityPath, bool) {
        let (path, subtree) = self.path_and_subtree();
        (EntityPath::parse(&with_origin(path, origin)), subtree)
    }

    /// The path without the `/**` at its end, and whether that stood there.
    fn path_and_subtree(&self) -> (&str, bool) {
        match self.expression.strip_suffix("/**") {
            Some(path) => (path, true),
            None if &*self.expression == "**" => ("", true),
            None => (&*self.expression, false),
        }
    }

    /// What the stars of the rule mean; `None` where it has none.
    fn with_stars(&self, origin: &EntityPath) -> Option<StarRule> {
        let (path, subtree) = self.path_and_subtree();
        has_star(path).then(|| StarRule {
            pattern: PathPattern::parse(&with_origin(path, origin)),
            subtree,
            effect: self.effect,
        })
    }

    /// What is likely not meant as it is written.
    pub fn problem(&self) -> Option<ContentsProblem> {
        let (path, _) = self.path_and_subtree();
        let unknown = split_parts(path).find(|part| part.starts_with('$') && !is_origin(part))?;
        Some(ContentsProblem::UnknownVariable {
            variable: unknown.to_owned(),
        })
    }
}

impl fmt::Display for ContentsRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.effect.sign(), self.expression)
    }
}

/// What is likely wrong with a rule. The rule is kept, and taken literally.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentsProblem {
    /// A variable that there is not.
    #[error("unknown variable {variable}: only $origin is defined")]
    UnknownVariable {
        /// As written, with its `$`.
        variable: String,
    },
}

/// The rules of a view, as they were written, in order. Which entities they match depends on the view's origin: see
/// [`Self::resolve`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentsFilter {
    rules: Vec<ContentsRule>,
}

impl ContentsFilter {
    /// Matches nothing.
    pub const fn nothing() -> Self {
        Self { rules: Vec::new() }
    }

    /// Matches the origin and all below it: what a view shows unless told otherwise.
    pub fn origin_subtree() -> Self {
        Self::from_expressions(["$origin/**"])
    }

    /// Matches just these entities.
    pub fn entities<'a>(paths: impl IntoIterator<Item = &'a EntityPath>) -> Self {
        paths
            .into_iter()
            .map(|path| ContentsRule::for_entity(RuleEffect::Include, path, false))
            .collect()
    }

    /// Reads rules that stand in a text, on lines of their own or with blanks between them. A `#` at the beginning of a
    /// word begins a comment. A blank that belongs to a path has a backslash before it.
    pub fn parse(text: &str) -> Self {
        text.lines()
            .flat_map(split_line)
            .filter_map(ContentsRule::parse)
            .collect()
    }

    /// Reads expressions as they stand in a blueprint, a rule each (or on each of its lines).
    pub fn from_expressions<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Self {
        expressions
            .into_iter()
            .flat_map(str::lines)
            .filter_map(ContentsRule::parse)
            .collect()
    }

    /// Adds a rule behind all others. An equal one before it goes.
    pub fn push(&mut self, rule: ContentsRule) {
        self.rules.retain(|other| other.expression != rule.expression);
        self.rules.push(rule);
    }

    /// The rules as they were written.
    pub fn rules(&self) -> &[ContentsRule] {
        &self.rules
    }

    /// The rules as they stand in a blueprint.
    pub fn expressions(&self) -> impl Iterator<Item = String> {
        self.rules.iter().map(ToString::to_string)
    }

    /// What the rules match for a view at this origin.
    pub fn resolve(&self, origin: &EntityPath) -> ResolvedContents {
        let mut nodes: BTreeMap<EntityPath, NodeRules> = BTreeMap::new();
        let mut stars = Vec::new();
        for rule in &self.rules {
            if let Some(rule) = rule.with_stars(origin) {
                stars.push(rule);
                continue;
            }
            let (path, subtree) = rule.resolve(origin);
            let node = nodes.entry(path).or_default();
            *(if subtree {
                &mut node.subtree
            } else {
                &mut node.exact
            }) = Some(rule.effect);
        }
        nodes
            .entry(EntityPath::parse(PROPERTIES_PATH))
            .or_default()
            .subtree
            .get_or_insert(RuleEffect::Exclude);
        ResolvedContents { nodes, stars }
    }

    /// Has an entity (alone, or with all below it) shown or not shown, with as few rules as that takes. What is not meant
    /// stays as it was, and so do rules with stars that name something below it and something elsewhere.
    pub fn set(&mut self, origin: &EntityPath, path: &EntityPath, subtree: bool, effect: RuleEffect) {
        self.rules.retain(|rule| {
            let (other, other_subtree) = rule.resolve(origin);
            if subtree {
                !other.starts_with(path)
            } else {
                other_subtree || other != *path
            }
        });
        let resolved = self.resolve(origin);
        let done = if subtree {
            // Stars may say otherwise of the entity itself.
            resolved.inherited(path) == effect && resolved.matches(path) == effect.includes()
        } else {
            resolved.matches(path) == effect.includes()
        };
        if done {
            return;
        }
        self.push(ContentsRule::for_entity(effect, path, subtree));
        if self.resolve(origin).matches(path) != effect.includes() {
            self.push(ContentsRule::for_entity(effect, path, false));
        }
    }
}

impl FromIterator<ContentsRule> for ContentsFilter {
    fn from_iter<I: IntoIterator<Item = ContentsRule>>(rules: I) -> Self {
        let mut filter = Self::nothing();
        for rule in rules {
            filter.push(rule);
        }
        filter
    }
}

impl fmt::Display for ContentsFilter {
    /// A rule per line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.rules.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{rule}")?;
        }
        Ok(())
    }
}

/// How much of a subtree a filter matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubtreeMatch {
    /// Every entity there, also those to come.
    All,
    /// No entity there, also of those to come.
    None,
    /// Some may be, some not.
    Mixed,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct NodeRules {
    subtree: Option<RuleEffect>,
    exact: Option<RuleEffect>,
}

/// A rule with stars, with the origin filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct StarRule {
    pattern: PathPattern,
    subtree: bool,
    effect: RuleEffect,
}

impl StarRule {
    /// What it says of a path. Stars do not name properties of the recording.
    fn compare(&self, path: &EntityPath) -> Option<PatternMatch> {
        let is_meant = !is_property(path) || is_property(&self.pattern.base);
        is_meant.then(|| self.pattern.compare(path))
    }
}

/// What a view's rules match, with the origin filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedContents {
    nodes: BTreeMap<EntityPath, NodeRules>,
    /// The rules with stars, in order.
    stars: Vec<StarRule>,
}

impl ResolvedContents {
    /// Whether the entity is shown. Costs as much as there are rules, or parts of the path where those are fewer; with stars
    /// as much as there are such rules and parts, multiplied.
    pub fn matches(&self, path: &EntityPath) -> bool {
        let exact = self.nodes.get(path).and_then(|node| node.exact);
        let is_exact =
            |rule: &&StarRule| !rule.subtree && rule.compare(path).is_some_and(|compared| compared.is_whole);
        let exact = exact.or_else(|| Some(self.stars.iter().rfind(is_exact)?.effect));
        exact.unwrap_or_else(|| self.inherited(path)).includes()
    }

    /// How much of the subtree, `path` included, is shown. Lets a walk of the tree skip what it need not visit.
    pub fn subtree(&self, path: &EntityPath) -> SubtreeMatch {
        let inherited = self.inherited(path);
        // A rule that differs makes a difference: nothing that is written elsewhere can take it back for its own entity,
        // or for the children of that entity that no rule names.
        let differs = |effect: Option<RuleEffect>| effect.is_some_and(|effect| effect != inherited);
        let mixed = self
            .nodes
            .range(path.clone()..)
            .take_while(|(other, _)| other.starts_with(path))
            .any(|(_, node)| differs(node.subtree) || differs(node.exact));
        let mixed = mixed
            || self.stars.iter().any(|rule| {
                let compared = rule.compare(path);
                rule.effect != inherited
                    && compared.is_some_and(|compared| compared.is_whole || compared.may_match_below)
            });
        match (mixed, inherited) {
            (true, _) => SubtreeMatch::Mixed,
            (false, RuleEffect::Include) => SubtreeMatch::All,
            (false, RuleEffect::Exclude) => SubtreeMatch::None,
        }
    }

    /// Whether every entity that `other` matches, now or to come, is matched here too. With stars in either, some cases that
    /// are so are not found.
    pub fn covers(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        if !self.stars.is_empty() || !other.stars.is_empty() {
            let fewest = self.without_stars_at_least();
            return fewest.is_some_and(|fewest| fewest.covers(&other.without_stars_at_most()));
        }
        // What a filter says of a path depends only on the deepest path with a rule at or above it. So it is enough to
        // compare at each such path, and at some child of it that no rule names.
        let root = EntityPath::root();
        let mut paths = std::iter::once(&root)
            .chain(self.nodes.keys())
            .chain(other.nodes.keys());
        paths.all(|path| {
            let below = |contents: &Self| contents.inherited(path).includes();
            (!other.matches(path) || self.matches(path)) && (!below(other) || below(self))
        })
    }

    /// Contents without stars that match nothing that is not matched here; `None` where there are none to be had.
    fn without_stars_at_least(&self) -> Option<Self> {
        // Without a rule that includes, there is less.
        let is_more = self.stars.iter().all(|rule| rule.effect.includes());
        is_more.then(|| Self {
            nodes: self.nodes.clone(),
            stars: Vec::new(),
        })
    }

    /// Contents without stars that match all that is matched here.
    fn without_stars_at_most(&self) -> Self {
        let includes = |rule: &&StarRule| rule.effect.includes();
        let mut nodes = self.nodes.clone();
        if self.stars.iter().any(|rule| includes(&rule)) {
            // What is excluded elsewhere may be included by a star.
            for node in nodes.values_mut() {
                node.subtree = node.subtree.filter(|effect| effect.includes());
                node.exact = node.exact.filter(|effect| effect.includes());
            }
        }
        for rule in self.stars.iter().filter(includes) {
            nodes.entry(rule.pattern.base.clone()).or_default().subtree = Some(rule.effect);
        }
        let properties = nodes.entry(EntityPath::parse(PROPERTIES_PATH)).or_default();
        properties.subtree.get_or_insert(RuleEffect::Exclude);
        Self {
            nodes,
            stars: Vec::new(),
        }
    }

    /// The paths with a rule that includes them or what lies below; of rules with stars, what lies above all that they match.
    pub(crate) fn included_paths(&self) -> impl Iterator<Item = &EntityPath> {
        let includes = |effect: Option<RuleEffect>| effect.is_some_and(RuleEffect::includes);
        let named = self
            .nodes
            .iter()
            .filter(move |(_, node)| includes(node.subtree) || includes(node.exact))
            .map(|(path, _)| path);
        let stars = self.stars.iter().filter(|rule| rule.effect.includes());
        named.chain(stars.map(|rule| &rule.pattern.base))
    }

    /// What holds for the children of `path` that no rule names.
    fn inherited(&self, path: &EntityPath) -> RuleEffect {
        const FEW: usize = 8;
        let subtree = |path: &EntityPath, node: &NodeRules| Some((path.clone(), node.subtree?));
        let found = if self.nodes.len() <= FEW {
            // All that match lie on the way from the root to the path, in this order.
            self.nodes
                .iter()
                .rev()
                .filter(|(other, _)| path.starts_with(other))
                .find_map(|(other, node)| subtree(other, node))
        } else {
            path.ancestors()
                .find_map(|ancestor| subtree(&ancestor, self.nodes.get(&ancestor)?))
        };
        if self.stars.is_empty() {
            return found.map_or(RuleEffect::Exclude, |(_, effect)| effect);
        }
        let named = found.map(|(at, effect)| (at.depth(), effect));
        let deepest = |rule: &StarRule| Some((rule.compare(path)?.deepest?, rule.effect));
        let by_stars = self.stars.iter().filter(|rule| rule.subtree).filter_map(deepest);
        // Of equally deep ones the last.
        let by_stars = by_stars.max_by_key(|(depth, _)| *depth);
        match (named, by_stars) {
            (Some((depth, _)), Some((of_stars, effect))) if of_stars > depth => effect,
            (Some((_, effect)), _) | (None, Some((_, effect))) => effect,
            (None, None) => RuleEffect::Exclude,
        }
    }
}

/// A path as text, with the origin for its variables. A `$` that is escaped belongs to a name.
fn with_origin(path: &str, origin: &EntityPath) -> String {
    let mut resolved = String::new();
    for part in split_parts(path) {
        if is_origin(part) {
            resolved.push_str(origin.as_str());
        } else {
            resolved.push('/');
            resolved.push_str(part);
        }
    }
    resolved
}

fn is_origin(part: &str) -> bool {
    matches!(part, "$origin" | "${origin}")
}

/// Cuts a line into rules: at blanks that no backslash protects and that do not stand behind a sign.
fn split_line(line: &str) -> Vec<&str> {
    let mut rules = Vec::new();
    let mut start: Option<usize> = None;
    let (mut escaped, mut only_sign) = (false, false);
    for (at, c) in line.char_indices() {
        if c.is_whitespace() && !escaped {
            if let (Some(from), false) = (start, only_sign) {
                rules.extend(line.get(from..at));
                start = None;
            }
        } else if start.is_none() {
            if c == '#' {
                return rules;
            }
            start = Some(at);
            only_sign = matches!(c, '+' | '-');
        } else if only_sign {
            if c == '#' {
                return rules;
            }
            only_sign = false;
        }
        escaped = c == '\\' && !escaped;
    }
    rules.extend(start.and_then(|from| line.get(from..)));
    rules
}

/// Cuts off what stands behind a `#` at the beginning of a word.
fn strip_comment(text: &str) -> &str {
    let mut previous = None;
    for (at, c) in text.char_indices() {
        if c == '#' && previous.is_none_or(char::is_whitespace) {
            return text.get(..at).unwrap_or(text);
        }
        previous = Some(c);
    }
    text
}

/// Escapes the parts of an expression that are no variables, so that one entity is always written alike.
fn canonical_expression(text: &str) -> String {
    let (path, subtree) = match text.strip_suffix("/**") {
        Some(path) => (path, "/**"),
        None if text == "**" => return text.to_owned(),
        None => (text, ""),
    };
    let first = if path.starts_with('/') { "/" } else { "" };
    let parts: Vec<String> = split_parts(path)
        .map(|part| match part {
            // Kept to be reported: see `ContentsRule::problem`.
            part if part.starts_with('$') => part.to_owned(),
            part if has_star(part) => canonical_part(part),
            part => EntityPath::parse(part)
                .as_str()
                .trim_start_matches('/')
                .to_owned(),
        })
        .collect();
    let last = if path.len() > 1 && path.ends_with('/') {
        "/"
    } else {
        ""
    };
    [first, &parts.join("/"), last, subtree].concat()
}

#[cfg(test)]
mod tests;
