//! Path text → steps.

use super::filter::Condition;

/// How deep filters may nest in each other, parentheses included.
pub(super) const MAX_NESTING: usize = 32;

/// A compiled path.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(super) steps: Vec<Step>,
    pub(super) function: Option<Function>,
}

/// One step of a path.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// `.name`, `['a','b']`
    Members(Vec<String>),
    /// `[0]`, `[-1]`, `[0,2]`
    Items(Vec<i64>),
    /// `[1:3]`
    Slice(Option<i64>, Option<i64>),
    /// `.*`, `[*]`
    All,
    /// `..`: what follows is looked for at any depth.
    Deep,
    /// `[?(...)]`
    Filter(Box<Condition>),
}

/// A function at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Min,
    Max,
    Avg,
    Sum,
    Keys,
    First,
    Last,
}

impl Query {
    /// Compiles a path. One that does not begin with `$` or `@` is taken from the root.
    ///
    /// # Errors
    /// What is wrong, and at which byte.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let whole =
            if text.starts_with(['$', '@']) { text.to_owned() } else { format!("$.{text}") };
        let mut cursor = Cursor { text: &whole, at: 1, depth: 0 };
        let query = cursor.steps()?;
        if cursor.at < whole.len() {
            return Err(cursor.wrong("a '.' or '['"));
        }
        Ok(query)
    }

    /// Whether the path leads to one place at most.
    pub(crate) fn is_definite(&self) -> bool {
        self.steps.iter().all(Step::is_definite)
    }
}

impl Step {
    pub(super) fn is_definite(&self) -> bool {
        match self {
            Self::Members(_) => true,
            Self::Items(items) => items.len() == 1,
            Self::Slice(..) | Self::All | Self::Deep | Self::Filter(_) => false,
        }
    }
}

/// A place in a path's text.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Passes over a text if it comes next, after white space.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.eat(text) { Ok(()) } else { Err(self.wrong(&format!("'{text}'"))) }
    }

    pub(super) fn wrong(&self, expected: &str) -> String {
        match self.rest().chars().next() {
            Some(found) => format!("'{found}' at byte {} where {expected} is expected", self.at),
            None => format!("the path ends where {expected} is expected"),
        }
    }

    /// The steps after `$` or `@`, as far as they go.
    pub(super) fn steps(&mut self) -> Result<Query, String> {
        let (mut steps, mut function) = (Vec::new(), None);
        while function.is_none() {
            let rest = self.rest();
            if rest.starts_with("..") {
                self.at += 2;
                steps.push(Step::Deep);
                if self.rest().starts_with('[') {
                    steps.push(self.bracket()?);
                } else {
                    steps.push(self.name(&mut function)?);
                }
            } else if rest.starts_with('.') {
                self.at += 1;
                if self.rest().starts_with('[') {
                    steps.push(self.bracket()?);
                    continue;
                }
                let step = self.name(&mut function)?;
                if function.is_none() {
                    steps.push(step);
                }
            } else if rest.starts_with('[') {
                steps.push(self.bracket()?);
            } else {
                break;
            }
        }
        Ok(Query { steps, function })
    }

    fn name(&mut self, function: &mut Option<Function>) -> Result<Step, String> {
        let rest = self.rest();
        if rest.starts_with('*') {
            self.at += 1;
            return Ok(Step::All);
        }
        let ends = |c: char| c.is_whitespace() || "./[]()=!<>&|,~?'\"*".contains(c);
        let length = rest.find(ends).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong("a name"));
        }
        let name = &rest[..length];
        self.at += length;
        if self.rest().starts_with("()") {
            self.at += 2;
            *function = Some(match name {
                "length" | "size" => Function::Length,
                "min" => Function::Min,
                "max" => Function::Max,
                "avg" => Function::Avg,
                "sum" => Function::Sum,
                "keys" => Function::Keys,
                "first" => Function::First,
                "last" => Function::Last,
                other => return Err(format!("\"{other}()\" is no function")),
            });
        }
        Ok(Step::Members(vec![name.to_owned()]))
    }

    fn bracket(&mut self) -> Result<Step, String> {
        self.at += 1;
        self.space();
        let step = match self.rest().chars().next() {
            Some('*') => {
                self.at += 1;
                Step::All
            }
            Some('?') => {
                self.at += 1;
                self.expect("(")?;
                let condition = self.condition()?;
                self.expect(")")?;
                Step::Filter(Box::new(condition))
            }
            Some('\'' | '"') => {
                let mut names = vec![self.quoted()?];
                while self.eat(",") {
                    self.space();
                    names.push(self.quoted()?);
                }
                Step::Members(names)
            }
            Some(c) if c.is_ascii_digit() || c == '-' || c == ':' => self.numbers()?,
            _ => return Err(self.wrong("a name in quotes, a number, '*' or '?'")),
        };
        self.expect("]")?;
        Ok(step)
    }

    fn numbers(&mut self) -> Result<Step, String> {
        let first = self.number()?;
        if self.eat(":") {
            return Ok(Step::Slice(first, self.number()?));
        }
        let mut items = vec![first.ok_or_else(|| self.wrong("a number"))?];
        while self.eat(",") {
            items.push(self.number()?.ok_or_else(|| self.wrong("a number"))?);
        }
        Ok(Step::Items(items))
    }

    fn number(&mut self) -> Result<Option<i64>, String> {
        self.space();
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_ascii_digit() || c == '-')).unwrap_or(rest.len());
        if length == 0 {
            return Ok(None);
        }
        let number = rest[..length].parse().map_err(|_| self.wrong("a number"))?;
        self.at += length;
        Ok(Some(number))
    }

    /// A text in quotes of either kind; a backslash keeps the character behind it.
    pub(super) fn quoted(&mut self) -> Result<String, String> {
        let mut chars = self.rest().char_indices();
        let Some((_, quote @ ('\'' | '"'))) = chars.next() else {
            return Err(self.wrong("a quote"));
        };
        let mut text = String::new();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, c)) => text.push(c),
                    None => break,
                },
                c if c == quote => {
                    self.at += at + 1;
                    return Ok(text);
                }
                c => text.push(c),
            }
        }
        self.at = self.text.len();
        Err(self.wrong("the end of a quoted text"))
    }
}
