import type { Explanation } from "../../channels/index.ts";
import { type ChannelId, type NodeId, shortChannelId } from "../../src/base/ids.ts";
import { ok } from "../../src/base/result.ts";
import { blockHeight, msat, sat } from "../../src/base/units.ts";
import type { ChannelInfo } from "../../src/daemon/channel/info.ts";
import type { NodeCommands } from "../../src/daemon/commands.ts";
import type { NodeEvent, PeerInfo, StreamInfo, SubscriptionInfo } from "../../src/daemon/views.ts";
import { BLOCK, chainReadings, HEIGHT, IN_STEP, TXID } from "./fake-chain.ts";
import { AT, HASH, INVOICE, OTHER, PAYMENT, PREIMAGE, paymentChanges, paymentReadings } from "./fake-payments.ts";
import { BALANCES, walletChanges, walletReadings } from "./fake-wallet.ts";

export { AT, BLOCK, HASH, INVOICE, OTHER, PAYMENT, PREIMAGE, TXID };
export const NODE = `02${"a1".repeat(32)}` as NodeId;
export const CHANNEL = "c3".repeat(32) as ChannelId;
export const SCID = shortChannelId(539268, 845, 1);
export const AT_TEXT = "2026-01-02T03:04:05.678Z";

export const PEER: PeerInfo = {
  nodeId: OTHER,
  address: "127.0.0.1:9736",
  connected: true,
  inbound: false,
  features: "0822",
};
export const EXPLANATION: Explanation = {
  cause: "deadline",
  why: "HTLC 3 expired.",
  since: blockHeight(120),
  closing: { txid: TXID, height: blockHeight(121), by: "local", what: "our commitment" },
  outputs: [
    {
      outpoint: { txid: TXID, vout: 2 },
      amount: sat(5_000n),
      what: "HTLC 3 that we offered",
      status: "waiting",
      height: blockHeight(130),
      txid: undefined,
    },
  ],
};
export const OPEN_CHANNEL: ChannelInfo = {
  id: CHANNEL,
  peer: OTHER,
  state: "Normal",
  active: true,
  opener: "local",
  announced: true,
  type: { format: "anchors", scidAlias: false, zeroConf: false },
  shortChannelId: SCID,
  funding: { txid: TXID, vout: 1 },
  capacity: sat(1_000_000n),
  local: msat(600_000_000n),
  remote: msat(400_000_000n),
  spendable: msat(590_000_000n),
  receivable: msat(390_000_000n),
  htlcs: 2,
  localCommitmentNumber: 7n,
  remoteCommitmentNumber: 8n,
  localAlias: undefined,
  remoteAlias: undefined,
  closeAddress: undefined,
  closingTxid: undefined,
  splices: [{ txid: TXID, capacity: sat(1_250_000n), confirmed: false }],
};
export const STREAM: StreamInfo = {
  id: "str_1",
  title: "A film",
  units: 20,
  unitSeconds: 1,
  pricePerUnit: msat(1_000n),
  freeUnits: 2,
  windowUnits: 4,
  sessions: 1,
  earned: msat(18_000n),
};
export const SUBSCRIPTION: SubscriptionInfo = {
  id: "ses_1",
  stream: "str_1",
  site: "http://127.0.0.1:9739",
  payee: OTHER,
  state: "open",
  pricePerUnit: msat(1_000n),
  feePerUnit: undefined,
  paid: msat(3_000n),
  fees: msat(3n),
  owed: msat(1_000n),
  cap: msat(60_000n),
  windowUnits: 5,
  units: 20,
  unlocked: [0, 1, 2],
};
export const KEY = new Uint8Array(16).fill(0x6b);
/** An amount that no JS number holds exactly. */
export const BIG = 1_234_567_890_123_456_789n;

export interface FakeNode {
  readonly commands: NodeCommands;
  /** The calls that change something or ask with arguments, in order: name, then arguments. */
  readonly calls: (readonly [string, ...unknown[]])[];
  /** Appends to the log and tells listeners. */
  record(type: string, data?: NodeEvent["data"]): NodeEvent;
  /** Appends without telling yet: written and not durable. */
  write(type: string): NodeEvent;
  tell(event: NodeEvent): void;
  /** Tells listeners of what is kept nowhere. */
  pass(type: string): void;
}

/** A node that answers everything with the values above, unless `answers` says otherwise. */
export function fakeNode(answers: Partial<NodeCommands> = {}): FakeNode {
  const calls: (readonly [string, ...unknown[]])[] = [];
  const log: NodeEvent[] = [];
  const listeners = new Set<(event: NodeEvent) => void>();
  const write = (type: string, data: NodeEvent["data"] = {}): NodeEvent => {
    const event = { seq: log.length + 1, type, createdAt: AT, data };
    log.push(event);
    return event;
  };
  const tell = (event: NodeEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const fixed: NodeCommands = {
    ...readings(),
    ...changes(),
    events: (after, limit) => log.slice(after, after + limit),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const all = { ...fixed, ...answers };
  const recorded = Object.fromEntries(
    Object.entries(all).map(([name, command]) => [
      name,
      (...args: unknown[]) => {
        if (args.length > 0 && name !== "events" && name !== "onEvent") calls.push([name, ...args]);
        return (command as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  );
  return {
    commands: recorded as unknown as NodeCommands,
    calls,
    write,
    tell,
    pass: (type) => tell({ seq: log.length, type, createdAt: AT, data: {}, passing: true }),
    record(type, data) {
      const event = write(type, data);
      tell(event);
      return event;
    },
  };
}

const readings = () => ({
  info: () => ({
    id: NODE,
    alias: "alice",
    version: "0.1.0",
    network: "regtest",
    height: HEIGHT,
    blockHash: BLOCK,
    ...IN_STEP,
    addresses: ["127.0.0.1:9735"],
    features: "0822",
    crypto: "native",
    peers: 1,
    channels: { active: 1, pending: 0, closing: 0 },
  }),
  balance: () => ({
    ...BALANCES,
    channels: { spendable: msat(BIG), receivable: msat(390_000_000n), pending: msat(25_000n) },
    sessions: { held: msat(1_000n) },
  }),
  ...walletReadings(),
  chain: async () =>
    ok({
      source: "embedded" as const,
      network: "regtest",
      height: HEIGHT,
      hash: BLOCK,
      time: 1_767_323_045,
      headers: HEIGHT,
      filters: undefined,
      mempool: { transactions: 1, bytes: 222 },
      utxos: { count: 111, total: sat(550_000_000_000n) },
      peers: ["127.0.0.1:18444"],
      address: undefined,
      mining: { everySeconds: 10 },
    }),
  ...chainReadings(),
  peers: () => [PEER],
  channels: () => [OPEN_CHANNEL],
  explainChannel: (id: string) => (id === CHANNEL ? EXPLANATION : undefined),
  graphNodes: () => [{ id: OTHER, alias: "hub", addresses: [], channels: 2 }],
  graphChannels: () => [
    {
      shortChannelId: SCID,
      nodes: [NODE, OTHER] as const,
      capacity: sat(1_000_000n),
      policies: [
        {
          feeBaseMsat: msat(1_000n),
          feePpm: 100,
          cltvExpiryDelta: 80,
          htlcMinimum: msat(1n),
          htlcMaximum: msat(990_000_000n),
          disabled: false,
          timestamp: 1_767_323_045,
        },
        undefined,
      ] as const,
    },
  ],
  route: () =>
    ok({
      amount: msat(25_000n),
      fee: msat(1_002n),
      hops: [{ nodeId: OTHER, shortChannelId: SCID, amount: msat(25_000n), expiry: 128 }],
    }),
  ...paymentReadings(),
  decode: () => ok({ kind: "node" as const, nodeId: OTHER, host: "127.0.0.1", port: 9735 }),
  streams: () => [STREAM],
  subscriptions: () => [SUBSCRIPTION],
  subscription: (id: string) => (id === SUBSCRIPTION.id ? SUBSCRIPTION : undefined),
});
const changes = () => ({
  ...walletChanges(),
  stamp: async () => ok({ txid: TXID }),
  mine: async () => ok([BLOCK]),
  mineSteadily: async () => ok({ everySeconds: 10 }),
  stopMining: () => undefined,
  connect: async () => ok(PEER),
  disconnect: async () => ok(undefined),
  openChannel: async () => ok(OPEN_CHANNEL),
  openChannels: async () => ok([OPEN_CHANNEL, OPEN_CHANNEL]),
  bumpFunding: async () => ok(OPEN_CHANNEL),
  spliceChannel: async () => ok(OPEN_CHANNEL),
  closeChannel: async () => ok({ ...OPEN_CHANNEL, state: "ShuttingDown", closingTxid: TXID }),
  ...paymentChanges(),
  addStream: async () => ok(STREAM),
  subscribe: async () => ok(SUBSCRIPTION),
  pauseSubscription: async () => ok({ ...SUBSCRIPTION, state: "paused" } as const),
  resumeSubscription: async () => ok(SUBSCRIPTION),
  closeSubscription: async () => ok({ ...SUBSCRIPTION, state: "closed" } as const),
  segmentKey: async () => ok(KEY),
  receipt: async () =>
    ok({
      stream: "str_1",
      units: 3,
      paid: msat(3_000n),
      firstPreimage: PREIMAGE,
      lastPreimage: PREIMAGE,
      payerSignature: "aa",
      payeeSignature: undefined,
    }),
  shutdown: async () => undefined,
});
