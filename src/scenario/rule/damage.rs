//! The words of damaged answers → [`Damage`].

use crate::message::Damage;
use crate::scenario::words::table::DamageWords;

use super::wire;

/// Compiles the words, or returns `None` if none is given.
pub(in crate::scenario) fn damage(words: &DamageWords<'_>) -> Option<Box<Damage>> {
    if words.gzip.is_some() && cfg!(not(feature = "gzip")) {
        words.node.error(
            "this build cannot compress bodies",
            "build it with the feature gzip, or leave gzip out",
        );
    }
    let code = |code: &u64| u16::try_from(*code).ok();
    let damage = Damage {
        corrupt: words.corrupt.map(|share| (share, 0)),
        repeat: words.repeat,
        length: words.content_length,
        charset: words.charset,
        gzip: words.gzip,
        padding: words.pad_headers,
        informational: words.informational.iter().flatten().filter_map(code).collect(),
        head_pace: words.slow_head.as_ref().and_then(wire::pace),
        read_pace: words.read.as_ref().and_then(wire::pace),
    };
    (damage != Damage::default()).then(|| Box::new(damage))
}
