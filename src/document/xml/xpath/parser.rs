//! Tokens → [`Expression`], by descent (XPath 1.0, section 3).

use super::expression::{
    Axis, Comparison, Expression, Function, NodeTest, Operation, Start, Step, note_iterator,
};
use super::lexer::{Token, tokens};

/// How deep expressions may be nested: evaluation descends as deep.
const MAX_DEPTH: usize = 40;

/// The longest chain of one operator, or of steps.
const MAX_CHAIN: usize = 500;

type Result<T> = std::result::Result<T, String>;

/// Parses a whole expression.
pub(super) fn parse(text: &str, namespaces: &[(Box<str>, Box<str>)]) -> Result<Expression> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, chain: 0, namespaces };
    let expression = parser.expression()?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("{} is not expected", shown(token))),
    }
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
    chain: usize,
    namespaces: &'t [(Box<str>, Box<str>)],
}

/// Operators of one precedence, each with its constructor.
type Operators = &'static [(&'static str, fn(Box<Expression>, Box<Expression>) -> Expression)];

/// The operators with two sides, those that bind least first.
const LEVELS: [Operators; 6] = [
    &[("or", Expression::Or)],
    &[("and", Expression::And)],
    &[
        ("=", |a, b| Expression::Compare(Comparison::Equal, a, b)),
        ("!=", |a, b| Expression::Compare(Comparison::NotEqual, a, b)),
    ],
    &[
        ("<", |a, b| Expression::Compare(Comparison::Less, a, b)),
        ("<=", |a, b| Expression::Compare(Comparison::LessOrEqual, a, b)),
        (">", |a, b| Expression::Compare(Comparison::Greater, a, b)),
        (">=", |a, b| Expression::Compare(Comparison::GreaterOrEqual, a, b)),
    ],
    &[
        ("+", |a, b| Expression::Calculate(Operation::Add, a, b)),
        ("-", |a, b| Expression::Calculate(Operation::Subtract, a, b)),
    ],
    &[
        ("*", |a, b| Expression::Calculate(Operation::Multiply, a, b)),
        ("div", |a, b| Expression::Calculate(Operation::Divide, a, b)),
        ("mod", |a, b| Expression::Calculate(Operation::Remainder, a, b)),
    ],
];

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    fn is_next(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(next)) if next == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is_next(sign);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, sign: &str) -> Result<()> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.peek().map_or_else(|| "the end".to_owned(), shown);
        Err(format!("{sign:?} is expected, not {found}"))
    }

    /// Parses a nested expression.
    fn expression(&mut self) -> Result<Expression> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} expressions are nested"));
        }
        let found = self.level(0);
        self.depth -= 1;
        found
    }

    fn count(&mut self) -> Result<()> {
        self.chain += 1;
        if self.chain > MAX_CHAIN {
            return Err(format!("it has more than {MAX_CHAIN} operators and steps"));
        }
        Ok(())
    }

    fn level(&mut self, level: usize) -> Result<Expression> {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.level(level + 1)?;
        loop {
            // After an operand, a name and * are operators.
            let word = match self.peek() {
                Some(Token::Sign(sign)) => sign,
                Some(Token::Name(name)) => name,
                _ => return Ok(left),
            };
            let Some((_, make)) = operators.iter().find(|(known, _)| *known == word) else {
                return Ok(left);
            };
            self.at += 1;
            self.count()?;
            let right = self.level(level + 1)?;
            left = make(Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Result<Expression> {
        if !self.take("-") {
            return self.union();
        }
        // The JDK takes one sign, not two.
        Ok(Expression::Negate(Box::new(self.union()?)))
    }

    fn union(&mut self) -> Result<Expression> {
        let mut left = self.path()?;
        while self.take("|") {
            self.count()?;
            let mut right = self.path()?;
            loosen(&mut left);
            loosen(&mut right);
            left = Expression::Union(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn path(&mut self) -> Result<Expression> {
        if self.take("/") {
            let steps = if self.begins_step() { self.steps(Vec::new())? } else { Vec::new() };
            return Ok(of_steps(Start::Root, steps));
        }
        if self.take("//") {
            let steps = self.steps(vec![everything_below()])?;
            return Ok(of_steps(Start::Root, steps));
        }
        if !self.begins_filter() {
            return Ok(of_steps(Start::Context, self.steps(Vec::new())?));
        }
        let mut found = self.primary()?;
        let predicates = self.predicates()?;
        if !predicates.is_empty() {
            found = Expression::Filter(Box::new(found), predicates);
        }
        let before = if self.take("//") {
            vec![everything_below()]
        } else if self.take("/") {
            Vec::new()
        } else {
            return Ok(found);
        };
        Ok(of_steps(Start::Expression(Box::new(found)), self.steps(before)?))
    }

    fn begins_step(&self) -> bool {
        matches!(self.peek(), Some(Token::Name(_) | Token::Sign("." | ".." | "@" | "*")))
    }

    /// Returns whether a value follows, not a step: a text, a number, a group, or a call of a
    /// function.
    fn begins_filter(&self) -> bool {
        match self.peek() {
            Some(Token::Text(_) | Token::Number(_) | Token::Sign("(" | "$")) => true,
            Some(Token::Name(name)) => {
                matches!(self.tokens.get(self.at + 1), Some(Token::Sign("(")))
                    && !is_node_type(name)
            }
            _ => false,
        }
    }

    fn primary(&mut self) -> Result<Expression> {
        let token = self.peek();
        self.at += 1;
        match token {
            Some(Token::Text(text)) => Ok(Expression::Text(text.into())),
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Sign("(")) => {
                let inside = self.expression()?;
                self.need(")")?;
                // A group is its own value: its nodes are counted together.
                Ok(Expression::Filter(Box::new(inside), Vec::new()))
            }
            Some(Token::Name(name)) => self.call(name),
            _ => Err("variables are not supported".to_owned()),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression> {
        self.need("(")?;
        let mut arguments = Vec::new();
        if !self.is_next(")") {
            loop {
                arguments.push(self.expression()?);
                self.count()?;
                if !self.take(",") {
                    break;
                }
            }
        }
        self.need(")")?;
        let (function, fewest, most) =
            Function::of(name).ok_or_else(|| format!("there is no function {name:?}"))?;
        if !(fewest..=most).contains(&arguments.len()) {
            return Err(format!("{name}() takes another number of arguments"));
        }
        Ok(Expression::Call(function, arguments))
    }

    fn predicates(&mut self) -> Result<Vec<Expression>> {
        let mut predicates = Vec::new();
        while self.take("[") {
            self.count()?;
            predicates.push(self.expression()?);
            self.need("]")?;
        }
        Ok(predicates)
    }

    fn steps(&mut self, mut steps: Vec<Step>) -> Result<Vec<Step>> {
        loop {
            self.count()?;
            steps.push(self.step()?);
            if self.take("//") {
                steps.push(everything_below());
            } else if !self.take("/") {
                return Ok(steps);
            }
        }
    }

    fn step(&mut self) -> Result<Step> {
        for (sign, axis) in [("..", Axis::Parent), (".", Axis::This)] {
            if self.take(sign) {
                let predicates = self.predicates()?;
                return Ok(Step { axis, test: NodeTest::Any, predicates, exact: false });
            }
        }
        let axis = match self.peek() {
            Some(Token::Sign("@")) => {
                self.at += 1;
                Axis::Attribute
            }
            Some(Token::Name(name)) if self.tokens.get(self.at + 1) == Some(&Token::Sign("::")) => {
                self.at += 2;
                axis(name).ok_or_else(|| format!("there is no axis {name:?}"))?
            }
            _ => Axis::Child,
        };
        let test = self.test(axis)?;
        let predicates = self.predicates()?;
        Ok(Step { axis, test, predicates, exact: false })
    }

    fn test(&mut self, axis: Axis) -> Result<NodeTest> {
        if self.take("*") {
            return Ok(NodeTest::Every);
        }
        let Some(Token::Name(name)) = self.peek() else {
            let found = self.peek().map_or_else(|| "the end".to_owned(), shown);
            return Err(format!("a step is expected, not {found}"));
        };
        self.at += 1;
        if is_node_type(name) && self.take("(") {
            let target = match self.peek() {
                Some(Token::Text(target)) if name == "processing-instruction" => {
                    self.at += 1;
                    Some(target.into())
                }
                _ => None,
            };
            self.need(")")?;
            return Ok(match name {
                "node" => NodeTest::Any,
                "text" => NodeTest::Text,
                "comment" => NodeTest::Comment,
                _ => NodeTest::Instruction(target),
            });
        }
        let Some((prefix, local)) = name.split_once(':').filter(|_| axis != Axis::Namespace) else {
            return Ok(NodeTest::Name(None, name.into()));
        };
        let namespace = self.namespace(prefix)?;
        Ok(match local {
            "*" => NodeTest::Namespace(namespace),
            local => NodeTest::Name(Some(namespace), local.into()),
        })
    }

    /// Returns the namespace of a prefix; the prefix itself if none is declared.
    fn namespace(&self, prefix: &str) -> Result<Box<str>> {
        if self.namespaces.is_empty() {
            return Ok(prefix.into());
        }
        let declared = self.namespaces.iter().find(|(known, _)| **known == *prefix);
        match declared {
            Some((_, namespace)) => Ok(namespace.clone()),
            None if prefix == "xml" => Ok(super::super::tree::XML.into()),
            None => Err(format!("the prefix {prefix:?} is not among the namespaces")),
        }
    }
}

fn of_steps(start: Start, mut steps: Vec<Step>) -> Expression {
    note_iterator(&start, &mut steps);
    Expression::Path(start, steps)
}

/// Of a union, no side is found by the iterator that compares exactly.
fn loosen(side: &mut Expression) {
    if let Expression::Path(_, steps) = side {
        for step in steps {
            step.exact = false;
        }
    }
}

fn everything_below() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: NodeTest::Any, predicates: Vec::new(), exact: false }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "node" | "text" | "comment" | "processing-instruction")
}

fn axis(name: &str) -> Option<Axis> {
    Some(match name {
        "ancestor" => Axis::Ancestor,
        "ancestor-or-self" => Axis::AncestorOrSelf,
        "attribute" => Axis::Attribute,
        "child" => Axis::Child,
        "descendant" => Axis::Descendant,
        "descendant-or-self" => Axis::DescendantOrSelf,
        "following" => Axis::Following,
        "following-sibling" => Axis::FollowingSibling,
        "namespace" => Axis::Namespace,
        "parent" => Axis::Parent,
        "preceding" => Axis::Preceding,
        "preceding-sibling" => Axis::PrecedingSibling,
        "self" => Axis::This,
        _ => return None,
    })
}

fn shown(token: Token<'_>) -> String {
    match token {
        Token::Name(text) => format!("{text:?}"),
        Token::Text(text) => format!("the text {text:?}"),
        Token::Number(number) => format!("the number {number}"),
        Token::Sign(sign) => format!("{sign:?}"),
    }
}
