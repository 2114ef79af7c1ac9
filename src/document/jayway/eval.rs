//! Follows a path through a tree, step by step as Jayway's tokens do.

use super::found::{Budget, Found, Key, MAX_DEPTH, MAX_STEPS, Options, PathError, Stop};
use super::query::{Condition, Query, Step};
use super::{Kind, Tree};

/// A value that was found, with its path if requested.
struct Hit<'t, T> {
    found: Found<'t, T>,
    way: Vec<Key>,
}

pub(super) struct Search<'q, 't, 'b, T> {
    query: &'q Query,
    pub(super) root: &'t T,
    pub(super) options: Options,
    pub(super) budget: &'b mut Budget,
    ways: bool,
    hits: Vec<Hit<'t, T>>,
    /// The item of a list that `..` was at when it went on to the step of a number.
    upstream: Option<(usize, usize)>,
}

impl Query {
    /// Returns the results of the path. `leaf_to_null`: a missing last part counts as null.
    ///
    /// # Errors
    /// The path visits too much, or cannot be applied.
    pub(crate) fn find<'t, T: Tree>(
        &'t self,
        root: &'t T,
        leaf_to_null: bool,
    ) -> Result<Found<'t, T>, PathError> {
        let options = Options { leaf_to_null, required: false };
        match self.run(root, root, options, &mut Budget(MAX_STEPS)) {
            Ok(found) => Ok(found),
            Err(Stop::NotFound) => Ok(Found::Nothing),
            Err(Stop::Unfit) => {
                Err(PathError::NotApplicable("a filter is applied to a value without items"))
            }
            Err(Stop::Error(error)) => Err(error),
        }
    }

    /// Returns the ways to all places that the path finds, in its order.
    ///
    /// # Errors
    /// The path visits too much, or cannot be applied.
    pub(crate) fn ways<T: Tree>(&self, root: &T) -> Result<Vec<Vec<Key>>, PathError> {
        let mut budget = Budget(MAX_STEPS);
        let mut search = Search::new(self, root, Options::default(), &mut budget);
        search.ways = true;
        match search.steps(0, root, &[], 0) {
            Ok(()) | Err(Stop::NotFound | Stop::Unfit) => {}
            Err(Stop::Error(error)) => return Err(error),
        }
        Ok(search.hits.into_iter().map(|hit| hit.way).collect())
    }

    pub(super) fn run<'t, T: Tree>(
        &'t self,
        from: &'t T,
        root: &'t T,
        options: Options,
        budget: &mut Budget,
    ) -> Result<Found<'t, T>, Stop> {
        let mut search = Search::new(self, root, options, budget);
        search.steps(0, from, &[], 0)?;
        let mut hits = search.hits;
        if self.is_definite() {
            return hits.pop().map(|hit| hit.found).ok_or(Stop::NotFound);
        }
        let value = |hit: Hit<'t, T>| match hit.found {
            Found::One(value) => Some(value),
            _ => None,
        };
        Ok(Found::Many(hits.into_iter().map(value).collect()))
    }
}

impl<'q: 't, 't, 'b, T: Tree> Search<'q, 't, 'b, T> {
    fn new(query: &'q Query, root: &'t T, options: Options, budget: &'b mut Budget) -> Self {
        Self { query, root, options, budget, ways: false, hits: Vec::new(), upstream: None }
    }

    fn below(&self, way: &[Key], key: impl FnOnce() -> Key) -> Vec<Key> {
        if !self.ways {
            return Vec::new();
        }
        way.iter().cloned().chain([key()]).collect()
    }

    /// Returns whether the steps before one lead to one value at most.
    fn upstream_definite(&self, at: usize) -> bool {
        self.query.are_definite(at)
    }

    fn is_last(&self, at: usize) -> bool {
        at + 1 == self.query.steps.len()
    }

    fn hit(&mut self, found: Found<'t, T>, way: Vec<Key>) -> Result<(), Stop> {
        self.budget.spend()?;
        self.hits.push(Hit { found, way });
        Ok(())
    }

    /// Follows the steps from the given one on.
    fn steps(&mut self, at: usize, value: &'t T, way: &[Key], depth: usize) -> Result<(), Stop> {
        self.budget.spend()?;
        if depth > MAX_DEPTH {
            return Err(PathError::TooLong.into());
        }
        let query = self.query;
        let Some(step) = query.steps.get(at) else {
            return self.hit(Found::One(value), way.to_vec());
        };
        match step {
            Step::Members(names) => self.members(at, names, value, way, depth),
            Step::Items(items) => {
                if let Some(length) = self.list(at, value)? {
                    for item in items {
                        self.item(at, *item, length, value, way, depth)?;
                    }
                }
                Ok(())
            }
            Step::Slice(from, to) => {
                if let Some(length) = self.list(at, value)? {
                    for item in slice(*from, *to, length) {
                        self.item(at, item, length, value, way, depth)?;
                    }
                }
                Ok(())
            }
            Step::All => self.all(at, value, way, depth),
            Step::Deep => self.walk(at + 1, value, way, depth),
            Step::Filter(condition) => self.filter(at, condition, value, way, depth),
            Step::Function(function, parameters) => {
                let found = self.function(*function, parameters, value)?;
                let next = match &found {
                    Found::One(value) => Some(*value),
                    _ => None,
                };
                self.hit(found, way.to_vec())?;
                match next {
                    _ if self.is_last(at) => Ok(()),
                    Some(value) => self.steps(at + 1, value, way, depth + 1),
                    None => Err(Stop::NotFound),
                }
            }
        }
    }

    /// Returns the length of a list, or `None` if the value is none and the path may lead
    /// elsewhere.
    fn list(&self, at: usize, value: &T) -> Result<Option<usize>, Stop> {
        match value.kind() {
            Kind::List(length) => Ok(Some(length)),
            _ if self.upstream_definite(at) => Err(Stop::NotFound),
            _ => Ok(None),
        }
    }

    fn item(
        &mut self,
        at: usize,
        item: i64,
        length: usize,
        value: &'t T,
        way: &[Key],
        depth: usize,
    ) -> Result<(), Stop> {
        let index = if item < 0 { i64::try_from(length).unwrap_or(i64::MAX) + item } else { item };
        let Some((index, item)) =
            usize::try_from(index).ok().and_then(|index| Some((index, value.item(index)?)))
        else {
            return Ok(());
        };
        let way = self.below(way, || Key::Index(index));
        self.steps(at + 1, item, &way, depth + 1)
    }

    fn members(
        &mut self,
        at: usize,
        names: &'q [String],
        value: &'t T,
        way: &[Key],
        depth: usize,
    ) -> Result<(), Stop> {
        if !matches!(value.kind(), Kind::Map(_)) {
            return if self.upstream_definite(at) { Err(Stop::NotFound) } else { Ok(()) };
        }
        if names.len() == 1 || !self.is_last(at) {
            return names.iter().try_for_each(|name| self.member(at, name, value, way, depth));
        }
        let mut members = Vec::new();
        for name in names {
            match value.member(name) {
                Some(member) => members.push((name.as_str(), member)),
                None if self.options.required => return Err(Stop::NotFound),
                None => {}
            }
        }
        self.hit(Found::Members(members), way.to_vec())
    }

    fn member(
        &mut self,
        at: usize,
        name: &str,
        value: &'t T,
        way: &[Key],
        depth: usize,
    ) -> Result<(), Stop> {
        let last = self.is_last(at);
        let way = self.below(way, || Key::Name(name.to_owned()));
        let Some(member) = value.member(name) else {
            if last && self.options.leaf_to_null {
                return if self.is_reached(at) { self.hit(Found::Null, way) } else { Ok(()) };
            }
            let definite = self.upstream_definite(at) && self.query.steps[at].is_definite(last);
            let ends = if last { self.options.required } else { definite || self.options.required };
            return if ends { Err(Stop::NotFound) } else { Ok(()) };
        };
        if !last {
            return self.steps(at + 1, member, &way, depth + 1);
        }
        if self.is_reached(at) { self.hit(Found::One(member), way) } else { Ok(()) }
    }

    /// Follows an index after `..`: Jayway visits all items of a list and keeps those that the
    /// index names.
    fn is_reached(&self, at: usize) -> bool {
        match (self.upstream, at.checked_sub(1).map(|before| &self.query.steps[before])) {
            (Some((step, index)), Some(before)) if step == at => {
                matches!(before, Step::Items(items)
                    if items.len() == 1 && i64::try_from(index) == Ok(items[0]))
            }
            _ => true,
        }
    }

    fn all(&mut self, at: usize, value: &'t T, way: &[Key], depth: usize) -> Result<(), Stop> {
        match value.kind() {
            Kind::Map(_) => {
                for (name, member) in value.members() {
                    let way = self.below(way, || Key::Name(name.to_owned()));
                    self.steps(at + 1, member, &way, depth + 1)?;
                }
            }
            Kind::List(length) => {
                for index in 0..length {
                    let Some(item) = value.item(index) else { continue };
                    let way = self.below(way, || Key::Index(index));
                    match self.steps(at + 1, item, &way, depth + 1) {
                        Err(Stop::NotFound) if !self.options.required => {}
                        other => other?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn filter(
        &mut self,
        at: usize,
        condition: &'q Condition,
        value: &'t T,
        way: &[Key],
        depth: usize,
    ) -> Result<(), Stop> {
        match value.kind() {
            Kind::Map(_) => {
                if self.accepts(condition, value)? {
                    self.steps(at + 1, value, way, depth + 1)?;
                }
                Ok(())
            }
            Kind::List(length) => {
                for index in 0..length {
                    let Some(item) = value.item(index) else { continue };
                    if self.accepts(condition, item)? {
                        let way = self.below(way, || Key::Index(index));
                        self.steps(at + 1, item, &way, depth + 1)?;
                    }
                }
                Ok(())
            }
            _ if self.upstream_definite(at) => Err(Stop::Unfit),
            _ => Ok(()),
        }
    }

    /// Returns whether a value satisfies a condition; an inapplicable condition is false.
    fn accepts(&mut self, condition: &'q Condition, value: &'t T) -> Result<bool, Stop> {
        match condition.holds(value, self.root, self.options, self.budget) {
            Err(Stop::Unfit | Stop::NotFound) => Ok(false),
            other => other,
        }
    }

    /// Follows the step after `..` at a value and all its descendants.
    fn walk(&mut self, at: usize, value: &'t T, way: &[Key], depth: usize) -> Result<(), Stop> {
        self.budget.spend()?;
        if depth > MAX_DEPTH {
            return Err(PathError::TooLong.into());
        }
        match value.kind() {
            Kind::List(length) => {
                if self.is_target(at, value)? {
                    if self.is_last(at) {
                        self.steps(at, value, way, depth + 1)?;
                    } else {
                        for index in 0..length {
                            let Some(item) = value.item(index) else { continue };
                            let way = self.below(way, || Key::Index(index));
                            self.upstream = Some((at + 1, index));
                            self.steps(at + 1, item, &way, depth + 1)?;
                        }
                    }
                }
                for index in 0..length {
                    let Some(item) = value.item(index) else { continue };
                    let way = self.below(way, || Key::Index(index));
                    self.walk(at, item, &way, depth + 1)?;
                }
            }
            Kind::Map(_) => {
                if self.is_target(at, value)? {
                    self.steps(at, value, way, depth + 1)?;
                }
                for (name, member) in value.members() {
                    let way = self.below(way, || Key::Name(name.to_owned()));
                    self.walk(at, member, &way, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns whether `..` takes its step here.
    fn is_target(&mut self, at: usize, value: &'t T) -> Result<bool, Stop> {
        let query = self.query;
        let Some(step) = query.steps.get(at) else { return Ok(false) };
        Ok(match (step, value.kind()) {
            (Step::Members(names), Kind::Map(_)) => {
                let last = self.is_last(at);
                !step.is_definite(last)
                    || last && self.options.leaf_to_null
                    || names.iter().all(|name| value.member(name).is_some())
            }
            (Step::Items(_) | Step::Slice(..), Kind::List(_)) | (Step::All, _) => true,
            (Step::Filter(condition), _) => self.accepts(condition, value)?,
            _ => false,
        })
    }
}

/// Returns the items of a slice, where a negative one counts from the end.
fn slice(from: Option<i64>, to: Option<i64>, length: usize) -> std::ops::Range<i64> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let counted = |bound: i64| if bound < 0 { length + bound } else { bound };
    match (from, to) {
        (Some(from), Some(to)) => from..to.min(length),
        (Some(from), None) => counted(from).max(0)..length,
        (None, Some(to)) => 0..counted(to).min(length),
        (None, None) => 0..0,
    }
}
