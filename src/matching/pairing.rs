//! Comparison of unordered lists: each expected item is paired with a different actual one.

/// Lists longer than this are paired greedily.
pub(super) const MAX_PAIRED: usize = 1_000;

/// Returns whether each of `count` expected items can be paired with a different actual one.
pub(super) fn pair(count: usize, fits: &impl Fn(usize, usize) -> bool) -> bool {
    let mut pairing = Pairing { taken: vec![None; count] };
    (0..count).all(|wanted| pairing.place(wanted, count <= MAX_PAIRED, fits))
}

/// Pairs expected items with different actual ones (Kuhn's augmenting paths).
pub(super) struct Pairing {
    /// The expected item that is paired with each actual one.
    pub(super) taken: Vec<Option<usize>>,
}

impl Pairing {
    pub(super) fn place(
        &mut self,
        wanted: usize,
        move_others: bool,
        fits: &impl Fn(usize, usize) -> bool,
    ) -> bool {
        // Most lists are already in order: try the same position first.
        if self.taken[wanted].is_none() && fits(wanted, wanted) {
            self.taken[wanted] = Some(wanted);
            return true;
        }
        let mut seen = vec![false; self.taken.len()];
        self.augment(wanted, move_others, fits, &mut seen)
    }

    fn augment(
        &mut self,
        wanted: usize,
        move_others: bool,
        fits: &impl Fn(usize, usize) -> bool,
        seen: &mut [bool],
    ) -> bool {
        for item in 0..self.taken.len() {
            let holder = self.taken[item];
            if seen[item] || (holder.is_some() && !move_others) || !fits(wanted, item) {
                continue;
            }
            seen[item] = true;
            let free = match holder {
                None => true,
                Some(holder) => self.augment(holder, move_others, fits, seen),
            };
            if free {
                self.taken[item] = Some(wanted);
                return true;
            }
        }
        false
    }
}
