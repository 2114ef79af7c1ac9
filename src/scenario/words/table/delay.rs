//! The words of `delay`: a time, or what one is drawn from.

use std::time::Duration;

use crate::document::Node;
use crate::scenario::words::kind::{Entry, Kind, Map, MapKey as _, Percentile};
use crate::scenario::words::read::words;
use crate::scenario::words::scalar::Time;
use crate::scenario::words::shape::{Form, Looks, Shape, Type, word};

words! {
    /// `{min: .., max: ..}`.
    EvenDelayWords: Shape::new("even delay", "A draw of anything between two times, evenly.")
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
    median: Time = word("median", "Half of the times are shorter; above 0.")
        .required()
        .example("median: 50ms"),
    p99: Time = word("p99", "One time in a hundred is longer; not below the median.")
        .required()
        .example("p99: 2s"),
}

/// Percentiles that were measured.
type Percentiles = Map<Percentile, Time>;

/// `delay`: a time, or what one is drawn from. As the type of a row, that of `'static`.
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
            meaning: "A time, or what one is drawn from: evenly, lognormally, or from percentiles that were measured (between them evenly, below the lowest from 0, above the highest its time).",
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
            // One that could not be read was noted.
            (measured.len() == object.len()).then(|| Delay::Measured(measured, node.clone()))
        }
    }
}
