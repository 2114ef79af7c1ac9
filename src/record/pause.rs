//! How a pause of a backend is written, in answers and in faults.

use std::time::Duration;

/// A pause as it is written: two recordings of the same stream differ by what the network and the system add, and
/// are to be written the same.
pub(super) fn rounded(pause: Duration) -> Duration {
    let ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let step = match ms {
        ..1_000 => 50,
        1_000..10_000 => 100,
        _ => 1_000,
    };
    Duration::from_millis(ms.saturating_add(step / 2) / step * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_rounded_to_what_can_be_heard() {
        let ms = Duration::from_millis;
        for (pause, written) in [
            (26, 50),
            (74, 50),
            (199, 200),
            (206, 200),
            (940, 950),
            (1_049, 1_000),
            (12_600, 13_000),
        ] {
            assert_eq!(rounded(ms(pause)), ms(written), "{pause}");
        }
    }
}
