import { expect } from "chai";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import type { Address, Network } from "../../../src/ports/network.ts";
import { ANYONE } from "../../chain/builder.ts";
import { answer } from "../../support/answer.ts";
import { tampered } from "./tampered.ts";
import { openNode, removeFolder, type TestClock, tempFolder, testClock } from "./world.ts";

const HERE: Address = { host: "127.0.0.1", port: 0 };
const SECOND_MS = 1000;
const BLOCKS = ["block", "cmpctblock"].map((name) => name.padEnd(12, "\0"));
const isBlock = (frame: Uint8Array): boolean => BLOCKS.includes(new TextDecoder().decode(frame.subarray(4, 16)));

/** Sockets over which a block leaves with a byte a second, and whatever comes after it stands behind it. */
const dripping = (clock: TestClock): Network =>
  tampered(tcpNetwork, (send) => {
    const behind: number[] = [];
    const drip = (): void => {
      const byte = behind.shift();
      if (byte === undefined) return;
      send(Uint8Array.of(byte));
      clock.after(SECOND_MS, drip);
    };
    return (bytes) => {
      if (behind.length === 0 && !isBlock(bytes)) return send(bytes);
      if (behind.length === 0) clock.after(SECOND_MS, drip);
      behind.push(...bytes);
    };
  });

describe("base nodes over TCP: a peer that sends a block byte by byte", () => {
  const clock = testClock();
  let folders: string[];
  let nodes: EmbeddedNode[];
  const open = (network: Network): EmbeddedNode => {
    folders.push(tempFolder());
    const node = openNode(folders.at(-1) as string, clock, network);
    nodes.push(node);
    return node;
  };
  /** Lets seconds pass, in each of which sockets have their time, until it is so; how many it took. */
  const secondsUntil = async (isSo: () => boolean | Promise<boolean>, most: number): Promise<number> => {
    for (let second = 0; ; second++) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (await isSo()) return second;
      if (second === most) throw new Error(`it is not so after ${most} seconds`);
      clock.pass(SECOND_MS);
    }
  };
  const peersOf = (node: EmbeddedNode) => answer(node.peers());
  const both = async (blocks: number) => {
    folders = [];
    nodes = [];
    const [dripper, honest, ours] = [open(dripping(clock)), open(tcpNetwork), open(tcpNetwork)] as [
      EmbeddedNode,
      EmbeddedNode,
      EmbeddedNode,
    ];
    await dripper.mine(blocks, ANYONE);
    for (let height = 1; height <= blocks; height++) honest.submit(dripper.whole.blockAt(height as never) as never);
    const at = await dripper.listen(HERE);
    void ours.connect(at);
    await secondsUntil(async () => (await peersOf(ours))[0]?.height === blocks, 5);
    return { dripper: `${at.host}:${at.port}`, honest, ours };
  };
  const isGone = (ours: EmbeddedNode, dripper: string) => async () =>
    (await peersOf(ours)).every(({ address }) => address !== dripper);
  afterEach(async () => {
    for (const node of nodes) await node.stop();
    folders.forEach(removeFolder);
  });

  it("is parted with in half a minute, whatever comes of its bytes, and another gives the blocks", async () => {
    const { dripper, honest, ours } = await both(20);
    void ours.connect(await honest.listen(HERE));
    await secondsUntil(async () => (await peersOf(ours)).length === 2, 5);
    const [slow] = await peersOf(ours);
    const before = slow?.bytesReceived ?? 0;
    let most = 0;
    const parted = await secondsUntil(async () => {
      const now = (await peersOf(ours)).find(({ address }) => address === dripper);
      most = Math.max(most, now?.bytesReceived ?? 0);
      return now === undefined;
    }, 60);
    expect(parted).to.be.within(24, 31);
    expect(most - before).to.be.within(1, 32);
    expect(await secondsUntil(() => ours.brain.chain.tip.height === 20, 5)).to.be.at.most(2);
  }).timeout(20_000);

  it("holds up the newest block for a few seconds at most", async () => {
    const { dripper, honest, ours } = await both(1);
    void ours.connect(await honest.listen(HERE));
    expect(await secondsUntil(() => ours.brain.chain.tip.height === 1, 10)).to.be.within(1, 5);
    expect(await isGone(ours, dripper)()).to.equal(false);
  }).timeout(20_000);
});
