//! What types stand for: assignability and type parameters (`cel-go/checker/{types,mapping}.go`).

use std::collections::HashMap;
use std::sync::Arc;

use super::types::Type;

/// What is known of the types that were unknown.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Mapping(HashMap<Arc<str>, Type>);

impl Mapping {
    /// Whether a value of one type can stand for another one; learns what that says of unknown types.
    pub(in super::super) fn assign(&mut self, to: &Type, from: &Type) -> bool {
        let mut learned = self.clone();
        let fits = learned.is_assignable(to, from);
        if fits {
            *self = learned;
        }
        fits
    }

    /// As [`Mapping::assign`], for all types of two lists.
    pub(in super::super) fn assign_all(&mut self, to: &[Type], from: &[Type]) -> bool {
        let mut learned = self.clone();
        let fits = to.len() == from.len()
            && to.iter().zip(from).all(|(to, from)| learned.is_assignable(to, from));
        if fits {
            *self = learned;
        }
        fits
    }

    /// A type with what is known put in; with `to_dyn` what is still unknown is dynamic.
    pub(in super::super) fn substitute(&self, of: &Type, to_dyn: bool) -> Type {
        let inner = |of: &Arc<Type>| Arc::new(self.substitute(of, to_dyn));
        match of {
            Type::Param(name) => match self.0.get(name) {
                Some(known) => self.substitute(known, to_dyn),
                None if to_dyn => Type::Dyn,
                None => of.clone(),
            },
            Type::List(item) => Type::List(inner(item)),
            Type::Map(key, value) => Type::Map(inner(key), inner(value)),
            Type::Optional(of) => Type::Optional(inner(of)),
            Type::Type(Some(of)) => Type::Type(Some(inner(of))),
            other => other.clone(),
        }
    }

    /// `internalIsAssignable`.
    fn is_assignable(&mut self, a: &Type, b: &Type) -> bool {
        if let Type::Param(name) = b {
            let (valid, known) = self.is_valid(a, name, b);
            if valid {
                return true;
            }
            if known {
                return false;
            }
        }
        if let Type::Param(name) = a {
            return self.is_valid(b, name, a).0;
        }
        if a.is_dyn_or_error() || b.is_dyn_or_error() {
            return true;
        }
        match (a, b) {
            (Type::Null, other) | (other, Type::Null) => matches!(
                other,
                Type::Null
                    | Type::Object(_)
                    | Type::Opaque(_)
                    | Type::Patch(_)
                    | Type::Optional(_)
                    | Type::Duration
                    | Type::Timestamp
            ),
            (Type::Type(_), Type::Type(_)) => true,
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.is_assignable(a, b)
            }
            (Type::Map(a, b), Type::Map(c, d)) => {
                self.is_assignable(a, c) && self.is_assignable(b, d)
            }
            (a, b) => a == b,
        }
    }

    /// `isValidTypeSubstitution`: whether a type can stand for an unknown one, and whether that is known already.
    fn is_valid(&mut self, of: &Type, name: &Arc<str>, param: &Type) -> (bool, bool) {
        if of == param {
            return (true, true);
        }
        if let Some(known) = self.0.get(name).cloned() {
            if *of == known {
                return (true, true);
            }
            if self.is_assignable(of, &known) {
                let general = most_general(of, &known);
                if self.is_free_of(param, &general) {
                    self.0.insert(Arc::clone(name), general);
                }
                return (true, true);
            }
            return (false, true);
        }
        if self.is_free_of(param, of) {
            self.0.insert(Arc::clone(name), of.clone());
            return (true, false);
        }
        (false, false)
    }

    /// Whether an unknown type is no part of another one (`notReferencedIn`).
    fn is_free_of(&self, param: &Type, within: &Type) -> bool {
        if param == within {
            return false;
        }
        match within {
            Type::Param(name) => self.0.get(name).is_none_or(|known| self.is_free_of(param, known)),
            within => within.parts().into_iter().all(|part| self.is_free_of(param, part)),
        }
    }
}

/// The type that values of both types have (`mostGeneral`).
pub(in super::super) fn most_general(a: &Type, b: &Type) -> Type {
    if is_less_specific(a, b) { a.clone() } else { b.clone() }
}

fn is_less_specific(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dyn | Type::Param(_), _) => true,
        (_, Type::Dyn | Type::Param(_)) => false,
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
            is_less_specific(a, b)
        }
        (Type::Map(a, b), Type::Map(c, d)) => is_less_specific(a, c) && is_less_specific(b, d),
        (Type::Type(_), Type::Type(_)) => true,
        (a, b) => a == b,
    }
}
