//! Text → path, in the steps of Jayway's `PathCompiler`.

use super::cursor::{Cursor, unescaped};
use super::query::{Function, Parameter, Query, Step};
use crate::java::json::{Json, Reader};

impl Query {
    /// Reads a path. One that does not begin with `$` or `@` begins with `$.`.
    ///
    /// # Errors
    /// A message that says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Self::parse_at(text, 0)
    }

    pub(super) fn parse_at(text: &str, depth: usize) -> Result<Self, String> {
        if text.is_empty() {
            return Err("json can not be null or empty".to_owned());
        }
        // Blanks in front of the `$` belong to a name.
        if text.starts_with(['$', '@']) {
            Cursor::new(text.trim_end_matches(' '), depth)?.query()
        } else {
            Cursor::new(format!("$.{text}").trim_end_matches(' '), depth)?.query()
        }
    }
}

impl Cursor {
    fn query(mut self) -> Result<Query, String> {
        if self.get(self.length() - 1) == Some('.') {
            return Err("Path must not end with a '.' or '..'".to_owned());
        }
        let from_root = self.is('$');
        let mut steps = Vec::new();
        if !self.is_tail() {
            self.at += 1;
            if !self.is('.') && !self.is('[') {
                let at = self.at;
                return Err(format!("Illegal character at position {at} expected '.' or '['"));
            }
            loop {
                self.step(&mut steps)?;
                if self.is_tail() {
                    break;
                }
            }
        }
        let mut query = Query { from_root, steps };
        // After `..` a function applies to all results: $..a.sum() is $.sum($..a).
        if matches!(query.steps.first(), Some(Step::Deep))
            && let Some(Step::Function(function, _)) = query.steps.last()
        {
            let function = *function;
            query.steps.pop();
            let inner = Query { from_root: true, steps: query.steps };
            query.steps = vec![Step::Function(function, vec![Parameter::Path(inner)])];
        }
        Ok(query)
    }

    /// Returns one step, with the dots before it.
    fn step(&mut self, steps: &mut Vec<Step>) -> Result<(), String> {
        if self.is('.') {
            if self.get(self.at + 1) == Some('.') {
                steps.push(Step::Deep);
                self.at += 2;
            } else {
                self.at += 1;
            }
            if self.is('.') {
                return Err(format!("Character '.' on position {} is not valid.", self.at));
            }
        }
        match self.current() {
            Some('[') => {
                let step = self.bracket()?;
                steps.push(step);
            }
            Some('*') => {
                self.at += 1;
                steps.push(Step::All);
            }
            Some(' ') | None => {
                return Err(format!("Could not parse token starting at position {}", self.at));
            }
            Some(_) => {
                let step = self.name()?;
                steps.push(step);
            }
        }
        Ok(())
    }

    /// Returns a name, or a function with what it is given.
    fn name(&mut self) -> Result<Step, String> {
        let start = self.at;
        let mut end = self.length();
        let mut is_function = false;
        for at in start..self.length() {
            match self.get(at) {
                Some(' ') => {
                    return Err(format!(
                        "Use bracket notion ['my prop'] if your property contains blank characters. position: {start}"
                    ));
                }
                Some(c @ ('.' | '[' | '(')) => {
                    end = at;
                    is_function = c == '(';
                    break;
                }
                _ => {}
            }
        }
        let name = self.text(start, end);
        if !is_function {
            self.at = end;
            return Ok(Step::Members(vec![name]));
        }
        let mut open = 1;
        let closed = (end + 1..self.length()).any(|at| {
            open += match self.get(at) {
                Some('(') => 1,
                Some(')') => -1,
                _ => 0,
            };
            open == 0
        });
        if !closed {
            return Err(format!("Arguments to function: '{name}' are not closed properly."));
        }
        let parameters = if self.get(end + 1) == Some(')') {
            // The path is at its end here; else the next step begins with the parenthesis.
            self.at = end + 1;
            Vec::new()
        } else {
            self.at = end + 1;
            self.parameters(&name)?
        };
        Ok(Step::Function(function(&name), parameters))
    }

    /// Returns the text between the parentheses, and consumes the closing one.
    fn parameters(&mut self, name: &str) -> Result<Vec<Parameter>, String> {
        let unclosed = || format!("Arguments to function: '{name}' are not closed properly.");
        let mut parameters = Vec::new();
        let (mut parens, mut others, mut quoted) = (0_usize, 0_usize, false);
        let mut text = String::new();
        loop {
            let c = self.current().ok_or_else(unclosed)?;
            self.at += 1;
            let ends = parens == 0 && others == 0 && !quoted && matches!(c, ',' | ')');
            if ends {
                let trimmed = text.trim();
                if trimmed.starts_with(['$', '@']) {
                    parameters.push(Parameter::Path(Query::parse_at(trimmed, self.depth + 1)?));
                } else if trimmed.starts_with(['{', '"', '-'])
                    || trimmed.starts_with(|c: char| c.is_ascii_digit())
                {
                    parameters.push(Parameter::Json(Json::read(trimmed, Reader::Smart)?));
                }
                text.clear();
                if c == ')' {
                    return Ok(parameters);
                }
                continue;
            }
            match c {
                '"' => quoted = !quoted,
                '(' => parens += 1,
                ')' => parens = parens.checked_sub(1).ok_or_else(unclosed)?,
                '{' | '[' => others += 1,
                '}' | ']' => others = others.checked_sub(1).ok_or_else(unclosed)?,
                _ => {}
            }
            text.push(c);
        }
    }

    fn bracket(&mut self) -> Result<Step, String> {
        let Some(next) = self.next_significant(self.at) else {
            return Err(self.no_token());
        };
        match self.get(next) {
            Some(quote @ ('\'' | '"')) => self.quoted_names(quote),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | ':') => self.items(),
            Some('*') => {
                let Some(end) = self.next_significant_is(next, ']') else {
                    return Err("Expected wildcard token to end with ']'".to_owned());
                };
                self.at = end + 1;
                Ok(Step::All)
            }
            Some('?') => {
                if self.next_significant_is(next, ']').is_some() {
                    return Err(format!(
                        "Not enough predicates supplied for filter [?] at position {}",
                        self.at
                    ));
                }
                let wrong = || self.no_token();
                let open = self.next_significant_is(next, '(').ok_or_else(wrong)?;
                let close = self.closing(open, '(', ')', true)?.ok_or_else(wrong)?;
                let end = self.next_significant_is(close, ']').ok_or_else(wrong)?;
                let inside = self.text(open, close + 1);
                let condition = Cursor::new(&inside, self.depth + 1)?.filter()?;
                self.at = end + 1;
                Ok(Step::Filter(condition))
            }
            _ => Err(self.no_token()),
        }
    }

    /// Returns what `PathCompiler.readNextToken` says where none of its readers takes a bracket.
    fn no_token(&self) -> String {
        format!("Could not parse token starting at position {}. Expected ?, ', 0-9, * ", self.at)
    }

    fn quoted_names(&mut self, quote: char) -> Result<Step, String> {
        let mut names = Vec::new();
        let (mut start, mut end) = (self.at + 1, 0);
        let (mut inside, mut escaped, mut comma) = (false, false, false);
        for at in self.at + 1..self.length() {
            match self.get(at) {
                _ if escaped => escaped = false,
                Some('\\') => escaped = true,
                Some(']') if !inside => {
                    if comma {
                        return Err(format!("Found empty property at index {at}"));
                    }
                    break;
                }
                Some(c) if c == quote && inside => {
                    let next = self.next_significant(at).and_then(|at| self.get(at));
                    if !matches!(next, Some(']' | ',')) {
                        return Err(format!(
                            "Property must be separated by comma or Property must be terminated close square bracket at index {at}"
                        ));
                    }
                    end = at;
                    names.push(unescaped(&self.text(start, at)));
                    inside = false;
                }
                Some(c) if c == quote => {
                    start = at + 1;
                    inside = true;
                    comma = false;
                }
                Some(',') if !inside => {
                    if comma {
                        return Err(format!("Found empty property at index {at}"));
                    }
                    comma = true;
                }
                _ => {}
            }
        }
        if inside {
            return Err(format!("Property has not been closed - missing closing {quote}"));
        }
        let Some(close) = self.next_significant_is(end, ']') else {
            return Err("Property has not been closed - missing closing ]".to_owned());
        };
        self.at = close + 1;
        Ok(Step::Members(names))
    }

    fn items(&mut self) -> Result<Step, String> {
        let nothing = self.no_token();
        let wrong = || nothing.clone();
        let end = self.find(self.at + 1, ']').ok_or_else(wrong)?;
        let text = self.text(self.at + 1, end);
        let text = text.trim();
        self.at = end + 1;
        let number = |text: &str| text.parse::<i32>().map(i64::from).map_err(|_| wrong());
        if !text.contains(':') {
            let items = text.split(',').map(number).collect::<Result<_, _>>()?;
            return Ok(Step::Items(items));
        }
        let mut bounds = text
            .split(':')
            .map(|bound| if bound.is_empty() { Ok(None) } else { number(bound).map(Some) });
        let mut bound = || bounds.next().unwrap_or(Ok(None));
        match (bound()?, bound()?) {
            (None, None) => Err(format!("Failed to parse SliceOperation: {text}")),
            (from, to) => Ok(Step::Slice(from, to)),
        }
    }
}

fn function(name: &str) -> Function {
    match name {
        "length" | "size" => Function::Length,
        "keys" => Function::Keys,
        "first" => Function::First,
        "last" => Function::Last,
        "index" => Function::Index,
        "min" => Function::Min,
        "max" => Function::Max,
        "avg" => Function::Average,
        "sum" => Function::Sum,
        "stddev" => Function::Deviation,
        "concat" => Function::Concat,
        "append" => Function::Append,
        _ => Function::Unknown,
    }
}
