import { catchUpOdds } from "../../chain/odds.ts";
import { checkProof } from "../../chain/spv.ts";
import { grouped, wholeOf } from "../amounts.ts";
import type { ChainTransaction } from "../answers.ts";
import { command, given } from "../command.ts";
import { failed, usage } from "../exit.ts";
import { followSync } from "../follow-sync.ts";
import { depthOfBlock } from "../header-depth.ts";
import { explorerLink } from "../page-link.ts";
import { peerTable } from "../peer-table.ts";
import { readProof } from "../proof-file.ts";
import { record, table, when } from "../table.ts";
import { watchChain } from "../watch-chain.ts";

const SOURCES = { embedded: "the bundled one", compact: "a light client", bitcoind: "somebody else's" } as const;
const HEIGHTS_DEFAULT = 100;
const BRANCH_STATES = { best: "best", held: "left", header: "header only", invalid: "invalid" } as const;

export const chainCommands = [
  command({
    words: "chain info",
    about: "the best chain, the mempool and the base node's peers",
    async run({ client, show }) {
      const chain = await (await client()).chain();
      show(chain, () =>
        record({
          "base node is": SOURCES[chain.source],
          network: chain.network,
          height: grouped(String(chain.height)),
          "best block": chain.hash,
          "block time": when(chain.time),
          headers: grouped(String(chain.headers)),
          "filter headers": chain.filters && grouped(String(chain.filters.headers)),
          "filters looked through": chain.filters && grouped(String(chain.filters.scanned)),
          mempool: `${chain.mempool.transactions} transactions, ${grouped(String(chain.mempool.bytes))} bytes`,
          coins: chain.utxos && `${grouped(String(chain.utxos.count))}, ${grouped(chain.utxos.totalSat)} sat in all`,
          "base node": chain.address,
          "its peers": chain.peers.join(", ") || null,
          mining: chain.mining && `a block every ${chain.mining.everySeconds} seconds`,
        }),
      );
    },
  }),
  command({
    words: "chain sync",
    about: "how the node comes into step with the chain; ends when it is (exit code 7 on Ctrl-C before)",
    run: followSync,
  }),
  command({
    words: "chain block <block>",
    about: "a block by its hash, or of the best chain by its height",
    async run({ client, show }, { block }) {
      const found = await (await client()).block(block);
      show(
        found,
        () =>
          record({
            hash: found.hash,
            height: grouped(String(found.height)),
            confirmations: found.confirmations === 0 ? "not in the best chain" : grouped(String(found.confirmations)),
            time: when(found.time),
            previous: found.previous,
            target: found.target,
            "work of the chain": grouped(found.work),
            size: `${grouped(String(found.bytes))} bytes, weight ${grouped(String(found.weight))}`,
            transactions: grouped(String(found.transactions.length)),
          }) + found.transactions.map((txid) => `  ${txid}\n`).join(""),
      );
    },
  }),
  command({
    words: "chain tx <txid>",
    about: "a transaction, what it spends and what it makes",
    async run({ client, show }, { txid }) {
      const found = await (await client()).chainTransaction(txid);
      show(found, (width) => transactionText(found, width));
    },
  }),
  command({
    words: "chain utxo <outpoint>",
    about: "an output (txid:index) of the best chain, as long as it is not spent",
    async run({ client, show }, { outpoint }) {
      const found = await (await client()).unspent(outpoint);
      show(found, () =>
        record({
          outpoint: found.outpoint,
          amount: `${grouped(found.amountSat)} sat`,
          address: found.address,
          script: found.script,
          coinbase: found.coinbase,
          height: grouped(String(found.block.height)),
          confirmations: grouped(String(found.block.confirmations)),
        }),
      );
    },
  }),
  command({
    words: "chain mempool",
    about: "transactions that wait to be mined",
    async run({ client, show }) {
      const waiting = await (await client()).mempool();
      show(waiting, (width) =>
        table(
          waiting,
          [
            ["TXID", ({ txid }) => txid],
            ["FEE", ({ feeSat }) => grouped(feeSat), "right"],
            ["VBYTES", ({ vsize }) => grouped(String(vsize)), "right"],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "chain peers",
    about:
      "Bitcoin nodes that the base node is connected with: who called, what they serve, for how long, and how much was said",
    async run({ client, show, terminal }) {
      const peers = await (await client()).chainPeers();
      show(peers, () => peerTable(peers, terminal.now(), terminal.out.columns));
    },
  }),
  command({
    words: "chain branches",
    about: "blocks of the last heights that are not in the best chain",
    options: { "--heights <count>": `how many heights (default: ${HEIGHTS_DEFAULT})` },
    async run({ client, show }, { heights = String(HEIGHTS_DEFAULT) }) {
      const known = await (await client()).branches(wholeOf(heights));
      const beside = known.filter(({ state }) => state !== "best");
      show(beside, (width) =>
        table(
          beside,
          [
            ["HEIGHT", ({ height }) => grouped(String(height)), "right"],
            ["HASH", ({ hash }) => hash],
            ["STATE", ({ state }) => BRANCH_STATES[state]],
            ["TIME", ({ time }) => when(time)],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "chain difficulty",
    about: "how hard blocks were to find, from the first one on",
    async run({ client, show }) {
      const steps = await (await client()).difficulty();
      show(steps, (width) =>
        table(
          steps,
          [
            ["FROM HEIGHT", ({ height }) => grouped(String(height)), "right"],
            ["TIME", ({ time }) => when(time)],
            ["HASHES A BLOCK", ({ work }) => grouped(work), "right"],
          ],
          width,
        ),
      );
    },
  }),
  command({
    words: "chain watch",
    about: "blocks as they come and as they are taken back, until Ctrl-C",
    run: watchChain,
  }),
  command({
    words: "chain page",
    about: "a link that lets one browser in, once, to the page that shows the chain",
    async run({ client, show }) {
      const node = await client();
      const { code, expiresAt } = await node.loginLink();
      const link = explorerLink({ url: node.api.url, code });
      show({ link, expiresAt }, () => `${link}\n`);
    },
  }),
  command({
    words: "chain prove <txid>",
    about: "a proof that a transaction is in its block, for a file: somebody with headers alone can check it",
    async run({ client, show }, { txid }) {
      const proof = await (await client()).proof(txid);
      show(proof, () => `${JSON.stringify(proof)}\n`);
    },
  }),
  command({
    words: "chain verify-proof <file>",
    about: "checks such a proof against the headers of the daemon, or of a file",
    options: {
      "--headers <file>": "headers of 80 bytes each, from the one after genesis on, in place of the daemon's",
    },
    async run({ client, show }, { file, headers }) {
      const { proof, params } = await readProof(file);
      const checked = checkProof(proof, params);
      if (!checked.ok) throw failed(`The proof does not hold: ${checked.error}.`);
      const { txid, block } = checked.value;
      const confirmations = await depthOfBlock(headers, client, block, params);
      const found = { txid, block, network: params.network, confirmations };
      show(found, () => record({ transaction: txid, "is in block": block, confirmations }));
    },
  }),
  command({
    words: "chain mine [blocks]",
    about: "mines blocks, now or at a steady pace; play-money networks only",
    options: {
      "--address <address>": "who gets the rewards (default: the node's own wallet)",
      "--every <seconds>":
        "in place of a number, as 10 or 10s: one block after another, until --stop or the daemon's end",
      "--stop": "no more of that",
    },
    async run(session, { blocks, address, every, stop }) {
      if ([blocks, every, stop].filter((way) => way !== undefined).length !== 1) {
        throw usage("Give a number of blocks, or --every, or --stop.");
      }
      const node = await session.client();
      if (stop !== undefined) {
        await node.stopMining();
        return session.show({ mining: null }, () => "nothing is mined any more\n");
      }
      if (every !== undefined) {
        const mining = await node.mineSteadily({
          everySeconds: wholeOf(every.replace(/s$/, "")),
          ...given({ address }),
        });
        return session.show({ mining }, () => `a block every ${mining.everySeconds} seconds from now on\n`);
      }
      const mined = await node.mine({ blocks: wholeOf(blocks ?? ""), ...given({ address }) });
      session.show(mined, () => shownMined(mined.blocks));
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

/** So many that they fill no screen are named one by one. */
const MINED_SHOWN_MAX = 10;
const shownMined = (blocks: readonly string[]): string =>
  blocks.length <= MINED_SHOWN_MAX
    ? blocks.map((hash) => `${hash}\n`).join("")
    : `${blocks.length} blocks, the last one ${blocks.at(-1)}\n`;

function transactionText({ txid, feeSat, weight, block, inputs, outputs }: ChainTransaction, width: number): string {
  const facts = record({
    txid,
    block: block === null ? "waits to be mined" : `${block.hash} at height ${grouped(String(block.height))}`,
    confirmations: block === null ? 0 : grouped(String(block.confirmations)),
    fee: feeSat === null ? null : `${grouped(feeSat)} sat`,
    weight: grouped(String(weight)),
  });
  const spends = table(
    inputs,
    [
      ["SPENDS", ({ outpoint }) => outpoint ?? "newly mined coins"],
      ["SAT", ({ spent }) => (spent === null ? null : grouped(spent.amountSat)), "right"],
      ["OF", ({ spent }) => spent?.address ?? null],
    ],
    width,
  );
  const makes = table(
    outputs,
    [
      ["MAKES", ({ address, script }) => address ?? script],
      ["SAT", ({ amountSat }) => grouped(amountSat), "right"],
    ],
    width,
  );
  return `${facts}\n${spends}\n${makes}`;
}

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
