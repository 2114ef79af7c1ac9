//! Number formats of locales: the data of Java 17 (CLDR 39) for the locales that tests use.

/// The signs of a language, and the currency of a country.
pub(super) struct Locale {
    pub(super) decimal: &'static str,
    pub(super) group: &'static str,
    pub(super) minus: &'static str,
    /// The text before and after a percentage.
    pub(super) percent: (&'static str, &'static str),
    pub(super) currency: Currency,
}

/// How amounts are written.
pub(super) struct Currency {
    pub(super) symbol: &'static str,
    pub(super) place: Place,
    /// Digits after the point.
    pub(super) digits: usize,
}

/// The position of the sign of a currency.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Before,
    /// Before, and a space that does not break between.
    BeforeSpaced,
    /// As [`Place::BeforeSpaced`], with a minus between the space and the number.
    BeforeSpacedMinus,
    /// Before, with a space for positive amounts and a minus in its place for negative ones.
    BeforeSpacedOrMinus,
    BehindSpaced,
}

const NBSP: &str = "\u{a0}";
const PERCENT: (&str, &str) = ("", "%");
const SPACED_PERCENT: (&str, &str) = ("", "\u{a0}%");

impl Locale {
    /// Returns the locale of a name such as `de_DE`; a language without a country has no currency.
    pub(super) fn of(name: &str) -> Self {
        let name = name.replace('-', "_");
        let (language, country) = name.split_once('_').unwrap_or((&name, ""));
        let (group, decimal, percent, place) = match (language, country) {
            ("de", "CH" | "LI") => ("’", ".", PERCENT, Place::BeforeSpacedOrMinus),
            ("de" | "es" | "da", _) => (".", ",", SPACED_PERCENT, Place::BehindSpaced),
            ("it" | "id" | "el", _) => (".", ",", PERCENT, Place::BehindSpaced),
            ("tr", _) => (".", ",", ("%", ""), Place::Before),
            ("nl", _) => (".", ",", PERCENT, Place::BeforeSpacedMinus),
            ("pt", "BR" | "") => (".", ",", PERCENT, Place::BeforeSpaced),
            ("pt" | "pl" | "hu" | "uk", _) => (NBSP, ",", PERCENT, Place::BehindSpaced),
            ("fr", _) => ("\u{202f}", ",", SPACED_PERCENT, Place::BehindSpaced),
            ("ru" | "cs" | "sv" | "fi" | "sk" | "bg", _) => {
                (NBSP, ",", SPACED_PERCENT, Place::BehindSpaced)
            }
            ("nb" | "no" | "nn", _) => (NBSP, ",", SPACED_PERCENT, Place::BeforeSpaced),
            ("" | "en" | "ja" | "ko" | "zh" | "hi" | "th" | "he", _) => {
                (",", ".", PERCENT, Place::Before)
            }
            _ => (",", ".", PERCENT, Place::BeforeSpaced),
        };
        let minus = match language {
            "sv" | "fi" | "nb" | "no" | "nn" => "\u{2212}",
            _ => "-",
        };
        let symbol = match (country, language) {
            ("US" | "CA" | "AU" | "NZ", _) => "$",
            ("GB", _) => "£",
            (
                "DE" | "FR" | "ES" | "IT" | "NL" | "AT" | "BE" | "FI" | "IE" | "PT" | "GR" | "SK",
                _,
            ) => "€",
            ("JP", "ja") => "\u{ffe5}",
            ("JP" | "CN", _) => "¥",
            ("IN", _) => "₹",
            ("BR", _) => "R$",
            ("KR", _) => "₩",
            ("CH", _) => "CHF",
            ("SE" | "NO", _) => "kr",
            ("DK", _) => "kr.",
            ("PL", _) => "zł",
            ("CZ", _) => "Kč",
            ("HU", _) => "Ft",
            ("RU", _) => "₽",
            ("TR", _) => "₺",
            ("UA", _) => "₴",
            _ => "¤",
        };
        let digits = if matches!(country, "JP" | "KR") { 0 } else { 2 };
        let currency = Currency { symbol, place, digits };
        Self { decimal, group, minus, percent, currency }
    }
}
