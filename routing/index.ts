/** The one door of `routing/`: everything that the rest of the house may use. */
export {
  CLTV_EXPIRY_BLOCKS_MAX,
  checkForward,
  EXPIRY_MARGIN_BLOCKS,
  type ForwardPolicy,
  type HtlcTerms,
} from "./forward.ts";
export { type Acceptance, accept } from "./gossip/accept.ts";
export {
  type Answering,
  answerRange,
  emptyAnswering,
  hasAnswers,
  nextFrames,
  receiveFilter,
  receiveIdsQuery,
} from "./gossip/answers.ts";
export { type FundingOutput, judgeFunding } from "./gossip/channel-announcement.ts";
export {
  emptyHeld,
  expireHeld,
  type Held,
  type HeldMessage,
  hold,
  releaseAnnouncements,
  releaseFor,
} from "./gossip/held.ts";
export { dequeue, emptyIntake, enqueue, type Intake } from "./gossip/intake.ts";
export { badSignature, judge, type SignatureCheck, signatureChecks, verifyGossip } from "./gossip/judge.ts";
export {
  nextTimestamp,
  type OwnNode,
  type OwnTerms,
  type OwnUpdate,
  ownNode,
  ownUpdate,
  type Unsigned,
  withSignature,
} from "./gossip/own.ts";
export { emptyRelay, flush, type GossipFilter, type RelayPeer, type RelayQueue } from "./gossip/relay.ts";
export {
  type Asking,
  type AskingMessage,
  type AskingStep,
  beginSync,
  emptyAsking,
  isSynced,
  receiveEnd,
  receiveRange,
  wantChannels,
} from "./gossip/sync.ts";
export type { IgnoreReason, JudgeContext, NeedsFunding, Verdict } from "./gossip/verdict.ts";
export {
  directionOf,
  type Gossip,
  isDisabled,
  markSpent,
  markUnspent,
  prune,
  removeChannel,
} from "./graph/apply.ts";
export {
  type AnnouncedNode,
  capacityMsat,
  type Direction,
  directionFrom,
  emptyGraph,
  type Graph,
  type GraphChannel,
  type GraphNode,
  type Policy,
} from "./graph/graph.ts";
export { attribute, FULFILLED, readAttribution } from "./onion/attribution.ts";
export { buildOnion, type FinalContent, hopsThatFit, sharedSecretsOfRoute } from "./onion/build.ts";
export {
  attributeFailure,
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
export { CUSTOM_TYPE_MIN, type FinalPayload, type ForwardPayload, KEYSEND_TYPE } from "./onion/payload.ts";
export { type Peeled, peel, refuseBlinded } from "./onion/peel.ts";
export { ONION_BYTES, type Packet, type PacketRefusal } from "./onion/sphinx.ts";
export { type Blame, blame } from "./path/blame.ts";
export { type FeePolicy, forwardingFee } from "./path/cost.ts";
export {
  canCarry,
  type Edge,
  type Exclusions,
  type LocalChannel,
  type Route,
  type RouteHintHop,
  type RouteHop,
} from "./path/route.ts";
export { forgive, learn, NO_SCORES, type Scores } from "./path/score.ts";
export { type FoundRoute, findRoute, type NoRoute, type RouteRequest } from "./path/search.ts";
