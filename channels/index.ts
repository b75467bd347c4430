/** The one door of the channel machine: everything that other rooms may use. */
export { ANCHORS, type ChannelType, channelTypeBits, channelTypeOf, formatFor } from "./channel-type.ts";
export { closeAwaited } from "./close/overdue.ts";
export { decodeChannel, encodeChannel, revokedHtlcs } from "./codec/record.ts";
export { fundingTxs } from "./dual/chosen.ts";
export { plannedFunding, temporaryDualId } from "./dual/proposal.ts";
export { ATTEMPTS_MAX } from "./dual/rbf.ts";
export type { FundingAttempt } from "./dual/state.ts";
export { type ChannelEnv, type ChannelPolicy, DEFAULT_POLICY } from "./env.ts";
export { describeFault, type OpeningRule, type PeerFault, SEVERITY, type Severity } from "./fault.ts";
export { coinsBesideOurs, constructedTogether, replacedByNext } from "./fundings/together.ts";
export type {
  Attributed,
  Htlc,
  HtlcFailure,
  HtlcOrigin,
  HtlcSettlement,
  HtlcStep,
  IncomingHtlc,
  OfferedHtlc,
  ReceivedHtlc,
  Removal,
} from "./htlc.ts";
export type { ChannelInput, ChannelMessage, OfferHtlcInput, OpenChannelInput, OpenDualInput } from "./input.ts";
export { constructedAlone } from "./interactive/alone.ts";
export type { ConstructedTx } from "./interactive/constructed.ts";
export { ownInputs, type Witnesses } from "./interactive/signatures.ts";
export { type Contribution, NOTHING, type OwnInput, type OwnOutput } from "./interactive/terms.ts";
export { COMMON_WEIGHT } from "./interactive/weight.ts";
export { deriveAhead } from "./keys/ahead.ts";
export { type ChannelKeys, type ChannelSecrets, channelKeys, channelSecrets } from "./keys/channel-keys.ts";
export type { AnnouncementRefusal, ChannelSigner } from "./keys/channel-signer.ts";
export type { PayTo } from "./keys/claim-judgement.ts";
export { type ClaimKey, type ClaimRefusal, type ClaimRequest, signClaim } from "./keys/claim-signer.ts";
export { keyCache } from "./keys/commitment-keys.ts";
export { type ChannelOwner, localChannelSigner, type MemoryCell } from "./keys/local-signer.ts";
export {
  FRESH_MEMORY,
  markRevoked,
  type Signatures,
  type SignerMemory,
  type SigningRefusal,
  type SigningRequest,
  sign,
} from "./keys/signer.ts";
export { isFresh, joined, olderThan, signerMemoryRecord } from "./keys/signer-memory.ts";
export {
  basepoints,
  claimRefusal,
  claimRequest,
  signaturesCodec,
  signingRefusal,
  signingRequest,
} from "./keys/signing-codec.ts";
export { isChannelMessage } from "./messages.ts";
export { isUnresolved } from "./normal/receive-revocation.ts";
export { isAttributing } from "./normal/settle.ts";
export type { Claim, ClaimPurpose } from "./onchain/claim.ts";
export { byUrgency, witnessOf } from "./onchain/claim.ts";
export { claimInput, presignedTx, sweepTx } from "./onchain/claim-tx.ts";
export { fundingOutpoints } from "./onchain/decided.ts";
export { type ExplainedOutput, type Explanation, explain, explanationRecord } from "./onchain/explain.ts";
export {
  claimFeerate,
  claimWeight,
  inputWeight,
  isWorthClaiming,
  parentDeficit,
  RELAY_FEERATE_MIN,
} from "./onchain/fee.ts";
export { BURIED_DEPTH } from "./onchain/progress.ts";
export { closingReserve } from "./onchain/reserve.ts";
export { holdsOurCoins, namesOf } from "./open/confirm.ts";
export type { ChannelParams, RestoredParams, SideParams } from "./params.ts";
export { keptOthers, keptParams, restoredFundings } from "./restored/kept.ts";
export { isPeersAlone, neverFundedFrom } from "./restored/never-funded.ts";
export type { Restored, RestoredFunding } from "./restored/state.ts";
export {
  type ChannelState,
  type DurableState,
  type FailureCause,
  FRESH,
  type FundedState,
  isDurable,
} from "./state.ts";
export { step } from "./step.ts";
export type {
  BindingMessage,
  CommandRefusal,
  Effect,
  OfferRefusal,
  ProposalMessage,
  Transition,
  VolatileEffect,
  WatchedOutput,
} from "./transition.ts";
export type { CommitmentHtlc, CommitmentSpec } from "./tx/commitment.ts";
export type { CommitmentFormat } from "./tx/format.ts";
export { lockScript } from "./tx/lock.ts";
export {
  attemptMemoryOf,
  type ChannelView,
  isPendingFor,
  type Room,
  roomNow,
  roomSoon,
  signerMemoryOf,
  viewOf,
} from "./view.ts";
