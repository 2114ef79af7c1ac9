//! Tokens that a webhook knows: [asking] comes before authentication, [client] posts the reviews.

mod asking;
mod client;

pub(super) use asking::ask;
pub(crate) use client::TokenWebhookClient;
