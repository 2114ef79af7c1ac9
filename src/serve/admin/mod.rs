//! The admin stage, `/__admin`: looks at the running server and controls it. No scenario touches it. An
//! endpoint about a world is about the request's world: `/worlds/NAME/__admin/…` or the header
//! `X-Standin-World`.
//!
//! | method and path | answer |
//! |---|---|
//! | GET `/__admin/standin` | what is loaded, and what was wrong at the last reload; also GET `/__admin` unless the server has stubs alone |
//! | GET `/__admin/health` | 200 `{"status":"healthy",…}` |
//! | GET `/__admin/version` | the version |
//! | GET `/__admin/ca` | the certificate that clients of a TLS server have to trust, in PEM |
//! | GET `/__admin/metrics` | counters and gauges of the server, as OpenMetrics |
//! | GET `/__admin/bounds` | what is held and waited for at most, and what is held now |
//! | GET, POST, DELETE `/__admin/mappings` | the stubs, in the order in which they are tried; adds one; removes all |
//! | GET, PUT, DELETE `/__admin/mappings/ID` | one stub; puts another in its place; removes it |
//! | POST `/__admin/mappings/edit`, `…/import`, `…/remove`, `…/save`, `…/reset` | as `WireMock` has them |
//! | POST `/__admin/mappings/find-by-metadata`, `…/remove-by-metadata` | the stubs whose metadata is as wanted |
//! | GET, DELETE `/__admin/mappings/unmatched` | the stubs that no request matched |
//! | GET, POST, PUT `/__admin/settings`, PATCH `…/extended` | the settings of all stubs |
//! | GET `/__admin/files`; GET, PUT, DELETE `/__admin/files/NAME` | the body files of the root directory |
//! | POST `/__admin/shutdown` | stops the server |
//! | GET, DELETE `/__admin/requests` | the journal, newest first; forgets it |
//! | GET, DELETE `/__admin/requests/ID` | one exchange; forgets it |
//! | GET `/__admin/requests/ID/differences` | the stubs nearest to it, each beside the request, part by part |
//! | GET `/__admin/events` | the journal as it grows, as server-sent events |
//! | POST `/__admin/requests/count`, `…/find` | how many requests fit a pattern, and which |
//! | GET `/__admin/requests/unmatched` | the requests that nothing answered |
//! | GET `/__admin/requests/unmatched/near-misses` | the stubs that are nearest to them |
//! | POST `/__admin/near-misses/request`, `…/request-pattern` | the stubs nearest to a request; the requests nearest to a pattern |
//! | POST `/__admin/recordings/start`, `…/stop` | passes requests on to another server; makes stubs of what it answered |
//! | GET `/__admin/recordings/status` | whether that is so |
//! | POST `/__admin/recordings/snapshot` | makes stubs of what the journal has |
//! | POST `/__admin/requests/remove`, `…/remove-by-metadata` | forgets what fits a pattern |
//! | GET `/__admin/scenarios` | the world's scenarios and their states, in `WireMock`'s form |
//! | GET, PUT, DELETE `/__admin/scenarios/NAME` | a scenario as YAML or JSON, besides the others, for this world; 422 with everything that is wrong with it |
//! | GET `/__admin/schemas/scenario` | the JSON Schema of scenarios |
//! | PUT `/__admin/scenarios/NAME/state` | `{"state": "…"}`: moves one; resets it where there is no body |
//! | GET `/__admin/standin/scenarios` | Standin's own: the phase each is in, what its rules did |
//! | GET `/__admin/standin/scenarios/available` | the names that PUT `/__admin/scenarios` takes |
//! | PUT `/__admin/scenarios` | `{"scenarios": ["throttled"], "seed": 42}`: other ones, for this world |
//! | DELETE `/__admin/scenarios` | those of the server again |
//! | POST `/__admin/scenarios/reset` | counters, draws, tokens and timelines begin anew |
//! | POST `/__admin/scenarios/start`, `…/step` | timelines begin; each goes to its next phase |
//! | GET `/__admin/standin/replay` | the stubs that never answered, the sequences that were asked on, the requests without an answer |
//! | GET `/__admin/standin/recording` | what was recorded of the backend so far |
//! | GET `/__admin/findings` | what clients did that they should not have, where requests are graded |
//! | GET `/__admin/verdict` | the verdict of a drill on the world's clients, with findings and timeline; as text where that is accepted |
//! | GET `/__admin/standin/records` | what this server knows of the world's clients, for others that share the store |
//! | GET `/__admin/kubeconfig`, `…/worlds/NAME/kubeconfig` | a kubeconfig for clients of the world |
//! | POST `/__admin/reset` | the world is as the fixtures say again: objects, counters, tokens, clock, states; and, in the default world, the stubs, with an empty journal |
//! | GET `/__admin/clock` | the world's time |
//! | POST `/__admin/clock/freeze`, `…/release` | stops it; lets it go on |
//! | POST `/__admin/clock/advance` | `{"by": "30s"}`: moves it on |
//! | POST `/__admin/clock/rate` | `{"rate": 2}`: two seconds pass in the world for each one |
//! | GET, DELETE `/__admin/worlds` | all worlds; deletes all but the default one |
//! | GET, PUT, DELETE `/__admin/worlds/NAME` | one world; makes it, with `{"scenarios": ["throttled"], "seed": 42}` where there is a body; deletes it |
//! | POST `/__admin/worlds/NAME/reset` | brings it back to the fixtures |
//! | POST `/__admin/store/compact` | `{"revision": "N"}`: everything older than N is gone |
//! | POST `/__admin/reload` | loads the files again, as a change on disk does |
//! | GET `/__admin/ui` | the console, a page for browsers |
//! | GET `/__admin/objects/PATH` | what the Kubernetes API has at a path, also as a watch, without scenarios |

mod about;
mod access;
mod clock;
#[cfg(feature = "console")]
mod console;
#[cfg(not(feature = "console"))]
#[path = "console_off.rs"]
mod console;
mod endpoint;
mod files;
mod kubeconfig;
mod mappings;
mod origin;
mod own_scenarios;
mod recordings;
mod reply;
mod requests;
mod scenarios;
mod settings;
mod store;
mod together;
mod worlds;

use http::{Method, StatusCode};

use crate::message::{Origin, Plan, Request};

use super::context::RequestContext;
use super::replay::ReplayReport;
pub(crate) use access::AdminAccess;
use endpoint::Endpoint;
use reply::AdminError;

/// Whether a request is one to the admin API of this server.
pub(super) fn is_for(request: &Request) -> bool {
    !request.forwarded && owns(request.path())
}

/// Whether a path belongs to the admin API.
pub(super) fn owns(path: &str) -> bool {
    endpoint::below_root(path).is_some()
}

/// Answers a request to the admin API.
pub(super) async fn answer(context: &RequestContext, request: &Request) -> Plan {
    match respond(context, request).await {
        Ok(plan) => plan,
        Err(error) => error.plan(),
    }
}

async fn respond(context: &RequestContext, request: &Request) -> Result<Plan, AdminError> {
    // The page is the same for everybody and holds nothing of the server: what it asks for is checked.
    if endpoint::is_console(request.path()) && matches!(request.method, Method::GET | Method::HEAD)
    {
        return console::page(context, request);
    }
    origin::check(&request.headers, context.shared.settings.loopback)?;
    context.shared.settings.admin.check(request)?;
    let path = request.path().to_owned();
    let endpoint = Endpoint::parse(&path)?;
    endpoint.check_method(&request.method)?;
    if endpoint.is_of_all_servers() {
        context.catch_up_all().await?;
    }
    let most = context.shared.settings.bounds.admin_body_bytes;
    let body = request.body.read(most).await.map_err(AdminError::Body)?;
    let method = &request.method;
    let query = request.query().map(str::to_owned);
    // What waits for other servers is large, and most servers have none: it is boxed.
    let of_all = context.asks_all(query.as_deref());
    match endpoint {
        Endpoint::Summary => Ok(about::summary(context, request)),
        Endpoint::Root => about::root(context, request),
        Endpoint::Docs => Ok(about::docs(&path)),
        Endpoint::Shutdown => Ok(about::shutdown(context)),
        Endpoint::Health => Ok(about::health(context)),
        Endpoint::Version => Ok(about::version(request)),
        Endpoint::Ca => about::ca(context),
        Endpoint::Bounds => Ok(about::bounds(context)),
        Endpoint::Metrics => about::metrics(context),
        Endpoint::Mappings(mappings::Endpoint::Unmatched) if of_all => {
            Box::pin(together::unmatched_stubs(context, request)).await
        }
        Endpoint::Mappings(endpoint) => {
            let own = endpoint.answer(context, method, query.as_deref(), &body).await?;
            if !(of_all && endpoint == mappings::Endpoint::Reset) {
                return Ok(own);
            }
            Ok(Box::pin(together::forget_of_others(context, request, own)).await)
        }
        Endpoint::Settings => settings::all(context, method, &body),
        Endpoint::ExtendedSettings => settings::extend(context, &body),
        Endpoint::Files => files::list(context).await,
        Endpoint::File(name) => files::one(context, method, name, &body).await,
        Endpoint::Recordings(endpoint) => endpoint.answer(context, &body).await,
        Endpoint::Journal(endpoint) => {
            let own = endpoint.answer(context, method, query.as_deref(), &body).await?;
            if !of_all {
                return Ok(own);
            }
            Ok(Box::pin(together::with_others(context, request, &body, own)).await)
        }
        Endpoint::Findings => {
            requests::findings(context, together::records(context, request, of_all).await)
        }
        Endpoint::Verdict => {
            requests::verdict(context, request, together::records(context, request, of_all).await)
        }
        Endpoint::Records => requests::records(context),
        Endpoint::Recording => Ok(recordings::progress(context)),
        Endpoint::Replay => Ok(reply::ok(&ReplayReport::of(&context.shared).to_json())),
        Endpoint::Scenarios if matches!(*method, Method::GET | Method::HEAD) => {
            Ok(scenarios::list(context))
        }
        Endpoint::ScenarioReset => scenarios::reset(context),
        Endpoint::ScenarioState(name) => scenarios::set_state(context, name, &body),
        Endpoint::Scenarios | Endpoint::OwnScenarios => {
            own_scenarios::all(context, method, &body).await
        }
        Endpoint::PutScenario(name) => own_scenarios::one(context, method, name, &body).await,
        Endpoint::ScenarioSchema => {
            Ok(Plan::json(StatusCode::OK, Origin::Admin, crate::scenario::schema()))
        }
        Endpoint::AvailableScenarios => Ok(own_scenarios::available(context)),
        Endpoint::OwnScenarioReset => own_scenarios::reset(context),
        Endpoint::ScenarioStart => own_scenarios::start(context),
        Endpoint::ScenarioStep => own_scenarios::step(context),
        Endpoint::Reset => {
            let own = store::reset(context).await?;
            if !of_all {
                return Ok(own);
            }
            Ok(Box::pin(together::forget_of_others(context, request, own)).await)
        }
        Endpoint::Clock => Ok(clock::show(context)),
        Endpoint::ClockFreeze => clock::freeze(context),
        Endpoint::ClockRelease => clock::release(context),
        Endpoint::ClockAdvance => clock::advance(context, &body),
        Endpoint::ClockRate => clock::set_rate(context, &body),
        Endpoint::Worlds => Ok(worlds::all(context, method)),
        Endpoint::World(name) => worlds::one(context, method, name, &body).await,
        Endpoint::Kubeconfig => kubeconfig::of_world(context, request, &context.world),
        Endpoint::WorldKubeconfig(name) => kubeconfig::of_name(context, request, name),
        Endpoint::WorldReset(name) => worlds::reset(context, name),
        Endpoint::Compact => store::compact(context, &body),
        Endpoint::Reload => store::reload(context).await,
        Endpoint::Console => console::page(context, request),
        Endpoint::Events => console::events(context, request),
        Endpoint::Objects(path) => console::objects(context, request, path).await,
    }
}
