import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { DEFAULT_POLICY } from "../../channels/index.ts";
import { openBaseNode } from "../../src/adapters/chain/embedded/base-node.ts";
import { memoryDisk } from "../../src/adapters/memory/store.ts";
import { openEmbeddedStore } from "../../src/adapters/store/embedded.ts";
import { systemClock, systemRandom } from "../../src/adapters/system.ts";
import { tcpNetwork } from "../../src/adapters/tcp.ts";
import type { NodeId } from "../../src/base/ids.ts";
import { msat, sat } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { CommandFault } from "../../src/daemon/commands.ts";
import { keychainOf, newWords } from "../../src/daemon/keychain.ts";
import { createNode } from "../../src/daemon/node.ts";
import type { SluiceNode } from "../../src/daemon/node-parts.ts";
import { localSigner } from "../../src/daemon/signer/local-signer.ts";
import type { Log } from "../../src/ports/log.ts";
import { type Counts, countCurve, countingNetwork, countingStore, countMessage, noCounts } from "./counting.ts";

/** One node in a process of its own, told what to do over Node's channel between parent and child, without HTTP. */
export type StoreKind = "durable" | "memory";
export interface NodeStatus {
  readonly nodeId: string;
  readonly peerPort: number;
  readonly chainPort: number;
  readonly height: number;
  /** Whether all blocks up to there are stepped. */
  readonly synced: boolean;
  readonly confirmed: bigint;
  readonly active: boolean;
  readonly localMsat: bigint;
  readonly remoteMsat: bigint;
  readonly htlcs: number;
  readonly commitmentNumbers: readonly [bigint, bigint];
}
/** What paying a list of invoices took. */
export interface Paid {
  readonly ms: number;
  /** From `pay` to the preimage, by payment. */
  readonly latencies: readonly number[];
}
export interface Usage {
  readonly counts: Counts;
  /** Processor time of the whole process, in microseconds. */
  readonly cpuUs: number;
}
/** What the parent may ask for. */
export interface Orders {
  status(): NodeStatus;
  followChain(port: number): Promise<void>;
  mine(blocks: number): Promise<void>;
  connect(nodeId: string, port: number): Promise<void>;
  open(nodeId: string, capacity: bigint): Promise<void>;
  invoices(count: number, amountMsat: bigint): Promise<readonly string[]>;
  pay(invoices: readonly string[], inFlight: number): Promise<Paid>;
  usage(): Usage;
}
export interface Order {
  readonly id: number;
  readonly name: keyof Orders;
  readonly args: readonly unknown[];
}
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string });

const HOST = "127.0.0.1";
const PAYMENT_MS_MAX = 60_000;
const [folder = "", kind = "durable"] = process.argv.slice(2);
const params = CHAINS.regtest;
const counts = noCounts();

const say = (event: string, fields: object = {}): void => console.error(event, fields);
const log: Log = { debug: () => {}, info: () => {}, warn: say, error: say };
function fail(error: Error): never {
  console.error(error);
  process.exit(1);
}

async function openNode() {
  countCurve(secp256k1, counts);
  const opened =
    kind === "memory"
      ? memoryDisk().open()
      : await openEmbeddedStore({ path: join(folder, "store"), network: params.network });
  const ports = { clock: systemClock, random: systemRandom, log };
  const chain = openBaseNode({ ...ports, network: tcpNetwork, folder: join(folder, "chain"), params });
  const { port: chainPort } = await chain.listen({ host: HOST, port: 0 });
  const node = await createNode({
    ...ports,
    alias: "bench",
    version: "0",
    params,
    signer: localSigner(keychainOf(newWords(systemRandom), "regtest"), params),
    policy: {
      channel: DEFAULT_POLICY,
      forwarding: { feeBaseMsat: 0, feeProportionalMillionths: 1_000, cltvExpiryDelta: 40 },
      fallbackFeerate: 506,
    },
    store: countingStore(opened, counts),
    chain,
    network: countingNetwork(tcpNetwork, counts),
    links: { open: () => Promise.reject(new Error("no streams here")) },
    streamFolders: { make: () => Promise.reject(new Error("no streams here")), folder: (stream) => stream },
    observe: (_peer, message) => countMessage(counts, message),
    listen: { host: HOST, port: 0 },
    onHalt: fail,
  });
  return { node, chain, chainPort };
}

/** Up to `inFlight` payments under way at any moment, until all are paid. Rejects when one is not. */
async function payAll(node: SluiceNode, invoices: readonly string[], inFlight: number): Promise<Paid> {
  const latencies: number[] = [];
  let next = 0;
  const payer = async (): Promise<void> => {
    for (let bolt11 = invoices[next++]; bolt11 !== undefined; bolt11 = invoices[next++]) {
      // As if each were a request of its own: those come on turns of the loop, not all within one.
      await nextTurn();
      const begin = performance.now();
      const { id } = done(await node.pay({ bolt11 }));
      const ended = await node.paymentEnd(id, PAYMENT_MS_MAX);
      if (ended?.state !== "succeeded") throw new Error(`payment ${ended?.state}: ${ended?.failure?.detail}`);
      latencies.push(performance.now() - begin);
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: inFlight }, payer));
  return { ms: performance.now() - begin, latencies };
}

function done<T>(answer: { readonly ok: true; readonly value: T } | { readonly ok: false; error: CommandFault }): T {
  if (!answer.ok) throw new Error(`${answer.error.code}: ${answer.error.detail}`);
  return answer.value;
}

const { node, chain, chainPort } = await openNode();
const orders: Orders = {
  status: () => {
    const [channel] = node.channels();
    const { id: nodeId, addresses, height, synced } = node.info();
    return {
      nodeId,
      peerPort: Number(addresses[0]?.split(":").at(-1)),
      chainPort,
      height,
      synced,
      confirmed: node.balance().onchain.confirmed,
      active: channel?.active ?? false,
      localMsat: channel?.local ?? 0n,
      remoteMsat: channel?.remote ?? 0n,
      htlcs: channel?.htlcs ?? 0,
      commitmentNumbers: [channel?.localCommitmentNumber ?? 0n, channel?.remoteCommitmentNumber ?? 0n],
    };
  },
  followChain: async (port) => {
    const dialled = await chain.connect({ host: HOST, port });
    if (!dialled.ok) throw new Error(dialled.error.reason);
  },
  mine: async (blocks) => void done(await node.mine({ blocks })),
  connect: async (nodeId, port) => void done(await node.connect({ nodeId: nodeId as NodeId, host: HOST, port })),
  open: async (nodeId, capacity) => {
    const request = { nodeId: nodeId as NodeId, capacity: sat(capacity), push: msat(0n), announce: true };
    done(await node.openChannel(request));
  },
  invoices: async (count, amountMsat) => {
    const request = { amount: msat(amountMsat), description: "bench", expirySeconds: 3_600 };
    const made = await Promise.all(Array.from({ length: count }, () => node.createInvoice(request)));
    return made.map((invoice) => done(invoice).bolt11);
  },
  pay: (invoices, inFlight) => payAll(node, invoices, inFlight),
  usage: () => {
    const { user, system } = process.cpuUsage();
    return { counts: { ...counts }, cpuUs: user + system };
  },
};

process.on("message", ({ id, name, args }: Order) => {
  const send = (answer: Answer): void => void process.send?.(answer);
  const run = async (): Promise<unknown> => (orders[name] as (...args: readonly unknown[]) => unknown)(...args);
  run().then(
    (value) => send({ id, value }),
    (error: unknown) => send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// The parent is gone: so is the reason to be here. What lies in the folder is thrown away.
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
