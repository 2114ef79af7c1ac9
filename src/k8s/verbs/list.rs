//! `list`: a page of objects, joined from their rendered JSON.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::message::{Body, Plan};

use super::super::conversion;
use super::super::list::page::{NoPage, join_whole};
use super::super::list::{Items, Keep, Page, PageForm, Seen, select_page};
use super::super::options::ListOptions;
use super::super::output::{self, Include, Output, Shape};
use super::super::resource::Served;
use super::super::select::FieldSelector;
use super::super::status::ApiError;
use super::super::store::Object;
use super::super::table::{Rendering, columns};
use super::{Call, Outcome, has_own_cells, not_reached};

pub(super) fn run(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let output = call.negotiate()?;
    let options = options(call, false)?;
    let form = form(call, output);
    let join = |objects: &[Arc<Object>]| match &form {
        Some(PageForm::Whole { item_head }) => {
            let shown = conversion::all(&call.served, call.conversions, objects);
            Items::timeless(join_whole(&shown, item_head))
        }
        _ => rendering(call, output).items(objects.iter().map(Arc::as_ref)),
    };
    let (cache, now) = (&*call.config.pages, call.now.as_second());
    // What a webhook answers is not kept: another time it may answer something else.
    let kept = form.as_ref().filter(|_| !conversion::precedes_selection(&call.served));
    let keep = kept.map(|form| Keep { cache, form, now, join: &join });
    let seen = seen(call);
    let (state, namespace) = (&call.state, call.namespace());
    let seen = seen.as_deref();
    let page = select_page(call.pinned, state, &call.served, namespace, &options, keep, seen);
    let page = match page {
        Ok(page) => shown(call, page, output),
        Err(NoPage::NotReached(asked)) => return Ok(not_reached(asked, &call.state)),
        Err(NoPage::Refused(error)) => return Err(error),
    };
    Ok(Outcome::Plan(plan(call, &page, output)))
}

/// How objects are seen before they are selected, where a webhook converts them.
pub(super) fn seen<'c>(call: &'c Call<'_>) -> Option<Box<Seen<'c>>> {
    conversion::precedes_selection(&call.served).then(|| {
        let seen = |object: &Arc<Object>| conversion::seen(&call.served, call.conversions, object);
        Box::new(seen) as Box<Seen<'c>>
    })
}

/// A page with its objects in the requested version.
pub(super) fn shown(call: &Call<'_>, mut page: Page, output: Output) -> Page {
    if !has_own_cells(&call.served, output.shape)
        && let Cow::Owned(shown) = conversion::all(&call.served, call.conversions, &page.objects)
    {
        page.objects = shown;
    }
    page
}

/// The form in which a page is kept; pretty and YAML ones, and tables with other objects than metadata, are
/// rendered from the objects each time.
fn form(call: &Call<'_>, output: Output) -> Option<PageForm> {
    // Pages of converted objects are not kept: they would share an entry with those of the stored form.
    if !output.is_compact_json() || conversion::built_in(&call.served).is_some() {
        return None;
    }
    match output.shape {
        Shape::Whole => Some(PageForm::Whole { item_head: item_head(call).into() }),
        Shape::MetadataList { beta } => Some(PageForm::Metadata { beta }),
        Shape::Table { beta, include: Include::Metadata } => {
            Some(PageForm::Table { beta, columns: columns(&call.served) })
        }
        Shape::Table { .. } | Shape::Metadata { .. } => None,
    }
}

fn rendering<'c>(call: &'c Call<'_>, output: Output) -> Rendering<'c> {
    let Output { shape, .. } = output;
    Rendering { served: &call.served, shape, with_columns: true, now: call.now }
}

/// The options of a list, with a scenario's limit of the page size.
pub(super) fn options(call: &Call<'_>, watch: bool) -> Result<ListOptions, ApiError> {
    let mut options =
        ListOptions::parse(call.query, &call.served, watch, !call.config.off.watch_list)?;
    let name = &*call.info.name;
    if !name.is_empty() {
        // The path of one object.
        let fields = &mut options.selector.fields;
        if fields.is_empty() {
            *fields = FieldSelector::of_name(name);
        } else if fields.name() != Some(name) {
            let why = "fieldSelector metadata.name doesn't match requested name";
            return Err(ApiError::bad_request(why));
        }
    }
    if let Some(size) = call.faults.page_size {
        options.limit = Some(options.limit.map_or(size, |limit| limit.min(size)));
        if options.resource_version == "0" {
            // Lists at revision 0 ignore limits; with a scenario's limit the list is read at the latest
            // revision.
            options.resource_version.clear();
            options.version_match.clear();
        }
    }
    Ok(options)
}

/// The answer with a page.
pub(super) fn plan(call: &Call<'_>, page: &Page, output: Output) -> Plan {
    if matches!(output.shape, Shape::Metadata { .. }) {
        let list = format!("{}List", call.served.go_type());
        return output.refused(&ApiError::unlike_shape(format!(
            "you requested PartialObjectMetadata, but the requested object is a list ({list})"
        )));
    }
    let body = if output.shape == Shape::Whole {
        let frame = Frame::of(call, page);
        let size = frame.size(page);
        if let Some(joined) = &page.joined {
            let items = joined.items.text.clone();
            Body::Pieces(vec![frame.head.into(), items, frame.tail.into()])
        } else if !output.is_plain() {
            Body::Bytes(output.render(frame.joined(page, size)))
        } else if size <= JOINED {
            Body::Bytes(frame.joined(page, size).into())
        } else {
            Body::Pieces(frame.pieces(page))
        }
    } else {
        let rendering = rendering(call, output);
        // Unlike a list of whole custom resources it has no empty token.
        let metadata = Value::Object(list_meta(page, false));
        if let Some(joined) = &page.joined {
            let (head, tail) = rendering.frame(&metadata, joined.items.text.is_empty());
            let tail = format!("{tail}\n");
            Body::Pieces(vec![head.into(), joined.items.text.clone(), tail.into()])
        } else {
            let objects = page.objects.iter().map(Arc::as_ref);
            Body::Bytes(output.render(rendering.list(objects, &metadata)))
        }
    };
    output::plan(StatusCode::OK, output.content_type(), body)
}

fn list_meta(page: &Page, empty_continue: bool) -> Map<String, Value> {
    let mut metadata = Map::new();
    match &page.next {
        Some(token) => {
            metadata.insert("continue".into(), token.encode().into());
        }
        None if empty_continue => {
            metadata.insert("continue".into(), "".into());
        }
        None => {}
    }
    if let Some(remaining) = page.remaining {
        metadata.insert("remainingItemCount".into(), remaining.into());
    }
    metadata.insert("resourceVersion".into(), page.revision.to_string().into());
    metadata
}

/// Up to this size, in bytes, a list is sent as one piece: copying is cheaper than reference counting.
const JOINED: usize = 256 << 10;

/// The bytes before each object of a list.
fn item_head(call: &Call<'_>) -> String {
    if call.served.of.is_built_in() { "{".to_owned() } else { call.served.prefix() }
}

/// The bytes around the objects of a list. Lists of custom resources have sorted keys; those of built-in
/// types have the order of Go's structs, and items without kind and version.
struct Frame {
    head: String,
    item_head: String,
    tail: String,
}

impl Frame {
    fn of(call: &Call<'_>, page: &Page) -> Self {
        let Served { of, api_version, .. } = &call.served;
        let custom = !of.is_built_in();
        let mut metadata = list_meta(page, custom);
        let (kind, version) = (json!(of.list_kind), json!(**api_version));
        if call.config.self_links {
            let link = of.link(&call.served, &call.info.namespace, "");
            metadata.insert("selfLink".into(), link.into());
        }
        let metadata = Value::Object(metadata);
        if custom {
            Self {
                head: format!("{{\"apiVersion\":{version},\"items\":["),
                item_head: item_head(call),
                tail: format!("],\"kind\":{kind},\"metadata\":{metadata}}}\n"),
            }
        } else {
            Self {
                head: format!(
                    "{{\"kind\":{kind},\"apiVersion\":{version},\"metadata\":{metadata},\"items\":["
                ),
                item_head: item_head(call),
                tail: "]}\n".to_owned(),
            }
        }
    }

    /// The size of the whole list, in bytes.
    fn size(&self, page: &Page) -> usize {
        let count = page.objects.len();
        let objects: usize = page.objects.iter().map(|object| object.rest.len()).sum();
        let around = self.head.len() + self.tail.len() + count.saturating_sub(1);
        around + count * self.item_head.len() + objects
    }

    fn joined(&self, page: &Page, size: usize) -> Vec<u8> {
        let mut list = Vec::with_capacity(size);
        list.extend_from_slice(self.head.as_bytes());
        for (index, object) in page.objects.iter().enumerate() {
            if index > 0 {
                list.push(b',');
            }
            list.extend_from_slice(self.item_head.as_bytes());
            list.extend_from_slice(&object.rest);
        }
        list.extend_from_slice(self.tail.as_bytes());
        list
    }

    /// The pieces of a large list: its objects are not copied.
    fn pieces(self, page: &Page) -> Vec<Bytes> {
        let next_head = Bytes::from(format!(",{}", self.item_head));
        let first_head = next_head.slice(1..);
        let mut pieces = Vec::with_capacity(page.objects.len() * 2 + 2);
        pieces.push(self.head.into());
        for (index, object) in page.objects.iter().enumerate() {
            pieces.push(if index == 0 { first_head.clone() } else { next_head.clone() });
            pieces.push(object.rest.clone());
        }
        pieces.push(self.tail.into());
        pieces
    }
}
