import { catchUpOdds } from "../../chain/odds.ts";
import { grouped, wholeOf } from "../amounts.ts";
import { command, given } from "../command.ts";
import { usage } from "../exit.ts";
import { record, when } from "../table.ts";

export const chainCommands = [
  command({
    words: "chain info",
    about: "the best chain, the mempool and the base node's peers",
    async run({ client, show }) {
      const chain = await (await client()).chain();
      show(chain, () =>
        record({
          network: chain.network,
          height: grouped(String(chain.height)),
          "best block": chain.hash,
          "block time": when(chain.time),
          mempool: `${chain.mempool.transactions} transactions, ${grouped(String(chain.mempool.bytes))} bytes`,
          coins: `${grouped(String(chain.utxos.count))}, ${grouped(chain.utxos.totalSat)} sat in all`,
          "base node": chain.address,
          "its peers": chain.peers.join(", ") || null,
        }),
      );
    },
  }),
  command({
    words: "chain mine <blocks>",
    about: "mines blocks; play-money networks only",
    options: { "--address <address>": "who gets the rewards (default: the node's own wallet)" },
    async run({ client, show }, { blocks, address }) {
      const mined = await (await client()).mine({ blocks: wholeOf(blocks), ...given({ address }) });
      show(mined, () => mined.blocks.map((hash) => `${hash}\n`).join(""));
    },
  }),
  command({
    words: "chain odds",
    about: "how likely an attacker overtakes a payment that is so many blocks deep",
    options: {
      "--attacker <part>": "his part of all hashing, 0 to 1 (default: 0.1)",
      "--depth <blocks>": "blocks on top of and with the one that holds the payment (default: 6)",
    },
    async run({ show }, { attacker = "0.1", depth = "6" }) {
      const odds = { attacker: partOf(attacker), depth: depthOf(depth) };
      const probability = catchUpOdds(odds.attacker, odds.depth);
      show({ ...odds, probability }, () => `${probability.toFixed(7)}\n`);
    },
  }),
];

function partOf(text: string): number {
  const part = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(part >= 0 && part <= 1)) throw usage(`${text} is not a part of the whole.`, "write 0.3 for 30 in 100");
  return part;
}
/** Deeper than any payment ever was. */
const DEPTH_MAX = 10_000;
function depthOf(text: string): number {
  const depth = wholeOf(text);
  if (depth > DEPTH_MAX) throw usage(`${text} is too deep.`, `at most ${DEPTH_MAX} blocks`);
  return depth;
}
