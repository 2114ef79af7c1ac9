//! Values with units: `30s`, `64KiB`, `30%`.

use std::time::Duration;

/// Reads a time: a number with `ms`, `s`, `m` or `h`, or several of them (`1m30s`).
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0_f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = number(rest)?;
        let unit_len = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let seconds = match &after[..unit_len] {
            "us" => 0.000_001,
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total += number * seconds;
        rest = &after[unit_len..];
    }
    Duration::try_from_secs_f64(total).ok()
}

/// Reads a size: a number alone (bytes) or with `B`, `KB`, `MB`, `GB`, `KiB`, `MiB`, `GiB`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = number(text.trim())?;
    let factor = match unit.trim() {
        "" | "B" => 1.0,
        "KB" | "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "KiB" => 1024.0,
        "MiB" => 1024.0 * 1024.0,
        "GiB" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let bytes = number * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "range-checked: whole and between 0 and 2^53"
    )]
    (bytes.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&bytes))
        .then_some(bytes as u64)
}

/// Reads a share: a number with `%`, from 0 to 100, given as a fraction of 1.
pub(super) fn percent(text: &str) -> Option<f64> {
    let (number, unit) = number(text.trim())?;
    (unit.trim() == "%" && (0.0..=100.0).contains(&number)).then_some(number / 100.0)
}

fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_unit() {
        assert_eq!(duration("30s"), Some(Duration::from_secs(30)));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("400ms"), Some(Duration::from_millis(400)));
        for wrong in ["", "30", "s", "-1s", "1 s", "1d", "99999999999999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn sizes_and_shares() {
        assert_eq!(size("64KiB"), Some(65536));
        assert_eq!(size("100"), Some(100));
        assert_eq!(size("1.5KB"), Some(1500));
        assert_eq!(size("0.5B"), None);
        assert_eq!(percent("30%"), Some(0.3));
        assert_eq!(percent("101%"), None);
        assert_eq!(percent("30"), None);
    }
}
