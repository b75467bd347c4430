import { expect } from "chai";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { type NodeId, nodeId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { type Msat, msat, sat } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { staticKeyOf } from "../../src/crypto/static-key.ts";
import { type PeerSession, startPeerSession } from "../../src/daemon/peer/session.ts";
import type { InvoiceInfo, PaymentInfo } from "../../src/daemon/views.ts";
import { type LabNode, PORT } from "../../src/lab/lab-node.ts";
import { answered, type Edge, setUp } from "../../src/lab/setup.ts";
import { showViolation } from "../../src/lab/violation.ts";
import { createWorld, type World, type WorldOptions } from "../../src/lab/world.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import type { WireMessage } from "../../src/wire/registry.ts";

/** A world of nodes in a line, each with a public channel to the next, at rest. */
export interface Line {
  readonly world: World;
  readonly nodes: readonly LabNode[];
  readonly edges: readonly Edge[];
}
/** What is asked of each channel's opening besides, or of all. */
interface Wishes {
  readonly wishes?: readonly NonNullable<Edge["wish"]>[];
}
export async function line(
  nodes: number,
  {
    wish = {},
    wishes = [],
    push = msat(100_000_000n),
    ...options
  }: Partial<WorldOptions & Pick<Edge, "push" | "wish">> & Wishes = {},
): Promise<Line> {
  const world = createWorld({ seed: 3, nodes, ...options });
  const edges = world.nodes.slice(1).map((accepter, at) => ({
    opener: present(world.nodes[at], "a node before"),
    accepter,
    capacity: sat(500_000n),
    push,
    wish: wishes[at] ?? wish,
    id: undefined,
  }));
  expect(await setUp(world, edges), world.violations.map(showViolation).join("; ")).to.equal(true);
  return { world, nodes: world.nodes, edges };
}

/** The two nodes of a world that has not been set up: with coins, connected by the first, without a channel. */
export async function connectedPair(world: World): Promise<readonly [LabNode, LabNode]> {
  expect(await setUp(world, [])).to.equal(true);
  const [a, b] = world.nodes as [LabNode, LabNode];
  expect((await soon(world, a.node.connect({ nodeId: b.id, host: b.name, port: PORT }))).ok).to.equal(true);
  return [a, b];
}

/** An answer that comes in virtual time. */
export const soon = async <T>(world: World, promise: Promise<T>, limitMs = 10_000): Promise<T> =>
  present(await answered(world, promise, limitMs), "an answer within the time");

export async function invoiceOf(world: World, payee: LabNode, amount: Msat = msat(2_000_000n)): Promise<InvoiceInfo> {
  const made = await soon(world, payee.node.createInvoice({ amount, description: "x", expirySeconds: 3_600 }));
  if (!made.ok) throw new Error(made.error.detail);
  return made.value;
}
/** Pays and waits for the end. */
export async function paid(world: World, payer: LabNode, bolt11: string): Promise<PaymentInfo> {
  const begun = await soon(world, payer.node.pay({ bolt11 }));
  if (!begun.ok) throw new Error(begun.error.detail);
  return present(await soon(world, payer.node.paymentEnd(begun.value.id, 60_000), 60_000), "an end");
}
export const violations = (world: World): readonly string[] => world.violations.map(showViolation);

/** Somebody with a key of its own who says to a node whatever it likes. */
export interface Stranger {
  readonly id: NodeId;
  readonly session: PeerSession;
  /** What the node has said, oldest first. */
  readonly heard: WireMessage[];
  /** Why the connection ended, once it has. */
  readonly ended: string[];
  say(message: WireMessage): void;
  /** Calls with each message from now on. */
  hears(listener: (message: WireMessage) => void): void;
  of<N extends WireMessage["name"]>(name: N): readonly Extract<WireMessage, { readonly name: N }>[];
}
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Connects to a node and exchanges `init`. */
export async function stranger(world: World, node: LabNode, name = "mallory"): Promise<Stranger> {
  const nodeKey = staticKeyOf(sha256(new TextEncoder().encode(`stranger ${name}`)));
  const heard: WireMessage[] = [];
  const ended: string[] = [];
  const listeners: ((message: WireMessage) => void)[] = [];
  const connection = await soon(world, world.network.host(name).dial({ host: node.name, port: PORT }));
  let isReady = false;
  const session = startPeerSession(
    {
      clock: world.clock,
      random: seededRandom(name),
      log: SILENT,
      nodeKey,
      chain: CHAINS.regtest.genesisHash,
      features: featureBits(OFFERED.init),
    },
    connection,
    node.id,
    {
      hasChannel: () => true,
      ready: () => {
        isReady = true;
      },
      message: (_session, message) => {
        heard.push(message);
        for (const listener of listeners) listener(message);
      },
      closed: (_session, reason) => void ended.push(reason),
    },
  );
  const id = nodeId(nodeKey.publicKey);
  const isThere = (): boolean => isReady && node.node.peers().some((peer) => peer.nodeId === id && peer.connected);
  expect(await world.until(isThere, 10_000), "a connection").to.equal(true);
  return {
    id,
    session,
    heard,
    ended,
    say: (message) => session.send(message),
    hears: (listener) => void listeners.push(listener),
    of: (wanted) => heard.filter((message) => message.name === wanted) as never,
  };
}

/** Lets time pass for a node whose disk went back or is gone. Answers all that the recorder says, which remembers what the disk does not. */
export async function passed(world: World, ms: number): Promise<readonly string[]> {
  const end = world.clock.now() + ms;
  const found: string[] = [];
  while (world.clock.now() < end) {
    // A world stands still when something is violated, and records that go back are violations.
    found.push(...world.violations.splice(0).map(showViolation));
    await world.pass(end - world.clock.now());
  }
  return found;
}
