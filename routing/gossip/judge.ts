import { idBytes, type NodeId } from "../../src/base/ids.ts";
import { unreachable } from "../../src/base/result.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import {
  type ChannelAnnouncement,
  type ChannelUpdate,
  type NodeAnnouncement,
  signedDigest,
} from "../../src/wire/gossip.ts";
import { payloadOf } from "../../src/wire/registry.ts";
import type { Gossip } from "../graph/apply.ts";
import type { Graph } from "../graph/graph.ts";
import { judgeAnnouncement } from "./channel-announcement.ts";
import { judgeUpdate } from "./channel-update.ts";
import { judgeNode } from "./node-announcement.ts";
import type { JudgeContext, NeedsFunding, Verdict } from "./verdict.ts";

/**
 * Judges any gossip message. `Accept` holds under the condition that its signatures verify; `NeedsFunding` is answered
 * with `judgeFunding`. Nothing is changed: `addChannel`, `applyUpdate` and `applyNode` do that afterwards.
 */
export function judge(graph: Graph, gossip: Gossip, context: JudgeContext): Verdict | NeedsFunding {
  const { message, bytes } = gossip;
  switch (message.name) {
    case "channel_announcement":
      return judgeAnnouncement(graph, { message, bytes }, context);
    case "channel_update":
      return judgeUpdate(graph, { message, bytes }, context);
    case "node_announcement":
      return judgeNode(graph, { message, bytes }, context);
    default:
      return unreachable(message);
  }
}

/** One signature to verify: all of a message's must fit. */
export interface SignatureCheck {
  /** 32 bytes. */
  readonly digest: Uint8Array;
  /** 64 bytes, compact. */
  readonly signature: Uint8Array;
  /** 33 bytes. */
  readonly key: Uint8Array;
}

/**
 * What has to be verified before an accepted message is applied: a list, so that the checks of many messages can be done
 * together and elsewhere.
 *
 * @param signer the verdict's: for an update it is known from the graph alone
 */
export function signatureChecks({ message, bytes }: Gossip, signer: NodeId): readonly SignatureCheck[] {
  const digest = signedDigest(message.name, payloadOf(bytes));
  if (message.name !== "channel_announcement") return [{ digest, signature: message.signature, key: idBytes(signer) }];
  return [
    { digest, signature: message.node_signature_1, key: idBytes(message.node_id_1) },
    { digest, signature: message.node_signature_2, key: idBytes(message.node_id_2) },
    { digest, signature: message.bitcoin_signature_1, key: message.bitcoin_key_1 },
    { digest, signature: message.bitcoin_signature_2, key: message.bitcoin_key_2 },
  ];
}

/** Whether all signatures of a message are right. About 50 µs each with the native provider. */
export const verifyGossip = (gossip: Gossip, signer: NodeId): boolean =>
  signatureChecks(gossip, signer).every(({ digest, signature, key }) => secp256k1.verify(signature, digest, key));

/** What a message with a wrong signature earns its sender. BOLT 7 §The channel_update Message. */
export const badSignature = (message: ChannelAnnouncement | ChannelUpdate | NodeAnnouncement): Verdict => ({
  tag: "Punish",
  warning: `${message.name}: bad signature`,
  disconnect: true,
});
