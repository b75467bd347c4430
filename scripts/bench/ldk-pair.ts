import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromHex } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/bitcoin/address.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { type Ldk, startLdk } from "../../test/interop/ldk.ts";
import { until } from "../demo/client.ts";
import { type Daemon, freePorts, startDaemon } from "../demo/daemon.ts";
import { CAPACITY_SAT } from "./pair.ts";

/** Two LDK nodes in two processes with one channel between them, all money on the payer's side. */
export interface LdkPair {
  readonly payer: Ldk;
  readonly payee: Ldk;
  close(): Promise<void>;
}
const SEEDS = { payer: 21, payee: 31 } as const;
const MATURITY_BLOCKS = 101;
const DEPTH_BLOCKS = 6;
/** A key that nobody has. */
const NOBODY = addressOf(fromHex(`0014${"11".repeat(20)}`), CHAINS.regtest);

/** With monitors written in groups, 483 slots and the limits of the pair that they are compared with. They follow a node of ours. */
export async function startLdkPair(): Promise<LdkPair> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-ldk-"));
  const [api = 0, peer = 0, chain = 0, rpc = 0] = await freePorts(4);
  const flags = ["--bitcoin-rpc-port", String(rpc)];
  const base = await startDaemon({
    name: "base",
    folder,
    ports: { api, peer, chain },
    chainPeer: undefined,
    env: {},
    flags,
  });
  const place = { host: "127.0.0.1", port: rpc, cookieFile: join(folder, "base", ".cookie") };
  const started: Ldk[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled([base.stop(), ...started.map((each) => each.kill())]);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await base.api.post("/v1/chain/mine", { blocks: MATURITY_BLOCKS });
    const start = async (name: keyof typeof SEEDS): Promise<Ldk> => {
      const ldk = await startLdk({
        folder: join(folder, name),
        place,
        settings: { seed: SEEDS[name], grouped: true, announce: false },
      });
      started.push(ldk);
      return ldk;
    };
    const [payer, payee] = [await start("payer"), await start("payee")];
    await fund(base, payer, payee);
    return { payer, payee, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fund(base: Daemon, payer: Ldk, payee: Ldk): Promise<void> {
  const mine = async (blocks: number): Promise<void> => {
    await base.api.post("/v1/chain/mine", { blocks, address: NOBODY });
    await Promise.all([payer, payee].map((each) => each.do("sync")));
  };
  const address = addressOf(fromHex(await payer.do("script")), CHAINS.regtest);
  await base.api.post("/v1/wallet/sends", { address, amountSat: String(CAPACITY_SAT + 1_000_000n) });
  await mine(1);
  await payer.do("dial", { nodeId: payee.nodeId, port: payee.port });
  await until("a peer", async () => (await payer.do("peers")).length === 1);
  await payer.do("open", { peer: payee.nodeId, sat: String(CAPACITY_SAT), pushMsat: "0", announce: false });
  // LDK calls the channel pending as soon as it has given the transaction away, which may arrive after the blocks.
  await until("a funding transaction in the mempool", async () => {
    const { data } = await base.api.get<{ readonly data: readonly object[] }>("/v1/chain/mempool");
    return data.length > 0;
  });
  await mine(DEPTH_BLOCKS);
  for (const each of [payer, payee])
    await until("a channel", async () => (await each.do("channels")).some((channel) => channel.usable));
}

/** What the payee has, in msat, when nothing is pending and both agree. Waits for the last removals. */
export async function ldkSettled({ payer, payee }: LdkPair): Promise<bigint> {
  return until("nothing pending", async () => {
    const [[from], [to]] = [await payer.do("channels"), await payee.do("channels")];
    const isQuiet = from?.pendingHtlcs === 0 && to?.pendingHtlcs === 0;
    return isQuiet && BigInt(from.capacitySat) * 1_000n - BigInt(from.balanceMsat ?? 0);
  });
}
