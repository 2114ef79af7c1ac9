//! Conversion between numbers and texts of expressions.

/// Returns the number that a text is (XPath 1.0, section 4.4), as the JDK has it: digits, one
/// point, one minus.
pub(super) fn of_text(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Returns the text of a number (XPath 1.0, section 4.2): never with an exponent.
pub(super) fn text(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        // Rust writes the shortest digits that read back as the same number, without an exponent.
        value.to_string()
    }
}

/// Returns the number as Java's `NumberFormat` writes it for English: thousands grouped, three
/// decimals at most, halves to the even neighbour.
pub(super) fn grouped(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}\u{221e}");
    }
    // Rust rounds what the number really is, as Java does.
    let rounded = format!("{:.3}", value.abs());
    let (whole, decimals) = rounded.split_once('.').unwrap_or((&rounded, ""));
    let mut out = sign.to_owned();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let decimals = decimals.trim_end_matches('0');
    if !decimals.is_empty() {
        out.push('.');
        out.push_str(decimals);
    }
    out
}

/// Returns the nearest whole number, of two the greater (XPath 1.0, section 4.4).
pub(super) fn rounded(value: f64) -> f64 {
    if (-0.5..0.0).contains(&value) {
        -0.0
    } else if value == 0.0 {
        value
    } else {
        (value + 0.5).floor()
    }
}
