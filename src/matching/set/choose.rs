//! Chooses the stub that answers a request among the candidates.

use std::sync::Arc;

use http::Method;

use crate::message::Asked;

use super::super::asker::AskerFilter;
use super::super::sequences::Scope;
use super::super::state::{ScenarioStates, StateView, TentativeChoice};
use super::super::stub::Stub;
use super::StubSet;

impl StubSet {
    /// Returns whether the body must be read before [`Self::find`] can decide: the first stub that
    /// matches otherwise has body patterns.
    #[must_use]
    pub fn wants_body(&self, asked: &Asked<'_>) -> bool {
        if self.body_patterns == 0 {
            return false;
        }
        let asks = |stub: &Arc<Stub>, filter: &AskerFilter| {
            if !stub.request.head_matches(asked, filter) {
                return None;
            }
            match stub.has_body_patterns() {
                // Whether it answers depends on a state that may change before it is chosen.
                false if stub.scenario().is_some_and(|scenario| scenario.requires().is_some()) => {
                    None
                }
                asks => Some(asks),
            }
        };
        self.first(asked, Scope::Bodies, asks).unwrap_or(false)
    }

    /// Returns the stub that answers a request in a world whose scenarios have these states. Its
    /// scenario changes state. Uses the body only as far as it has been read.
    pub(crate) fn select<'a>(
        &'a self,
        asked: &Asked<'_>,
        states: &ScenarioStates,
    ) -> Option<&'a Arc<Stub>> {
        if self.scenarios.is_empty() {
            return self.find(asked);
        }
        let found = states.choose(|view| self.allowed(asked, view));
        if found.is_some() || *asked.method() != Method::HEAD {
            return found;
        }
        // A HEAD does not consume the answer to GET: no scenario changes state.
        let view = states.view();
        self.head_of_get(asked, Scope::States(&view), |stub| view.allows(stub))
    }

    /// Returns the stub that [`Self::select`] returns, and the state to which its scenario is to be moved.
    pub(crate) fn select_tentatively<'a>(
        &'a self,
        asked: &Asked<'_>,
        states: &ScenarioStates,
    ) -> TentativeChoice<'a> {
        let mut choice = states.choose_tentatively(|view| self.allowed(asked, view));
        if choice.stub.is_none() && *asked.method() == Method::HEAD {
            let view = states.view();
            choice.stub = self.head_of_get(asked, Scope::States(&view), |stub| view.allows(stub));
        }
        choice
    }

    /// Returns the first stub for a request that the states of scenarios allow.
    fn allowed<'a>(&'a self, asked: &Asked<'_>, view: &StateView<'_>) -> Option<&'a Arc<Stub>> {
        let fits = |stub: &'a Arc<Stub>, filter: &AskerFilter| {
            (view.allows(stub) && stub.fits(asked, filter)).then_some(stub)
        };
        self.first(asked, Scope::States(view), fits)
    }

    /// Returns the recorded answer to the GET that corresponds to a HEAD.
    fn head_of_get(
        &self,
        asked: &Asked<'_>,
        scope: Scope<'_>,
        allows: impl Fn(&Stub) -> bool,
    ) -> Option<&Arc<Stub>> {
        self.first_by(asked, scope, &AskerFilter::for_head(), |stub, filter| {
            (allows(stub) && stub.fits(asked, filter)).then_some(stub)
        })
    }

    /// Returns the stub that answers a request; uses the body only as far as it has been read.
    #[must_use]
    pub fn find(&self, asked: &Asked<'_>) -> Option<&Arc<Stub>> {
        let found =
            self.first(asked, Scope::All, |stub, filter| stub.fits(asked, filter).then_some(stub));
        if found.is_some() || *asked.method() != Method::HEAD {
            return found;
        }
        self.head_of_get(asked, Scope::All, |_| true)
    }

    /// Visits the candidates until `visit` returns a value, and once more if stubs were passed over
    /// because the request's credentials are not clearly the recorded ones.
    fn first<'a, T>(
        &'a self,
        asked: &Asked<'_>,
        scope: Scope<'_>,
        visit: impl FnMut(&'a Arc<Stub>, &AskerFilter) -> Option<T>,
    ) -> Option<T> {
        self.first_by(asked, scope, &AskerFilter::default(), visit)
    }

    fn first_by<'a, T>(
        &'a self,
        asked: &Asked<'_>,
        scope: Scope<'_>,
        filter: &AskerFilter,
        mut visit: impl FnMut(&'a Arc<Stub>, &AskerFilter) -> Option<T>,
    ) -> Option<T> {
        loop {
            let found = self.index.search(asked, scope, |stub| Some((stub, visit(stub, filter)?)));
            // A stub of a possible client takes precedence over a stub without a client.
            let is_better =
                |stub: &Stub| stub.request.asks_for_credentials() || !filter.has_passed_similar();
            match found {
                Some((stub, found)) if is_better(stub) => return Some(found),
                found if !filter.widen() => return found.map(|(_, found)| found),
                _ => {}
            }
        }
    }

    /// Visits the stubs in a scope that may answer a request.
    #[cfg(test)]
    pub(in crate::matching) fn candidates(
        &self,
        asked: &Asked<'_>,
        scope: Scope<'_>,
        mut visit: impl FnMut(&Stub),
    ) {
        let visit = |stub: &Arc<Stub>| -> Option<()> {
            visit(stub);
            None
        };
        self.index.search(asked, scope, visit);
    }
}
