import { type ChannelKeys, FRESH, type RestoredParams } from "../../../channels/index.ts";
import { type BlockHeight, blockHeight } from "../../base/units.ts";
import { type Codec, decode, encode, struct } from "../../codec/codec.ts";
import { height } from "../../codec/primitives.ts";
import { versioned } from "../../payments/record-codecs.ts";
import type { ChainEvent } from "../../ports/chain-source.ts";
import { OldCopy } from "../../ports/signer.ts";
import { type Store, StoreCorrupt } from "../../ports/store.ts";
import type { ChannelHost } from "../channel/host.ts";
import { channelEntry } from "../channel/table.ts";
import type { NodeContext } from "../context.ts";
import type { Peers } from "../peer/peers.ts";
import { loadPeers, putPeer } from "../peer/records.ts";
import { KEY } from "../records.ts";
import type { Turn } from "../turn.ts";
import type { WalletHost } from "../wallet/host.ts";
import type { BackedUpChannel, StaticBackup } from "./static-backup.ts";

/** Blocks at the tip after which the wallet is taken for found: a late find asks for blocks that were told before. */
const SETTLED_BLOCKS = 6;
const GENESIS = blockHeight(0);
/** From which block on a wallet is looked for; a record of no bytes, as there are older ones, is of a search from the first. */
export const searchRecord: Codec<{ readonly from: BlockHeight }> = versioned(1, struct({ from: height }));

export interface RecoveryParts {
  readonly ctx: NodeContext;
  readonly wallet: WalletHost;
  readonly channels: () => ChannelHost;
  readonly peers: () => Peers;
  /** These words stood in the folder before, and the store did not: it may be their second. */
  readonly wordsWereUsed: boolean;
}

/** Gets back what these words own and the store does not know: coins from the chain, channels from static backups. */
export class RecoveryHost {
  readonly #parts: RecoveryParts;
  /** From which block on the wallet is looked for; undefined while it is not. */
  #from: BlockHeight | undefined;
  #blocksAtTip = 0;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
    this.#from = loadSearch(parts.ctx.store);
  }
  /** Also after a restart: the search begins again until it has come to its end. */
  start(turn: Turn): void {
    if (this.#from !== undefined) this.#parts.wallet.rescan(turn, this.#from);
    else if (this.#parts.wordsWereUsed && isFresh(this.#parts.ctx)) this.#begin(turn);
  }
  #begin(turn: Turn): void {
    const { ctx, channels } = this.#parts;
    if (this.#from !== GENESIS) this.search(turn, GENESIS);
    channels().keyIndexes.skip(turn);
    ctx.log.info("these words may have been used before: looking for what they own");
  }
  /** Looks through the chain from this block on, in this run and the next, until it has come to its end. */
  search(turn: Turn, from: BlockHeight): void {
    this.#from = blockHeight(Math.min(from, this.#from ?? from));
    this.#blocksAtTip = 0;
    turn.put(KEY.recovering, encode(searchRecord, { from: this.#from }));
    this.#parts.wallet.rescan(turn, this.#from);
  }

  /** Takes in the channels of an authentic backup that the store knows nothing of. */
  restore(turn: Turn, backup: StaticBackup): void {
    const { ctx, channels, peers } = this.#parts;
    const host = channels();
    const unknown = backup.channels.filter(({ params: { channelId } }) => {
      return host.table.byId(channelId) === undefined && host.ended.get(channelId) === undefined;
    });
    if (unknown.length > 0) this.#begin(turn);
    for (const channel of unknown) this.#take(turn, channel);
    const known = new Set(loadPeers(ctx.store).map(({ peer }) => peer));
    for (const { nodeId, address } of backup.peers) {
      if (known.has(nodeId) || nodeId === ctx.self) continue;
      putPeer(turn, nodeId, address);
      turn.afterwards("backup", () => peers().keep(nodeId, address));
    }
  }
  #take(turn: Turn, { params, others, since }: BackedUpChannel): void {
    const { ctx, channels, peers } = this.#parts;
    const { remoteNodeId: peer, channelId, keyIndex, capacity } = params;
    const signer = ctx.signer.channel(keyIndex, undefined);
    if (!signer.ok) throw new OldCopy(signer.error.detail);
    const basepoints = basepointsOf(signer.value.keys);
    const entry = channelEntry({ peer, temporaryId: channelId, keyIndex, signer: signer.value }, FRESH);
    const restored = { ...params, temporaryChannelId: channelId, local: { basepoints } };
    channels().apply(turn, entry, { tag: "Restore", params: restored, others, since });
    ctx.log.warn("channel restored from a backup: its peer is asked to close it", { peer, channel: channelId });
    ctx.events.record(turn, "channel.restored", { channelId, peer, capacitySat: capacity.toString() });
    if (peers().session(peer) !== undefined) channels().apply(turn, entry, { tag: "Connected" });
  }

  chainEvent(turn: Turn, event: ChainEvent): void {
    if (this.#from === undefined || event.tag !== "BlockConnected") return;
    this.#blocksAtTip = this.#parts.ctx.chain.tip().height === event.block.height ? this.#blocksAtTip + 1 : 0;
    if (this.#blocksAtTip < SETTLED_BLOCKS) return;
    this.#from = undefined;
    turn.put(KEY.recovering, undefined);
  }
}

function loadSearch(store: Pick<Store, "get">): BlockHeight | undefined {
  const value = store.get(KEY.recovering);
  if (value === undefined || value.length === 0) return value && GENESIS;
  const decoded = decode(searchRecord, value);
  if (!decoded.ok) throw new StoreCorrupt(KEY.recovering, "not the beginning of a search");
  return decoded.value.from;
}

/** A store in which nothing of the chain and no channel has been yet. */
const isFresh = ({ store }: NodeContext): boolean =>
  store.get(KEY.cursor) === undefined && [...store.range(KEY.channelKeysAll, { limit: 1 })].length === 0;

const basepointsOf = ({
  fundingPubkey,
  revocationBasepoint,
  paymentBasepoint,
  delayedPaymentBasepoint,
  htlcBasepoint,
}: ChannelKeys): RestoredParams["local"]["basepoints"] => ({
  fundingPubkey,
  revocationBasepoint,
  paymentBasepoint,
  delayedPaymentBasepoint,
  htlcBasepoint,
});
