//! Follows a path through a tree.

use thiserror::Error;

use super::parse::{Function, Query, Step};
use super::{Kind, Tree};

/// Values that one search may visit.
const MAX_STEPS: usize = 1_000_000;

/// How deep `..` follows a tree.
const MAX_DEPTH: usize = 256;

/// A path visits more values than are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the JSON path visits more than {MAX_STEPS} values or goes deeper than {MAX_DEPTH}; make it simpler"
)]
pub(crate) struct TooLong;

/// What a path finds.
#[derive(Debug)]
pub(crate) enum Found<'t, T> {
    /// Nothing: a definite path leads nowhere.
    Nothing,
    /// A last part that is not there, where that counts as null.
    Null,
    /// The value at the end of a definite path.
    One(&'t T),
    /// The values of an indefinite path; nothing for a last part that counts as null.
    Many(Vec<Option<&'t T>>),
    /// `['a','b']`: some members of a map.
    Members(Vec<(&'t str, &'t T)>),
    /// `length()`
    Count(usize),
    /// `min()` and its like.
    Number(f64),
    /// `keys()`
    Names(Vec<String>),
}

/// A step down into a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    /// The member of a map.
    Name(String),
    /// The item of a list.
    Index(usize),
}

/// How much work is left.
#[derive(Debug)]
pub(super) struct Steps(usize);

impl Steps {
    pub(super) fn spend(&mut self) -> Result<(), TooLong> {
        self.0 = self.0.checked_sub(1).ok_or(TooLong)?;
        Ok(())
    }
}

/// A place that the path has reached; nothing for a last part that counts as null.
#[derive(Debug)]
struct Place<'t, T> {
    value: Option<&'t T>,
    /// The way here, if it is asked for.
    way: Vec<Key>,
}

struct Search<'s, 't, T> {
    root: &'t T,
    leaf_to_null: bool,
    ways: bool,
    steps: &'s mut Steps,
}

impl Query {
    /// What the path finds. `leaf_to_null`: a last part that is not there counts as null.
    ///
    /// # Errors
    /// The path visits too much.
    pub(crate) fn find<'t, T: Tree>(
        &'t self,
        root: &'t T,
        leaf_to_null: bool,
    ) -> Result<Found<'t, T>, TooLong> {
        self.run(root, root, leaf_to_null, &mut Steps(MAX_STEPS))
    }

    /// The ways to all places that the path finds, in its order.
    ///
    /// # Errors
    /// The path visits too much.
    pub(crate) fn ways<T: Tree>(&self, root: &T) -> Result<Vec<Vec<Key>>, TooLong> {
        let mut steps = Steps(MAX_STEPS);
        let mut search = Search { root, leaf_to_null: false, ways: true, steps: &mut steps };
        let places = search.all(&self.steps, root)?;
        Ok(places.into_iter().map(|place| place.way).collect())
    }

    pub(super) fn run<'t, T: Tree>(
        &'t self,
        from: &'t T,
        root: &'t T,
        leaf_to_null: bool,
        steps: &mut Steps,
    ) -> Result<Found<'t, T>, TooLong> {
        let mut search = Search { root, leaf_to_null, ways: false, steps };
        // Several names at the end of a definite path make one map.
        if let (None, Some((Step::Members(names), before))) =
            (self.function, self.steps.split_last())
            && names.len() > 1
            && self.is_definite()
        {
            let places = search.all(before, from)?;
            let Some(map) = places.first().and_then(|place| place.value) else {
                return Ok(Found::Nothing);
            };
            let members = names.iter().filter_map(|name| Some((name.as_str(), map.member(name)?)));
            return Ok(Found::Members(members.collect()));
        }
        let mut places = search.all(&self.steps, from)?;
        let found = if self.is_definite() {
            match places.pop() {
                None => Found::Nothing,
                Some(Place { value: None, .. }) => Found::Null,
                Some(Place { value: Some(value), .. }) => Found::One(value),
            }
        } else {
            Found::Many(places.into_iter().map(|place| place.value).collect())
        };
        match self.function {
            Some(function) => Ok(function.of(found)),
            None => Ok(found),
        }
    }
}

impl<'t, T: Tree> Search<'_, 't, T> {
    fn all(&mut self, steps: &[Step], from: &'t T) -> Result<Vec<Place<'t, T>>, TooLong> {
        let mut places = vec![Place { value: Some(from), way: Vec::new() }];
        let mut at = 0;
        while at < steps.len() {
            let deep = matches!(steps[at], Step::Deep);
            at += usize::from(deep);
            let Some(step) = steps.get(at) else { break };
            let last = at + 1 == steps.len();
            let mut next = Vec::new();
            for place in places {
                let Some(value) = place.value else { continue };
                if deep {
                    self.deep(step, value, place.way, last, &mut next, 0)?;
                } else {
                    self.step(step, value, &place.way, last, false, &mut next)?;
                }
            }
            places = next;
            at += 1;
        }
        Ok(places)
    }

    /// Takes a step from a value and from all below it.
    fn deep(
        &mut self,
        step: &Step,
        value: &'t T,
        way: Vec<Key>,
        last: bool,
        next: &mut Vec<Place<'t, T>>,
        depth: usize,
    ) -> Result<(), TooLong> {
        self.steps.spend()?;
        if depth > MAX_DEPTH {
            return Err(TooLong);
        }
        match value.kind() {
            Kind::List(length) => {
                self.step(step, value, &way, last, true, next)?;
                for at in 0..length {
                    let Some(item) = value.item(at) else { continue };
                    self.deep(
                        step,
                        item,
                        self.below(&way, || Key::Index(at)),
                        last,
                        next,
                        depth + 1,
                    )?;
                }
            }
            Kind::Map(_) => {
                self.step(step, value, &way, last, true, next)?;
                for (name, member) in value.members() {
                    let way = self.below(&way, || Key::Name(name.to_owned()));
                    self.deep(step, member, way, last, next, depth + 1)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn below(&self, way: &[Key], key: impl FnOnce() -> Key) -> Vec<Key> {
        if !self.ways {
            return Vec::new();
        }
        way.iter().cloned().chain([key()]).collect()
    }

    fn push(
        &mut self,
        next: &mut Vec<Place<'t, T>>,
        value: Option<&'t T>,
        way: Vec<Key>,
    ) -> Result<(), TooLong> {
        self.steps.spend()?;
        next.push(Place { value, way });
        Ok(())
    }

    fn step(
        &mut self,
        step: &Step,
        value: &'t T,
        way: &[Key],
        last: bool,
        deep: bool,
        next: &mut Vec<Place<'t, T>>,
    ) -> Result<(), TooLong> {
        self.steps.spend()?;
        match (step, value.kind()) {
            (Step::Members(names), Kind::Map(_)) => {
                for name in names {
                    let way = self.below(way, || Key::Name(name.clone()));
                    match value.member(name) {
                        Some(member) => self.push(next, Some(member), way)?,
                        None if last && self.leaf_to_null => self.push(next, None, way)?,
                        None => {}
                    }
                }
            }
            (Step::Items(items), Kind::List(length)) => {
                for item in items {
                    if let Some(at) = position(*item, length)
                        && let Some(item) = value.item(at)
                    {
                        let way = self.below(way, || Key::Index(at));
                        self.push(next, Some(item), way)?;
                    }
                }
            }
            (Step::Slice(from, to), Kind::List(length)) => {
                let bound = |at: Option<i64>, default| at.map_or(default, |at| clamp(at, length));
                for at in bound(*from, 0)..bound(*to, length) {
                    let way = self.below(way, || Key::Index(at));
                    self.push(next, value.item(at), way)?;
                }
            }
            (Step::All, Kind::List(length)) => {
                for at in 0..length {
                    let way = self.below(way, || Key::Index(at));
                    self.push(next, value.item(at), way)?;
                }
            }
            (Step::All, Kind::Map(_)) => {
                for (name, member) in value.members() {
                    let way = self.below(way, || Key::Name(name.to_owned()));
                    self.push(next, Some(member), way)?;
                }
            }
            (Step::Filter(condition), Kind::Map(_)) => {
                if condition.holds(value, self.root, self.steps)? {
                    self.push(next, Some(value), way.to_vec())?;
                }
            }
            (Step::Filter(condition), Kind::List(length)) => {
                // Below "..", Jayway looks into a list only if the list itself fulfils the condition.
                if deep && !condition.holds(value, self.root, self.steps)? {
                    return Ok(());
                }
                for at in 0..length {
                    let Some(item) = value.item(at) else { continue };
                    if condition.holds(item, self.root, self.steps)? {
                        let way = self.below(way, || Key::Index(at));
                        self.push(next, Some(item), way)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn position(at: i64, length: usize) -> Option<usize> {
    match usize::try_from(at) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(at.unsigned_abs()).ok()?),
    }
}

fn clamp(at: i64, length: usize) -> usize {
    position(at, length).unwrap_or(0).min(length)
}

impl Function {
    fn of<T: Tree>(self, found: Found<'_, T>) -> Found<'_, T> {
        let subject: Vec<Option<&T>> = match found {
            Found::One(value) => match (self, value.kind()) {
                (Self::Length, Kind::List(length) | Kind::Map(length)) => {
                    return Found::Count(length);
                }
                (Self::Length, _) => return Found::Null,
                (Self::Keys, _) => {
                    return Found::Names(
                        value.members().map(|(name, _)| name.to_owned()).collect(),
                    );
                }
                (_, Kind::List(length)) => (0..length).map(|at| value.item(at)).collect(),
                _ => vec![Some(value)],
            },
            Found::Many(values) => values,
            other => return other,
        };
        let numbers: Vec<f64> = subject
            .iter()
            .filter_map(|value| match value.map(Tree::kind) {
                Some(Kind::Number(number)) => Some(number),
                _ => None,
            })
            .collect();
        let number = |value: Option<f64>| value.map_or(Found::Nothing, Found::Number);
        match self {
            Self::Length => Found::Count(subject.len()),
            Self::Keys => Found::Nothing,
            Self::First => subject.first().copied().flatten().map_or(Found::Nothing, Found::One),
            Self::Last => subject.last().copied().flatten().map_or(Found::Nothing, Found::One),
            Self::Min => number(numbers.iter().copied().reduce(f64::min)),
            Self::Max => number(numbers.iter().copied().reduce(f64::max)),
            Self::Sum => number((!numbers.is_empty()).then(|| numbers.iter().sum())),
            #[expect(clippy::cast_precision_loss, reason = "a length")]
            Self::Avg => number(
                (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / numbers.len() as f64),
            ),
        }
    }
}
