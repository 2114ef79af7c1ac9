//! The macros of expressions (`cel-go/parser/macro.go`, `cel-go/cel/library.go`, `cel-go/ext/{comprehensions,lists}.go`).
//!
//! Those of the crate `cel` bind names where upstream repeats an expression, which costs differently, and it has none
//! with two variables.

use std::sync::LazyLock;

use ::cel::Env;
use ::cel::common::ast::{
    CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr,
};
use ::cel::parser::{Macro, MacroExprHelper, ParseError};

/// What a comprehension makes of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    All,
    Exists,
    ExistsOne,
    /// A list of results.
    List,
    /// A list of the items that a condition holds for.
    Filter,
    /// A map with the keys of the range.
    Map,
    /// A map of entries.
    Entries,
}

/// The comprehensions: name, what it makes, the number of variables and of arguments.
const FOLDS: [(&str, Fold, usize, usize); 16] = [
    ("all", Fold::All, 1, 2),
    ("exists", Fold::Exists, 1, 2),
    ("exists_one", Fold::ExistsOne, 1, 2),
    ("map", Fold::List, 1, 2),
    ("map", Fold::List, 1, 3),
    ("filter", Fold::Filter, 1, 2),
    ("all", Fold::All, 2, 3),
    ("exists", Fold::Exists, 2, 3),
    ("exists_one", Fold::ExistsOne, 2, 3),
    ("existsOne", Fold::ExistsOne, 2, 3),
    ("transformList", Fold::List, 2, 3),
    ("transformList", Fold::List, 2, 4),
    ("transformMap", Fold::Map, 2, 3),
    ("transformMap", Fold::Map, 2, 4),
    ("transformMapEntry", Fold::Entries, 2, 3),
    ("transformMapEntry", Fold::Entries, 2, 4),
];

pub(super) fn environment() -> &'static Env {
    static ENVIRONMENT: LazyLock<Env> = LazyLock::new(|| {
        let mut environment = Env::default();
        let folds = FOLDS.into_iter().map(|(name, what, variables, arguments)| {
            Macro::receiver(name, arguments, move |helper, target, args| {
                fold(helper, target, args, what, variables == 2)
            })
        });
        let others = [
            Macro::global("has", 1, has),
            Macro::receiver("sortBy", 2, sort_by),
            Macro::receiver("optMap", 2, |helper, target, args| {
                opt_map(helper, target, args, true)
            }),
            Macro::receiver("optFlatMap", 2, |helper, target, args| {
                opt_map(helper, target, args, false)
            }),
        ];
        for one in folds.chain(others) {
            environment
                .add_macro(one)
                .expect("no macro has the name and the number of arguments of another one");
        }
        environment
    });
    &ENVIRONMENT
}

const ACCUMULATOR: &str = "@result";

fn call(
    helper: &mut MacroExprHelper<'_>,
    name: &str,
    target: Option<IdedExpr>,
    args: Vec<IdedExpr>,
) -> IdedExpr {
    let target = target.map(Box::new);
    helper.next_expr(Expr::Call(CallExpr { func_name: name.to_owned(), target, args }))
}

fn ident(helper: &mut MacroExprHelper<'_>, name: &str) -> IdedExpr {
    helper.next_expr(Expr::Ident(name.to_owned()))
}

fn name_of(helper: &MacroExprHelper<'_>, expr: &IdedExpr, why: &str) -> Result<String, ParseError> {
    match &expr.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(helper.new_error(expr.id, why)),
    }
}

/// An expression again, with numbers of its own.
fn copy(helper: &mut MacroExprHelper<'_>, expr: &IdedExpr) -> IdedExpr {
    match &expr.expr {
        Expr::Select(select) => {
            let mut select = select.clone();
            *select.operand = copy(helper, &select.operand);
            helper.next_expr(Expr::Select(select))
        }
        Expr::Call(of) => {
            let mut of = of.clone();
            of.args = of.args.iter().map(|arg| copy(helper, arg)).collect();
            of.target = of.target.map(|target| Box::new(copy(helper, &target)));
            helper.next_expr(Expr::Call(of))
        }
        other => helper.next_expr(other.clone()),
    }
}

/// `target.optMap(x, f)` and `target.optFlatMap(x, f)`.
fn opt_map(
    helper: &mut MacroExprHelper<'_>,
    target: &mut Option<IdedExpr>,
    args: &mut Vec<IdedExpr>,
    wrap: bool,
) -> Result<Option<IdedExpr>, ParseError> {
    let why = format!(
        "{}() variable name must be a simple identifier",
        if wrap { "optMap" } else { "optFlatMap" }
    );
    let name = name_of(helper, &args[0], &why)?;
    let (Some(target), Some(mapped)) = (target.take(), args.pop()) else { return Ok(None) };
    let again = copy(helper, &target);
    let value = call(helper, "value", Some(again), Vec::new());
    let mut result = bind(helper, &name, value, mapped);
    if wrap {
        result = call(helper, "optional.of", None, vec![result]);
    }
    let none = call(helper, "optional.none", None, Vec::new());
    let condition = call(helper, "hasValue", Some(target), Vec::new());
    Ok(Some(call(helper, "_?_:_", None, vec![condition, result, none])))
}

/// `target.sortBy(x, key)`: the list is bound to a name, as it is read twice.
fn sort_by(
    helper: &mut MacroExprHelper<'_>,
    target: &mut Option<IdedExpr>,
    args: &mut Vec<IdedExpr>,
) -> Result<Option<IdedExpr>, ParseError> {
    const INPUT: &str = "@__sortBy_input__";
    let name = name_of(helper, &args[0], "argument is not an identifier")?;
    let (Some(list), Some(key)) = (target.take(), args.pop()) else { return Ok(None) };
    if matches!(list.expr, Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_)) {
        let why = "sortBy can only be applied to a list, identifier, comprehension, call or select expression";
        return Err(helper.new_error(list.id, why));
    }
    let so_far = ident(helper, ACCUMULATOR);
    let item = helper.next_expr(Expr::List(ListExpr::new(vec![key])));
    let keys = ComprehensionExpr {
        iter_range: ident(helper, INPUT),
        iter_var: name,
        iter_var2: None,
        accu_var: ACCUMULATOR.to_owned(),
        accu_init: helper.next_expr(Expr::List(ListExpr::default())),
        loop_cond: helper.next_expr(Expr::Literal(LiteralValue::Boolean(true.into()))),
        loop_step: call(helper, "_+_", None, vec![so_far, item]),
        result: ident(helper, ACCUMULATOR),
    };
    let keys = helper.next_expr(Expr::Comprehension(Box::new(keys)));
    let input = ident(helper, INPUT);
    let sorted = call(helper, "@sortByAssociatedKeys", Some(input), vec![keys]);
    let bound = bind(helper, INPUT, list, sorted);
    Ok(Some(bound))
}

/// An expression in which a name stands for a value.
fn bind(
    helper: &mut MacroExprHelper<'_>,
    name: &str,
    value: IdedExpr,
    result: IdedExpr,
) -> IdedExpr {
    let bound = ComprehensionExpr {
        iter_range: helper.next_expr(Expr::List(ListExpr::default())),
        iter_var: "#unused".to_owned(),
        iter_var2: None,
        accu_var: name.to_owned(),
        accu_init: value,
        loop_cond: helper.next_expr(Expr::Literal(LiteralValue::Boolean(false.into()))),
        loop_step: ident(helper, name),
        result,
    };
    helper.next_expr(Expr::Comprehension(Box::new(bound)))
}

/// `has(x.field)`.
fn has(
    helper: &mut MacroExprHelper<'_>,
    _target: &mut Option<IdedExpr>,
    args: &mut Vec<IdedExpr>,
) -> Result<Option<IdedExpr>, ParseError> {
    let Some(argument) = args.pop() else { return Ok(None) };
    match argument.expr {
        Expr::Select(mut select) => {
            select.test = true;
            Ok(Some(helper.next_expr(Expr::Select(select))))
        }
        _ => Err(helper.new_error(argument.id, "invalid argument to has() macro")),
    }
}

/// The names of the variables of a comprehension.
fn variables(
    helper: &MacroExprHelper<'_>,
    args: &[IdedExpr],
    has_two: bool,
    why_no_name: &str,
) -> Result<(String, Option<String>), ParseError> {
    let is_taken = |name: &str| name == ACCUMULATOR || name == "__result__";
    let overwrites = "iteration variable overwrites accumulator variable";
    if !has_two {
        let name = name_of(helper, &args[0], why_no_name)?;
        if is_taken(&name) {
            return Err(helper.new_error(args[0].id, overwrites));
        }
        return Ok((name, None));
    }
    let why = "argument must be a simple name";
    let (first, second) = (name_of(helper, &args[0], why)?, name_of(helper, &args[1], why)?);
    if first == second {
        return Err(helper.new_error(args[1].id, format!("duplicate variable name: {first}")));
    }
    for (name, arg) in [(&first, &args[0]), (&second, &args[1])] {
        if is_taken(name) {
            return Err(helper.new_error(arg.id, overwrites));
        }
    }
    Ok((first, Some(second)))
}

/// The comprehensions.
fn fold(
    helper: &mut MacroExprHelper<'_>,
    target: &mut Option<IdedExpr>,
    args: &mut Vec<IdedExpr>,
    what: Fold,
    has_two: bool,
) -> Result<Option<IdedExpr>, ParseError> {
    let why_no_name = match what {
        Fold::All | Fold::Exists | Fold::ExistsOne => "argument must be a simple name",
        _ => "argument is not an identifier",
    };
    let (first, second) = variables(helper, args, has_two, why_no_name)?;
    let (Some(range), Some(body)) = (target.take(), args.pop()) else { return Ok(None) };
    let filter = (args.len() > 1 + usize::from(has_two)).then(|| args.pop()).flatten();
    let literal = |helper: &mut MacroExprHelper<'_>, value: bool| {
        helper.next_expr(Expr::Literal(LiteralValue::Boolean(value.into())))
    };
    let number = |helper: &mut MacroExprHelper<'_>, value: i64| {
        helper.next_expr(Expr::Literal(LiteralValue::Int(value.into())))
    };
    let so_far = ident(helper, ACCUMULATOR);
    let mut condition = literal(helper, true);
    let mut result = ident(helper, ACCUMULATOR);
    let (init, mut step) = match what {
        Fold::All => {
            let tested = ident(helper, ACCUMULATOR);
            condition = call(helper, "@not_strictly_false", None, vec![tested]);
            (literal(helper, true), call(helper, "_&&_", None, vec![so_far, body]))
        }
        Fold::Exists => {
            let tested = ident(helper, ACCUMULATOR);
            let negated = call(helper, "!_", None, vec![tested]);
            condition = call(helper, "@not_strictly_false", None, vec![negated]);
            (literal(helper, false), call(helper, "_||_", None, vec![so_far, body]))
        }
        Fold::ExistsOne => {
            let one = number(helper, 1);
            let more = call(helper, "_+_", None, vec![so_far, one]);
            let same = ident(helper, ACCUMULATOR);
            let one = number(helper, 1);
            result = call(helper, "_==_", None, vec![result, one]);
            (number(helper, 0), call(helper, "_?_:_", None, vec![body, more, same]))
        }
        Fold::List | Fold::Filter => {
            let (item, filter) = match what {
                Fold::Filter => (ident(helper, &first), Some(body)),
                _ => (body, None),
            };
            let item = helper.next_expr(Expr::List(ListExpr::new(vec![item])));
            let mut step = call(helper, "_+_", None, vec![so_far, item]);
            if let Some(filter) = filter {
                let same = ident(helper, ACCUMULATOR);
                step = call(helper, "_?_:_", None, vec![filter, step, same]);
            }
            (helper.next_expr(Expr::List(ListExpr::default())), step)
        }
        Fold::Map | Fold::Entries => {
            let key = (what == Fold::Map).then(|| ident(helper, &first));
            let args = std::iter::once(so_far).chain(key).chain([body]).collect();
            let step = call(helper, "cel.@mapInsert", None, args);
            (helper.next_expr(Expr::Map(MapExpr::default())), step)
        }
    };
    if let Some(filter) = filter {
        let same = ident(helper, ACCUMULATOR);
        step = call(helper, "_?_:_", None, vec![filter, step, same]);
    }
    let comprehension = ComprehensionExpr {
        iter_range: range,
        iter_var: first,
        iter_var2: second,
        accu_var: ACCUMULATOR.to_owned(),
        accu_init: init,
        loop_cond: condition,
        loop_step: step,
        result,
    };
    Ok(Some(helper.next_expr(Expr::Comprehension(Box::new(comprehension)))))
}
