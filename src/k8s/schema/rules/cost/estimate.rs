//! The cost of an expression before any value is known (`cel-go/checker/cost.go`), for the limits of definitions.

use std::collections::HashMap;

use ::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue};

use super::super::language::check::Checked;
use super::super::language::types::{Decl, Type};
use super::nodes::{Node, Sizes};
use super::size::Range;

/// The names of accumulators.
const ACCUMULATOR: &str = "@result";

/// The cost of an expression whose variables have the type of a declaration.
pub(in super::super) fn cost(expr: &IdedExpr, checked: &Checked, root: &Decl) -> Range {
    let mut coster = Coster {
        checked,
        sizes_of: Sizes { root },
        paths: HashMap::new(),
        locals: HashMap::new(),
        sizes: HashMap::new(),
        entries: HashMap::new(),
    };
    coster.cost(expr)
}

/// The sizes of keys and values of a list or map.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    list: bool,
    key: Range,
    value: Range,
}

/// A variable of a comprehension.
#[derive(Debug, Clone)]
struct Local {
    path: Vec<String>,
    size: Option<Range>,
    entry: Option<Entry>,
}

pub(super) struct Coster<'c> {
    checked: &'c Checked,
    pub(super) sizes_of: Sizes<'c>,
    paths: HashMap<u64, Vec<String>>,
    locals: HashMap<String, Vec<Local>>,
    sizes: HashMap<u64, Range>,
    pub(super) entries: HashMap<u64, Entry>,
}

impl Coster<'_> {
    fn cost(&mut self, expr: &IdedExpr) -> Range {
        if self.checked.qualified.contains_key(&expr.id) && matches!(expr.expr, Expr::Select(_)) {
            self.paths.insert(
                expr.id,
                self.checked.qualified.get(&expr.id).cloned().into_iter().collect(),
            );
            return Range::fixed(1);
        }
        match &expr.expr {
            Expr::Literal(_) | Expr::Unspecified => Range::fixed(0),
            Expr::Ident(name) => {
                let path =
                    self.local(name).map_or_else(|| vec![name.clone()], |local| local.path.clone());
                self.paths.insert(expr.id, path);
                Range::fixed(1)
            }
            Expr::Select(select) => {
                // A test for presence has no cost of its own.
                let operand = self.cost(&select.operand);
                if select.test {
                    return operand;
                }
                let mut sum = operand;
                if matches!(
                    self.of(&select.operand),
                    Type::Map(..) | Type::Object(_) | Type::Param(_)
                ) {
                    sum = sum.add(Range::fixed(1));
                }
                let mut path = self.path(&select.operand);
                path.push(select.field.clone());
                self.paths.insert(expr.id, path);
                sum
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::List(list) => {
                let mut sum = Range::fixed(0);
                let mut item = Range::new(if list.elements.is_empty() { 0 } else { u64::MAX }, 0);
                for element in &list.elements {
                    sum = sum.add(self.cost(element));
                    item = item.union(self.size_or_unknown(element));
                }
                self.entries
                    .insert(expr.id, Entry { list: true, key: Range::fixed(1), value: item });
                sum.add(Range::fixed(10))
            }
            Expr::Map(map) => {
                let mut sum = Range::fixed(0);
                let empty = Range::new(if map.entries.is_empty() { 0 } else { u64::MAX }, 0);
                let (mut key, mut value) = (empty, empty);
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    sum = sum.add(self.cost(&entry.key)).add(self.cost(&entry.value));
                    key = key.union(self.size_or_unknown(&entry.key));
                    value = value.union(self.size_or_unknown(&entry.value));
                }
                self.entries.insert(expr.id, Entry { list: false, key, value });
                sum.add(Range::fixed(30))
            }
            Expr::Struct(_) => Range::fixed(40),
            Expr::Comprehension(of) => self.comprehension(expr, of),
        }
    }

    fn of(&self, expr: &IdedExpr) -> Type {
        self.checked.types.get(&expr.id).cloned().unwrap_or(Type::Dyn)
    }

    fn local(&self, name: &str) -> Option<&Local> {
        self.locals.get(name)?.last()
    }

    fn push(&mut self, name: &str, local: Local) {
        self.locals.entry(name.to_owned()).or_default().push(local);
    }

    fn pop(&mut self, name: &str) {
        self.locals.get_mut(name).and_then(Vec::pop);
    }

    fn path(&self, expr: &IdedExpr) -> Vec<String> {
        if let Expr::Ident(name) = &expr.expr
            && let Some(local) = self.local(name)
        {
            return local.path.clone();
        }
        self.paths.get(&expr.id).cloned().unwrap_or_default()
    }

    fn node<'e>(&mut self, expr: &'e IdedExpr) -> Node<'e> {
        let mut path = self.path(expr);
        if path.first().is_some_and(|first| first == ACCUMULATOR) {
            path.clear();
        }
        Node { path, of: self.of(expr), expr: Some(expr), size: self.size(expr) }
    }

    /// `computeSize`.
    fn size(&mut self, expr: &IdedExpr) -> Option<Range> {
        if let Some(known) = self.sizes.get(&expr.id) {
            return Some(*known);
        }
        let literal = match &expr.expr {
            Expr::Literal(LiteralValue::String(text)) => Some(text.inner().chars().count() as u64),
            Expr::Literal(LiteralValue::Bytes(bytes)) => Some(bytes.inner().len() as u64),
            Expr::Literal(_) => Some(1),
            Expr::List(list) => Some(list.elements.len() as u64),
            Expr::Map(map) => Some(map.entries.len() as u64),
            _ => None,
        };
        if let Some(size) = literal {
            return Some(Range::fixed(size));
        }
        if let Some(declared) = self.sizes_of.declared(&self.path(expr)) {
            self.sizes.insert(expr.id, declared);
            return Some(declared);
        }
        if self.of(expr).is_scalar() {
            return Some(Range::fixed(1));
        }
        match &expr.expr {
            Expr::Ident(name) => self.local(name)?.size,
            _ => None,
        }
    }

    fn size_or_unknown(&mut self, expr: &IdedExpr) -> Range {
        self.size(expr).unwrap_or(Range::UNKNOWN)
    }

    pub(super) fn entry(&self, expr: &IdedExpr) -> Option<Entry> {
        if let Some(known) = self.entries.get(&expr.id) {
            return Some(*known);
        }
        match &expr.expr {
            Expr::Ident(name) => self.local(name)?.entry,
            _ => None,
        }
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Range {
        let name = self.checked.qualified.get(&expr.id).unwrap_or(&call.func_name).clone();
        if name == "dyn" && call.args.len() == 1 {
            let cost = self.cost(&call.args[0]);
            if let Some(size) = self.size(&call.args[0]) {
                self.sizes.insert(expr.id, size);
            }
            if let Some(entry) = self.entry(&call.args[0]) {
                self.entries.insert(expr.id, entry);
            }
            return cost.add(Range::fixed(1));
        }
        let mut argument_costs = Vec::with_capacity(call.args.len());
        let mut arguments = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            argument_costs.push(self.cost(arg));
            arguments.push(self.node(arg));
        }
        let overloads = self.checked.overloads.get(&expr.id).cloned().unwrap_or_default();
        if overloads.is_empty() {
            return Range::fixed(0);
        }
        let mut sum = Range::fixed(0);
        let receiver =
            call.target.as_deref().filter(|_| !self.checked.qualified.contains_key(&expr.id));
        let target = receiver.map(|target| {
            sum = sum.add(self.cost(target));
            self.node(target)
        });
        let mut total = Range::new(u64::MAX, 0);
        let mut size: Option<Range> = None;
        for overload in overloads {
            let call =
                Call { expr, name: &name, overload, target: target.as_ref(), args: &arguments };
            let (cost, result) = self.function(&call, &argument_costs);
            total = total.union(cost);
            if let Some(result) = result {
                size = Some(size.map_or(result, |size| size.union(result)));
            }
            let container = expr_args(expr).first();
            if let ("index_list" | "index_map", Some(container)) = (overload, container) {
                size = self.entry(container).map(|entry| entry.value);
                let mut path = self.path(container);
                path.push(if overload == "index_list" { "@items" } else { "@values" }.to_owned());
                self.paths.insert(expr.id, path);
            }
            if size.is_none() {
                size = self.size(expr);
            }
        }
        if let Some(size) = size {
            self.sizes.insert(expr.id, size);
        }
        sum.add(total)
    }

    fn comprehension(&mut self, expr: &IdedExpr, of: &ComprehensionExpr) -> Range {
        let range_cost = self.cost(&of.iter_range);
        let init_cost = self.cost(&of.accu_init);
        let mut sum = range_cost.add(init_cost);
        let local = Local {
            path: self.path(&of.accu_init),
            size: self.size(&of.accu_init),
            entry: self.entry(&of.accu_init),
        };
        self.push(&of.accu_var, local);
        let is_bind = matches!(&of.iter_range.expr, Expr::List(list) if list.elements.is_empty())
            && matches!(&of.loop_cond.expr, Expr::Literal(LiteralValue::Boolean(value)) if !*value.inner())
            && of.accu_var != ACCUMULATOR;
        if is_bind {
            sum = sum.add(self.cost(&of.result));
            self.pop(&of.accu_var);
            if let Some(size) = self.size(&of.result) {
                self.sizes.insert(expr.id, size);
            }
            if let Some(entry) = self.entry(&of.result) {
                self.entries.insert(expr.id, entry);
            }
            return sum;
        }
        self.push_variables(of);
        let loop_cost = self.cost(&of.loop_cond);
        let step_cost = self.cost(&of.loop_step);
        self.pop(&of.iter_var);
        if let Some(second) = &of.iter_var2 {
            self.pop(second);
        }
        sum = sum.add(self.cost(&of.result));
        self.pop(&of.accu_var);
        let count = self.size_or_unknown(&of.iter_range);
        sum = sum.add(count.times(step_cost.add(loop_cost)));
        match &of.accu_init.expr {
            Expr::Literal(_) => {
                if let Some(size) = self.size(&of.accu_init) {
                    self.sizes.insert(expr.id, size);
                }
            }
            Expr::List(_) | Expr::Map(_) => {
                self.sizes.insert(expr.id, count);
                if let Some(entry) = self.entry(&of.loop_step) {
                    self.entries.insert(expr.id, entry);
                }
            }
            _ => {}
        }
        sum
    }

    /// Adds the variables that stand for keys and values of the range.
    fn push_variables(&mut self, of: &ComprehensionExpr) {
        let entry = self.entry(&of.iter_range);
        let list = entry
            .map_or_else(|| matches!(self.of(&of.iter_range), Type::List(_)), |entry| entry.list);
        let path = self.path(&of.iter_range);
        let variable = |step: &str, size: Option<Range>| {
            let mut path = path.clone();
            path.push(step.to_owned());
            Local { path, size, entry: None }
        };
        let key = variable(if list { "@indices" } else { "@keys" }, entry.map(|entry| entry.key));
        let value =
            variable(if list { "@items" } else { "@values" }, entry.map(|entry| entry.value));
        match &of.iter_var2 {
            Some(second) => {
                self.push(&of.iter_var, key);
                self.push(second, value);
            }
            None => self.push(&of.iter_var, if list { value } else { key }),
        }
    }
}

impl Entry {
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            list: self.list,
            key: self.key.union(other.key),
            value: self.value.union(other.value),
        }
    }
}

/// One signature of a call.
pub(super) struct Call<'e> {
    pub(super) expr: &'e IdedExpr,
    pub(super) name: &'e str,
    pub(super) overload: &'static str,
    pub(super) target: Option<&'e Node<'e>>,
    pub(super) args: &'e [Node<'e>],
}

fn expr_args(expr: &IdedExpr) -> &[IdedExpr] {
    match &expr.expr {
        Expr::Call(call) => &call.args,
        _ => &[],
    }
}
