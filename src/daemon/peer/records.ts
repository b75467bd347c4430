import { type NodeId, parseNodeId } from "../../base/ids.ts";
import { decode, encode, struct } from "../../codec/codec.ts";
import { text, u16 } from "../../codec/primitives.ts";
import { versioned } from "../../payments/record-codecs.ts";
import type { Address } from "../../ports/network.ts";
import { type Store, StoreCorrupt } from "../../ports/store.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";

const addressRecord = versioned(1, struct({ host: text, port: u16 }));

/** Peers that we dial: where each was last reached. */
export const putPeer = (turn: Turn, peer: NodeId, address: Address): void =>
  turn.put(KEY.peer(peer), encode(addressRecord, address));
export const dropPeer = (turn: Turn, peer: NodeId): void => turn.put(KEY.peer(peer), undefined);

export function loadPeers(store: Store): readonly { readonly peer: NodeId; readonly address: Address }[] {
  return [...store.range(KEY.peers)].map(({ key, value }) => {
    const address = decode(addressRecord, value);
    const peer = parseNodeId(key.slice(KEY.peers.length));
    if (!address.ok || peer === undefined) throw new StoreCorrupt(key, "not a peer");
    return { peer, address: address.value };
  });
}
