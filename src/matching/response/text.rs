//! A text of a response: plain, or a template that is compiled at load and rendered for each request.

use std::borrow::Cow;
use std::sync::Arc;

use crate::document::Node;
use crate::matching::request::RequestPattern;
use crate::template::{Model, Parameters, RenderContext, RequestSource, Template};

use super::context::ResponseContext;
use super::failure::Failure;
use super::template_request::TemplateRequest;

/// A text of a response.
#[derive(Debug)]
pub(super) enum Text {
    /// The same for every request.
    Plain(Box<str>),
    /// Rendered for each request.
    Template(Box<Template>),
    /// An invalid template, with the reason: `WireMock` then answers requests with 500.
    Broken(Box<str>),
}

impl Text {
    /// Creates a text, which is a template if the stub's texts are templates and it has a tag.
    pub(super) fn new(text: &str, templated: bool) -> Self {
        if !templated || !text.contains("{{") {
            return Self::Plain(text.into());
        }
        match Template::compile(text) {
            Ok(template) => match template.as_plain() {
                Some(plain) => Self::Plain(plain.into()),
                None => Self::Template(Box::new(template)),
            },
            Err(error) => Self::Broken(error.to_string().into()),
        }
    }

    /// Reads the text of a node. A broken template is a warning there.
    pub(super) fn read(node: &Node<'_>, text: &str, templated: bool) -> Self {
        let text = Self::new(text, templated);
        if let Self::Broken(why) = &text {
            node.warn(
                format!("not a template: {why}"),
                "requests are answered with 500 until it is one",
            );
        }
        text
    }

    /// Returns the text, where it is the same for every request.
    pub(super) fn as_plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Template(_) | Self::Broken(_) => None,
        }
    }

    /// Returns the text for a request.
    ///
    /// # Errors
    /// The reason why a template cannot be rendered.
    pub(super) fn render<'t>(
        &'t self,
        rendering: &mut Rendering<'_, '_>,
    ) -> Result<Cow<'t, str>, Failure> {
        match self {
            Self::Plain(text) => Ok(Cow::Borrowed(text)),
            Self::Template(template) => rendering.render(template).map(Cow::Owned),
            Self::Broken(why) => Err(Failure::Server(why.to_string())),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::Plain(text.into())
    }
}

/// The rendering of a response's texts for one request. The model is built when the first template
/// needs it.
pub(super) struct Rendering<'r, 'c> {
    pub(super) context: &'r mut ResponseContext<'c>,
    parameters: &'r Parameters,
    pattern: &'r RequestPattern,
    model: Option<Model>,
    /// The constructor of the model, which names the request in one of two ways.
    make: fn(Arc<dyn RequestSource>, &Parameters) -> Model,
}

impl<'r, 'c> Rendering<'r, 'c> {
    /// Creates a rendering. `pattern` is that of the stub: its template names parts of the path.
    pub(super) fn new(
        context: &'r mut ResponseContext<'c>,
        parameters: &'r Parameters,
        pattern: &'r RequestPattern,
    ) -> Self {
        Self { context, parameters, pattern, model: None, make: Model::new }
    }

    /// Creates a rendering like [`Self::new`], for the texts of a webhook.
    pub(super) fn of_webhook(
        context: &'r mut ResponseContext<'c>,
        parameters: &'r Parameters,
        pattern: &'r RequestPattern,
    ) -> Self {
        Self { make: Model::of_webhook, ..Self::new(context, parameters, pattern) }
    }

    fn render(&mut self, template: &Template) -> Result<String, Failure> {
        let Self { context, parameters, pattern, model, make } = self;
        let model = model.get_or_insert_with(|| {
            let mut drawn = || {
                let (high, low) = ((context.random)(), (context.random)());
                let bits = u128::from(high) << 64 | u128::from(low);
                uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
            };
            // The draws of an answer do not depend on whether it already has an id.
            let drawn = drawn();
            let id = *context.exchange_id.get_or_insert(drawn);
            make(Arc::new(TemplateRequest::new(context.request, pattern, id)), parameters)
        });
        let ResponseContext { now, random, host, .. } = &mut **context;
        template
            .render(model, &mut RenderContext { now: *now, random: &mut **random, host: *host })
            .map_err(|error| Failure::Rendering(error.to_string()))
    }
}
