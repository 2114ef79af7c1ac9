//! The types of an expression's parts (`cel-go/checker/checker.go`).

use std::collections::HashMap;
use std::sync::Arc;

use ::cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr,
};

use super::functions::{self, Overload};
use super::mapping::{Mapping, most_general};
use super::patch_types;
use super::types::Type;

/// What checking has found about an expression.
#[derive(Debug, Default)]
pub(in super::super) struct Checked {
    /// The type of each part, by its number.
    pub(in super::super) types: HashMap<u64, Type>,
    /// The signatures that each call may have.
    pub(in super::super) overloads: HashMap<u64, Vec<&'static str>>,
    /// The names that are no selections and no members: of types and of functions.
    pub(in super::super) qualified: HashMap<u64, String>,
    /// The variables that it reads.
    pub(in super::super) variables: Vec<String>,
    /// A type of patches that it uses as a value: no program can be made of it.
    pub(in super::super) patch_type: Option<Arc<str>>,
}

/// A violation: the number of the part, and upstream's message.
pub(in super::super) type Violation = (u64, String);

/// What an expression may name.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Names<'n> {
    /// The variables with their types.
    pub(in super::super) variables: &'n [(&'n str, Type)],
    /// Whether it may use the types and functions of patches.
    pub(in super::super) patches: bool,
}

/// Checks an expression.
pub(in super::super) fn check(expr: &IdedExpr, names: Names<'_>) -> (Checked, Vec<Violation>) {
    let Names { variables, patches } = names;
    let mut checker = Checker {
        out: Checked::default(),
        violations: Vec::new(),
        scopes: vec![variables.iter().map(|(name, of)| ((*name).to_owned(), of.clone())).collect()],
        globals: variables.iter().map(|(name, _)| (*name).to_owned()).collect(),
        mapping: Mapping::default(),
        unknown: 0,
        patches,
    };
    checker.check(expr);
    let Checker { mut out, violations, mapping, .. } = checker;
    for of in out.types.values_mut() {
        *of = mapping.substitute(of, true);
    }
    (out, violations)
}

pub(super) struct Checker {
    pub(super) out: Checked,
    violations: Vec<Violation>,
    scopes: Vec<HashMap<String, Type>>,
    globals: Vec<String>,
    pub(super) mapping: Mapping,
    /// The number of unknown types so far.
    unknown: usize,
    /// Whether the expression makes patches.
    pub(super) patches: bool,
}

/// The name that selections on an identifier spell.
pub(in super::super) fn qualified_name(expr: &IdedExpr) -> Option<String> {
    match &expr.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified_name(&select.operand)?, select.field))
        }
        _ => None,
    }
}

impl Checker {
    pub(super) fn violation(&mut self, id: u64, why: String) {
        self.violations.push((id, why));
    }

    pub(super) fn undeclared(&mut self, id: u64, name: &str) -> Type {
        self.violation(id, format!("undeclared reference to '{name}' (in container '')"));
        Type::Error
    }

    fn new_unknown(&mut self) -> Type {
        self.unknown += 1;
        Type::Param(format!("_var{}", self.unknown - 1).into())
    }

    pub(super) fn lookup(&mut self, name: &str) -> Option<Type> {
        let found = self.scopes.iter().rev().find_map(|scope| scope.get(name)).cloned();
        if found.is_some() {
            if self.globals.iter().any(|global| global == name)
                && !self.out.variables.iter().any(|known| known == name)
            {
                self.out.variables.push(name.to_owned());
            }
            return found;
        }
        let patch = || patch_types::patch_type(name).filter(|_| self.patches);
        let found = functions::type_of_name(name).or_else(patch);
        found.map(|of| Type::Type(Some(Arc::new(of))))
    }

    /// As [`Checker::lookup`], for a name that is a value.
    fn lookup_value(&mut self, name: &str) -> Option<Type> {
        let found = self.lookup(name)?;
        if let Type::Type(Some(of)) = &found
            && let Type::Patch(name) = &**of
        {
            self.out.patch_type = Some(Arc::clone(name));
        }
        Some(found)
    }

    pub(super) fn check(&mut self, expr: &IdedExpr) -> Type {
        let found = match &expr.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Ident(name) => match self.lookup_value(name.trim_start_matches('.')) {
                Some(of) => of,
                None => self.undeclared(expr.id, name),
            },
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => {
                let mut item = None;
                for (index, element) in list.elements.iter().enumerate() {
                    let mut of = self.check(element);
                    if list.optional_indices.contains(&index) {
                        of = self.unwrap(element.id, of);
                    }
                    item = Some(self.join(item, of));
                }
                Type::list(item.unwrap_or_else(|| self.new_unknown()))
            }
            Expr::Map(map) => {
                let (mut key, mut value) = (None, None);
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    let of = self.check(&entry.key);
                    key = Some(self.join(key, of));
                    let mut of = self.check(&entry.value);
                    if entry.optional {
                        of = self.unwrap(entry.value.id, of);
                    }
                    value = Some(self.join(value, of));
                }
                let key = key.unwrap_or_else(|| self.new_unknown());
                let value = value.unwrap_or_else(|| self.new_unknown());
                Type::Map(Arc::new(key), Arc::new(value))
            }
            Expr::Struct(of) => self.construct(expr.id, of),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Unspecified => Type::Error,
        };
        self.out.types.insert(expr.id, found.clone());
        found
    }

    /// The type inside of an optional one, for an element behind `?`.
    pub(super) fn unwrap(&mut self, id: u64, of: Type) -> Type {
        match of {
            Type::Optional(inner) => (*inner).clone(),
            Type::Dyn => Type::Dyn,
            other => {
                let wanted = Type::optional(other.clone());
                self.violation(id, format!("expected type '{wanted}' but found '{other}'"));
                other
            }
        }
    }

    /// The type of elements that have the types so far and another one (`joinTypes`); what must not differ is said
    /// later ([`super::literals`]).
    fn join(&mut self, previous: Option<Type>, current: Type) -> Type {
        let Some(previous) = previous else { return current };
        if self.mapping.assign(&previous, &current) {
            return most_general(&previous, &current);
        }
        Type::Dyn
    }

    fn select(&mut self, expr: &IdedExpr, select: &SelectExpr) -> Type {
        if let Some(name) = qualified_name(expr)
            && let Some(of) = self.lookup_value(&name)
        {
            self.out.qualified.insert(expr.id, name);
            return of;
        }
        let found = self.select_field(expr.id, &select.operand, &select.field, false);
        if select.test { Type::Bool } else { self.mapping.substitute(&found, false) }
    }

    fn select_field(&mut self, id: u64, operand: &IdedExpr, field: &str, optional: bool) -> Type {
        let of = self.check(operand);
        let of = self.mapping.substitute(&of, false);
        let (target, was_optional) = match of {
            Type::Optional(inner) => ((*inner).clone(), true),
            other => (other, false),
        };
        let found = match &target {
            Type::Map(_, value) => (**value).clone(),
            Type::Object(of) => {
                if let Some(decl) = of.fields.get(field) {
                    decl.cel_type()
                } else {
                    self.violation(id, format!("undefined field '{field}'"));
                    Type::Error
                }
            }
            Type::Patch(name) => patch_types::field_type(name, field),
            // Upstream takes these types for objects, which have no fields.
            Type::Opaque(name) if name.starts_with("kubernetes.") => {
                self.violation(id, format!("unexpected failed resolution of '{name}'"));
                Type::Error
            }
            Type::Param(_) => {
                self.mapping.assign(&Type::Dyn, &target);
                Type::Dyn
            }
            other => {
                if !other.is_dyn_or_error() {
                    self.violation(id, format!("type '{other}' does not support field selection"));
                }
                Type::Dyn
            }
        };
        if optional || was_optional { Type::optional(found) } else { found }
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Type {
        if call.func_name == "_?._" {
            let [operand, field] = call.args.as_slice() else { return Type::Error };
            let Expr::Literal(LiteralValue::String(field)) = &field.expr else {
                return Type::Error;
            };
            let found = self.select_field(expr.id, operand, field.inner(), true);
            self.out.overloads.insert(expr.id, vec!["select_optional_field"]);
            return self.mapping.substitute(&found, false);
        }
        let args: Vec<Type> = call.args.iter().map(|arg| self.check(arg)).collect();
        let name = call.func_name.as_str();
        let Some(target) = &call.target else {
            return match self.overloads(name) {
                Some(overloads) => self.resolve(expr.id, name, overloads, None, args, &call.args),
                None => self.undeclared(expr.id, name),
            };
        };
        if let Some(prefix) = qualified_name(target) {
            let full = format!("{prefix}.{name}");
            if let Some(overloads) = self.overloads(&full) {
                self.out.qualified.insert(expr.id, full.clone());
                return self.resolve(expr.id, &full, overloads, None, args, &call.args);
            }
        }
        let receiver = self.check(target);
        match self.overloads(name) {
            Some(overloads) => {
                self.resolve(expr.id, name, overloads, Some(receiver), args, &call.args)
            }
            None => self.undeclared(expr.id, name),
        }
    }

    /// The type of a call (`resolveOverload`).
    fn resolve(
        &mut self,
        id: u64,
        name: &str,
        overloads: &'static [Overload],
        receiver: Option<Type>,
        args: Vec<Type>,
        parts: &[IdedExpr],
    ) -> Type {
        let member = receiver.is_some();
        if matches!(name, "_&&_" | "_||_") {
            let mut result = Type::Bool;
            for (of, part) in args.iter().zip(parts) {
                if !self.mapping.assign(of, &Type::Bool) {
                    self.violation(part.id, format!("expected type 'bool' but found '{of}'"));
                    result = Type::Error;
                }
            }
            self.out.overloads.insert(id, overloads.iter().map(|overload| overload.id).collect());
            return result;
        }
        let all: Vec<Type> = receiver.into_iter().chain(args).collect();
        let mut found: Vec<&'static str> = Vec::new();
        let mut result: Option<Type> = None;
        for overload in overloads.iter().filter(|overload| overload.member == member) {
            let (wanted, returned) = self.instance(overload);
            if !self.mapping.assign_all(&all, &wanted) {
                continue;
            }
            found.push(overload.id);
            let returned = self.mapping.substitute(&returned, false);
            result = Some(match result {
                None => returned,
                Some(before) if matches!(before, Type::Dyn) || before == returned => before,
                Some(_) => Type::Dyn,
            });
        }
        let Some(result) = result else {
            let shown: Vec<String> =
                all.iter().map(|of| self.mapping.substitute(of, true).to_string()).collect();
            let (before, shown) = match shown.split_first() {
                Some((first, rest)) if member => (format!("{first}."), rest),
                _ => (String::new(), shown.as_slice()),
            };
            let signature = format!("{before}({})", shown.join(", "));
            self.violation(
                id,
                format!("found no matching overload for '{name}' applied to '{signature}'"),
            );
            return Type::Error;
        };
        self.out.overloads.insert(id, found);
        result
    }

    /// The types of a signature, with new unknown types for its parameters.
    fn instance(&mut self, overload: &Overload) -> (Vec<Type>, Type) {
        if overload.params.is_empty() {
            return (overload.args.clone(), overload.result.clone());
        }
        let mut fresh = Mapping::default();
        for param in &overload.params {
            let unknown = self.new_unknown();
            fresh.assign(&unknown, &Type::Param(Arc::clone(param)));
        }
        let args = overload.args.iter().map(|of| fresh.substitute(of, false)).collect();
        (args, fresh.substitute(&overload.result, false))
    }

    fn comprehension(&mut self, of: &ComprehensionExpr) -> Type {
        let range = self.check(&of.iter_range);
        let accumulated = self.check(&of.accu_init);
        let range = self.mapping.substitute(&range, false);
        let (first, second) = match &range {
            Type::List(item) => match of.iter_var2 {
                Some(_) => (Type::Int, (**item).clone()),
                None => ((**item).clone(), Type::Dyn),
            },
            Type::Map(key, value) => ((**key).clone(), (**value).clone()),
            Type::Dyn | Type::Error | Type::Param(_) => {
                self.mapping.assign(&Type::Dyn, &range);
                (Type::Dyn, Type::Dyn)
            }
            other => {
                let why = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.violation(of.iter_range.id, why);
                (Type::Error, Type::Error)
            }
        };
        self.scopes.push([(of.accu_var.clone(), accumulated.clone())].into());
        let mut scope: HashMap<String, Type> = [(of.iter_var.clone(), first)].into();
        scope.extend(of.iter_var2.clone().map(|name| (name, second)));
        self.scopes.push(scope);
        self.check(&of.loop_cond);
        self.expect(&of.loop_cond, &Type::Bool);
        self.check(&of.loop_step);
        self.expect(&of.loop_step, &accumulated);
        self.scopes.pop();
        let result = self.check(&of.result);
        self.scopes.pop();
        self.mapping.substitute(&result, false)
    }

    /// `assertType`.
    fn expect(&mut self, expr: &IdedExpr, wanted: &Type) {
        let found = self.out.types.get(&expr.id).cloned().unwrap_or(Type::Error);
        if !self.mapping.assign(wanted, &found) {
            self.violation(expr.id, format!("expected type '{wanted}' but found '{found}'"));
        }
    }
}

fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}
