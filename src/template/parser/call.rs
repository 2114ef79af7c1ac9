//! A call inside of a tag: a name with its arguments.

use std::sync::Arc;

use super::Parser;
use crate::template::ast::{Call, Param};
use crate::template::error::TemplateError;
use crate::template::helpers;
use crate::template::lexer::Token;
use crate::template::limits::MAX_NESTING;
use crate::template::path::Path;
use crate::template::value::Value;

/// A call, the names of `as |a b|`, and the tag's end.
type Head<'t> = (Call, Box<[Arc<str>]>, usize, Token<'t>);

impl<'t> Parser<'t> {
    /// Returns a call with `as |a b|`, and the token after it.
    pub(super) fn head(
        &mut self,
        at: usize,
        name: &'t str,
        depth: usize,
    ) -> Result<Head<'t>, TemplateError> {
        let (call, mut at, mut token) = self.call(at, name, depth)?;
        let mut names = Vec::new();
        if token == Token::Word("as") {
            (at, token) = self.lexer.token()?;
            if token != Token::Sign('|') {
                return Err(self.unexpected(at, &token, "|"));
            }
            loop {
                (at, token) = self.lexer.token()?;
                match token {
                    Token::Word(name) => names.push(name.into()),
                    Token::Sign('|') if !names.is_empty() => break,
                    _ => return Err(self.unexpected(at, &token, "ID")),
                }
            }
            (at, token) = self.lexer.token()?;
        }
        Ok((call, names.into(), at, token))
    }

    /// Returns a name with its arguments, and the token after them.
    pub(super) fn call(
        &mut self,
        at: usize,
        name: &'t str,
        depth: usize,
    ) -> Result<(Call, usize, Token<'t>), TemplateError> {
        if !is_path(name) || matches!(name, "true" | "false" | "as") {
            return Err(self.unexpected(at, &Token::Word(name), "ID"));
        }
        let place = self.lexer.place(at);
        let (mut params, mut hash) = (Vec::new(), Vec::new());
        let (mut at, mut token) = self.lexer.token()?;
        loop {
            match token {
                Token::Word("as") | Token::End(..) | Token::Sign(')') => break,
                Token::Word(word) if self.lexer.rest().trim_start().starts_with('=') => {
                    self.lexer.token()?;
                    let (at, token) = self.lexer.token()?;
                    hash.push((word.into(), self.param(at, token, depth)?));
                }
                token if hash.is_empty() => params.push(self.param(at, token, depth)?),
                token => return Err(self.unexpected(at, &token, "}}")),
            }
            (at, token) = self.lexer.token()?;
        }
        let (path, helper) = (Path::compile(name), helpers::find(name));
        let call = Call { at: place, path, helper, params: params.into(), hash: hash.into() };
        Ok((call, at, token))
    }

    fn param(&mut self, at: usize, token: Token<'t>, depth: usize) -> Result<Param, TemplateError> {
        Ok(match token {
            Token::Text(text) => Param::Literal(Value::Text(text.into())),
            Token::Number(text) => Param::Literal(match text.parse::<i32>() {
                Ok(whole) => Value::Int(whole.into()),
                Err(_) => Value::Double(text.parse().unwrap_or_default()),
            }),
            Token::Word("true") => Param::Literal(Value::Bool(true)),
            Token::Word("false") => Param::Literal(Value::Bool(false)),
            Token::Word(path) if is_path(path) && path != "else" => {
                Param::Path(Path::compile(path))
            }
            Token::Sign('(') if depth < MAX_NESTING => {
                let (at, token) = self.lexer.token()?;
                let Token::Word(name) = token else {
                    return Err(self.unexpected(at, &token, "ID"));
                };
                let (call, end_at, end) = self.call(at, name, depth + 1)?;
                if end != Token::Sign(')') {
                    return Err(self.unexpected(end_at, &end, ")"));
                }
                if call.helper.is_none() {
                    return Err(self.unknown_helper(at, name));
                }
                Param::Call(Box::new(call))
            }
            Token::Sign('(') => {
                let message = format!("blocks and expressions nest more than {MAX_NESTING} deep");
                return Err(self.lexer.error(at, message));
            }
            token => return Err(self.unexpected(at, &token, "}}")),
        })
    }
}

/// A path begins with a letter, one of the signs for paths, or a bracket.
fn is_path(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '$' | '@' | ':' | '[' | '.'))
}
