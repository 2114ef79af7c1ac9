//! Informational answers of a backend: passed on to the client as they come, with links to the proxy, and kept for
//! the recording.

use std::sync::{Arc, Mutex, PoisonError};

use crate::message::{Informational, InformationalSink, Request};

use super::links::AnswerLinks;

/// The informational answers to one request so far: at most [`Informational::MOST`].
#[derive(Debug, Clone, Default)]
pub(super) struct SeenInformational(Arc<Mutex<Vec<Informational>>>);

impl SeenInformational {
    /// Follows the informational answers to a request.
    pub(super) fn of(request: &mut Request, links: Option<&AnswerLinks>) -> Self {
        let seen = Self::default();
        let (kept, links) = (seen.clone(), links.cloned());
        let client = request.informational.take();
        let take = move |informational: Informational| {
            let Informational { status, mut headers } = informational.clone();
            if !kept.keep(informational) {
                return;
            }
            if let Some(links) = &links {
                links.rewrite_fields(&mut headers);
            }
            if let (Some(client), Some(new)) = (&client, Informational::with(status, headers)) {
                client.send(new);
            }
        };
        request.informational = Some(InformationalSink::new(take));
        seen
    }

    /// Keeps one; returns whether there is room.
    fn keep(&self, informational: Informational) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = seen.len() < Informational::MOST;
        if fits {
            seen.push(informational);
        }
        fits
    }

    /// Those that came before the answer.
    pub(super) fn take(&self) -> Vec<Informational> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn answers_are_passed_on_and_kept_within_a_bound() {
        let passed = Arc::new(Mutex::new(Vec::new()));
        let to_client = Arc::clone(&passed);
        let mut request = Request::new(Method::GET, "/");
        request.informational =
            Some(InformationalSink::new(move |one| to_client.lock().unwrap().push(one)));
        let seen = SeenInformational::of(&mut request, None);
        let sink = request.informational.unwrap();
        for _ in 0..Informational::MOST + 5 {
            sink.send(Informational::of(103).unwrap());
        }
        assert_eq!(passed.lock().unwrap().len(), Informational::MOST);
        assert_eq!(seen.take().len(), Informational::MOST);
    }
}
