//! Kubernetes protobuf (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`): bodies of built-in types are decoded
//! ([`decode`]) and encoded ([`encode`]) by the table of [`schema`].

mod decode;
mod encode;
mod schema;

pub(super) use decode::decode;
pub(super) use encode::{encode, event};

/// The media type of Kubernetes protobuf.
pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// The media type of watches.
pub(super) const WATCH_MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// The first bytes of each body.
const MAGIC: &[u8] = b"k8s\0";

/// A length-delimited field.
fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    varint(out, u64::from(number) << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}
