//! Kubernetes protobuf. Bodies of built-in types are decoded ([`decode`], by the table of [`schema`]); one
//! message is encoded, the `Status` with which a protobuf-only client is refused
//! (`k8s.io/apimachinery/pkg/runtime/generated.proto`, `.../meta/v1/generated.proto`).

mod decode;
mod schema;

pub(super) use decode::decode;

use super::status::ApiError;

/// The media type of Kubernetes protobuf.
pub(super) const MEDIA_TYPE: &str = "application/vnd.kubernetes.protobuf";

/// Field numbers of `meta.v1.Status`.
const STATUS: u8 = 2;
const MESSAGE: u8 = 3;
const REASON: u8 = 4;
const CODE: u8 = 6;

/// An error's `Status`, in the `k8s\0` envelope.
pub(super) fn status(error: &ApiError) -> Vec<u8> {
    let mut status = Vec::new();
    field(&mut status, 1, &[]);
    field(&mut status, STATUS, b"Failure");
    field(&mut status, MESSAGE, error.message.as_bytes());
    field(&mut status, REASON, error.reason.as_bytes());
    status.push(CODE << 3);
    varint(&mut status, u64::from(error.code.as_u16()));
    let mut type_meta = Vec::new();
    field(&mut type_meta, 1, b"v1");
    field(&mut type_meta, 2, b"Status");
    let mut out = b"k8s\0".to_vec();
    field(&mut out, 1, &type_meta);
    field(&mut out, 2, &status);
    field(&mut out, 3, b"");
    field(&mut out, 4, b"");
    out
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_envelope_is_that_of_the_specification() {
        let bytes = status(&ApiError::unauthorized());
        let mut expected =
            b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Status\x12\x2a\x0a\x00\x12\x07Failure".to_vec();
        expected.extend_from_slice(
            b"\x1a\x0cUnauthorized\x22\x0cUnauthorized\x30\x91\x03\x1a\x00\x22\x00",
        );
        assert_eq!(bytes, expected);
    }
}
