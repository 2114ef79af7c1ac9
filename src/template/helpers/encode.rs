//! Helpers for encodings: base64, URLs, forms.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::template::eval::{Answer, Invocation};
use crate::template::java;
use crate::template::value::{ListStyle, MapStyle, Value};

/// As Java's decoder: padding may be missing, and bits that are left over count for nothing.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

pub(super) fn base64(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text: Arc<str> = if call.is_block() { call.body()?.into() } else { call.print_first()? };
    if matches!(call.named("decode"), Some(Value::Bool(true))) {
        let bytes = DECODER
            .decode(text.as_bytes())
            .map_err(|error| format!("\"{text}\" is not base64: {error}"))?;
        return call.made(String::from_utf8_lossy(&bytes).into_owned());
    }
    let padded = matches!(call.named("padding"), None | Some(Value::Bool(true)));
    call.made(if padded { STANDARD.encode(&*text) } else { STANDARD_NO_PAD.encode(&*text) })
}

pub(super) fn url(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = call.print_first()?;
    let made = if matches!(call.named("decode"), Some(Value::Bool(true))) {
        java::url_decode(&text)?
    } else {
        java::url_encode(&text)
    };
    call.made(made)
}

/// Returns the fields of a form, as a value or as the variable that is named. Fields without a
/// value are left out.
pub(super) fn form_data(call: &mut Invocation<'_, '_, '_, '_>) -> Answer {
    let text = call.print_first()?;
    call.renderer.charge(text.len())?;
    let decode = matches!(call.named("urlDecode"), Some(Value::Bool(true)));
    let mut fields: Vec<(Arc<str>, Vec<Value>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for field in text.split('&') {
        let mut parts = field.split('=');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        // Java's split leaves empty texts at the end out.
        if value.is_empty() && parts.all(str::is_empty) {
            continue;
        }
        let value = value.trim();
        let value = if decode { Value::text(java::url_decode(value)?) } else { Value::text(value) };
        let at = *known.entry(name).or_insert_with(|| {
            fields.push((name.into(), Vec::new()));
            fields.len() - 1
        });
        fields[at].1.push(value);
    }
    let mut entries = Vec::with_capacity(fields.len());
    for (name, values) in fields {
        entries.push((name, Value::list(values, ListStyle::First)?));
    }
    let form = Value::map(entries, MapStyle::Java)?;
    match call.params.first() {
        Some(name) => {
            let name = super::block::name_of(name)?;
            call.assign(&name, form);
            Ok(Value::Null)
        }
        None => Ok(form),
    }
}
