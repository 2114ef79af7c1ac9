//! Webhooks as configurations name them: where they are ([`WebhookClient`]), what they answer ([`WebhookReply`]), and
//! the one that converts objects between the versions of a definition ([`ConversionWebhook`]).

mod client;
mod conversion;
mod reply;

pub(crate) use client::{WebhookClient, WebhookEndpoint};
pub(crate) use conversion::{ConversionWebhook, ReviewVersion};
pub(crate) use reply::WebhookReply;
pub(super) use reply::decoded;
