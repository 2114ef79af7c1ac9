//! `standin plan`, `standin explain` and `standin schema`: previews of scenarios and of a request.

use std::io::{self, Write as _};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::explain::{self, ExplainOptions};
use crate::message::RequestBody;
use crate::scenario;

use super::args::{Explain, PlanArgs, Schema, SchemaOf};
use super::error::CommandError;

pub(super) fn plan(args: &PlanArgs) -> Result<(), CommandError> {
    let scenarios = args.narrow.apply(args.scenarios.clone());
    let loaded = scenario::load(&scenarios, 0).map_err(CommandError::invalid)?;
    let set = match args.seed {
        Some(seed) => loaded.set.with_seed(seed),
        None => loaded.set,
    };
    let preview = set.preview(&args.world, args.requests);
    let mut out = io::stdout().lock();
    if args.json {
        let _ = writeln!(out, "{:#}", preview.json);
        return Ok(());
    }
    let _ = writeln!(out, "seed {}, world {}", set.seed(), args.world);
    for (head, text) in &preview.rows {
        let _ = writeln!(out, "{head}");
        for line in text.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    Ok(())
}

pub(super) fn explain(args: &Explain) -> Result<(), CommandError> {
    let mut request = explain::request(&args.method, &args.path).map_err(CommandError::Usage)?;
    for field in &args.header {
        let parsed = field.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            Some((name, HeaderValue::try_from(value.trim()).ok()?))
        });
        let Some((name, value)) = parsed else {
            return Err(CommandError::Usage(format!(
                "{field:?} is not a header field; write it like -H 'Name: value'"
            )));
        };
        request.headers.append(name, value);
    }
    if let Some(data) = &args.data {
        request.body = RequestBody::Bytes(Bytes::from(data.clone()));
    }
    let options = ExplainOptions {
        fixtures: args.fixtures.clone(),
        scenarios: args.scenario.clone(),
        world: args.world.clone(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(CommandError::Start)?;
    let explanation = runtime.block_on(explain::explain(&options, &request))?;
    let mut out = io::stdout().lock();
    let _ = if args.json {
        writeln!(out, "{:#}", explanation.to_json())
    } else {
        write!(out, "{}", explanation.to_text())
    };
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "commands have one signature")]
pub(super) fn schema(args: &Schema) -> Result<(), CommandError> {
    let text = match args.of {
        SchemaOf::Scenario if args.reference => scenario::reference(),
        SchemaOf::Scenario => scenario::schema(),
    };
    // A reader that has seen enough closes the pipe.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    Ok(())
}
