//! What has been recorded so far: decides which files an exchange becomes.
//!
//! The same request again gets the next answer, and the last one from then on: a sequence. It is written as a
//! scenario of stub mappings when the second, different answer arrives, so `WireMock` plays it as well. Of each
//! answer only a digest is kept.

mod counts;
mod of;
mod placing;
mod recent;
mod request_log;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

use crate::redact::Redactor;

use super::answer::{RecordedResponse, is_searched};
use super::clean::Clean;
use super::exchange::{ReceivedAnswer, SentRequest};
use super::files::{RecordingFiles, earlier_answers};
use super::identity::Identity;

pub(super) use counts::Counts;
pub(crate) use of::{Earlier, RecordingOf};

use recent::{Fingerprint, Recent, RecentExchanges};
use request_log::RequestLog;

/// How many requests can be placed at once.
const SHARDS: usize = 16;

/// The most files of a recording: as many as a set of fixtures may have.
const MAX_FILES: u64 = 100_000;

/// The record of what was recorded into a folder.
#[derive(Debug)]
pub(super) struct Ledger {
    shards: Vec<Mutex<HashMap<Uuid, RequestLog>>>,
    recent: RecentExchanges,
    counts: Counts,
}

impl Ledger {
    /// The ledger of a folder, with what is in it.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub(super) fn open(folder: &Path, earlier: Earlier) -> io::Result<Self> {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let ledger = Self { shards, recent: RecentExchanges::default(), counts: Counts::default() };
        for answer in earlier_answers(folder)? {
            ledger.counts.add_file(earlier == Earlier::Extend);
            let mut shard = ledger.shard(answer.request);
            shard.entry(answer.request).or_default().add_earlier(&answer, earlier);
        }
        Ok(ledger)
    }

    /// Records an exchange: makes the changes of files that it takes. Once the redactor knows its secrets, `learned` is
    /// called, which waits until it knows those of all exchanges before it.
    ///
    /// # Errors
    /// When a file cannot be written, or there are too many; [`io::ErrorKind::Interrupted`] where the secrets of earlier
    /// exchanges do not become known.
    pub(super) fn record(
        &self,
        sent: &SentRequest,
        answer: ReceivedAnswer,
        (redactor, learned): (&Redactor, &dyn Fn() -> bool),
        files: &dyn RecordingFiles,
    ) -> io::Result<()> {
        let fingerprint = Fingerprint::of(sent, &answer);
        let bytes = answer.body.length();
        if self.is_repeated(&fingerprint) {
            self.counts.add_exchange(bytes);
            return Ok(());
        }
        let body = answer.body.bytes();
        let searched = if is_searched(&answer.headers, body) { body } else { &[] };
        let Some(clean) = Clean::of(sent, &answer.headers, searched, redactor, learned) else {
            return Err(io::ErrorKind::Interrupted.into());
        };
        let mut notes = Vec::new();
        let identity = Identity::of(sent, &answer.headers, &clean, &mut notes);
        let mut recorded = RecordedResponse::of(sent, answer, &clean, files.folder(), &mut notes)?;
        let title = Identity::title(sent, &clean);
        let request = identity.id();
        let mut exchange = placing::Exchange {
            method: &sent.method,
            title,
            request,
            identity: &identity,
            recorded: &mut recorded,
            notes: &notes,
        };
        let mut shard = self.shard(request);
        let log = shard.entry(request).or_default();
        let placed = placing::place(log, &mut exchange, files);
        let new_files = placed.new_files();
        if self.counts.files() + new_files > MAX_FILES {
            return Err(io::Error::other(format!(
                "the recording has {MAX_FILES} files already, which is all that can be loaded"
            )));
        }
        let variant = placed.variant;
        if !placed.changes.is_empty() {
            files.apply(placed.changes)?;
        }
        self.counts.placed(new_files, log.replaced_mappings(), placed.began_sequence);
        log.commit(variant, placed.update, fingerprint.answer);
        drop(shard);
        self.counts.add_exchange(bytes);
        self.recent.keep(fingerprint.request, Recent { request, variant });
        Ok(())
    }

    /// Counts an exchange that repeats the last one of its request; returns whether it does. It does not wait for other
    /// threads: where one of them is at the request, it says no.
    pub(super) fn repeat(&self, sent: &SentRequest, answer: &ReceivedAnswer) -> bool {
        let of = Fingerprint::of(sent, answer);
        let recent = self.recent.try_get(of.request);
        let repeats = recent.is_some_and(|Recent { request, variant }| {
            let log = self.shards[Self::shard_of(request)].try_lock();
            log.is_ok_and(|mut shard| {
                shard.get_mut(&request).is_some_and(|log| log.repeat(variant, of.answer))
            })
        });
        if repeats {
            self.counts.add_exchange(answer.body.length());
        }
        repeats
    }

    /// What was recorded so far.
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Counts an exchange that is the same as the last one of its request, byte by byte.
    fn is_repeated(&self, fingerprint: &Fingerprint) -> bool {
        let Some(Recent { request, variant }) = self.recent.get(fingerprint.request) else {
            return false;
        };
        let mut shard = self.shard(request);
        shard.get_mut(&request).is_some_and(|log| log.repeat(variant, fingerprint.answer))
    }

    fn shard_of(request: Uuid) -> usize {
        usize::from(request.as_bytes()[0]) % SHARDS
    }

    fn shard(&self, request: Uuid) -> MutexGuard<'_, HashMap<Uuid, RequestLog>> {
        self.shards[Self::shard_of(request)].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
