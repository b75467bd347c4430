import { ANCHORS } from "../../channels/channel-type.ts";
import { channelKeys, channelSecrets } from "../../channels/index.ts";
import { channelId, nodeId } from "../../src/base/ids.ts";
import { blockHeight, sat, unixMs } from "../../src/base/units.ts";
import { txidOf } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import type { BackedUpChannel, StaticBackup } from "../../src/daemon/backup/static-backup.ts";
import { fundingTx, SCRIPT } from "./channel-fixtures.ts";

const { fundingPubkey, revocationBasepoint, paymentBasepoint, delayedPaymentBasepoint, htlcBasepoint } = channelKeys(
  channelSecrets(sha256(new Uint8Array(1))),
);
export const PEER = nodeId(fundingPubkey);

/** The channel with this index, of so many satoshis. */
export function backedUpChannel(keyIndex: number, capacity = 1_000_000n): BackedUpChannel {
  const id = channelId(sha256(Uint8Array.of(keyIndex >> 8, keyIndex & 255)));
  const funding = { txid: txidOf(fundingTx({ amount: sat(capacity), script: SCRIPT.a })), vout: 1 };
  const basepoints = { fundingPubkey, revocationBasepoint, paymentBasepoint, delayedPaymentBasepoint, htlcBasepoint };
  return {
    params: {
      channelId: id,
      remoteNodeId: PEER,
      opener: keyIndex % 2 === 0 ? "local" : "remote",
      announce: true,
      type: ANCHORS,
      funding,
      capacity: sat(capacity),
      keyIndex,
      remote: { basepoints, toSelfDelay: 144 },
    },
    others: [],
    since: blockHeight(200 + keyIndex),
  };
}
export const backupWith = (channels: readonly BackedUpChannel[], change: Partial<StaticBackup> = {}): StaticBackup => ({
  network: "regtest",
  mark: { lineage: new Uint8Array(16).fill(7), generation: 3n, changedAt: unixMs(1_767_225_600_000) },
  peers: [{ nodeId: PEER, address: { host: "192.0.2.1", port: 9735 } }],
  channels,
  left: 0,
  ...change,
});
