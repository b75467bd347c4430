import type { Secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { Connection, Network } from "../../src/ports/network.ts";
import type { Store } from "../../src/ports/store.ts";

/** Work done by one node since it started. Only the bench counts it: the house itself runs without these wrappers. */
export interface Counts {
  signs: number;
  verifies: number;
  ecdhs: number;
  /** Other work on the curve: keys derived from secrets and points. */
  derivations: number;
  commitments: number;
  messages: number;
  /** Groups of records appended, what they hold, and how often the disk was asked to make some durable. */
  groups: number;
  records: number;
  storedBytes: number;
  syncs: number;
  /** To peers: bytes, and writes to the socket that carried them. */
  sentBytes: number;
  sentWrites: number;
}
export const noCounts = (): Counts => ({
  signs: 0,
  verifies: 0,
  ecdhs: 0,
  derivations: 0,
  commitments: 0,
  messages: 0,
  groups: 0,
  records: 0,
  storedBytes: 0,
  syncs: 0,
  sentBytes: 0,
  sentWrites: 0,
});
export const COUNTED = Object.keys(noCounts()) as readonly (keyof Counts)[];

const CURVE_WORK = {
  sign: "signs",
  signRecoverable: "signs",
  verify: "verifies",
  recover: "verifies",
  ecdh: "ecdhs",
  publicKey: "derivations",
  addPoints: "derivations",
  tweakAddPoint: "derivations",
  multiplyPoint: "derivations",
} as const satisfies Partial<Record<keyof Secp256k1, keyof Counts>>;

/** Counts from now on every call of the curve, in this whole process. */
export function countCurve(curve: Secp256k1, counts: Counts): void {
  const counted = Object.entries(CURVE_WORK).map(([name, count]) => {
    const work = curve[name as keyof typeof CURVE_WORK] as (...args: readonly unknown[]) => unknown;
    const counting = (...args: readonly unknown[]): unknown => {
      counts[count]++;
      return work(...args);
    };
    return [name, counting] as const;
  });
  Object.assign(curve, Object.fromEntries(counted));
}

/** The same store, its appends counted. */
export const countingStore = (store: Store & { readonly writes: number }, counts: Counts): Store => ({
  append: (records) => {
    counts.groups++;
    counts.records += records.length;
    for (const { key, value } of records) counts.storedBytes += key.length + (value?.length ?? 0);
    return store.append(records).finally(() => {
      counts.syncs = store.writes;
    });
  },
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  close: () => store.close(),
});

/** The same network, its bytes counted. */
export function countingNetwork(network: Network, counts: Counts): Network {
  const counting = (connection: Connection): Connection => {
    const send = connection.send.bind(connection);
    connection.send = (bytes) => {
      counts.sentBytes += bytes.length;
      counts.sentWrites++;
      send(bytes);
    };
    return connection;
  };
  return {
    listen: (address, accept) => network.listen(address, (connection) => accept(counting(connection))),
    dial: async (address) => counting(await network.dial(address)),
  };
}

/** BOLT 2 §Committing Updates So Far: commitment_signed. */
const COMMITMENT_SIGNED = 132;
/** Told of every message that leaves, type in front. */
export function countMessage(counts: Counts, message: Uint8Array): void {
  counts.messages++;
  if (message[0] === 0 && message[1] === COMMITMENT_SIGNED) counts.commitments++;
}
