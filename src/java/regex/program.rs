//! Trees → instructions for the backtracking machine.

use super::char_set::CharSet;
use super::node::{Assertion, Lengths, Node, RepeatKind};
use super::property::ranges;

/// An instruction of the machine.
#[derive(Debug)]
pub(super) enum Step {
    Char(char),
    Set(CharSet),
    /// One character this many times, tried from the most (or, lazy, from the fewest) on.
    Run {
        set: CharSet,
        min: usize,
        max: usize,
        lazy: bool,
    },
    /// Continues here or, if that fails, there.
    Fork {
        first: usize,
        second: usize,
    },
    Jump(usize),
    /// Stores the position in a register.
    Save(usize),
    Assert(Assertion),
    BackReference {
        group: usize,
        ignore_case: bool,
        unicode_case: bool,
    },
    /// Matches the instructions up to `end` separately.
    Look {
        end: usize,
        behind: Option<Lengths>,
        negative: bool,
    },
    Atomic {
        end: usize,
    },
    /// Begins to count a repetition.
    LoopStart {
        counter: usize,
    },
    /// Repeats once more, or continues after the repetition.
    Loop {
        counter: usize,
        min: usize,
        max: usize,
        lazy: bool,
        end: usize,
    },
    /// Stores the start of an iteration in the register after the counter.
    LoopEnter {
        counter: usize,
    },
    /// After each time, back to the `Loop`.
    LoopBack {
        counter: usize,
        head: usize,
    },
    Done,
}

/// Instructions.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) steps: Vec<Step>,
    /// Two for each group, and two for each repetition.
    pub(super) registers: usize,
}

impl Program {
    /// Returns the instructions of a tree with this many groups.
    pub(super) fn of(node: &Node, groups: usize) -> Self {
        let mut program = Self { steps: Vec::new(), registers: 2 * groups };
        program.add(node);
        program.steps.push(Step::Done);
        program
    }

    fn add(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Char(c) => self.steps.push(Step::Char(*c)),
            Node::Set(set) => self.steps.push(Step::Set(CharSet::of(set))),
            Node::Concat(parts) => parts.iter().for_each(|part| self.add(part)),
            Node::Alternation(ways) => self.ways(ways),
            Node::Group(number, node) => {
                self.steps.push(Step::Save(2 * (number - 1)));
                self.add(node);
                self.steps.push(Step::Save(2 * number - 1));
            }
            Node::Repeat { node, min, max, kind } => {
                let min = *min as usize;
                let max = max.map_or(usize::MAX, |max| max as usize);
                self.repeat(node, min, max, *kind == RepeatKind::Lazy);
            }
            Node::Atomic(node) => {
                let at = self.hole();
                self.add(node);
                self.steps.push(Step::Done);
                self.steps[at] = Step::Atomic { end: self.steps.len() };
            }
            Node::Look { node, behind, negative } => {
                let at = self.hole();
                self.add(node);
                self.steps.push(Step::Done);
                let (behind, negative) = (*behind, *negative);
                self.steps[at] = Step::Look { end: self.steps.len(), behind, negative };
            }
            Node::BackReference { group, ignore_case, unicode_case } => {
                let (group, ignore_case, unicode_case) = (*group, *ignore_case, *unicode_case);
                self.steps.push(Step::BackReference { group, ignore_case, unicode_case });
            }
            Node::Assert(assertion) => self.steps.push(Step::Assert(*assertion)),
        }
    }

    /// Reserves a step that is filled in later.
    fn hole(&mut self) -> usize {
        self.steps.push(Step::Done);
        self.steps.len() - 1
    }

    fn ways(&mut self, ways: &[Node]) {
        let mut ends = Vec::new();
        for (at, way) in ways.iter().enumerate() {
            if at + 1 == ways.len() {
                self.add(way);
                continue;
            }
            let fork = self.hole();
            self.add(way);
            ends.push(self.hole());
            self.steps[fork] = Step::Fork { first: fork + 1, second: self.steps.len() };
        }
        for end in ends {
            self.steps[end] = Step::Jump(self.steps.len());
        }
    }

    fn repeat(&mut self, node: &Node, min: usize, max: usize, lazy: bool) {
        let one = match node {
            Node::Char(c) => Some(CharSet::of(&ranges(&[(*c, *c)]))),
            Node::Set(set) => Some(CharSet::of(set)),
            _ => None,
        };
        if let Some(set) = one {
            self.steps.push(Step::Run { set, min, max, lazy });
            return;
        }
        let counter = self.registers;
        self.registers += 2;
        self.steps.push(Step::LoopStart { counter });
        let head = self.hole();
        self.steps.push(Step::LoopEnter { counter });
        self.add(node);
        self.steps.push(Step::LoopBack { counter, head });
        self.steps[head] = Step::Loop { counter, min, max, lazy, end: self.steps.len() };
    }
}
