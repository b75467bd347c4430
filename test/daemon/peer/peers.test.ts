import { expect } from "chai";
import { virtualClock } from "../../../src/adapters/memory/clock.ts";
import { memoryNetwork } from "../../../src/adapters/memory/network.ts";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { type NodeId, nodeId } from "../../../src/base/ids.ts";
import { unixMs } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { staticKeyOf } from "../../../src/crypto/static-key.ts";
import { createPeers, INBOUND_MAX, type Peers, type PeersListener } from "../../../src/daemon/peer/peers.ts";
import { type SessionWorld, startPeerSession } from "../../../src/daemon/peer/session.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";

const ADDRESS = { host: "us", port: 1 };
const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A node with a channel with one of those who come, and what becomes of them. */
async function node(channelWith: string) {
  const clock = virtualClock(unixMs(0));
  const random = seededRandom(7);
  const wires = memoryNetwork({ clock, random });
  const keyOf = (name: string) => staticKeyOf(sha256(new TextEncoder().encode(name)));
  const idOf = (name: string): NodeId => nodeId(keyOf(name).publicKey);
  const worldOf = (name: string): SessionWorld => ({
    clock,
    random,
    log: QUIET,
    nodeKey: keyOf(name),
    chain: CHAINS.regtest.genesisHash,
    features: featureBits(OFFERED.init),
  });
  const listener: PeersListener = {
    hasChannel: (peer) => peer === idOf(channelWith),
    connected: () => {},
    message: () => {},
    disconnected: () => {},
  };
  const peers: Peers = createPeers(worldOf("us"), idOf("us"), wires.host("us"), listener);
  await peers.listen(ADDRESS);
  const comes = async (name: string): Promise<void> => {
    const dialled = wires.host(name).dial(ADDRESS);
    await clock.runUntil(unixMs(clock.now() + 50));
    startPeerSession(worldOf(name), await dialled, idOf("us"), {
      hasChannel: () => false,
      ready: () => {},
      message: () => {},
      closed: () => {},
    });
    await clock.runUntil(unixMs(clock.now() + 50));
  };
  /** Dials an id that is no point, at a machine that answers. */
  const misses = async (): Promise<string> => {
    const connecting = peers.connect(`02${"ff".repeat(32)}` as NodeId, { host: "elsewhere", port: 1 });
    await clock.runUntil(unixMs(clock.now() + 50));
    const connected = await connecting;
    return connected.ok ? "connected" : connected.error.code;
  };
  await wires.host("elsewhere").listen({ host: "elsewhere", port: 1 }, () => {});
  return { peers, comes, misses, isHere: (name: string): boolean => peers.session(idOf(name)) !== undefined };
}

describe("a node on which strangers have taken every place", () => {
  it("lets a peer in with whom it has a channel, for the stranger who has been there longest, and keeps it", async () => {
    const { peers, comes, isHere } = await node("friend");
    for (let count = 0; count < INBOUND_MAX; count++) await comes(`stranger ${count}`);
    expect(peers.live().length).to.equal(INBOUND_MAX);
    await comes("friend");
    const here = () => [isHere("friend"), isHere("stranger 0"), isHere("stranger 1"), peers.live().length];
    expect(here()).to.deep.equal([true, false, true, INBOUND_MAX]);
    for (let count = 0; count < INBOUND_MAX; count++) await comes(`another ${count}`);
    expect(here()).to.deep.equal([true, false, false, INBOUND_MAX]);
  });
});

describe("a node that has dialled an id which is nobody's, over and over", () => {
  it("has a place for everybody who comes", async () => {
    const { comes, misses, isHere } = await node("friend");
    for (let count = 0; count < INBOUND_MAX; count++) expect(await misses()).to.equal("peer_refused");
    await comes("friend");
    expect(isHere("friend")).to.equal(true);
  });
});
