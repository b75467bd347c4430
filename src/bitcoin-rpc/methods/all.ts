import { refuse } from "../fault.ts";
import { helpOf, type Method, method } from "../method.ts";
import { optional, text } from "../params.ts";
import { blockMethods } from "./blocks.ts";
import { mempoolMethods } from "./mempool.ts";
import { miningMethods } from "./mining.ts";
import { networkMethods } from "./network.ts";
import { scanMethods } from "./scan.ts";
import { statsMethods } from "./stats.ts";
import { transactionMethods } from "./transactions.ts";
import { waitingMethods } from "./waiting.ts";

const controlMethods: readonly Method[] = [
  method("help", "All methods, or how one is called.", { command: optional(text) }, (_, { command }) => {
    if (command === undefined) return [...METHODS.values()].map(({ name }) => name).join("\n");
    const found = METHODS.get(command);
    return found === undefined ? refuse("misc", `help: unknown command: ${command}`) : helpOf(found);
  }),
  method("uptime", "Seconds since the start.", {}, ({ clock, startedAt }) =>
    Math.floor((clock.now() - startedAt) / 1000),
  ),
  method("stop", "Ends the daemon.", {}, ({ stop }) => {
    stop();
    return "Sluice stopping";
  }),
  method("getindexinfo", "The indexes that are kept.", { index_name: optional(text) }, ({ node }, { index_name }) => {
    const { height: best_block_height } = node.brain.chain.tip;
    const indexes = {
      txindex: { synced: true, best_block_height },
      ...(node.filters && { "basic block filter index": { synced: true, best_block_height } }),
    };
    return Object.fromEntries(
      Object.entries(indexes).filter(([name]) => index_name === undefined || name === index_name),
    );
  }),
  method("getzmqnotifications", "What is published, and where.", {}, ({ published }) =>
    published.map(({ type, address, hwm }) => ({ type, address, hwm })),
  ),
];

/** Every method that is answered, by name. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  [
    ...blockMethods,
    ...transactionMethods,
    ...mempoolMethods,
    ...miningMethods,
    ...networkMethods,
    ...waitingMethods,
    ...scanMethods,
    ...statsMethods,
    ...controlMethods,
  ].map((each) => [each.name, each]),
);
