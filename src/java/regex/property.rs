//! The sets of characters that have names: `\d`, `\p{Lu}`, `\p{javaLowerCase}`, `\p{InGreek}`.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

use super::char_set::CharSet;

/// The blocks of Unicode: first and last code point, and the name.
const BLOCKS: &str = include_str!("blocks.txt");

/// Returns a set of ranges.
pub(super) fn ranges(list: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(list.iter().map(|(from, to)| ClassUnicodeRange::new(*from, *to)))
}

/// Returns every character.
pub(super) fn all() -> ClassUnicode {
    ranges(&[('\0', char::MAX)])
}

/// Returns the set without its characters.
pub(super) fn negated(mut set: ClassUnicode) -> ClassUnicode {
    set.negate();
    set
}

/// Returns the set of a class that the linear engine's syntax has.
fn syntax(text: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(text).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        HirKind::Class(Class::Bytes(class)) => class.to_unicode_class(),
        HirKind::Literal(literal) => {
            let c = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(ranges(&[(c, c)]))
        }
        _ => None,
    }
}

fn known(text: &str) -> ClassUnicode {
    syntax(text).unwrap_or_else(|| ranges(&[]))
}

/// Returns the characters that end a line.
pub(super) fn line_ends(unix: bool) -> ClassUnicode {
    if unix {
        return ranges(&[('\n', '\n')]);
    }
    ranges(&[('\n', '\n'), ('\r', '\r'), ('\u{85}', '\u{85}'), ('\u{2028}', '\u{2029}')])
}

/// `\h`
pub(super) fn horizontal_space() -> ClassUnicode {
    known(r"[ \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]")
}

/// `\v`
pub(super) fn vertical_space() -> ClassUnicode {
    known(r"[\n\x0B\f\r\x{85}\x{2028}\x{2029}]")
}

/// `\d`, `\w` or `\s`.
pub(super) fn perl(letter: char, unicode: bool) -> ClassUnicode {
    known(match (letter, unicode) {
        ('d', false) => "[0-9]",
        ('d', true) => r"\p{Nd}",
        ('s', false) => r"[ \t\n\x0B\f\r]",
        ('s', true) => r"\p{White_Space}",
        (_, false) => "[a-zA-Z0-9_]",
        (_, true) => r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]",
    })
}

/// Returns the set of `\p{name}`.
pub(super) fn named(name: &str, unicode_classes: bool, ignore_case: bool) -> Option<ClassUnicode> {
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_lowercase().as_str() {
            "sc" | "script" => script(value),
            "blk" | "block" => block(value),
            "gc" | "general_category" => general(value, ignore_case),
            _ => None,
        };
    }
    if let Some(name) = name.strip_prefix("In") {
        return block(name);
    }
    if let Some(name) = name.strip_prefix("Is") {
        return binary(name).or_else(|| general(name, ignore_case)).or_else(|| script(name));
    }
    let posix = if unicode_classes { unicode_posix(name) } else { None };
    posix.or_else(|| general(name, ignore_case))
}

/// Returns a script by its full name or its short one.
fn script(name: &str) -> Option<ClassUnicode> {
    plain(name).then(|| syntax(&format!(r"\p{{sc={name}}}"))).flatten()
}

fn plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Returns a block: case, spaces, `_` and `-` do not count.
fn block(name: &str) -> Option<ClassUnicode> {
    let folded = |name: &str| name.replace([' ', '_', '-'], "").to_lowercase();
    let wanted = match folded(name).as_str() {
        "greek" => "greekandcoptic".to_owned(),
        "combiningmarksforsymbols" => "combiningdiacriticalmarksforsymbols".to_owned(),
        "cyrillicsupplementary" => "cyrillicsupplement".to_owned(),
        other => other.to_owned(),
    };
    BLOCKS.lines().find_map(|line| {
        let mut parts = line.splitn(3, ' ');
        let (from, to, name) = (parts.next()?, parts.next()?, parts.next()?);
        let code = |text| char::from_u32(u32::from_str_radix(text, 16).ok()?);
        (folded(name) == wanted).then(|| Some(ranges(&[(code(from)?, code(to)?)])))?
    })
}

/// Properties of Unicode that have their own names after `Is`.
fn binary(name: &str) -> Option<ClassUnicode> {
    Some(known(match name.to_uppercase().as_str() {
        "ALPHABETIC" => r"\p{Alphabetic}",
        "ASSIGNED" => r"\P{Cn}",
        "CONTROL" => r"\p{Cc}",
        "HEXDIGIT" | "HEX_DIGIT" => r"[\p{Nd}0-9A-Fa-fＡ-Ｆａ-ｆ]",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "JOINCONTROL" | "JOIN_CONTROL" => r"\p{Join_Control}",
        "LETTER" => r"\p{L}",
        "LOWERCASE" => r"\p{Lowercase}",
        "NONCHARACTERCODEPOINT" | "NONCHARACTER_CODE_POINT" => r"\p{Noncharacter_Code_Point}",
        "TITLECASE" => r"\p{Lt}",
        "PUNCTUATION" => r"\p{P}",
        "UPPERCASE" => r"\p{Uppercase}",
        "WHITESPACE" | "WHITE_SPACE" => r"\p{White_Space}",
        "WORD" => return Some(perl('w', true)),
        _ => return None,
    }))
}

/// Returns the POSIX classes with the flag `U`.
fn unicode_posix(name: &str) -> Option<ClassUnicode> {
    Some(known(match name.to_uppercase().as_str() {
        "ALPHA" => r"\p{Alphabetic}",
        "LOWER" => r"\p{Lowercase}",
        "UPPER" => r"\p{Uppercase}",
        "SPACE" => r"\p{White_Space}",
        "PUNCT" => r"\p{P}",
        "XDIGIT" => r"[\p{Nd}0-9A-Fa-fＡ-Ｆａ-ｆ]",
        "ALNUM" => r"[\p{Alphabetic}\p{Nd}]",
        "CNTRL" => r"\p{Cc}",
        "DIGIT" => r"\p{Nd}",
        "BLANK" => r"[\p{Zs}\t]",
        "GRAPH" => r"[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]",
        "PRINT" => r"[[^\p{White_Space}\p{Cc}\p{Cs}\p{Cn}]\p{Zs}]",
        _ => return None,
    }))
}

/// General categories, POSIX classes and those of `java.lang.Character`.
fn general(name: &str, ignore_case: bool) -> Option<ClassUnicode> {
    if ignore_case {
        // The requested case does not count, and Java has its own set for each.
        let any = match name {
            "Lu" | "Ll" | "Lt" => Some(r"[\p{Lu}\p{Ll}\p{Lt}]"),
            "Lower" | "Upper" => Some("[a-zA-Z]"),
            "javaLowerCase" | "javaUpperCase" | "javaTitleCase" => {
                Some(r"[\p{Lowercase}\p{Uppercase}\p{Lt}]")
            }
            _ => None,
        };
        if let Some(any) = any {
            return Some(known(any));
        }
    }
    Some(known(match name {
        "Cn" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Me" | "Mc" | "Nd" | "Nl" | "No"
        | "Zs" | "Zl" | "Zp" | "Cc" | "Cf" | "Co" | "Pd" | "Ps" | "Pe" | "Pc" | "Po" | "Sm"
        | "Sc" | "Sk" | "So" | "Pi" | "Pf" | "L" | "M" | "N" | "Z" | "P" | "S" | "C" => {
            return syntax(&format!(r"\p{{{name}}}"));
        }
        "Cs" => return Some(ranges(&[])),
        "LC" => r"[\p{Lu}\p{Ll}\p{Lt}]",
        "LD" => r"[\p{L}\p{Nd}]",
        "L1" => r"[\x{00}-\x{FF}]",
        "all" => return Some(all()),
        "ASCII" => r"[\x{00}-\x{7F}]",
        "Alnum" => "[a-zA-Z0-9]",
        "Alpha" => "[a-zA-Z]",
        "Blank" => r"[ \t]",
        "Cntrl" => r"[\x00-\x1F\x7F]",
        "Digit" => "[0-9]",
        "Graph" => "[!-~]",
        "Lower" => "[a-z]",
        "Print" => "[ -~]",
        "Punct" => r"[!-/:-@\[-`{-~]",
        "Space" => r"[\t-\r ]",
        "Upper" => "[A-Z]",
        "XDigit" => "[0-9A-Fa-f]",
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaIdeographic" => r"\p{Ideographic}",
        "javaTitleCase" => r"\p{Lt}",
        "javaDigit" => r"\p{Nd}",
        "javaDefined" => r"\P{Cn}",
        "javaLetter" => r"\p{L}",
        "javaLetterOrDigit" => r"[\p{L}\p{Nd}]",
        "javaJavaIdentifierStart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}]",
        "javaJavaIdentifierPart" => {
            r"[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\x00-\x08\x0E-\x1B\x7F-\x{9F}\p{Cf}]"
        }
        "javaUnicodeIdentifierStart" => r"[\p{L}\p{Nl}]",
        "javaUnicodeIdentifierPart" => {
            r"[\p{L}\p{Nl}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\x00-\x08\x0E-\x1B\x7F-\x{9F}\p{Cf}]"
        }
        "javaIdentifierIgnorable" => r"[\x00-\x08\x0E-\x1B\x7F-\x{9F}\p{Cf}]",
        "javaSpaceChar" => r"[\p{Zs}\p{Zl}\p{Zp}]",
        "javaWhitespace" => r"[[\p{Zs}\p{Zl}\p{Zp}--[\x{A0}\x{2007}\x{202F}]]\t-\r\x1C-\x1F]",
        "javaISOControl" => r"[\x00-\x1F\x7F-\x{9F}]",
        "javaMirrored" => r"[()<>\[\]{}«»≤≥≪≫⟨⟩（）]",
        _ => return None,
    }))
}

/// `Character.isLetterOrDigit`
pub(super) fn is_letter_or_digit(c: char) -> bool {
    static SET: LazyLock<CharSet> = LazyLock::new(|| CharSet::of(&known(r"[\p{L}\p{Nd}]")));
    SET.has(c)
}

/// Returns a mark that takes no space of its own.
pub(super) fn is_mark(c: char) -> bool {
    static SET: LazyLock<CharSet> = LazyLock::new(|| CharSet::of(&known(r"\p{Mn}")));
    SET.has(c)
}

/// `\w` of Unicode.
pub(super) fn is_word(c: char) -> bool {
    static SET: LazyLock<CharSet> = LazyLock::new(|| CharSet::of(&perl('w', true)));
    SET.has(c)
}
