import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { until } from "../../scripts/demo/client.ts";
import { type Daemon, type Ports, pickPorts, startDaemon, startSigner, wordsIn } from "../../scripts/demo/daemon.ts";
import { sameTip } from "../../scripts/demo/stage.ts";
import { run } from "../cli/daemon.ts";
import { laterBackup } from "../support/later-backup.ts";
import { areElsewhere } from "../support/signers.ts";
import { newFolder, refusedHere, removeFolder } from "./program.ts";
import { channelsOf } from "./two-daemons.ts";

/** Pays nobody of this test. */
const ELSEWHERE = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
interface WalletTx {
  readonly txid: string;
  readonly feeSat: string | null;
  readonly label: string;
}
interface Found {
  readonly outputs: readonly { readonly amountSat: string }[];
}
type Onchain = Readonly<Record<"confirmedSat" | "unconfirmedSat" | "immatureSat", string>>;

/** All on the chain, in sat. */
async function owned({ api }: Daemon): Promise<bigint> {
  const { onchain } = await api.get<{ readonly onchain: Onchain }>("/v1/balance");
  return BigInt(onchain.confirmedSat) + BigInt(onchain.unconfirmedSat) + BigInt(onchain.immatureSat);
}
/** Fees of the transactions that claimed what was in channels. */
async function claimFees({ api }: Daemon): Promise<bigint> {
  const { data } = await api.get<{ readonly data: readonly WalletTx[] }>("/v1/wallet/transactions?limit=500");
  return data
    .filter(({ label }) => label === "channel closed: own balance")
    .reduce((sum, { feeSat }) => sum + BigInt(feeSat ?? 0), 0n);
}
const mine = ({ api }: Daemon, blocks: number) => api.post("/v1/chain/mine", { blocks, address: ELSEWHERE });
/** Whether anything waits to be mined. */
const waits = async ({ api }: Daemon): Promise<boolean> =>
  (await api.get<{ readonly data: readonly unknown[] }>("/v1/chain/mempool")).data.length > 0;
const closingTxid = async ({ api }: Daemon, id: string): Promise<string | undefined> =>
  (await api.get<{ readonly closing: { readonly txid: string } | null }>(`/v1/channels/${id}/explanation`)).closing
    ?.txid;

describe("A node that has lost its data folder", function () {
  this.timeout(120_000);
  let folder: string;
  let ports: readonly [Ports, Ports];
  let alice: Daemon;
  let bob: Daemon;
  const common = { env: {} };
  const startAlice = (): Promise<Daemon> =>
    startDaemon({ ...common, name: "alice", folder, ports: ports[0], chainPeer: `127.0.0.1:${ports[1].chain}` });
  const startBob = (): Promise<Daemon> =>
    startDaemon({ ...common, name: "bob", folder, ports: ports[1], chainPeer: `127.0.0.1:${ports[0].chain}` });
  const at = (name: string, file = ""): string => join(folder, name, file);
  /** Everything but the Bitcoin node's blocks is gone. The answer is the words. */
  async function lose(name: string): Promise<string> {
    const words = await wordsIn(at(name));
    renameSync(at(name), at(`${name}-lost`));
    return words;
  }
  /** What needs the words in this folder: where a signer has them, while it runs. */
  async function withKeys<T>(name: string, act: (flags: readonly string[]) => Promise<T>): Promise<T> {
    if (!areElsewhere) return act([]);
    const signer = await startSigner(at(name), "regtest");
    const done = await act(signer.flags);
    signer.process.kill();
    await signer.ended;
    return done;
  }
  const restore = async (name: string, words: string, from: readonly string[]) => {
    if (areElsewhere) {
      mkdirSync(at(name, "keys"), { recursive: true });
      writeFileSync(at(name, join("keys", "words")), words, { mode: 0o600 });
    }
    return withKeys(name, (flags) => sluice(name, ["backup", "restore", ...from, ...flags], areElsewhere ? "" : words));
  };
  const sluice = (name: string, words: readonly string[], typed = "") =>
    run(["--datadir", at(name), ...words], { terminal: true, typed, env: { SLUICE_NETWORK: "regtest" } });

  before(async () => {
    folder = newFolder();
    ports = (await pickPorts(2)) as [Ports, Ports];
    [alice, bob] = await Promise.all([startAlice(), startBob()]);
    await alice.api.post("/v1/chain/mine", { blocks: 3 });
    await mine(alice, 100);
    await sameTip([alice, bob]);
    await alice.api.post("/v1/peers", { uri: `${bob.started.nodeId}@127.0.0.1:${bob.started.peerPort}` });
    await alice.api.post("/v1/channels", { peer: bob.started.nodeId, capacitySat: "1000000", pushMsat: "300000000" });
    await mine(alice, 6);
    await until("a channel", async () => (await channelsOf(alice))[0]?.active && (await channelsOf(bob))[0]?.active);
    const { bolt11 } = await bob.api.post<{ readonly bolt11: string }>("/v1/invoices", {
      amountMsat: "50000000",
      description: "x",
    });
    await alice.api.post("/v1/payments", { bolt11 }, { prefer: "wait=20" });
    await until("the payment", async () => (await channelsOf(bob))[0]?.localMsat === "350000000");
  });
  after(async () => {
    await Promise.allSettled([alice.stop(), bob.stop()]);
    removeFolder(folder);
  });

  it("has a backup from the first minute; exported, it is verified as complete, and not replaced by less", async () => {
    expect(existsSync(at("bob", "backup"))).to.equal(true);
    const exported = join(folder, "elsewhere");
    expect((await sluice("bob", ["backup", "export", exported])).out).to.equal(`1 channel written to ${exported}\n`);
    expect(readFileSync(exported, "utf8")).to.equal(readFileSync(at("bob", "backup"), "utf8"));
    const verified = await sluice("bob", ["backup", "verify", exported]);
    expect([verified.exit, verified.out.split("\n")[1]]).to.deep.equal([
      0,
      "complete: every channel of the node is in it",
    ]);
    const others = await sluice("alice", ["backup", "verify", exported]);
    expect([others.exit, others.err.includes("a backup of other words")]).to.deep.equal([2, true]);
    const over = await sluice("alice", ["backup", "export", exported]);
    expect(over.exit).to.equal(2);
    expect(readFileSync(exported, "utf8")).to.equal(readFileSync(at("bob", "backup"), "utf8"));
  });

  it("is not started on a store of an earlier day when its backup knows more, and nothing is changed by the refusal", async () => {
    await bob.stop();
    cpSync(at("bob"), at("copy"), { recursive: true });
    rmSync(at("copy", "high-water"));
    await alice.stop();
    // The words' own backup, from after another channel was opened.
    const later = laterBackup(await wordsIn(at("copy")), readFileSync(at("copy", "backup"), "utf8"));
    writeFileSync(at("copy", "backup"), later);
    const ports = ["--api-port", "0", "--peer-port", "0", "--chain-port", "0"];
    const refused = await withKeys("copy", (flags) => refusedHere(["--datadir", at("copy"), ...ports, ...flags]));
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include(`${at("copy", "store")} is an old copy`);
    expect(refused.stderr).to.include(`take ${at("copy", "store")} and ${at("copy", "high-water")} away`);
    expect(readFileSync(at("copy", "backup"), "utf8")).to.equal(later);
    [alice, bob] = await Promise.all([startAlice(), startBob()]);
    await until("a channel", async () => (await channelsOf(alice))[0]?.active && (await channelsOf(bob))[0]?.active);
  });

  it("gets all of its money from 24 words and the file, to the satoshi less the fee of claiming it", async () => {
    const before = await owned(bob);
    await bob.kill();
    const restored = await restore("bob", await lose("bob"), [join(folder, "elsewhere")]);
    expect([restored.exit, restored.out.includes("1 channel will be closed")]).to.deep.equal([0, true]);
    bob = await startBob();
    await until("a restored channel", async () => (await channelsOf(bob))[0]?.state === "Restored");
    await until("its commitment", () => waits(alice));
    await mine(alice, 1);
    await until("the closing", async () => closingTxid(bob, (await channelsOf(bob))[0]?.id ?? ""));
    await until("a claim", async () => (await owned(bob)) > before);
    const fees = await claimFees(bob);
    expect(fees > 0n).to.equal(true);
    expect(await owned(bob)).to.equal(before + 350_000n - fees);
  });

  it("gets all of its money from 24 words and what a peer keeps for it, coins of the wallet included", async () => {
    await mine(alice, 144);
    await until("its own claim", () => waits(alice));
    await mine(alice, 101);
    await until("no channel", async () => (await channelsOf(alice)).length === 0);
    await sameTip([alice, bob]);
    await alice.api.post("/v1/channels", { peer: bob.started.nodeId, capacitySat: "900000", pushMsat: "200000000" });
    await mine(alice, 6);
    await until("a channel", async () => (await channelsOf(alice))[0]?.active && (await channelsOf(bob))[0]?.active);
    const before = await owned(alice);
    const [channel] = await channelsOf(alice);
    await alice.kill();
    const words = await lose("alice");
    const uri = `${bob.started.nodeId}@127.0.0.1:${bob.started.peerPort}`;
    expect((await restore("alice", words, ["--peer", uri])).exit).to.equal(0);
    alice = await startAlice();
    await until("a restored channel", async () => (await channelsOf(alice))[0]?.state === "Restored");
    await until("its commitment", () => waits(bob));
    await mine(bob, 1);
    const txid = await until("the closing", async () => closingTxid(alice, channel?.id ?? ""));
    await until("a claim", async () => (await claimFees(alice)) > 0n);
    const { outputs } = await alice.api.get<Found>(`/v1/chain/transactions/${txid}`);
    // Alice opened: the fee of the commitment and both anchors are hers.
    const commitmentFee = 900_000n - outputs.reduce((sum, { amountSat }) => sum + BigInt(amountSat), 0n);
    const fees = await claimFees(alice);
    expect(await owned(alice)).to.equal(before + 700_000n - 660n - commitmentFee - fees);
  });
});
