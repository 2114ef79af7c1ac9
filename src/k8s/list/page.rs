//! One page of a list: the revision to read, the objects on it, and where the next page begins.

use std::sync::Arc;

use bytes::Bytes;

use crate::message::Query;

use super::super::golang;
use super::super::options::ListOptions;
use super::super::resource::Served;
use super::super::select::Selector;
use super::super::status::ApiError;
use super::super::store::{Object, PinnedSnapshots, Revision, Snapshot, State};
use super::ContinueToken;
use super::cache::{Items, Joined, Lookup, PageCache, PageForm, PageKey};

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// The revision of the whole chain.
    pub revision: Revision,
    /// The objects, in order.
    pub objects: Vec<Arc<Object>>,
    /// The token of the next page.
    pub next: Option<ContinueToken>,
    /// How many objects follow, where known.
    pub remaining: Option<u64>,
    /// The objects as they are sent, where they were joined: then `objects` is empty.
    pub joined: Option<Arc<Joined>>,
}

/// The cache of joined pages, with the form that is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Keep<'c> {
    /// The cache.
    pub cache: &'c PageCache,
    /// How objects are written.
    pub form: &'c PageForm,
    /// The time, in seconds since 1970.
    pub now: i64,
    /// Writes objects in this form.
    pub join: &'c dyn Fn(&[Arc<Object>]) -> Items,
}

/// The form of an object that is selected and sent; nothing while it is not known.
pub(crate) type Seen<'c> = dyn Fn(&Arc<Object>) -> Option<Arc<Object>> + 'c;

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum NoPage {
    /// The requested revision is not reached: upstream waits for it.
    NotReached(Revision),
    /// The request is refused.
    Refused(ApiError),
}

impl From<ApiError> for NoPage {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}

/// What to read: the objects as of a revision, from a key on.
struct Reading {
    revision: Revision,
    snapshot: Snapshot,
    start: String,
    seen: Option<u64>,
    page: u64,
    limit: Option<usize>,
}

/// Selects the page that the options describe, in `namespace` (all namespaces for `""`).
///
/// # Errors
/// [`NoPage`]: upstream's resource version matrix, with its messages.
pub(crate) fn select_page(
    pinned: &PinnedSnapshots,
    state: &State,
    of: &Served,
    namespace: &str,
    options: &ListOptions,
    keep: Option<Keep<'_>>,
    seen_as: Option<&Seen<'_>>,
) -> Result<Page, NoPage> {
    let reading = reading(pinned, state, options)?;
    let Reading { revision, snapshot, start, seen, page, limit } = reading;
    let mut found =
        Page { revision, objects: Vec::new(), next: None, remaining: None, joined: None };
    let Some(collection) = snapshot.collection(&of.of.stored_as) else {
        return Ok(found);
    };
    let selector = &options.selector;
    let total = collection.count(namespace);
    let key = keep.filter(|_| selector.is_empty()).map(|keep| PageKey {
        content: collection.content(),
        namespace: namespace.into(),
        start: start.as_str().into(),
        limit,
        form: keep.form.clone(),
    });
    let known = keep.zip(key.as_ref()).map(|(keep, key)| keep.cache.look(key, keep.now));
    if let Some(Lookup::Found(joined)) = known {
        if joined.more {
            let seen = seen_before(seen, total, || collection.range(namespace, &start).count());
            found.goes_on(seen + joined.count, total, &joined.last, page);
            pinned.pin(revision, &snapshot);
        }
        found.joined = Some(joined);
        return Ok(found);
    }
    let capacity = limit.unwrap_or(usize::MAX).min(total);
    found.objects.reserve(if selector.is_empty() { capacity } else { 0 });
    let more = if let Some(name) = selector.fields.name() {
        // A name is looked up, not searched for.
        let named = collection.named(namespace, name).into_iter();
        let relative = |object: &&Arc<Object>| *relative(object, namespace) >= *start;
        fill(&mut found.objects, named.filter(relative), selector, limit, seen_as)
    } else {
        let objects = collection.range(namespace, &start);
        fill(&mut found.objects, objects, selector, limit, seen_as)
    };
    let Some(last) = found.objects.last().map(|last| Box::<str>::from(relative(last, namespace)))
    else {
        return Ok(found);
    };
    if more && selector.is_empty() {
        let seen = seen_before(seen, total, || collection.range(namespace, &start).count());
        found.goes_on(seen + found.objects.len() as u64, total, &last, page);
    } else if more {
        let start = format!("{last}\0");
        found.next =
            Some(ContinueToken { revision: Some(revision), start, seen: None, page: page + 1 });
    }
    if more {
        pinned.pin(revision, &snapshot);
    }
    let size = || found.objects.iter().map(|object| object.rest.len()).sum();
    let joins = match &known {
        Some(Lookup::Again) => true,
        Some(Lookup::First) => keep.is_some_and(|keep| keep.cache.joins_at_once(size())),
        _ => false,
    };
    if let (true, Some(key), Some(keep)) = (joins, key, keep) {
        let items = (keep.join)(&found.objects);
        let count = found.objects.len() as u64;
        let joined = Arc::new(Joined { items, count, last, more });
        keep.cache.put(key, Arc::clone(&joined));
        found.objects.clear();
        found.joined = Some(joined);
    }
    Ok(found)
}

/// How many objects precede a page: known from the token, counted for a foreign token.
fn seen_before(known: Option<u64>, total: usize, left: impl FnOnce() -> usize) -> u64 {
    known.unwrap_or_else(|| (total - left()) as u64)
}

impl Page {
    /// Sets the next token: objects follow after `passed` ones.
    fn goes_on(&mut self, passed: u64, total: usize, last: &str, page: u64) {
        self.remaining =
            Some((total as u64).saturating_sub(passed)).filter(|remaining| *remaining > 0);
        self.next = Some(ContinueToken {
            revision: Some(self.revision),
            start: format!("{last}\0"),
            seen: Some(passed),
            page: page + 1,
        });
    }
}

/// Whole objects as they are sent in a list, with a comma between them.
pub(crate) fn join_whole(objects: &[Arc<Object>], item_head: &str) -> Bytes {
    let size = objects.iter().map(|object| object.rest.len() + item_head.len() + 1).sum();
    let mut items = Vec::with_capacity(size);
    for (index, object) in objects.iter().enumerate() {
        if index > 0 {
            items.push(b',');
        }
        items.extend_from_slice(item_head.as_bytes());
        items.extend_from_slice(&object.rest);
    }
    items.into()
}

/// The key of an object within a list of one namespace, or of all, as in a continue token.
fn relative<'o>(object: &'o Object, namespace: &str) -> &'o str {
    if namespace.is_empty() { &object.key } else { &object.meta.name }
}

/// Takes the selected objects, up to the limit. Returns whether objects follow.
fn fill<'o>(
    found: &mut Vec<Arc<Object>>,
    mut objects: impl Iterator<Item = &'o Arc<Object>>,
    selector: &Selector,
    limit: Option<usize>,
    seen: Option<&Seen<'_>>,
) -> bool {
    for object in objects.by_ref() {
        let converted = seen.map(|seen| seen(object));
        let object = match &converted {
            Some(Some(seen)) => seen,
            // Its place on the page is known where all objects are on it.
            Some(None) if !selector.is_empty() => continue,
            _ => object,
        };
        if selector.is_empty() || selector.matches(object) {
            found.push(Arc::clone(object));
            if limit.is_some_and(|limit| found.len() >= limit) {
                break;
            }
        }
    }
    objects.next().is_some()
}

/// The revision that a list is of, where the request names one: that of its chain, or an exact one.
pub(crate) fn revision_of_list(query: &Query) -> Option<Revision> {
    let first = |name: &str| query.first(name).unwrap_or_default();
    if !first("continue").is_empty() {
        return ContinueToken::decode(first("continue")).ok()?.revision;
    }
    let asked = golang::parse_uint(first("resourceVersion")).ok().filter(|asked| *asked > 0)?;
    let is_exact = match first("resourceVersionMatch") {
        "Exact" => true,
        "" => first("limit").parse::<i64>().is_ok_and(|limit| limit > 0),
        _ => false,
    };
    is_exact.then_some(Revision(asked))
}

/// The resource version matrix (`k8s.io/apiserver/pkg/storage/{interfaces,cacher}.go`).
fn reading(
    pinned: &PinnedSnapshots,
    state: &State,
    options: &ListOptions,
) -> Result<Reading, NoPage> {
    let mut reading = Reading {
        revision: state.revision,
        snapshot: state.snapshot.clone(),
        start: String::new(),
        seen: Some(0),
        page: 1,
        limit: options.limit,
    };
    if !options.continue_token.is_empty() {
        let token =
            ContinueToken::decode(&options.continue_token).map_err(ApiError::bad_request)?;
        if !matches!(options.resource_version.as_str(), "" | "0") {
            let why = "specifying resource version is not allowed when using continue";
            return Err(ApiError::bad_request(why).into());
        }
        if let Some(revision) = token.revision {
            if revision > state.revision {
                return Err(NoPage::NotReached(revision));
            }
            let fresh = || ContinueToken { revision: None, seen: None, ..token.clone() };
            let expired = || ApiError::expired_continue(Some(fresh().encode()));
            reading.snapshot = pinned.at(state, revision).ok_or_else(expired)?;
            reading.revision = revision;
        }
        reading.start = token.start;
        reading.seen = token.seen.filter(|_| token.revision.is_some());
        reading.page = token.page;
        return Ok(reading);
    }
    if options.resource_version.is_empty() {
        return Ok(reading);
    }
    let asked = golang::parse_uint(&options.resource_version).map_err(|why| {
        let value = golang::quote(&options.resource_version);
        let field = format!("resourceVersion: Invalid value: {value}: {why}");
        ApiError::bad_request(format!("invalid resource version: {field}"))
    })?;
    let exact = match options.version_match.as_str() {
        "Exact" => true,
        "" => asked > 0 && options.limit.is_some(),
        _ => false,
    };
    if asked > state.revision.0 {
        // An exact revision is read from the store, which does not wait for it.
        return Err(if exact {
            NoPage::Refused(ApiError::revision_of_the_future(asked, state.revision.0))
        } else {
            NoPage::NotReached(Revision(asked))
        });
    }
    if exact {
        let expired = || ApiError::expired("The resourceVersion for the provided list is too old.");
        reading.snapshot = pinned.at(state, Revision(asked)).ok_or_else(expired)?;
        reading.revision = Revision(asked);
    } else if asked == 0 {
        // From its cache upstream serves the whole list and ignores the limit.
        reading.limit = None;
    }
    Ok(reading)
}
