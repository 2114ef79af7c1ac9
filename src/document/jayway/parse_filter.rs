//! Text → conditions, in the steps of Jayway's `FilterCompiler`.

use super::cursor::{Cursor, unescaped};
use super::query::{Comparison, Condition, Operand, Query};
use crate::java::decimal::Decimal;
use crate::java::json::{Json, Reader};
use crate::java::regex::{Flags, Regex};

const COMPARISONS: [(&str, Comparison); 20] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    ("==", Comparison::Equal),
    ("===", Comparison::Same),
    ("!=", Comparison::NotEqual),
    ("!==", Comparison::NotSame),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("=~", Comparison::Matches),
    ("NIN", Comparison::NotIn),
    ("IN", Comparison::In),
    ("CONTAINS", Comparison::Contains),
    ("ALL", Comparison::Never),
    ("SIZE", Comparison::Size),
    ("TYPE", Comparison::Never),
    ("MATCHES", Comparison::Never),
    ("EMPTY", Comparison::Empty),
    ("SUBSETOF", Comparison::SubsetOf),
    ("ANYOF", Comparison::AnyOf),
    ("NONEOF", Comparison::NoneOf),
];

/// How deep parentheses and `!` may nest in one filter.
const MAX_DEPTH: usize = 64;

impl Cursor {
    /// Returns a whole filter, with its parentheses.
    pub(super) fn filter(mut self) -> Result<Condition, String> {
        let condition = self.any(0)?;
        self.skip_blanks();
        if self.at < self.length() {
            let rest = self.text(self.at, self.length());
            return Err(format!("Expected end of filter expression instead of: {rest}"));
        }
        Ok(condition)
    }

    fn any(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the filter nests more than {MAX_DEPTH} deep"));
        }
        let mut any = vec![self.all(depth)?];
        while self.eat("||") {
            any.push(self.all(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Or(any) })
    }

    fn all(&mut self, depth: usize) -> Result<Condition, String> {
        let mut all = vec![self.single(depth)?];
        while self.eat("&&") {
            all.push(self.single(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::And(all) })
    }

    fn eat(&mut self, text: &str) -> bool {
        self.skip_blanks();
        let found = self.text(self.at, self.at + text.len()) == text;
        if found {
            self.at += text.len();
        }
        found
    }

    fn single(&mut self, depth: usize) -> Result<Condition, String> {
        if depth > MAX_DEPTH {
            return Err(format!("the filter nests more than {MAX_DEPTH} deep"));
        }
        self.skip_blanks();
        let start = self.at;
        if self.is('!') {
            self.at += 1;
            self.skip_blanks();
            if !matches!(self.current(), Some('$' | '@')) {
                return Ok(Condition::Not(Box::new(self.single(depth + 1)?)));
            }
            self.at = start;
        }
        if self.is('(') {
            self.at += 1;
            let inner = self.any(depth + 1)?;
            self.skip_blanks();
            if !self.is(')') {
                return Err("Expected character: )".to_owned());
            }
            self.at += 1;
            return Ok(inner);
        }
        self.expression()
    }

    fn expression(&mut self) -> Result<Condition, String> {
        let negated = self.is('!');
        let left = self.operand()?;
        let start = self.at;
        let compared = self.comparison().and_then(|comparison| Ok((comparison, self.operand()?)));
        match (compared, left) {
            (Ok((comparison, right)), left) => Ok(Condition::Compare(left, comparison, right)),
            (Err(_), Operand::Path(query)) => {
                self.at = start;
                Ok(Condition::Exists(query, !negated))
            }
            (Err(why), _) => Err(why),
        }
    }

    fn comparison(&mut self) -> Result<Comparison, String> {
        self.skip_blanks();
        let start = self.at;
        let is_sign = |c: char| matches!(c, '<' | '>' | '=' | '~' | '!');
        let signs = self.current().is_some_and(is_sign);
        while let Some(c) = self.current() {
            if signs && !is_sign(c) || !signs && c == ' ' {
                break;
            }
            self.at += 1;
        }
        let text = self.text(start, self.at);
        let known = COMPARISONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
        known
            .map(|(_, comparison)| *comparison)
            .ok_or_else(|| format!("Filter operator {text} is not supported!"))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        self.skip_blanks();
        if self.is('!') {
            self.at += 1;
            self.skip_blanks();
            if !matches!(self.current(), Some('$' | '@')) {
                return Err("Unexpected character: !".to_owned());
            }
        }
        let start = self.at;
        match self.current() {
            Some('$' | '@') => self.path(),
            Some(quote @ ('\'' | '"')) => {
                let end = self.find_unescaped(start, quote).ok_or_else(|| {
                    format!("String literal does not have matching quotes. Expected {quote}")
                })?;
                self.at = end + 1;
                Ok(Operand::Text(unescaped(&self.text(start + 1, end))))
            }
            Some('t') => self.word("true", Operand::Bool(true)),
            Some('f') => self.word("false", Operand::Bool(false)),
            Some('n') => self.word("null", Operand::Null),
            Some(open @ ('{' | '[')) => {
                let close = if open == '{' { '}' } else { ']' };
                let end = self.closing(start, open, close, false)?.ok_or("String not closed.")?;
                self.at = end + 1;
                let text = self.text(start, end + 1);
                Ok(Operand::Json(Json::read(&text, Reader::Smart)?))
            }
            Some('/') => self.pattern(),
            _ => {
                let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | 'E' | 'e');
                while self.current().is_some_and(is_part) {
                    self.at += 1;
                }
                let text = self.text(start, self.at);
                let number = Decimal::parse(&text);
                number.map(Operand::Number).ok_or_else(|| self.no_value())
            }
        }
    }

    /// Returns what `FilterCompiler.compile` says of an operand that is no number. The text of this cursor
    /// begins behind `[?`.
    fn no_value(&self) -> String {
        let found = self.current().map_or_else(String::new, String::from);
        let filter = self.text(0, self.length());
        let at = self.at + "[?".len();
        format!("Failed to parse filter: [?{filter}], error on position: {at}, char: {found}")
    }

    fn word(&mut self, word: &str, operand: Operand) -> Result<Operand, String> {
        if self.text(self.at, self.at + word.len()) != word {
            return Err(format!("Expected <{word}> value"));
        }
        self.at += word.len();
        Ok(operand)
    }

    fn pattern(&mut self) -> Result<Operand, String> {
        let start = self.at;
        let Some(end) = self.find_unescaped(start, '/') else {
            return Err("Pattern not closed. Expected /".to_owned());
        };
        self.at = end + 1;
        let mut flags = Flags::default();
        while let Some(letter) = self.current().filter(|letter| "dixmsuU".contains(*letter)) {
            flags.set(letter, true);
            self.at += 1;
        }
        let regex = Regex::new(&self.text(start + 1, end), flags);
        regex.map(|regex| Operand::Pattern(Box::new(regex))).map_err(|error| error.to_string())
    }

    fn path(&mut self) -> Result<Operand, String> {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.current() {
            if c == '[' {
                let end = self.closing(self.at, '[', ']', false)?;
                self.at = end.ok_or("Square brackets does not match in filter")? + 1;
            }
            let Some(c) = self.current() else { break };
            let closes = c == ')' && !self.closes_function(start);
            if closes || matches!(c, '<' | '>' | '=' | '~' | '!' | ' ') {
                break;
            }
            self.at += 1;
        }
        let text = self.text(start, self.at);
        Query::parse_at(&text, self.depth + 1).map(Operand::Path)
    }

    /// Returns whether the `)` here closes the `(` of a function.
    fn closes_function(&self, start: usize) -> bool {
        let Some(open) = self.previous_significant(self.at) else { return false };
        self.get(open) == Some('(') && (start + 1..open).any(|at| self.get(at) == Some('.'))
    }
}
