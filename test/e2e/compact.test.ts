import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { open } from "lmdb";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, type Ports, pickPorts, startDaemon } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";
import { readHighWater } from "../../src/adapters/store/high-water.ts";
import { channelsOf, type ShownChannel } from "./two-daemons.ts";

const CAPACITY_SAT = 1_000_000n;
const DELAY_BLOCKS = 150;

describe("a daemon on a light client, with two whole nodes as its peers", function () {
  this.timeout(180_000);
  let folder: string;
  let miner: Daemon;
  let third: Daemon;
  let light: Daemon;
  let ports: readonly Ports[];

  const startLight = async (): Promise<void> => {
    const env = {
      SLUICE_CHAIN: "compact",
      SLUICE_CHAIN_PEERS: [miner, third].map(({ started }) => `127.0.0.1:${started.chainPort}`).join(","),
    };
    light = await startDaemon({ name: "light", folder, ports: ports[2] as Ports, chainPeer: undefined, env });
  };
  const restart = async (how: "stop" | "kill"): Promise<void> => {
    await light[how]();
    await startLight();
    await reconnect();
    await sameTip([miner, light]);
  };
  const startMiner = async (at: Ports): Promise<void> => {
    // It comes with an old copy of its data, which a signer would not let start.
    const keys = { hasSigner: false };
    miner = await startDaemon({ name: "miner", folder, ports: at, chainPeer: undefined, env: {}, ...keys });
  };
  const reconnect = () =>
    light.api.post("/v1/peers", { uri: `${miner.started.nodeId}@127.0.0.1:${miner.started.peerPort}` });
  const mine = async (blocks: number): Promise<void> => {
    await miner.api.post("/v1/chain/mine", { blocks });
    await sameTip([miner, third, light]);
  };
  const confirmedSat = async (): Promise<bigint> => {
    const { onchain } = await light.api.get<{ onchain: { confirmedSat: string } }>("/v1/balance");
    return BigInt(onchain.confirmedSat);
  };
  /** What waits in the miner's mempool: how often it must hold something before a block makes sense. */
  const waiting = (count: number) =>
    until(`${count} waiting`, async () => {
      const { data } = await miner.api.get<{ data: readonly object[] }>("/v1/chain/mempool");
      return data.length >= count;
    });
  const opened = async (): Promise<ShownChannel> => {
    await light.api.post("/v1/channels", { peer: miner.started.nodeId, capacitySat: String(CAPACITY_SAT) });
    await waiting(1);
    await mine(6);
    return until("a channel", async () => (await channelsOf(light)).find(({ active }) => active));
  };
  const pay = async (amountMsat: string): Promise<void> => {
    const { bolt11 } = await miner.api.post<{ bolt11: string }>("/v1/invoices", { amountMsat, description: "light" });
    const { id } = await light.api.post<{ id: string }>("/v1/payments", { bolt11 });
    await until("a payment", async () => {
      const { state } = await light.api.get<{ state: string }>(`/v1/payments/${id}`);
      return state === "succeeded";
    });
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-e2e-"));
    ports = await pickPorts(3);
    const [first, second] = ports as [Ports, Ports];
    await startMiner(first);
    third = await startDaemon({ name: "third", folder, ports: second, chainPeer: `127.0.0.1:${first.chain}`, env: {} });
    await miner.api.post("/v1/chain/mine", { blocks: 101 });
    await sameTip([miner, third]);
    await startLight();
    await sameTip([miner, third, light]);
  });
  after(async () => {
    for (const daemon of [light, third, miner]) await daemon?.stop();
    await rm(folder, { recursive: true });
  });

  it("says what it is, how far it is, and what it cannot answer", async () => {
    expect(await light.api.get<object>("/v1/chain")).to.deep.include({
      source: "compact",
      height: 101,
      headers: 101,
      filters: { headers: 101, scanned: 101 },
      utxos: null,
      address: null,
    });
    const refusal = await light.api.post("/v1/chain/mine", { blocks: 1 }).then(String, String);
    expect(refusal).to.contain("A light client cannot mine");
  });
  it("receives coins, and knows them after it was killed", async () => {
    const { address } = await light.api.post<{ address: string }>("/v1/wallet/addresses");
    await miner.api.post("/v1/wallet/sends", { address, amountSat: "5000000" });
    await mine(1);
    expect(await until("coins", async () => (await confirmedSat()) > 0n && (await confirmedSat()))).to.equal(
      5_000_000n,
    );
    await restart("kill");
    expect(await confirmedSat()).to.equal(5_000_000n);
  });
  it("opens a channel, pays, and closes it with its peer", async () => {
    await reconnect();
    const { id } = await opened();
    await pay("100000000");
    await light.api.post(`/v1/channels/${id}/close`);
    await waiting(1);
    await mine(1);
    const after = await until("the closing coins", async () => {
      const confirmed = await confirmedSat();
      return confirmed > 4_800_000n && confirmed;
    });
    expect(5_000_000n - 100_000n - after < 5_000n, `${after} sat`).to.equal(true);
  });
  it("closes one without its peer, is killed, and sweeps what is its own", async () => {
    const { id } = await opened();
    await pay("50000000");
    const before = await confirmedSat();
    await light.api.post(`/v1/channels/${id}/close`, { force: true });
    await waiting(1);
    await restart("kill");
    await mine(1);
    await mine(DELAY_BLOCKS);
    await waiting(1);
    await restart("stop");
    await mine(1);
    const gained = await until("swept coins", async () => {
      const gain = (await confirmedSat()) - before;
      return gain > 900_000n && gain;
    });
    expect(gained < CAPACITY_SAT - 50_000n).to.equal(true);
  });
  it("takes everything from a peer that publishes a revoked commitment, though it sees no block that does not concern it", async () => {
    const { id } = await opened();
    await pay("50000000");
    const datadir = join(folder, "miner");
    const store = open({ path: join(datadir, "store"), readOnly: true });
    await mkdir(join(datadir, "old"));
    await store.backup(join(datadir, "old"), false);
    await store.close();
    // A young store has none yet.
    const mark = await readHighWater(join(datadir, "high-water"));
    await pay("100000000");
    const before = await confirmedSat();
    await miner.stop();
    await rm(join(datadir, "store"), { recursive: true });
    await rename(join(datadir, "old"), join(datadir, "store"));
    await writeFile(join(datadir, "high-water"), `${mark}\n`);
    // Where the light one does not find it, as it would tell the old copy of the newer state.
    await startMiner({ ...(ports[0] as Ports), peer: 0 });
    await sameTip([miner, third, light]);
    await miner.api.post(`/v1/channels/${id}/close`, { force: true });
    await mine(1);
    await waiting(1);
    await mine(1);
    const gained = await until("the penalty", async () => {
      const gain = (await confirmedSat()) - before;
      return gain > CAPACITY_SAT - 20_000n && gain;
    });
    expect(gained < CAPACITY_SAT).to.equal(true);
    const { data } = await light.api.get<{ data: readonly { readonly type: string }[] }>("/v1/events?limit=500");
    expect(data.map(({ type }) => type)).to.include("channel.breach_detected");
  });
});
