import { writeFileSync } from "node:fs";
import type { BindingMessage } from "../../channels/index.ts";
import { err, ok, type Result, unreachable } from "../base/result.ts";
import type { Connection, Network } from "../ports/network.ts";
import type { Store, StoreRecord } from "../ports/store.ts";
import { declarationOf, type MessageName, messageType } from "../wire/registry.ts";
import { Refused } from "./sentences.ts";

/**
 * Where a process is to end as by `kill -9`: at its n-th write or at the n-th message of a kind, before or after that. Or
 * all writes and sends in their order are written to a file when the process exits, so that one knows where it can die.
 */
export type FailPoint =
  | { readonly tag: "append"; readonly at: number; readonly when: When }
  | { readonly tag: "send"; readonly message: MessageName; readonly at: number; readonly when: When }
  | { readonly tag: "count"; readonly file: string };
export type When = "before" | "after";

/** Messages that wait for the disk: those that bind, and those of an opening, which show keys. RELIABILITY §4a. */
const WAITING: { readonly [N in BindingMessage["name"]]: true } & { readonly [N in MessageName]?: true } = {
  open_channel: true,
  accept_channel: true,
  open_channel2: true,
  accept_channel2: true,
  funding_created: true,
  funding_signed: true,
  tx_signatures: true,
  splice_locked: true,
  channel_ready: true,
  commitment_signed: true,
  revoke_and_ack: true,
  update_fulfill_htlc: true,
  channel_reestablish: true,
  shutdown: true,
  closing_signed: true,
  closing_complete: true,
  closing_sig: true,
};
const nameOf = new Map(Object.keys(WAITING).map((name) => [declarationOf(name as MessageName).type, name]));

/** `append:12:before`, `send:revoke_and_ack:3:after` or `count:FILE`. */
export function parseFailPoint(text: string): Result<FailPoint, string> {
  const count = /^count:(.+)$/s.exec(text)?.[1];
  if (count !== undefined) return ok({ tag: "count", file: count });
  const [, message, number, when] = /^(?:append|send:(\w+)):([1-9]\d*):(before|after)$/.exec(text) ?? [];
  if (number === undefined || (message !== undefined && !(message in WAITING))) {
    return err(`${text} is no fail-point: append:N:WHEN, send:MESSAGE:N:WHEN or count:FILE, WHEN is before or after.`);
  }
  const place = { at: Number(number), when: when as When };
  return ok(
    message === undefined ? { tag: "append", ...place } : { tag: "send", message: message as MessageName, ...place },
  );
}

/** What a node uses of the world, with the fail-point built in. */
export interface Armed {
  readonly store: Store;
  readonly network: Network;
  /** To be told of each message to a peer, type in front, before it is sent. */
  readonly observe?: (peer: string, message: Uint8Array) => void;
}

/**
 * Puts the fail-point of this text between a node and its ports; nothing without a text. `die` does not return: nothing
 * after it may happen. Throws `Refused` on a text that is no fail-point.
 */
export function armed(text: string | undefined, store: Store, network: Network, die: () => void): Armed {
  if (text === undefined) return { store, network };
  const point = parseFailPoint(text);
  if (!point.ok) throw new Refused(point.error);
  switch (point.value.tag) {
    case "append":
      return { store: dyingStore(store, point.value, die), network };
    case "send":
      return { store, ...dyingNetwork(network, point.value, die) };
    case "count":
      return counting(point.value.file, store, network);
    default:
      return unreachable(point.value);
  }
}
/** The end of a process as the system makes it: nothing is flushed, nobody is told. */
export const killThisProcess = (): void => void process.kill(process.pid, "SIGKILL");

function dyingStore(store: Store, { at, when }: Extract<FailPoint, { tag: "append" }>, die: () => void): Store {
  let appends = 0;
  return withAppend(store, async (records) => {
    const isLast = ++appends === at;
    if (isLast && when === "before") die();
    await store.append(records);
    // Nobody has heard yet that these are durable.
    if (isLast && when === "after") die();
  });
}
const withAppend = (store: Store, append: Store["append"]): Store => ({
  append,
  get: (key) => store.get(key),
  range: (prefix, options) => store.range(prefix, options),
  close: () => store.close(),
});

function dyingNetwork(
  network: Network,
  { message, at, when }: Extract<FailPoint, { tag: "send" }>,
  die: () => void,
): Pick<Armed, "network" | "observe"> {
  const type = declarationOf(message).type;
  let sends = 0;
  const observe = (_peer: string, bytes: Uint8Array): void => {
    if (messageType(bytes) === type && ++sends === at && when === "before") die();
  };
  if (when === "before") return { network, observe };
  // It is in the bytes that are given to a socket next: they are on their way when that returns.
  const sent = (): void => {
    if (sends >= at) die();
  };
  return { observe, network: heard(network, sent) };
}
/** Calls `sent` after bytes were given to a connection. */
function heard(network: Network, sent: () => void): Network {
  const wrap = (connection: Connection): Connection => ({
    remoteAddress: connection.remoteAddress,
    attach: (listener) => connection.attach(listener),
    send: (bytes) => {
      connection.send(bytes);
      sent();
    },
    get queuedBytes() {
      return connection.queuedBytes;
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: (how) => connection.close(how),
  });
  return {
    listen: (address, accept) => network.listen(address, (connection) => accept(wrap(connection))),
    dial: async (address) => wrap(await network.dial(address)),
  };
}

function counting(file: string, store: Store, network: Network): Armed {
  const lines: string[] = [];
  let appends = 0;
  const sends = new Map<string, number>();
  process.once("exit", () => writeFileSync(file, lines.map((line) => `${line}\n`).join("")));
  return {
    store: withAppend(store, (records) => {
      lines.push(`append:${++appends} ${kinds(records)}`);
      return store.append(records);
    }),
    network,
    observe: (_peer, bytes) => {
      const name = nameOf.get(messageType(bytes) ?? 0);
      if (name === undefined) return;
      const at = (sends.get(name) ?? 0) + 1;
      sends.set(name, at);
      lines.push(`send:${name}:${at}`);
    },
  };
}
/** Which kinds of records a group holds: the first part of each key. */
const kinds = (records: readonly StoreRecord[]): string =>
  [...new Set(records.map(({ key }) => key.split("/")[0] ?? ""))].join(",");
