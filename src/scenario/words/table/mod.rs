//! The rows: every word of the language.

mod answer;
mod at;
mod crash;
mod damage;
mod delay;
mod expect;
mod file;
mod key;
mod kubernetes;
mod life;
mod limit;
mod listen;
mod matching;
mod rule;
mod stream;
mod then;
mod timeline;
mod wire;

pub(crate) use answer::ContinueToken;
pub(in crate::scenario) use answer::{As, ReplyWords, StatusWords};
pub(in crate::scenario) use at::{
    EventChange, EventWords, Here, PointThen, PointThenWords, PointWords, StreamCut,
};
pub(in crate::scenario) use crash::{CrashWords, Kept, Restart};
pub(in crate::scenario) use damage::DamageWords;
pub(in crate::scenario) use delay::Delay;
pub use expect::Grade;
pub(in crate::scenario) use expect::{ExpectWords, VerdictWords};
pub(in crate::scenario) use file::{
    ClientWords, GenerateWords, Http2Words, ScenarioWords, TokenWords,
};
pub(in crate::scenario) use key::KeyWords;
pub(in crate::scenario) use kubernetes::{ExpiredAs, KubernetesWords, Now};
pub(in crate::scenario) use life::LifeWords;
pub(in crate::scenario) use limit::{Algorithm, Announce, LimitWords, RetryAfterAs};
pub(in crate::scenario) use listen::{IdleWords, ListenWords};
pub(in crate::scenario) use matching::{MatchWords, VERBS};
pub(in crate::scenario) use rule::{DrawBy, RequireWords, RuleWords, ShareWords, StepWords};
pub(in crate::scenario) use stream::{LineChange, LinesWords, StreamWords};
pub(in crate::scenario) use then::{MidLine, Pass, Then, ThenWords};
pub(in crate::scenario) use timeline::{Start, TimelineWords};
pub(in crate::scenario) use wire::{
    AfterBytesWords, AfterHeaders, AnswerPlace, ChunksWords, LastStream,
};

use super::shape::{Form, Looks, Shape, Type};

/// Returns all kinds of objects, in the order of first reference from the file's own words, and all
/// types of values, sorted by name.
pub(in crate::scenario) fn all() -> (Vec<&'static Shape>, Vec<&'static Type>) {
    let mut found = (Vec::new(), Vec::new());
    collect_shape(ScenarioWords::SHAPE, &mut found);
    found.1.sort_by_key(|of: &&Type| of.name.to_lowercase());
    found
}

fn collect_shape(shape: &'static Shape, found: &mut (Vec<&'static Shape>, Vec<&'static Type>)) {
    if found.0.iter().any(|known| known.name == shape.name) {
        return;
    }
    found.0.push(shape);
    for word in shape.words {
        collect_form(&(word.form)(), found);
    }
    for part in shape.parts {
        collect_shape(part, found);
    }
}

fn collect_form(form: &Form, found: &mut (Vec<&'static Shape>, Vec<&'static Type>)) {
    match form {
        Form::Type(of) => collect_type(of, found),
        Form::Integer { .. } | Form::Words(_) => {}
        Form::Object(shape) => collect_shape(shape, found),
        Form::List { item, .. } | Form::OneOrMany { item, .. } => collect_form(item, found),
        Form::Map { keys, values, .. } => {
            collect_type(keys, found);
            collect_form(values, found);
        }
        Form::AnyOf(forms) => forms.iter().for_each(|form| collect_form(form, found)),
        Form::Beside { then, otherwise, .. } => {
            collect_form(then, found);
            collect_form(otherwise, found);
        }
    }
}

fn collect_type(of: &'static Type, found: &mut (Vec<&'static Shape>, Vec<&'static Type>)) {
    if found.1.iter().any(|known| known.name == of.name) {
        return;
    }
    found.1.push(of);
    if let Looks::Form(form) = of.looks {
        collect_form(&form(), found);
    }
}
