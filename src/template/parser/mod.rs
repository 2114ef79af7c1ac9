//! Template text → [`Node`]s, by the grammar of jknack's `HbsParser`.

mod call;

use std::sync::Arc;

use crate::template::ast::{Block, Call, Node, Param};
use crate::template::error::TemplateError;
use crate::template::lexer::{Closing, Lexer, Opening, Token};
use crate::template::limits::MAX_NESTING;
use crate::template::path::Path;

/// Parses a template.
pub(crate) fn parse(text: &str) -> Result<Box<[Node]>, TemplateError> {
    let mut parser = Parser { lexer: Lexer::new(text), trim: false, scopes: Vec::new() };
    let (nodes, end) = parser.body(0)?;
    match end {
        End::Eof => Ok(nodes),
        End::Close { start, .. } => Err(parser.misplaced(start, "{{/")),
        End::Else { start, .. } => Err(parser.misplaced(start, "{{")),
    }
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    /// Whether white space goes from the text that follows.
    trim: bool,
    /// The open blocks: the name, and the text of the first parameter.
    scopes: Vec<(&'t str, Option<Arc<str>>)>,
}

/// What ended a body. `start` is the offset of the tag.
enum End<'t> {
    Eof,
    Close {
        start: usize,
        at: usize,
        name: &'t str,
    },
    /// `{{else}}` or `{{^}}`, with the first token after it.
    Else {
        start: usize,
        at: usize,
        next: Token<'t>,
        /// For `{{^}}`: whether `~` is in it.
        caret: Option<bool>,
    },
}

impl<'t> Parser<'t> {
    fn body(&mut self, depth: usize) -> Result<(Box<[Node]>, End<'t>), TemplateError> {
        let mut nodes: Vec<Node> = Vec::new();
        if depth > MAX_NESTING {
            let message = format!("blocks and expressions nest more than {MAX_NESTING} deep");
            return Err(self.lexer.error(self.lexer.offset(), message));
        }
        loop {
            let text = self.lexer.text();
            let text = if std::mem::take(&mut self.trim) { text.trim_start() } else { text };
            push_text(&mut nodes, text);
            if let Some(escaped) = self.lexer.escaped()? {
                push_text(&mut nodes, escaped);
                continue;
            }
            if self.lexer.comment() {
                continue;
            }
            let start = self.lexer.offset();
            let Some((opening, trim)) = self.lexer.opening() else {
                return Ok((nodes.into(), End::Eof));
            };
            if trim {
                trim_last(&mut nodes);
            }
            match opening {
                Opening::Value | Opening::Triple => {
                    let (at, token) = self.lexer.token()?;
                    if token == Token::Word("else") {
                        let (at, next) = self.lexer.token()?;
                        return Ok((nodes.into(), End::Else { start, at, next, caret: None }));
                    }
                    nodes.push(Node::Tag(self.tag(opening, start, at, &token, depth)?));
                }
                Opening::Block => {
                    let (at, token) = self.lexer.token()?;
                    nodes.push(self.block(at, &token, trim, depth)?);
                }
                Opening::Inverse => {
                    let (at, token) = self.lexer.token()?;
                    if let Token::End(Closing::Value, _) = token {
                        return Ok((
                            nodes.into(),
                            End::Else { start, at, next: token, caret: Some(trim) },
                        ));
                    }
                    nodes.push(self.inverted(at, &token, depth)?);
                }
                Opening::Raw => nodes.push(self.raw(depth)?),
                Opening::Close => {
                    let (at, token) = self.lexer.token()?;
                    let Token::Word(name) = token else {
                        return Err(self.unexpected(at, &token, "ID"));
                    };
                    self.end(Closing::Value)?;
                    return Ok((nodes.into(), End::Close { start, at, name }));
                }
                Opening::Partial => nodes.push(self.partial()?),
                Opening::PartialBlock => {
                    return Err(self.lexer.error(start, "blocks with partials are not available"));
                }
                Opening::Delimiters => {
                    return Err(self.lexer.error(start, "the delimiters cannot be changed"));
                }
            }
        }
    }

    fn tag(
        &mut self,
        opening: Opening,
        start: usize,
        at: usize,
        token: &Token<'t>,
        depth: usize,
    ) -> Result<Call, TemplateError> {
        let name = match *token {
            Token::Word(name) if !matches!(name, "true" | "false" | "as") => name,
            _ => return Err(self.misplaced(start, "{{")),
        };
        let (mut call, end_at, end) = self.call(at, name, depth)?;
        let closing = if opening == Opening::Triple { Closing::Triple } else { Closing::Value };
        self.closing(end_at, end, closing)?;
        let is_helper = !call.params.is_empty() || !call.hash.is_empty();
        if is_helper && call.helper.is_none() {
            return Err(self.unknown_helper(at, name));
        }
        // Inside {{#with x}}, x belongs to the model.
        if let (false, Some(("with", Some(scope)))) = (is_helper, self.scopes.last())
            && name
                .strip_prefix(&**scope)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            && !name.starts_with('.')
        {
            call.path = Path::compile(&format!("this.{name}"));
        }
        Ok(call)
    }

    fn block(
        &mut self,
        at: usize,
        token: &Token<'t>,
        trim: bool,
        depth: usize,
    ) -> Result<Node, TemplateError> {
        let Token::Word(name) = *token else { return Err(self.unexpected(at, token, "ID")) };
        let (call, names, end_at, end) = self.head(at, name, depth)?;
        self.closing(end_at, end, Closing::Value)?;
        self.known(at, name, &call)?;
        let scope = call.params.first().map(describe);
        self.scopes.push((name, scope));
        let (body, end) = self.body(depth + 1)?;
        let inverse = self.rest_of_block((name, trim), end, depth + 1)?;
        self.scopes.pop();
        Ok(Node::Block(Box::new(Block { call, inverted: false, names, body, inverse })))
    }

    /// Returns what follows a block's body: `{{else}}`, `{{else if ...}}`, the end. Of several the
    /// last counts. `open` is the block's name, and whether `~` is before its `#`.
    fn rest_of_block(
        &mut self,
        open: (&str, bool),
        end: End<'t>,
        depth: usize,
    ) -> Result<Box<[Node]>, TemplateError> {
        let (name, trims) = open;
        match end {
            // The original distinguishes the sign by how the block opens.
            End::Else { start, caret: Some(caret), .. } if caret != trims => {
                let found = if trims { '{' } else { '~' };
                let message =
                    format!("The inverseLabel must be one of '^' or 'else'. Found: {found}");
                Err(self.lexer.error(start, message))
            }
            End::Eof => {
                let end = self.lexer.offset();
                Err(self.lexer.error(end, "found: '<EOF>', expected: '{{/'"))
            }
            End::Close { name: found, .. } if found == name => Ok(Box::default()),
            End::Close { at, name: found, .. } => {
                Err(self.lexer.error(at, format!("found: '{found}', expected: '{name}'")))
            }
            End::Else { next: Token::End(Closing::Value, trim), .. } => {
                self.trim = trim;
                let (inverse, end) = self.body(depth + 1)?;
                let is_last = !matches!(end, End::Else { .. });
                let later = self.rest_of_block(open, end, depth + 1)?;
                Ok(if is_last { inverse } else { later })
            }
            End::Else { at, next: Token::Word(inner), .. } => {
                let (call, names, end_at, end) = self.head(at, inner, depth)?;
                self.closing(end_at, end, Closing::Value)?;
                self.known(at, inner, &call)?;
                let (body, end) = self.body(depth + 1)?;
                let inverse = self.rest_of_block(open, end, depth + 1)?;
                let block = Block { call, inverted: false, names, body, inverse };
                Ok(Box::new([Node::Block(Box::new(block))]))
            }
            End::Else { at, next, .. } => Err(self.unexpected(at, &next, "}}")),
        }
    }

    /// `{{^name}}...{{/name}}`; parameters are read and have no effect.
    fn inverted(
        &mut self,
        at: usize,
        token: &Token<'t>,
        depth: usize,
    ) -> Result<Node, TemplateError> {
        let Token::Word(name) = *token else { return Err(self.unexpected(at, token, "ID")) };
        let (mut call, names, end_at, end) = self.head(at, name, depth)?;
        self.closing(end_at, end, Closing::Value)?;
        (call.params, call.hash) = (Box::default(), Box::default());
        let (body, end) = self.body(depth + 1)?;
        if let End::Else { start, .. } = end {
            return Err(self.lexer.error(start, "found: '{{', expected: '{{/'"));
        }
        self.rest_of_block((name, false), end, depth)?;
        let block = Block { call, inverted: true, names, body, inverse: Box::default() };
        Ok(Node::Block(Box::new(block)))
    }

    /// `{{{{name}}}}...{{{{/name}}}}`: the body is text.
    fn raw(&mut self, depth: usize) -> Result<Node, TemplateError> {
        let (at, token) = self.lexer.token()?;
        let Token::Word(name) = token else { return Err(self.unexpected(at, &token, "ID")) };
        let (call, end_at, end) = self.call(at, name, depth)?;
        self.closing(end_at, end, Closing::Raw)?;
        self.trim = false;
        self.known(at, name, &call)?;
        let rest = self.lexer.rest();
        let close = format!("{{{{{{{{/{name}}}}}}}}}");
        let Some(length) = rest.find(&close) else {
            let end = self.lexer.offset() + rest.len();
            return Err(self.lexer.error(end, format!("found: '<EOF>', expected: '{close}'")));
        };
        self.lexer.skip(length + close.len());
        let body = Box::new([Node::Text(rest[..length].into())]);
        let (names, inverse) = (Box::default(), Box::default());
        Ok(Node::Block(Box::new(Block { call, inverted: false, names, body, inverse })))
    }

    /// `{{> name ...}}`: there are no other templates, which is an error where it is rendered.
    fn partial(&mut self) -> Result<Node, TemplateError> {
        let (at, token) = self.lexer.token()?;
        let place = self.lexer.place(at);
        let name: Box<str> = match token {
            Token::Word(name) => name.into(),
            Token::Text(name) => name.into(),
            other => return Err(self.unexpected(at, &other, "ID")),
        };
        loop {
            let (at, token) = self.lexer.token()?;
            match token {
                Token::End(..) => self.closing(at, token, Closing::Value)?,
                Token::Eof => return Err(self.unexpected(at, &token, "}}")),
                _ => continue,
            }
            return Ok(Node::Partial(place, name));
        }
    }

    /// Checks the name of a block: with arguments it must be a helper.
    fn known(&mut self, at: usize, name: &str, call: &Call) -> Result<(), TemplateError> {
        if call.helper.is_none() && !(call.params.is_empty() && call.hash.is_empty()) {
            return Err(self.unknown_helper(at, name));
        }
        Ok(())
    }

    fn end(&mut self, closing: Closing) -> Result<(), TemplateError> {
        let (at, token) = self.lexer.token()?;
        self.closing(at, token, closing)
    }

    fn closing(
        &mut self,
        at: usize,
        token: Token<'t>,
        closing: Closing,
    ) -> Result<(), TemplateError> {
        match token {
            Token::End(found, trim) if found == closing => {
                self.trim = trim;
                Ok(())
            }
            token => Err(self.unexpected(at, &token, &Token::End(closing, false).describe())),
        }
    }

    /// Returns the error of a misplaced tag. The first column is 1 here, as in the original.
    fn misplaced(&mut self, start: usize, found: &str) -> TemplateError {
        let mut error = self.lexer.error(start, format!("found: '{found}', expected: '<EOF>'"));
        error.at.column = error.at.column.max(1);
        error
    }

    fn unexpected(&mut self, at: usize, token: &Token<'t>, expected: &str) -> TemplateError {
        self.lexer.error(at, format!("found: '{}', expected: '{expected}'", token.describe()))
    }

    fn unknown_helper(&mut self, at: usize, name: &str) -> TemplateError {
        self.lexer.error(at, format!("could not find helper: '{name}'"))
    }
}

fn push_text(nodes: &mut Vec<Node>, text: &str) {
    if text.is_empty() {
        return;
    }
    if let Some(Node::Text(last)) = nodes.last_mut() {
        let mut joined = std::mem::take(last).into_string();
        joined.push_str(text);
        *last = joined.into();
    } else {
        nodes.push(Node::Text(text.into()));
    }
}

fn trim_last(nodes: &mut Vec<Node>) {
    if let Some(Node::Text(last)) = nodes.last_mut() {
        let kept = last.trim_end();
        if kept.is_empty() {
            nodes.pop();
        } else {
            *last = kept.into();
        }
    }
}

/// Returns the text of a parameter, as far as `{{#with}}` needs it.
fn describe(param: &Param) -> Arc<str> {
    match param {
        Param::Path(path) => path.text.clone(),
        Param::Call(_) | Param::Literal(_) => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn errors_say_where_and_what_as_wiremock_does() {
        for (text, expected) in [
            ("{{#if x}}", "1:9: found: '<EOF>', expected: '{{/'"),
            ("{{nohelper 'x'}}", "1:2: could not find helper: 'nohelper'"),
            ("{{#if x}}a{{/each}}", "1:13: found: 'each', expected: 'if'"),
            ("{{}}", "1:1: found: '{{', expected: '<EOF>'"),
            ("{{5}}", "1:1: found: '{{', expected: '<EOF>'"),
            ("{{'a'}}", "1:1: found: '{{', expected: '<EOF>'"),
            ("{{request.method}}}", "1:16: found: '}}}', expected: '}}'"),
            ("{{else}}", "1:1: found: '{{', expected: '<EOF>'"),
            ("{{/if}}", "1:1: found: '{{/', expected: '<EOF>'"),
            ("{{upper .5}}|{{upper 1e5}}", "1:21: found: '1e5', expected: '}}'"),
            ("a\n{{#if (nope 1)}}{{/if}}", "2:7: could not find helper: 'nope'"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let blocks = format!("{}{}", "{{#if x}}".repeat(5000), "{{/if}}".repeat(5000));
        assert!(error(&blocks).contains("nest more than"));
        let calls = format!("{{{{upper {}'x'{}}}}}", "(upper ".repeat(5000), ")".repeat(5000));
        assert!(error(&calls).contains("nest more than"));
        let chain = format!("{{{{#if x}}}}{}{{{{/if}}}}", "{{else if y}}".repeat(5000));
        assert!(error(&chain).contains("nest more than"));
    }
}
