import { expect } from "chai";
import { seededRandom } from "../../../src/adapters/memory/random.ts";
import { concat } from "../../../src/base/bytes.ts";
import { channelId, idBytes } from "../../../src/base/ids.ts";
import { present } from "../../../src/base/result.ts";
import { msat } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { noiseInitiator } from "../../../src/crypto/noise.ts";
import { staticKeyOf } from "../../../src/crypto/static-key.ts";
import { type LabNode, PORT } from "../../../src/lab/lab-node.ts";
import type { World } from "../../../src/lab/world.ts";
import { featureBits, OFFERED } from "../../../src/wire/features.ts";
import type { OpenChannel, OpenChannel2 } from "../../../src/wire/opening.ts";
import { decodeMessage, encodeMessage, type WireMessage } from "../../../src/wire/registry.ts";
import { opened } from "../../support/channel-pair.ts";
import { openedDual } from "../../support/dual-pair.ts";
import { invoiceOf, line, paid, violations } from "../small-world.ts";

const ROUNDS = 60;
const SLOW_MS = 5_000;
const KEY = staticKeyOf(sha256(new TextEncoder().encode("hasty")));
const INIT: WireMessage = { name: "init", globalfeatures: new Uint8Array(0), features: featureBits(OFFERED.init) };
const OPENS = [opened().trace[0]?.message as OpenChannel, openedDual().trace[0]?.message as OpenChannel2] as const;
type Lot = (below: number) => number;
type Opening = OpenChannel | OpenChannel2;

/** What this opens on the world's chain, under one of two temporary ids. */
function anOpening(world: World, lot: Lot): Opening {
  const temporary = { temporary_channel_id: channelId(new Uint8Array(32).fill(1 + lot(2))) };
  const chain = { chain_hash: CHAINS.regtest.genesisHash, ...temporary };
  const { height } = world.chain.brain.chain.tip;
  return lot(2) === 0 ? { ...OPENS[0], ...chain } : { ...OPENS[1], ...chain, locktime: height };
}

interface Talk {
  readonly said: readonly Opening[];
  readonly heard: WireMessage[];
  over: boolean;
}
/** Says `init` and opens channels in the very bytes that end the handshake, and hears until one side hangs up. */
async function hasty(world: World, node: LabNode, lot: Lot, said: readonly Opening[], ms: number): Promise<Talk> {
  const talk: Talk = { said, heard: [], over: false };
  const host = world.network.host(`hasty ${lot(3)}`);
  const ephemeral = sha256(Uint8Array.of(lot(256)));
  const begun = present(noiseInitiator({ local: KEY, ephemeral }, idBytes(node.id)), "a key");
  const connection = await host.dial({ host: node.name, port: PORT });
  const end = (): void => {
    talk.over = true;
  };
  connection.attach({
    data: (bytes) => {
      const isOpen = (): boolean => begun.session.state.tag === "Open";
      const wasOpen = isOpen();
      const received = begun.session.receive(bytes);
      const isNew = !wasOpen && isOpen();
      const rest = isNew ? begun.session.send([INIT, ...said].map(encodeMessage)) : new Uint8Array(0);
      const answer = concat(received.send, rest);
      if (answer.length > 0) connection.send(answer);
      for (const message of received.messages.map(decodeMessage))
        if (message.ok && message.value.name !== "unknown") talk.heard.push(message.value);
    },
    closed: end,
  });
  connection.send(begun.send);
  world.clock.after(ms, () => {
    end();
    connection.close();
  });
  return talk;
}
/** Under which temporary ids it was answered, once for each answer. */
const answered = (heard: readonly WireMessage[]): readonly string[] =>
  heard.flatMap((message) =>
    message.name === "accept_channel" || message.name === "accept_channel2" ? [message.temporary_channel_id] : [],
  );
const idsOf = (said: readonly Opening[]): string[] => [
  ...new Set(said.map((open): string => open.temporary_channel_id)),
];

describe("RELIABILITY U5: a peer that opens a channel before it is told that it is connected", () => {
  it("is answered once for each id, over its newest connection, however slow the disk and short the others", async function () {
    this.timeout(60_000);
    const { world, nodes } = await line(2, { push: msat(100_000_000n) });
    const node = present(nodes[0], "a node");
    const random = seededRandom(5);
    const lot: Lot = (below) => new DataView(random.bytes(4).buffer).getUint32(0) % below;
    let rounds = 0;
    const openings = (): readonly Opening[] => Array.from({ length: 1 + lot(2) }, () => anOpening(world, lot));
    for (let round = 0; round < ROUNDS; round++) {
      world.slowDisk(node, lot(2) === 0 ? 0 : lot(SLOW_MS));
      const talks: Promise<Talk>[] = [];
      for (let connection = lot(3); connection >= 0; connection--) {
        const isCut = connection > 0 && lot(2) === 0;
        talks.push(hasty(world, node, lot, openings(), isCut ? lot(60) : 5 * SLOW_MS));
        await world.pass(lot(60));
      }
      // A write may wait for another one, and what follows from it for a third.
      await world.pass(4 * SLOW_MS);
      const where = `round ${round}`;
      const ended = await Promise.all(talks);
      const [last, ...more] = ended.filter(({ over }) => !over);
      expect(more, `${where}: one connection is left`).to.deep.equal([]);
      if (last !== undefined) expect([...answered(last.heard)].sort(), where).to.deep.equal(idsOf(last.said).sort());
      for (const { said, heard } of ended) {
        const ids = answered(heard);
        expect(ids.length, where).to.equal(new Set(ids).size);
        expect(idsOf(said), where).to.include.members([...ids]);
      }
      world.slowDisk(node, 0);
      await world.pass(2 * SLOW_MS);
      expect(violations(world), where).to.deep.equal([]);
      expect(node.node.channels().length, "nothing is left of any").to.equal(1);
      if (last !== undefined) rounds++;
    }
    expect(rounds).to.be.greaterThan(ROUNDS / 2);
    const payee = present(nodes[1], "a payee");
    expect((await paid(world, node, (await invoiceOf(world, payee)).bolt11)).state).to.equal("succeeded");
  });
});
