import type { ChannelParams, RestoredParams } from "../params.ts";

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
