//! The words of `delay`: a time, or a distribution.

use std::time::Duration;

use crate::document::Node;
use crate::scenario::words::kind::{Entry, Kind, Map, MapKey as _, Percentile};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::Time;
use crate::scenario::words::shape::{Form, Looks, Shape, Type, word};

words! {
    /// `{min: .., max: ..}`.
    EvenDelayWords: Shape::new("even delay", "A uniform draw between two times.")
        .frame("rules: [{delay: {min: 1ms, max: 1h, …}}]");
    min: Time = word("min", "The shortest time.").required().example("min: 100ms"),
    max: Time = word("max", "The longest time.").required().example("max: 300ms"),
}

words! {
    /// `{median: .., p99: ..}`.
    LogNormalWords: Shape::new(
        "lognormal delay",
        "A draw from a lognormal distribution, with the long tail that latencies of real services have.",
    )
    .frame("rules: [{delay: {median: 400ms, p99: 3s, …}}]");
    median: Time = word("median", "Half of the times are shorter. Above 0.")
        .required()
        .example("median: 50ms"),
    p99: Time = word("p99", "One time in a hundred is longer. Not below the median.")
        .required()
        .example("p99: 2s"),
}

/// Measured percentiles.
type Percentiles = Map<Percentile, Time>;

/// `delay`: a time, or a distribution. `Delay<'static>` is the type of a row.
#[derive(Debug)]
pub(in crate::scenario) enum Delay<'d> {
    Fixed(Duration),
    Even(EvenDelayWords<'d>),
    LogNormal(LogNormalWords<'d>),
    /// Percentiles, and the object that they are in.
    Measured(Vec<Entry<'d, Duration>>, Node<'d>),
}

impl Kind for Delay<'static> {
    type Value<'d> = Delay<'d>;

    fn form() -> Form {
        const DELAY: Type = Type {
            name: "delay",
            meaning: "A time, or a distribution to draw it from: uniform, lognormal, or from measured percentiles (uniform between them, below the lowest from 0, above the highest its time).",
            looks: Looks::Form(|| {
                let measured =
                    Form::Map { keys: Percentile::TYPE, values: Box::new(Time::form()), least: 1 };
                Form::AnyOf(vec![
                    Time::form(),
                    EvenDelayWords::form(),
                    LogNormalWords::form(),
                    measured,
                ])
            }),
        };
        Form::Type(&DELAY)
    }

    fn read<'d>(node: &Node<'d>) -> Option<Delay<'d>> {
        let Some(object) = node.value().as_object() else {
            return Time::read(node).map(Delay::Fixed);
        };
        if object.contains_key("min") || object.contains_key("max") {
            EvenDelayWords::read(node).map(Delay::Even)
        } else if object.contains_key("median") {
            LogNormalWords::read(node).map(Delay::LogNormal)
        } else {
            let measured = Percentiles::read(node)?;
            // An entry that could not be read was already reported.
            (measured.len() == object.len()).then(|| Delay::Measured(measured, node.clone()))
        }
    }
}
