//! The search for the nearest stubs, in steps, so that other requests can be answered in between.
//!
//! The work is bounded: the index finds the stubs for the URL, the others are ranked by a cheap
//! measure up to a limit, a hundred of each are compared part by part, and the best three are the
//! result.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::message::{Asked, Request};
use crate::redact::Redactor;

use super::super::diff;
use super::super::order::Order;
use super::super::set::StubSet;
use super::super::stub::Stub;
use super::{NearMiss, distance};

/// How many near misses are returned.
const KEPT: usize = 3;

/// How many stubs for the same URL, and how many for others, are compared part by part.
const COMPARED: usize = 100;

/// How many stubs are ranked: in a larger set the first in precedence order.
const LOOKED_AT: usize = 200_000;

/// How many stubs one step ranks, and how many it compares.
const LOOKED_AT_A_STEP: usize = 256;
const COMPARED_A_STEP: usize = 8;

/// A search in progress.
#[derive(Debug)]
pub(crate) struct MissSearch<'s> {
    stubs: &'s StubSet,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Start,
    /// The stubs are ranked in precedence order.
    Look {
        same_url: Vec<(Order, Arc<Stub>)>,
        last: Option<Order>,
        looked_at: usize,
        /// The stubs with the most similar URLs, the least similar on top.
        others: BinaryHeap<Reverse<Candidate>>,
    },
    Compare {
        left: std::vec::IntoIter<(Order, Arc<Stub>)>,
        compared: Vec<(Order, NearMiss)>,
    },
    Done(Vec<NearMiss>),
}

/// A stub, ordered by the similarity of its URL, then by precedence.
#[derive(Debug)]
struct Candidate {
    likeness: (usize, Reverse<Order>),
    stub: Arc<Stub>,
}

impl StubSet {
    /// Returns the text of the 404 that explains why no stub answers. If other requests must not
    /// wait, use a [`MissSearch`], which does the same in steps.
    #[must_use]
    pub(crate) fn miss_report(&self, request: &Request, redactor: &Redactor) -> String {
        let asked = Asked::new(request);
        let mut search = MissSearch::new(self);
        while search.step(&asked) {}
        let nearest = search.nearest();
        diff::report(nearest.first().map(|near| &*near.stub), &asked, None, redactor)
    }
}

impl<'s> MissSearch<'s> {
    pub(crate) fn new(stubs: &'s StubSet) -> Self {
        Self { stubs, stage: Stage::Start }
    }

    /// Takes one step, of some microseconds. Returns whether there are more.
    pub(crate) fn step(&mut self, asked: &Asked<'_>) -> bool {
        let stage = std::mem::replace(&mut self.stage, Stage::Done(Vec::new()));
        self.stage = match stage {
            Stage::Start => Stage::Look {
                same_url: self.stubs.of_url(asked, COMPARED),
                last: None,
                looked_at: 0,
                others: BinaryHeap::new(),
            },
            Stage::Look { same_url, mut last, mut looked_at, mut others } => {
                let mut next = self.stubs.after(last, LOOKED_AT_A_STEP).peekable();
                if looked_at >= LOOKED_AT || next.peek().is_none() {
                    let mut others: Vec<Candidate> =
                        others.into_iter().map(|Reverse(candidate)| candidate).collect();
                    others.sort_unstable_by(|a, b| b.cmp(a));
                    let others = others.into_iter().map(|one| (one.likeness.1.0, one.stub));
                    let pool: Vec<_> = same_url.into_iter().chain(others).collect();
                    Stage::Compare { left: pool.into_iter(), compared: Vec::new() }
                } else {
                    for (order, stub) in next {
                        last = Some(order);
                        looked_at += 1;
                        look(asked, order, stub, &same_url, &mut others);
                    }
                    Stage::Look { same_url, last, looked_at, others }
                }
            }
            Stage::Compare { mut left, mut compared } => {
                if left.as_slice().is_empty() {
                    // Of equally near ones the one with precedence comes first.
                    compared.sort_by(|(a, near), (b, other)| {
                        near.distance.total_cmp(&other.distance).then_with(|| a.cmp(b))
                    });
                    compared.truncate(KEPT);
                    Stage::Done(compared.into_iter().map(|(_, near)| near).collect())
                } else {
                    compared.extend(left.by_ref().take(COMPARED_A_STEP).map(|(order, stub)| {
                        let distance = distance::of(&stub.request, asked);
                        (order, NearMiss { stub, distance })
                    }));
                    Stage::Compare { left, compared }
                }
            }
            Stage::Done(nearest) => Stage::Done(nearest),
        };
        !matches!(self.stage, Stage::Done(_))
    }

    /// Returns the near misses, the nearest first, after the last step.
    pub(crate) fn nearest(self) -> Vec<NearMiss> {
        let Stage::Done(nearest) = self.stage else { unreachable!("the search is not done") };
        nearest
    }
}

/// Ranks a stub: keeps it if its URL is more similar than that of another.
fn look(
    asked: &Asked<'_>,
    order: Order,
    stub: &Arc<Stub>,
    same_url: &[(Order, Arc<Stub>)],
    others: &mut BinaryHeap<Reverse<Candidate>>,
) {
    let likeness = (distance::url_likeness(&stub.request.url, asked), Reverse(order));
    let full = others.len() >= COMPARED;
    if full && others.peek().is_some_and(|Reverse(least)| least.likeness >= likeness)
        || same_url.iter().any(|(known, _)| *known == order)
    {
        return;
    }
    if full {
        others.pop();
    }
    others.push(Reverse(Candidate { likeness, stub: Arc::clone(stub) }));
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.likeness == other.likeness
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.likeness.cmp(&other.likeness)
    }
}
