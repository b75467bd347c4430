import { grouped, wholeOf } from "../amounts.ts";
import { command, given } from "../command.ts";
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
];
