//! The HTTP/2 frame types that the transport distinguishes.

/// Frame types (RFC 9113, section 6).
pub(super) mod kind {
    pub(in crate::transport) const DATA: u8 = 0;
    pub(in crate::transport) const HEADERS: u8 = 1;
    pub(in crate::transport) const RST_STREAM: u8 = 3;
    pub(in crate::transport) const PUSH_PROMISE: u8 = 5;
    pub(in crate::transport) const GOAWAY: u8 = 7;
    pub(in crate::transport) const CONTINUATION: u8 = 9;
}

/// The flag of the last frame of a stream (`DATA`, `HEADERS`).
pub(super) const END_STREAM: u8 = 1;
/// The flag of a frame that ends a block of header fields.
pub(super) const END_HEADERS: u8 = 4;
