//! Ages as tables show them.

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;

/// The age at which [`human_duration`] may say something else.
pub(super) fn next_change(seconds: i64) -> i64 {
    let step = match seconds {
        s if s < 10 * MINUTE => 1,
        s if s < 8 * HOUR => MINUTE,
        s if s < 8 * DAY => HOUR,
        s if s < 8 * YEAR => DAY,
        _ => YEAR,
    };
    seconds - seconds.rem_euclid(step) + step
}

/// `k8s.io/apimachinery/pkg/util/duration.HumanDuration`.
pub(super) fn human_duration(seconds: i64) -> String {
    let two = |first: i64, unit: char, second: i64, small: char| {
        if second == 0 { format!("{first}{unit}") } else { format!("{first}{unit}{second}{small}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        s if s < 2 * MINUTE => format!("{s}s"),
        s if s < 10 * MINUTE => two(s / MINUTE, 'm', s % MINUTE, 's'),
        s if s < 3 * HOUR => format!("{}m", s / MINUTE),
        s if s < 8 * HOUR => two(s / HOUR, 'h', s % HOUR / MINUTE, 'm'),
        s if s < 2 * DAY => format!("{}h", s / HOUR),
        s if s < 8 * DAY => two(s / DAY, 'd', s % DAY / HOUR, 'h'),
        s if s < 2 * YEAR => format!("{}d", s / DAY),
        s if s < 8 * YEAR => two(s / YEAR, 'y', s % YEAR / DAY, 'd'),
        s => format!("{}y", s / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_shown_as_kubectl_shows_them() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (135, "2m15s"),
            (700, "11m"),
            (3 * 3600 + 60, "3h1m"),
            (30 * 3600, "30h"),
            (3 * 86400, "3d"),
            (100 * 86400, "100d"),
            (3 * 365 * 86400 + 86400, "3y1d"),
        ] {
            assert_eq!(human_duration(seconds), text);
        }
    }

    #[test]
    fn a_duration_stays_as_it_is_until_its_next_change() {
        for hours in 0..20_000_i64 {
            // Steps that meet every range, at no round number of any unit.
            let seconds = hours * 3_571 - 3;
            let next = next_change(seconds);
            assert!(next > seconds);
            let shown = human_duration(seconds);
            for later in [seconds + 1, i64::midpoint(seconds, next), next - 1] {
                if later < next {
                    assert_eq!(human_duration(later), shown, "{seconds} to {later}");
                }
            }
        }
    }
}
