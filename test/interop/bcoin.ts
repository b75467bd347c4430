import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { asker } from "./asker.ts";

/** bcoin 1.0.2, a Bitcoin node of other people's making, in a process of its own. */
export interface Bcoin {
  readonly port: number;
  tip(): Promise<{ readonly height: number; readonly hash: string }>;
  /** On its best chain; the answer is the new height. */
  mine(blocks: number): Promise<number>;
  /** Txids. */
  mempool(): Promise<readonly string[]>;
  peers(): Promise<number>;
  /** Pays the reward of one of its blocks to a script; gives the txid. */
  pay(payment: { readonly height: number; readonly script: string; readonly fee: number }): Promise<string>;
  /** A block of its best chain, in hex. */
  block(height: number): Promise<string>;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL("./bcoin-node.cjs", import.meta.url));
const INSTALLED = fileURLToPath(new URL("./node_modules/bcoin/package.json", import.meta.url));

/** Installed apart from the project: `npm ci --ignore-scripts --prefix test/interop`. In CI its absence is a failure. */
export function isBcoinHere(): boolean {
  if (existsSync(INSTALLED)) return true;
  const reason = "bcoin is not installed: npm ci --ignore-scripts --prefix test/interop";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.log(`    skipped: ${reason}`);
  return false;
}

export async function startBcoin(port: number): Promise<Bcoin> {
  const child = fork(PROGRAM, { env: { ...process.env, NODE_BACKEND: "js" }, execArgv: [] });
  const ask = asker(child, "bcoin");
  await ask("start", { port });
  return {
    port,
    tip: () => ask("tip"),
    mine: (blocks) => ask("mine", { blocks }),
    mempool: () => ask("mempool"),
    peers: () => ask("peers"),
    pay: (payment) => ask("pay", payment),
    block: (height) => ask("block", { height }),
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}
