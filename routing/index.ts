/** The one door of `routing/`: everything that the rest of the house may use. */
export {
  CLTV_EXPIRY_BLOCKS_MAX,
  checkForward,
  EXPIRY_MARGIN_BLOCKS,
  type ForwardPolicy,
  type HtlcTerms,
} from "./forward.ts";
export * from "./graph/apply.ts";
export * from "./graph/graph.ts";
export { buildOnion, type FinalContent, sharedSecretsOfRoute } from "./onion/build.ts";
export {
  createFailure,
  createMalformedFailure,
  type ReadFailure,
  readFailure,
  readMalformed,
  wrapFailure,
} from "./onion/failure.ts";
export {
  decodeFailure,
  encodeFailure,
  FAILURE_FLAGS,
  type FailureMessage,
  failureCode,
  NO_UPDATE,
  showFailure,
  type UnknownFailure,
} from "./onion/failure-messages.ts";
export type { FinalPayload, ForwardPayload } from "./onion/payload.ts";
export { type Peeled, peel } from "./onion/peel.ts";
export { ONION_BYTES, type Packet, type PacketRefusal } from "./onion/sphinx.ts";
export { type Blame, blame } from "./path/blame.ts";
export { type FeePolicy, forwardingFee } from "./path/cost.ts";
export * from "./path/route.ts";
export { forgive, learn, NO_SCORES, type Scores } from "./path/score.ts";
export { type FoundRoute, findRoute, type NoRoute, type RouteRequest } from "./path/search.ts";
