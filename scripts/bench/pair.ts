import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Answer, NodeStatus, Orders, StoreKind } from "./node-process.ts";

type Remote<F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
/** A node in another process. */
export type RemoteNode = { readonly [K in keyof Orders]: Remote<Orders[K]> };
/** Two nodes in two processes with one channel between them, all money on the payer's side. */
export interface Pair {
  readonly payer: RemoteNode;
  readonly payee: RemoteNode;
  close(): Promise<void>;
}
/** A little below 2^24 sat: the most without `option_support_large_channel`. */
export const CAPACITY_SAT = 16_000_000n;
const COINBASE_MATURITY = 100;
/** From which depth a channel may be announced. BOLT 7 §The announcement_signatures Message. */
const ANNOUNCED_DEPTH = 6;
const SETTLE_MS_MAX = 30_000;
const PROGRAM = join(import.meta.dirname, "node-process.ts");

export async function startPair(kind: StoreKind, execArgv: readonly string[] = []): Promise<Pair> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => {
    for (const child of children) await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  const start = async (name: string): Promise<RemoteNode> => {
    const child = fork(PROGRAM, [join(folder, name), kind], {
      execArgv: ["--import", "tsx", "--conditions=source", ...execArgv],
      serialization: "advanced",
    });
    children.push(child);
    return remoteNode(child);
  };
  try {
    const [payer, payee] = await Promise.all([start("payer"), start("payee")]);
    await fund(payer, payee);
    return { payer, payee, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fund(payer: RemoteNode, payee: RemoteNode): Promise<void> {
  const [from, to] = await Promise.all([payer.status(), payee.status()]);
  await payee.followChain(from.chainPort);
  await payer.mine(COINBASE_MATURITY + 1);
  await until(payer, (status) => status.confirmed > CAPACITY_SAT);
  // Not before it has stepped these blocks: until then it would not know of what they hold.
  await until(payee, ({ synced, height }) => synced && height > COINBASE_MATURITY);
  await payer.connect(to.nodeId, to.peerPort);
  await payer.open(to.nodeId, CAPACITY_SAT);
  await payer.mine(ANNOUNCED_DEPTH);
  for (const node of [payer, payee]) await until(node, (status) => status.active);
}

/** Both sides agree on the channel and nothing is pending. Waits for the last removals. */
export async function settled({ payer, payee }: Pair): Promise<readonly [NodeStatus, NodeStatus]> {
  const nodes = [payer, payee] as const;
  for (const node of nodes) await until(node, (status) => status.htlcs === 0);
  const [from, to] = await Promise.all([payer.status(), payee.status()]);
  const [local, remote] = from.commitmentNumbers;
  const agreed =
    from.localMsat === to.remoteMsat &&
    from.remoteMsat === to.localMsat &&
    local === to.commitmentNumbers[1] &&
    remote === to.commitmentNumbers[0];
  if (!agreed) throw new Error("the two sides do not have the same channel");
  return [from, to];
}

async function until(node: RemoteNode, is: (status: NodeStatus) => boolean): Promise<void> {
  for (const end = performance.now() + SETTLE_MS_MAX; ; await wait(5)) {
    const status = await node.status();
    if (is(status)) return;
    if (performance.now() > end) throw new Error(`waited in vain: ${JSON.stringify(status, showBigint)}`);
  }
}
const showBigint = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}` : value);

async function remoteNode(child: ChildProcess): Promise<RemoteNode> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let asked = 0;
  const gone = once(child, "exit").then(([code]) => new Error(`the node's process ended with ${code}`));
  const ready = once(child, "message");
  const dead = await Promise.race([ready.then(() => undefined), gone]);
  if (dead !== undefined) throw dead;
  void gone.then((error) => {
    for (const { reject } of waiting.values()) reject(error);
  });
  child.on("message", (answer: Answer) => {
    const asker = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ("error" in answer) asker?.reject(new Error(answer.error));
    else asker?.resolve(answer.value);
  });
  return new Proxy({} as RemoteNode, {
    // A name that promises know of is no order: a node is not a promise.
    get: (_target, name) =>
      name === "then"
        ? undefined
        : (...args: readonly unknown[]) =>
            new Promise((resolve, reject) => {
              waiting.set(++asked, { resolve, reject });
              child.send({ id: asked, name, args });
            }),
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  if (child.connected) child.disconnect();
  await exited;
}
