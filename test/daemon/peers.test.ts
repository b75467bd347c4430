import { expect } from "chai";
import { virtualClock } from "../../src/adapters/memory/clock.ts";
import { memoryNetwork } from "../../src/adapters/memory/network.ts";
import { seededRandom } from "../../src/adapters/memory/random.ts";
import { type NodeId, nodeId } from "../../src/base/ids.ts";
import { present } from "../../src/base/result.ts";
import { unixMs } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { createPeers, type Peers } from "../../src/daemon/peers.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const secretOf = (name: string): Uint8Array => sha256(new TextEncoder().encode(name));
const idOf = (name: string): NodeId => nodeId(secp256k1.publicKey(secretOf(name)));
const PORT = 1;

/** Machines that each run `Peers`, in virtual time; `log` says what each is told. */
function world(partners: readonly string[] = []) {
  const clock = virtualClock(unixMs(0));
  const random = seededRandom(5);
  const wires = memoryNetwork({ clock, random });
  const log: string[] = [];
  const names = new Map<NodeId, string>();
  const machine = (name: string): Peers => {
    names.set(idOf(name), name);
    const nameOf = (id: NodeId): string => names.get(id) ?? id;
    const parts = { clock, random, log: quiet, nodeSecret: secretOf(name), chain: CHAINS.regtest.genesisHash };
    return createPeers(parts, idOf(name), wires.host(name), {
      connected: (_session, peer) => void log.push(`${name}: ${nameOf(peer)} connected`),
      message: (peer, message) => void log.push(`${name}: ${nameOf(peer)} says ${message.name}`),
      disconnected: (peer, reason) => void log.push(`${name}: ${nameOf(peer)} gone: ${reason}`),
      isPartner: (peer) => partners.includes(nameOf(peer)),
    });
  };
  const pass = (ms: number): Promise<void> => clock.runUntil(unixMs(clock.now() + ms));
  return { clock, wires, log, machine, pass };
}
const at = (host: string) => ({ host, port: PORT });

describe("Peers: places for connections. RELIABILITY D17", () => {
  it("keeps a place for who goes on while another holds connections and says nothing", async () => {
    const { wires, log, machine, pass } = world();
    await machine("a").listen(at("a"));
    for (let round = 0; round < 300; round++) {
      void wires
        .host("mallory")
        .dial(at("a"))
        .then((connection) => connection.attach({ data: () => {}, closed: () => {} }));
      await pass(1);
    }
    void machine("b").connect(idOf("a"), at("a"));
    await pass(1_000);
    expect(log).to.include("a: b connected");
    expect(wires.connections).to.be.at.most(101);
    await pass(11_000);
    expect(wires.connections, "setup has its time").to.equal(1);
  });

  it("lets a partner in when there is no place for one more stranger", async () => {
    const { log, machine, pass } = world(["partner"]);
    await machine("a").listen(at("a"));
    for (let round = 0; round < 250; round++) {
      void machine(`stranger${round}`).connect(idOf("a"), at("a"));
      await pass(2);
    }
    await pass(500);
    const connected = (): number => log.filter((line) => /^a: .* connected$/.test(line)).length;
    expect(connected()).to.equal(250);
    const last = machine("one more").connect(idOf("a"), at("a"));
    await pass(500);
    expect(connected()).to.equal(250);
    expect((await last).ok, "its own side was through before it heard the refusal").to.be.a("boolean");
    expect(log).to.include("one more: a gone: connection lost");
    void machine("partner").connect(idOf("a"), at("a"));
    await pass(500);
    expect(log).to.include("a: partner connected");
  });
});

describe("Peers: one connection with each peer. RELIABILITY D28", () => {
  it("keeps one of two that cross, the same on both sides, and hears nothing from the other", async () => {
    for (let gap = 0; gap < 12; gap++) {
      const { log, machine, pass, wires } = world();
      const [a, b] = [machine("a"), machine("b")];
      await a.listen(at("a"));
      await b.listen(at("b"));
      void a.connect(idOf("b"), at("b"));
      await pass(gap);
      void b.connect(idOf("a"), at("a"));
      await pass(2_000);
      expect(wires.connections, `dialled ${gap} ms apart`).to.equal(1);
      const sessions = [present(a.session(idOf("b")), "a's session"), present(b.session(idOf("a")), "b's session")];
      expect(sessions.map(({ inbound }) => inbound).sort()).to.deep.equal([false, true]);
      sessions[0]?.send({
        name: "gossip_timestamp_filter",
        chain_hash: CHAINS.regtest.genesisHash,
        first_timestamp: 1,
        timestamp_range: 1,
      });
      await pass(100);
      expect(log.filter((line) => line === "b: a says gossip_timestamp_filter").length).to.equal(1);
      const balance = log.filter((line) => line.startsWith("a: b ")).map((line) => line.includes("connected"));
      expect(balance.filter(Boolean).length - balance.filter((on) => !on).length, "told of each end").to.equal(1);
    }
  });

  it("takes the newer of two connections that the same side has made: the old one was lost without a word", async () => {
    const { log, machine, pass, wires } = world();
    const a = machine("a");
    await a.listen(at("a"));
    void machine("b").connect(idOf("a"), at("a"));
    await pass(1_000);
    void machine("b").connect(idOf("a"), at("a"));
    await pass(1_000);
    expect(wires.connections).to.equal(1);
    expect(log.filter((line) => line.startsWith("a: "))).to.deep.equal([
      "a: b connected",
      "a: b gone: replaced by a newer connection",
      "a: b connected",
    ]);
  });

  it("dials a kept peer again, and not one that was disconnected by its operator", async () => {
    const { machine, pass, wires } = world();
    const [a, b] = [machine("a"), machine("b")];
    await b.listen(at("b"));
    a.keep(idOf("b"), at("b"));
    await pass(500);
    wires.cut("a", "b");
    await pass(2_000);
    expect(a.session(idOf("b"))).not.to.equal(undefined);
    a.disconnect(idOf("b"), "enough");
    await pass(60_000);
    expect(a.session(idOf("b"))).to.equal(undefined);
  });
});
