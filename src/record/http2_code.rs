//! The error code of HTTP/2 with which a backend reset a stream, or ended a connection: it is in the causes of what
//! hyper's client reports.

use std::error::Error;

/// The code of an error, where the backend sent one (RFC 9113, section 7).
pub(super) fn http2_code(error: &(dyn Error + 'static)) -> Option<u32> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<h2::Error>()
            && error.is_remote()
        {
            return error.reason().map(u32::from);
        }
        next = error.source();
    }
    None
}
