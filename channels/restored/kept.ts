import { alternatives } from "../dual/alternatives.ts";
import type { ChannelParams, RestoredParams } from "../params.ts";
import type { FundedState } from "../state.ts";
import type { Restored, RestoredFunding } from "./state.ts";

/** Of what was agreed, what a static backup keeps. */
export function keptParams(params: ChannelParams | RestoredParams): RestoredParams {
  const { channelId, temporaryChannelId, remoteNodeId, opener, announce, type, funding, capacity, keyIndex } = params;
  const { basepoints, toSelfDelay } = params.remote;
  return {
    channelId,
    temporaryChannelId,
    remoteNodeId,
    opener,
    announce,
    type,
    funding,
    capacity,
    keyIndex,
    local: { basepoints: params.local.basepoints },
    remote: { basepoints, toSelfDelay },
  };
}

/** The fundings of a channel beside the one of its parameters: of splices, and of openings any of which may be mined. */
export function keptOthers(state: FundedState | Restored): readonly RestoredFunding[] {
  if (state.tag === "Restored") return state.others;
  const spliced = state.commitments.others.map(({ terms: { outpoint, capacity, keys } }) => ({
    outpoint,
    capacity,
    keys,
  }));
  return [...spliced, ...alternatives(state).map(({ params }) => fundingOf(params))];
}

/** All of them, in the order in which they are to be looked at. */
export const restoredFundings = ({ params, others }: Restored): readonly RestoredFunding[] => [
  fundingOf(params),
  ...others,
];
function fundingOf({ funding: outpoint, capacity, local, remote }: RestoredParams): RestoredFunding {
  const keys = { local: local.basepoints.fundingPubkey, remote: remote.basepoints.fundingPubkey };
  return { outpoint, capacity, keys };
}
