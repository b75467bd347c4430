import { fromHex } from "../../../base/bytes.ts";
import { encodeBlock } from "../../../bitcoin/block.ts";
import { encodeTx, type Tx } from "../../../bitcoin/tx.ts";
import type { HashedBlock } from "../../../chain/hashed-block.ts";
import type { BrainChange } from "../../../chain/journal.ts";
import type { Clock } from "../../../ports/world.ts";
import type { ChangeListener } from "../embedded/listeners.ts";
import { openPublisher, type PublisherOptions, WAITING_MAX } from "./publisher.ts";

/** What Bitcoin Core publishes over ZeroMQ; its doc/zmq.md says what each topic holds. */
export const TOPICS = ["rawblock", "hashblock", "rawtx", "hashtx", "sequence"] as const;
export type Topic = (typeof TOPICS)[number];

/** Where the newest block is older, the chain is still being fetched for the first time, and its tips are no news. */
const NEWS_MS_MAX = 24 * 60 * 60 * 1_000;

export interface NotificationOptions extends PublisherOptions {
  readonly node: { onChanges(listener: ChangeListener): () => void };
}
export interface Notifications {
  /** As `getzmqnotifications` tells of them. */
  readonly published: readonly { readonly type: string; readonly address: string; readonly hwm: number }[];
  close(): Promise<void>;
}

/** Publishes blocks and transactions as they come. Rejects with the system's error when it cannot listen. */
export async function publishChanges(options: NotificationOptions): Promise<Notifications> {
  const publisher = await openPublisher(options);
  const counts = new Map<Topic, number>();
  // Messages are counted whether they reach anybody or not: so it shows that some were missed.
  const say: Say = (topic, body) => {
    const count = counts.get(topic) ?? 0;
    counts.set(topic, (count + 1) >>> 0);
    publisher.publish(topic, () => [body(), littleEndian(4, BigInt(count))]);
  };
  const tell = teller(say, options.clock);
  const stop = options.node.onChanges((changes) => changes.forEach(tell));
  const { host, port } = publisher.address;
  const address = `tcp://${host}:${port}`;
  return {
    published: TOPICS.map((topic) => ({ type: `pub${topic}`, address, hwm: WAITING_MAX })),
    close: () => {
      stop();
      return publisher.close();
    },
  };
}

type Say = (topic: Topic, body: () => Uint8Array) => void;

/** Turns changes into messages, in Bitcoin Core's order. */
function teller(say: Say, clock: Clock): (change: BrainChange) => void {
  let caughtUp = false;
  const isNews = ({ block }: HashedBlock): boolean => {
    caughtUp ||= block.header.time * 1_000 > clock.now() - NEWS_MS_MAX;
    return caughtUp;
  };
  const tx = (value: Tx, txid: string): void => {
    say("hashtx", () => fromHex(txid));
    say("rawtx", () => encodeTx(value));
  };
  return (change) => {
    if ("entry" in change) {
      const { tag, entry, sequence } = change;
      if (tag === "TxAdded") tx(entry.tx, entry.txid);
      return say("sequence", () => labelled(entry.txid, tag === "TxAdded" ? "A" : "R", littleEndian(8, sequence)));
    }
    const { tag, block } = change;
    if (tag === "TipChanged") {
      if (!isNews(block)) return;
      say("hashblock", () => fromHex(block.hash));
      return say("rawblock", () => encodeBlock(block.block));
    }
    for (const [at, each] of block.block.txs.entries()) tx(each, block.txids[at] as string);
    say("sequence", () => labelled(block.hash, tag === "BlockConnected" ? "C" : "D"));
  };
}

/** Hashes as they are displayed. */
const labelled = (hash: string, label: string, rest: Uint8Array = new Uint8Array(0)): Uint8Array =>
  Uint8Array.of(...fromHex(hash), label.charCodeAt(0), ...rest);

function littleEndian(length: 4 | 8, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes.slice(0, length);
}
