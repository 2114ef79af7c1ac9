//! Rules of how much of a device one request takes (`pkg/apis/resource/validation/validation.go`,
//! `validateRequestPolicy`).

use serde_json::Value;

use super::super::super::golang::quote;
use super::super::super::status::FieldError;
use super::super::quantity::Quantity;
use super::check::{Errors, child, item, list};
use super::devices::set;

/// The maximum number of values to choose from.
const MAX_OPTIONS: usize = 10;

fn read(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?).ok()
}

/// `validateRequestPolicy`.
pub(super) fn request_policy(errors: &mut Errors, capacity: &str, policy: &Value, path: &str) {
    let options = list(policy, "validValues");
    let range = &policy["validRange"];
    if !options.is_empty() && !range.is_null() {
        let why = "exactly one policy can be specified, cannot specify \"validValues\" and \"validRange\" at the \
                   same time";
        errors.push(FieldError::forbidden(path, why));
        return;
    }
    let Ok(most) = Quantity::parse(capacity) else { return };
    let kind = match (options.is_empty(), range.is_null()) {
        (false, _) => "validValues",
        (true, false) => "validRange",
        (true, true) => return,
    };
    let Some(default) = read(&policy["default"]) else {
        let why = format!("required when {kind} is defined");
        errors.push(FieldError::required(child(path, "default"), &why));
        return;
    };
    let path = child(path, kind);
    if options.is_empty() {
        check_range(errors, &default, &most, range, &path);
    } else {
        check_options(errors, &default, &most, options, &path);
    }
}

/// `validateRequestPolicyValidValues`.
fn check_options(
    errors: &mut Errors,
    default: &Quantity,
    most: &Quantity,
    options: &[Value],
    path: &str,
) {
    let amounts: Vec<Option<Quantity>> = options.iter().map(read).collect();
    for (index, pair) in amounts.windows(2).enumerate() {
        if let [Some(first), Some(second)] = pair
            && first > second
        {
            let why = "values must be sorted in ascending order";
            errors.push(FieldError::invalid(item(path, index + 1), quote(&second.text()), why));
        }
    }
    let key = |value: &Value| {
        let amount = read(value).map(|amount| amount.rounded_up().to_string());
        quote(&amount.unwrap_or_default())
    };
    let mut known = false;
    set(errors, options, Some(MAX_OPTIONS), path, key, |errors, value, path| {
        let Some(amount) = read(value) else { return };
        if amount > *most {
            let why = format!("option is larger than capacity value: {}", most.text());
            errors.push(FieldError::invalid(path, quote(&amount.text()), &why));
        }
        known |= amount == *default;
    });
    if !known {
        let why = "default value is not valid according to the requestPolicy";
        errors.push(FieldError::invalid(path, quote(&default.text()), why));
    }
}

/// `validateRequestPolicyRange`.
fn check_range(
    errors: &mut Errors,
    default: &Quantity,
    most: &Quantity,
    range: &Value,
    path: &str,
) {
    let at = child(path, "min");
    let Some(min) = read(&range["min"]) else {
        errors.push(FieldError::required(at, "required when validRange is defined"));
        return;
    };
    let mut refuse = |field: &str, shown: &Quantity, why: String| {
        errors.push(FieldError::invalid(child(path, field), quote(&shown.text()), &why));
    };
    let (min_text, most_text) = (min.text(), most.text());
    if min > *most {
        refuse("min", &min, format!("min is larger than capacity value: {most_text}"));
    }
    if *default < min {
        refuse("min", default, format!("default is less than min: {min_text}"));
    }
    let max = read(&range["max"]);
    if let Some(max) = &max {
        if min > *max {
            refuse("max", &min, format!("min is larger than max: {}", max.text()));
        }
        if max > most {
            refuse("max", max, format!("max is larger than capacity value: {most_text}"));
        }
        if default > max {
            refuse("max", default, format!("default is more than max: {}", max.text()));
        }
    }
    let Some(step) = read(&range["step"]) else { return };
    let next = min.plus(&step);
    if next > *most {
        let why = format!("one step {} is larger than capacity value: {most_text}", next.text());
        refuse("step", &step, why);
    }
    for value in std::iter::once(default).chain(&max) {
        let distance = value.rounded_up() - min.rounded_up();
        // A step of 0 fits into nothing; upstream fails there.
        if distance.checked_rem(step.rounded_up()) != Some(0) {
            let why = format!(
                "value is not a multiple of a given step ({}) from ({min_text})",
                step.text()
            );
            refuse("step", value, why);
        }
    }
}
