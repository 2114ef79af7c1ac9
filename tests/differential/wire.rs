//! Protobuf without its schema: fields by their numbers, so that two answers can be compared field by field.

use serde_json::{Map, Value, json};

/// The first bytes of an object.
const MAGIC: &[u8] = b"k8s\0";

/// Messages are not nested deeper.
const MOST_LEVELS: usize = 40;

/// A number that is the seconds of a time, of about this century.
const SECONDS: std::ops::Range<u64> = 1_500_000_000..4_000_000_000;

/// The fields of an object.
pub(crate) fn object(body: &[u8]) -> Option<Value> {
    message(body.strip_prefix(MAGIC)?, 0)
}

/// The fields of the events of a stream: each has its length before it.
pub(crate) fn events(mut body: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some(frame) = rest.get(..length) else { break };
        found.push(message(frame, 0).unwrap_or_else(|| json!("not a message")));
        body = &rest[length..];
    }
    found
}

/// The fields of a message, each with its values in the order sent.
fn message(mut bytes: &[u8], level: usize) -> Option<Value> {
    let mut fields = Map::new();
    if level > MOST_LEVELS {
        return None;
    }
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let number = (key >> 3).to_string();
        let value = match key & 7 {
            0 => match varint(&mut bytes)? {
                seconds if SECONDS.contains(&seconds) => json!("<seconds>"),
                number => json!(number),
            },
            1 => json!(u64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                content(take(&mut bytes, length)?, level)
            }
            5 => json!(u32::from_le_bytes(take(&mut bytes, 4)?.try_into().ok()?)),
            _ => return None,
        };
        if number == "0" {
            return None;
        }
        let values = fields.entry(number).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(value);
        }
    }
    Some(fields.into())
}

/// A field with a length: a text where it can be one, else a message, else bytes.
fn content(bytes: &[u8], level: usize) -> Value {
    if let Some(inner) = bytes.strip_prefix(MAGIC) {
        return message(inner, level + 1)
            .map_or_else(|| json!("not a message"), |it| json!({"object": it}));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => return revision(text).into(),
        _ => {}
    }
    message(bytes, level + 1).unwrap_or_else(|| json!(bytes))
}

/// A text; digits alone are a revision.
fn revision(text: &str) -> &str {
    let digits = text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { "<rv>" } else { text }
}

fn take<'b>(bytes: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(bytes, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
