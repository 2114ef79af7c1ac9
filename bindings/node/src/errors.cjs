"use strict";

/** The server could not be started, or refused what was asked of it. */
class StandinError extends Error {
  name = "StandinError";
}

/** Clients did not behave as the scenarios of their world expect. The message is the report of the drill. */
class VerdictError extends Error {
  name = "VerdictError";
}

module.exports = { StandinError, VerdictError };
