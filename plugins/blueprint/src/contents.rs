//! Contents expressions: which entities a view shows.
//!
//! A filter is a list of rules, `+ /world/**`, `- /world/roads/**`, `$origin/lidar`. A rule without a sign includes. `/**`
//! at the end stands for the entity and all below it; other uses of `*` mean nothing. `$origin` is the view's origin. Of
//! the rules that match an entity the most specific wins, an entity's own rule before one for its subtree; of equally
//! specific ones, the last. What no rule matches is not shown. Properties of the recording (`/__properties/**`) are only
//! shown by a rule that names them.

use std::{collections::BTreeMap, fmt, sync::Arc};

use chronoscope_store::{EntityPath, path::split_parts};

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

    /// The path meant, and whether its subtree is.
    pub fn resolve(&self, origin: &EntityPath) -> (EntityPath, bool) {
        let (path, subtree) = match self.expression.strip_suffix("/**") {
            Some(path) => (path, true),
            None if &*self.expression == "**" => ("", true),
            None => (&*self.expression, false),
        };
        // Of the parts as written: a `$` that is escaped belongs to a name.
        let mut resolved = String::new();
        for part in split_parts(path) {
            if is_origin(part) {
                resolved.push_str(origin.as_str());
            } else {
                resolved.push('/');
                resolved.push_str(part);
            }
        }
        (EntityPath::parse(&resolved), subtree)
    }

    /// What is likely not meant as it is written.
    pub fn problem(&self) -> Option<ContentsProblem> {
        let path = self.expression.strip_suffix("/**").unwrap_or(&self.expression);
        let path = if path == "**" { "" } else { path };
        if let Some(part) = split_parts(path).find(|part| part.starts_with('$') && !is_origin(part)) {
            return Some(ContentsProblem::UnknownVariable {
                variable: part.to_owned(),
            });
        }
        path.replace(r"\*", "")
            .contains('*')
            .then(|| ContentsProblem::StrayStar {
                expression: self.expression.to_string(),
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
    /// A star elsewhere than in `/**` at the end.
    #[error("{expression}: a star is only allowed in /** at the end")]
    StrayStar {
        /// The rule's path.
        expression: String,
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
        for rule in &self.rules {
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
        ResolvedContents { nodes }
    }

    /// Has an entity (alone, or with all below it) shown or not shown, with as few rules as that takes. What is not meant
    /// stays as it was.
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
            resolved.inherited(path) == effect
        } else {
            resolved.matches(path) == effect.includes()
        };
        if !done {
            self.push(ContentsRule::for_entity(effect, path, subtree));
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

/// What a view's rules match, with the origin filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedContents {
    nodes: BTreeMap<EntityPath, NodeRules>,
}

impl ResolvedContents {
    /// Whether the entity is shown. Costs as much as there are rules, or parts of the path where those are fewer.
    pub fn matches(&self, path: &EntityPath) -> bool {
        let exact = self.nodes.get(path).and_then(|node| node.exact);
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
        match (mixed, inherited) {
            (true, _) => SubtreeMatch::Mixed,
            (false, RuleEffect::Include) => SubtreeMatch::All,
            (false, RuleEffect::Exclude) => SubtreeMatch::None,
        }
    }

    /// Whether every entity that `other` matches, now or to come, is matched here too.
    pub fn covers(&self, other: &Self) -> bool {
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

    /// The paths with a rule that includes them or what lies below, in order.
    pub(crate) fn included_paths(&self) -> impl Iterator<Item = &EntityPath> {
        let includes = |effect: Option<RuleEffect>| effect.is_some_and(RuleEffect::includes);
        self.nodes
            .iter()
            .filter(move |(_, node)| includes(node.subtree) || includes(node.exact))
            .map(|(path, _)| path)
    }

    /// What holds for the children of `path` that no rule names.
    fn inherited(&self, path: &EntityPath) -> RuleEffect {
        const FEW: usize = 8;
        let found = if self.nodes.len() <= FEW {
            // All that match lie on the way from the root to the path, in this order.
            self.nodes
                .iter()
                .rev()
                .filter(|(other, _)| path.starts_with(other))
                .find_map(|(_, node)| node.subtree)
        } else {
            path.ancestors()
                .find_map(|ancestor| self.nodes.get(&ancestor)?.subtree)
        };
        found.unwrap_or(RuleEffect::Exclude)
    }
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
            part if part.starts_with('$') || part.contains('*') => part.to_owned(),
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
