//! Mutating policies, one patch after another (`generic/policy_dispatcher.go`, `mutating/dispatcher.go`).

use serde_json::Value;

use super::super::super::resource::GroupResource;
use super::super::super::schema::admission::{Activation, Inputs, OutOfBudget};
use super::super::super::status::{ApiError, Cause};
use super::super::attributes::Attributes;
use super::super::json_patches;
use super::super::matching::{Match, Verdict, is_exempt};
use super::super::turns::Turns;
use super::cache::Bound;
use super::compiled::{Binding, Policy};
use super::params;
use super::rules::{Mutation, Mutations};
use super::select::{Caller, converted, matches, namespace};

/// The most that one mutation may cost (`RuntimeCELCostBudget`).
const BUDGET: u64 = 10_000_000;

/// A policy with a binding and a parameter, for a request that matches both.
struct Invocation<'b, 'r> {
    policy: &'b Policy<Mutations>,
    binding: &'b Binding,
    found: Match<'r>,
    params: Value,
}

impl Invocation<'_, '_> {
    /// What tells it apart from others (`keyFor`).
    fn key(&self) -> String {
        let params = &self.params["metadata"];
        let text = |field: &str| params[field].as_str().unwrap_or_default();
        let names = [&self.policy.name, &self.binding.name, text("namespace"), text("name")];
        names.join("/")
    }
}

/// The errors of policies that count.
#[derive(Default)]
struct Failures(Vec<Failure>);

struct Failure {
    message: String,
    /// Whether the reason of the refusal is `Invalid`.
    is_invalid: bool,
}

impl Failures {
    /// The error of a policy, or of one of its bindings.
    fn add(
        &mut self,
        policy: &Policy<Mutations>,
        binding: Option<&Binding>,
        why: &str,
        is_invalid: bool,
    ) {
        if policy.ignores_failures {
            return;
        }
        let name = &policy.name;
        let message = match binding {
            Some(Binding { name: binding, .. }) => {
                format!("policy '{name}' with binding '{binding}' denied request: {why}")
            }
            None => format!("policy \"{name}\" denied request: {why}"),
        };
        self.0.push(Failure { message, is_invalid });
    }

    /// The refusal: it says the first error, and has all as causes.
    fn refusal(self, request: &Attributes<'_>) -> Result<(), ApiError> {
        let Some(first) = self.0.first() else { return Ok(()) };
        let resource = GroupResource::new(request.resource.group, request.resource.name);
        let mut error = ApiError::forbidden(&resource, request.name, "");
        error.message.clone_from(&first.message);
        if first.is_invalid {
            error.reason = "Invalid".into();
        }
        let causes = self.0.into_iter().map(|failure| Cause {
            reason: "",
            message: failure.message,
            field: String::new(),
        });
        error.details.get_or_insert_default().causes.extend(causes);
        Err(error)
    }
}

/// Lets the mutating policies change the object of a request, which is null where it has none.
///
/// # Errors
/// The errors of policies whose `failurePolicy` is `Fail`, and objects that cannot be decoded.
pub(in super::super::super) fn mutate(
    caller: &Caller<'_>,
    request: &Attributes<'_>,
    object: &mut Value,
    turns: &mut Turns,
) -> Result<(), ApiError> {
    if is_exempt(request) {
        return Ok(());
    }
    let Some(bound) = caller.cache.mutating(&caller.state.snapshot) else { return Ok(()) };
    let before = object.clone();
    let shown = Some(&before).filter(|object| !object.is_null());
    let request = Attributes { object: shown, ..*request };
    let mut failures = Failures::default();
    let mut invocations = Vec::new();
    for bound in &*bound {
        select(caller, &request, bound, &mut invocations, &mut failures);
    }
    if !invocations.is_empty() {
        run(caller, &request, &invocations, object, (turns, &mut failures))?;
    }
    failures.refusal(&request)
}

/// Adds the invocations of a policy to a list.
fn select<'b, 'r>(
    caller: &Caller<'r>,
    request: &Attributes<'r>,
    bound: &'b Bound<Mutations>,
    invocations: &mut Vec<Invocation<'b, 'r>>,
    failures: &mut Failures,
) {
    let policy = &*bound.policy;
    let mut of_policy = |why: String| {
        failures.add(policy, None, &format!("failed to configure policy: {why}"), false);
    };
    let found = match &policy.constraints {
        None => Err("policy contained no match constraints, a required field".to_owned()),
        Some(constraints) => matches(constraints, caller, request),
    };
    let found = match found {
        Err(why) => return of_policy(why),
        Ok(None) => return,
        Ok(Some(found)) => found,
    };
    let served = match params::served(policy.param_kind.as_ref(), caller.state) {
        Ok(served) => served,
        Err(why) => return of_policy(why),
    };
    for binding in &bound.bindings {
        let collected = match &binding.constraints {
            Some(constraints) => matches(constraints, caller, request),
            None => Ok(Some(found)),
        };
        let collected = match collected {
            Ok(None) => continue,
            Ok(Some(_)) => params::collect(served, binding, caller.state, request.namespace),
            Err(why) => Err(why),
        };
        match collected {
            Ok(all) => invocations.extend(all.into_iter().map(|params| Invocation {
                policy,
                binding,
                found,
                params,
            })),
            Err(why) => {
                let why = format!("failed to configure binding: {why}");
                failures.add(policy, Some(binding), &why, false);
            }
        }
    }
}

/// The objects of a request in one of the versions that policies ask for.
struct Form<'r> {
    found: Match<'r>,
    object: Value,
    old_object: Value,
    is_changed: bool,
}

/// Runs the invocations in their order.
fn run<'r>(
    caller: &Caller<'r>,
    request: &Attributes<'r>,
    invocations: &[Invocation<'_, 'r>],
    object: &mut Value,
    (turns, failures): (&mut Turns, &mut Failures),
) -> Result<(), ApiError> {
    if turns.is_second() {
        turns.policies.resume(object);
    }
    let namespace = namespace(caller, request)?;
    let mut forms: Vec<Form<'r>> = Vec::new();
    let mut last = None;
    for invocation in invocations {
        let Invocation { policy, binding, found, params } = invocation;
        let known = forms.iter().position(|form| form.found.kind == found.kind);
        let at = if let Some(at) = known {
            at
        } else {
            let (object, old_object) =
                converted(caller, request, found).map_err(|why| ApiError::internal(&why))?;
            forms.push(Form { found: *found, object, old_object, is_changed: false });
            forms.len() - 1
        };
        let form = &mut forms[at];
        let shown = (caller.shown)(found);
        let before = form.object.clone();
        let old_object = form.old_object.clone();
        let inputs = Inputs {
            object: &before,
            old_object: &old_object,
            request: &shown,
            namespace: &namespace,
            params,
            authority: Some(caller.authority),
            variables: &policy.variables,
        };
        if !policy.conditions.is_empty() {
            match policy.conditions.decide(inputs) {
                Verdict::Matched => {}
                Verdict::NotMatched => continue,
                Verdict::Failed(why) => {
                    failures.add(policy, Some(binding), &why, true);
                    continue;
                }
            }
        }
        let key = invocation.key();
        if turns.is_second() && !turns.policies.is_due(&key) {
            continue;
        }
        for mutation in &policy.rules.mutations {
            last = Some(at);
            if form.object.is_null() {
                continue;
            }
            let current = form.object.clone();
            let inputs = Inputs { object: &current, ..inputs };
            match patched(caller, mutation, found, inputs)? {
                Ok(new) => {
                    form.object = new;
                    form.is_changed = true;
                }
                // The next mutation goes on with the object as it is.
                Err(why) => failures.add(policy, Some(binding), &why, true),
            }
        }
        if form.object != before {
            turns.policies.ask_again();
            turns.want_another();
        }
        if policy.rules.is_reinvoked {
            turns.policies.wait(&key);
        }
    }
    if let Some(form) = last.and_then(|at| forms.into_iter().nth(at))
        && form.is_changed
    {
        turns.policies.ask_again();
        turns.want_another();
        *object = if form.found.resource == request.resource {
            form.object
        } else {
            let own = caller.forms.of_version(form.object, form.found.resource);
            own.and_then(|own| caller.forms.decoded(own))
                .map_err(|why| ApiError::internal(&format!("failed to convert object: {why}")))?
        };
    }
    turns.policies.end(object);
    Ok(())
}

/// The object after a mutation, or why there is none, which is up to the `failurePolicy`.
///
/// # Errors
/// A patched object that cannot be decoded.
fn patched<'v>(
    caller: &Caller<'_>,
    mutation: &'v Mutation,
    found: &Match<'_>,
    inputs: Inputs<'v>,
) -> Result<Result<Value, String>, ApiError> {
    let mut budget = BUDGET;
    let activation = Activation::new(inputs);
    let spent = |OutOfBudget| OutOfBudget::TEXT.to_owned();
    match mutation {
        Mutation::Configuration(expression) => {
            let outcome = activation.configuration(expression, &mut budget).map_err(spent);
            Ok(outcome.and_then(|outcome| outcome).and_then(|mut configuration| {
                for field in ["apiVersion", "kind"] {
                    configuration[field] = inputs.object[field].clone();
                }
                let (forms, of) = (caller.forms, found.resource);
                let merged = forms.merged(inputs.object, &configuration, of);
                let merged = merged.map_err(|why| format!("error applying patch: {why}"))?;
                forms.check_version(of)?;
                forms.held(merged, of)
            }))
        }
        Mutation::Operations(expression) => {
            let outcome = activation.operations(expression, &mut budget).map_err(spent);
            let operations = match outcome.and_then(|outcome| outcome) {
                Ok(operations) => operations,
                Err(why) => return Ok(Err(why)),
            };
            let mut object = inputs.object.clone();
            match json_patches::apply(operations, &mut object) {
                Ok(()) => {}
                // Nothing of the patch is applied then.
                Err(failed) if failed.is_test => return Ok(Ok(inputs.object.clone())),
                Err(failed) => return Ok(Err(format!("JSON Patch: {}", failed.why))),
            }
            let decoded = caller.forms.decoded_strictly(object, found.resource);
            let decoded = decoded.map_err(|why| ApiError::internal(&why))?;
            Ok(caller.forms.check_version(found.resource).map(|()| decoded))
        }
    }
}
