import type { Light } from "../../../chain/light/light.ts";
import { addLightPeer, forgiveLight, receiveLight, removeLightPeer, tickLight } from "../../../chain/light/receive.ts";
import type { SyncEffect } from "../../../chain/sync/peer.ts";
import type { PeerMachine } from "../embedded/links.ts";

/**
 * A light client as connections see it: it serves nothing.
 * @param looked  sees what each message and tick leads to, and answers what is to be done
 */
export const lightMachine = (
  light: Light,
  looked: (effects: readonly SyncEffect[]) => readonly SyncEffect[],
): PeerMachine => ({
  add: (peer) => addLightPeer(light, peer),
  receive: (peer, message, now) => looked(receiveLight(light, peer, message, now)),
  serveNext: () => undefined,
  remove: (peer, now) => looked(removeLightPeer(light, peer, now)),
  tick: (now, nonce) => looked(tickLight(light, now, nonce)),
  forgive: (now) => forgiveLight(light, now),
});
