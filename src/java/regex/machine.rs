//! The backtracking machine: runs a program over a value, under limits of steps and memory.

use super::node::{Assertion, Lengths};
use super::program::{Program, Step};

/// How many steps one search may take.
const MAX_STEPS: usize = 2_000_000;

/// How many characters of a run count for one step.
const CHARS_PER_STEP: usize = 16;

/// How many backtracking alternatives may be pending at a time.
const MAX_WAYS: usize = 1_000_000;

/// A register that holds no place.
const UNSET: usize = usize::MAX;

/// The search ended at a limit.
#[derive(Debug)]
pub(super) struct GaveUp;

/// What to do when a match attempt fails.
enum Way {
    /// Continues at a step and a position.
    Other { step: usize, at: usize },
    /// Gives one character of a run back, down to `least`.
    Shorter { step: usize, least: usize, at: usize },
    /// Takes one character more, up to this many more.
    Longer { step: usize, at: usize, left: usize },
    /// Restores a register and continues to backtrack.
    Restore { register: usize, value: usize },
}

/// Returns the registers where the whole value matches.
///
/// # Errors
/// The search ends at a limit.
pub(super) fn run(program: &Program, value: &str) -> Result<Option<Vec<usize>>, GaveUp> {
    let mut machine = Machine {
        steps: &program.steps,
        value,
        registers: vec![UNSET; program.registers],
        ways: Vec::new(),
        left: MAX_STEPS,
    };
    let found = machine.run(0, 0, Some(value.len()))?;
    Ok(found.map(|_| machine.registers))
}

struct Machine<'p, 'v> {
    steps: &'p [Step],
    value: &'v str,
    registers: Vec<usize>,
    ways: Vec<Way>,
    left: usize,
}

impl Machine<'_, '_> {
    fn spend(&mut self, steps: usize) -> Result<(), GaveUp> {
        self.left = self.left.checked_sub(steps).ok_or(GaveUp)?;
        Ok(())
    }

    fn push(&mut self, way: Way) -> Result<(), GaveUp> {
        if self.ways.len() >= MAX_WAYS {
            return Err(GaveUp);
        }
        self.ways.push(way);
        Ok(())
    }

    fn set(&mut self, register: usize, value: usize) -> Result<(), GaveUp> {
        let old = std::mem::replace(&mut self.registers[register], value);
        self.push(Way::Restore { register, value: old })
    }

    fn char_at(&self, at: usize) -> Option<char> {
        self.value[at..].chars().next()
    }

    fn char_before(&self, at: usize) -> Option<char> {
        self.value[..at].chars().next_back()
    }

    /// Runs from a step to its `Done` and returns the position there; with `end` only that position
    /// counts. On success the remaining alternatives stay on the stack, on failure none do.
    fn run(&mut self, step: usize, at: usize, end: Option<usize>) -> Result<Option<usize>, GaveUp> {
        let floor = self.ways.len();
        let (mut step, mut at) = (step, at);
        loop {
            self.spend(1)?;
            let next = match &self.steps[step] {
                Step::Done if end.is_none_or(|end| end == at) => return Ok(Some(at)),
                Step::Done => None,
                other => self.step(other, step, at)?,
            };
            match next {
                Some(next) => (step, at) = next,
                None => match self.back(floor)? {
                    Some(next) => (step, at) = next,
                    None => return Ok(None),
                },
            }
        }
    }

    /// Returns the next alternative above the floor.
    fn back(&mut self, floor: usize) -> Result<Option<(usize, usize)>, GaveUp> {
        while self.ways.len() > floor {
            self.spend(1)?;
            match self.ways.pop() {
                Some(Way::Restore { register, value }) => self.registers[register] = value,
                Some(Way::Other { step, at }) => return Ok(Some((step, at))),
                Some(Way::Shorter { step, least, at }) => {
                    let shorter = at - self.char_before(at).map_or(0, char::len_utf8);
                    if shorter > least {
                        self.push(Way::Shorter { step, least, at: shorter })?;
                    }
                    return Ok(Some((step, shorter)));
                }
                Some(Way::Longer { step, at, left }) => {
                    let Step::Run { set, .. } = &self.steps[step] else { continue };
                    if let Some(c) = self.char_at(at).filter(|c| set.has(*c)) {
                        let at = at + c.len_utf8();
                        if left > 1 {
                            self.push(Way::Longer { step, at, left: left - 1 })?;
                        }
                        return Ok(Some((step + 1, at)));
                    }
                }
                None => break,
            }
        }
        Ok(None)
    }

    /// Executes a step; returns `None` if it fails.
    fn step(
        &mut self,
        step: &Step,
        number: usize,
        at: usize,
    ) -> Result<Option<(usize, usize)>, GaveUp> {
        let after = number + 1;
        Ok(match step {
            Step::Char(wanted) => {
                self.char_at(at).filter(|c| c == wanted).map(|c| (after, at + c.len_utf8()))
            }
            Step::Set(set) => {
                self.char_at(at).filter(|c| set.has(*c)).map(|c| (after, at + c.len_utf8()))
            }
            Step::Run { set, min, max, lazy } => {
                let most = if *lazy { *min } else { *max };
                let (mut count, mut end, mut least) = (0, at, at);
                for c in self.value[at..].chars().take(most) {
                    if !set.has(c) {
                        break;
                    }
                    count += 1;
                    end += c.len_utf8();
                    if count == *min {
                        least = end;
                    }
                }
                self.spend(count / CHARS_PER_STEP)?;
                if count < *min {
                    return Ok(None);
                }
                if *lazy && max > min {
                    self.push(Way::Longer { step: number, at: end, left: max - min })?;
                } else if !*lazy && end > least {
                    self.push(Way::Shorter { step: after, least, at: end })?;
                }
                Some((after, end))
            }
            Step::Fork { first, second } => {
                self.push(Way::Other { step: *second, at })?;
                Some((*first, at))
            }
            Step::Jump(to) => Some((*to, at)),
            Step::Save(register) => {
                self.set(*register, at)?;
                Some((after, at))
            }
            Step::Assert(assertion) => self.holds(*assertion, at).then_some((after, at)),
            Step::BackReference { group, ignore_case, unicode_case } => {
                self.repeated(*group, *ignore_case, *unicode_case, at)?.map(|end| (after, end))
            }
            Step::Look { end, behind, negative } => {
                let mark = self.ways.len();
                let found = match behind {
                    None => self.run(after, at, None)?.is_some(),
                    Some(lengths) => self.behind(after, at, *lengths)?,
                };
                if found && *negative {
                    self.undo(mark);
                } else {
                    self.settle(mark);
                }
                (found != *negative).then_some((*end, at))
            }
            Step::Atomic { end } => {
                let mark = self.ways.len();
                let found = self.run(after, at, None)?;
                self.settle(mark);
                found.map(|at| (*end, at))
            }
            Step::LoopStart { counter } => {
                self.set(*counter, 0)?;
                Some((after, at))
            }
            Step::Loop { counter, min, max, lazy, end } => {
                let count = self.registers[*counter];
                if count >= *max {
                    return Ok(Some((*end, at)));
                }
                if count < *min {
                    return Ok(Some((after, at)));
                }
                let (first, other) = if *lazy { (*end, after) } else { (after, *end) };
                self.push(Way::Other { step: other, at })?;
                Some((first, at))
            }
            Step::LoopEnter { counter } => {
                self.set(*counter + 1, at)?;
                Some((after, at))
            }
            Step::LoopBack { counter, head } => {
                // Another time would match nothing again.
                if self.registers[*counter + 1] == at {
                    return Ok(Some((after, at)));
                }
                self.set(*counter, self.registers[*counter] + 1)?;
                Some((*head, at))
            }
            Step::Done => None,
        })
    }

    /// Returns whether an expression ends here that begins this many characters before.
    fn behind(&mut self, step: usize, at: usize, lengths: Lengths) -> Result<bool, GaveUp> {
        let mut start = at;
        for length in 0..=lengths.max {
            if length >= lengths.min && self.run(step, start, Some(at))?.is_some() {
                return Ok(true);
            }
            match self.char_before(start) {
                Some(c) => start -= c.len_utf8(),
                None => break,
            }
        }
        Ok(false)
    }

    /// Drops the alternatives above a mark but keeps their register restores.
    fn settle(&mut self, mark: usize) {
        let kept = self.ways.drain(mark..).filter(|way| matches!(way, Way::Restore { .. }));
        let kept: Vec<Way> = kept.collect();
        self.ways.extend(kept);
    }

    /// Restores the registers that were set since a mark.
    fn undo(&mut self, mark: usize) {
        while self.ways.len() > mark {
            if let Some(Way::Restore { register, value }) = self.ways.pop() {
                self.registers[register] = value;
            }
        }
    }

    /// Returns the end of a repetition of a group's text at this position.
    fn repeated(
        &mut self,
        group: usize,
        ignore_case: bool,
        unicode_case: bool,
        at: usize,
    ) -> Result<Option<usize>, GaveUp> {
        let register = |number: usize| self.registers.get(number).copied();
        let places = group
            .checked_sub(1)
            .and_then(|group| Some((register(2 * group)?, register(2 * group + 1)?)));
        // A group that has not matched or does not exist never matches.
        let Some(text) = places.and_then(|(start, end)| self.value.get(start..end)) else {
            return Ok(None);
        };
        self.spend(text.len() / CHARS_PER_STEP)?;
        if !ignore_case {
            return Ok(self.value[at..].starts_with(text).then_some(at + text.len()));
        }
        let same = |a: char, b: char| {
            a == b
                || if unicode_case {
                    a.to_uppercase()
                        .flat_map(char::to_lowercase)
                        .eq(b.to_uppercase().flat_map(char::to_lowercase))
                } else {
                    a.eq_ignore_ascii_case(&b)
                }
        };
        let mut end = at;
        for wanted in text.chars() {
            match self.char_at(end) {
                Some(c) if same(c, wanted) => end += c.len_utf8(),
                _ => return Ok(None),
            }
        }
        Ok(Some(end))
    }

    fn holds(&self, assertion: Assertion, at: usize) -> bool {
        let (before, here) = (self.char_before(at), self.char_at(at));
        let ends_line = |c: char| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        match assertion {
            Assertion::Start => at == 0,
            Assertion::End => here.is_none(),
            Assertion::LineStart { unix } => match (before, here) {
                (_, None) => false,
                (None, _) => true,
                (Some('\r'), Some('\n')) => false,
                (Some(before), _) => {
                    if unix {
                        before == '\n'
                    } else {
                        ends_line(before)
                    }
                }
            },
            Assertion::LineEnd { unix: true, multi_line } => match here {
                None => true,
                Some('\n') => multi_line || at + 1 == self.value.len(),
                Some(_) => false,
            },
            Assertion::LineEnd { unix: false, multi_line } => match here {
                None => true,
                // Not between the two characters of one end.
                Some('\n') if before == Some('\r') => false,
                Some(here) if ends_line(here) => {
                    multi_line
                        || at + here.len_utf8() == self.value.len()
                        || &self.value[at..] == "\r\n"
                }
                Some(_) => false,
            },
            Assertion::WordBoundary { negative, unicode } => {
                let end = before.map_or(at, |c| at - c.len_utf8());
                let left = before.is_some_and(|c| self.is_word(c, end, unicode));
                let right = here.is_some_and(|c| self.is_word(c, at, unicode));
                (left != right) != negative
            }
        }
    }

    /// Returns whether a character is part of a word. A mark is if it belongs to a letter.
    fn is_word(&self, c: char, at: usize, unicode: bool) -> bool {
        if c == '_' || super::property::is_letter_or_digit(c) {
            return true;
        }
        if !super::property::is_mark(c) {
            return unicode && super::property::is_word(c);
        }
        let base = self.value[..at].chars().rev().find(|c| !super::property::is_mark(*c));
        base.is_some_and(super::property::is_letter_or_digit)
    }
}
