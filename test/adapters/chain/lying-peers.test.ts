import { expect } from "chai";
import { type CompactNode, openCompactNode } from "../../../src/adapters/chain/compact/compact-node.ts";
import type { EmbeddedNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { tcpNetwork } from "../../../src/adapters/tcp.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { frameMessage, frameParser } from "../../../src/bitcoin/frames.ts";
import type { BitcoinMessage } from "../../../src/bitcoin/messages.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import type { Address, Network } from "../../../src/ports/network.ts";
import { type Bench, buildBlock } from "../../chain/builder.ts";
import { OURS, omitting, scriptWatch, story } from "../../chain/light/story.ts";
import { heightHash, type Tamper } from "../../chain/light/town.ts";
import { line } from "../../contract/follower.ts";
import { answer } from "../../support/answer.ts";
import { tampered } from "./tampered.ts";
import { noLog, openNode, removeFolder, settle, tempFolder, testClock } from "./world.ts";

const HERE: Address = { host: "127.0.0.1", port: 0 };
const { magic } = CHAINS.regtest;

/** Real sockets, over which a node says what it means only as far as `tamper` lets it. */
const lying = (tamper: Tamper): Network =>
  tampered(tcpNetwork, (send) => (bytes) => {
    const [message] = frameParser(magic).feed(bytes).messages;
    const said = message && tamper(message);
    if (said !== undefined) send(frameMessage(magic, said));
  });
/** Filter headers that do not follow from those before. */
const broken: Tamper = (message: BitcoinMessage) =>
  message.name === "cfheaders" && message.filter_hashes.length > 2
    ? { ...message, filter_hashes: [...message.filter_hashes].reverse() }
    : message;

describe("RELIABILITY B23: a light client over TCP, with a peer that lies", () => {
  const clock = testClock();
  let folders: string[];
  let nodes: EmbeddedNode[];
  let light: CompactNode;
  beforeEach(() => {
    folders = [];
    nodes = [];
  });
  afterEach(async () => {
    await light.stop();
    for (const node of nodes) await node.stop();
    folders.forEach(removeFolder);
  });
  const folder = (): string => {
    folders.push(tempFolder());
    return folders.at(-1) as string;
  };
  /** A whole node with the blocks of a chain, and where it listens. */
  const whole = async (chain: Bench, network: Network) => {
    const node = openNode(folder(), clock, network);
    nodes.push(node);
    for (let height = 1; height <= chain.brain.chain.tip.height; height++)
      node.submit(chain.storage.block(heightHash(chain, height)) as never);
    await settle(clock, node);
    return { node, address: await node.listen(HERE) };
  };
  /** Lets sockets and disks have their time, of which a busy machine takes more, and the clock its turns, until it is so. */
  const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (let turns = 0; turns < 3000; turns++) {
      if (await isSo()) return;
      clock.run();
      if (turns % 100 === 99) clock.pass(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`it never came to ${what}`);
  };

  for (const [what, tamper] of [
    ["a filter without our script", (chain: Bench) => omitting(chain, 103, OURS)],
    ["filter hashes of other blocks", () => broken],
  ] as const)
    it(`parts with the one that tells of ${what}, and follows the honest one`, async () => {
      const { chain } = story();
      const liar = await whole(chain, lying(tamper(chain)));
      const honest = await whole(chain, tcpNetwork);
      const reasons: unknown[] = [];
      const log = { ...noLog, debug: (_: string, data?: object) => void reasons.push(data) };
      light = openCompactNode({
        ...{ folder: folder(), params: CHAINS.regtest, clock, random: systemRandom, network: tcpNetwork, log },
        fallbackFeerate: satPerKw(253),
      });
      const told: string[] = [];
      light.watch([scriptWatch()]);
      light.start(undefined, (events) => void told.push(...events.map(line).filter((each) => !each.startsWith("+"))));
      void light.connect(liar.address);
      void light.connect(honest.address);
      await until("the payment", () => told.length > 0 && light.synced());
      expect(told).to.deep.equal(["paid 103:1:0"]);
      const shown = (await answer(light.peers())).map(({ address }) => address);
      expect(shown).to.deep.equal([`127.0.0.1:${honest.address.port}`]);
      expect(reasons.map((data) => String((data as { reason: string }).reason))).to.satisfy((all: string[]) =>
        all.some((reason) => reason.startsWith("lies about filters")),
      );
      honest.node.submit(buildBlock(chain));
      await until("the next block", () => light.tip().height === chain.brain.chain.tip.height + 1);
    }).timeout(60_000);
});
