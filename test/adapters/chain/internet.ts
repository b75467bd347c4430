import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openCompactNode } from "../../../src/adapters/chain/compact/compact-node.ts";
import { openBaseNode } from "../../../src/adapters/chain/embedded/base-node.ts";
import { Links, wholeNode } from "../../../src/adapters/chain/embedded/links.ts";
import { memoryNetwork } from "../../../src/adapters/memory/network.ts";
import { systemRandom } from "../../../src/adapters/system.ts";
import { satPerKw } from "../../../src/base/units.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { followFilters, openFilters } from "../../../src/chain/filters.ts";
import { memoryFilterStorage } from "../../../src/chain/memory-storage.ts";
import { announceTip } from "../../../src/chain/sync/announce.ts";
import { syncOf } from "../../../src/chain/sync/peer.ts";
import type { BaseNode } from "../../../src/ports/base-node.ts";
import type { Connection } from "../../../src/ports/network.ts";
import { bench, buildBlock, give } from "../../chain/builder.ts";
import { noLog, type TestClock, tempFolder, testClock } from "./world.ts";

export const PARAMS = { ...CHAINS.regtest, network: "testnet4" } as const;
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export async function pass(clock: TestClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.pass(1000);
    for (let rounds = 0; rounds < 4; rounds++) await turn();
  }
}
/** Until what it has taken in is on the disk, which takes as long as the machine likes. */
export async function tipAt(node: BaseNode, height: number): Promise<void> {
  while (node.tip().height < height) await turn();
}
/** An internet of nodes at these hosts, and our own among them, to which seeds name what they are told to. */
export function internet(hosts: readonly string[], named: readonly string[]) {
  const folder = tempFolder();
  const clock = testClock();
  const wires = memoryNetwork({ clock, random: systemRandom, delayMs: { min: 0, max: 0 } });
  const called: string[] = [];
  const far = bench(PARAMS);
  const index = openFilters(far.brain.chain.index.tree, memoryFilterStorage());
  followFilters(index, far.brain.chain, 1000);
  const sync = syncOf(far.brain, index);
  const links = new Links({
    machine: wholeNode(sync),
    magic: PARAMS.magic,
    clock,
    random: systemRandom,
    log: noLog,
    onTipChanged: () => undefined,
    onStepped: () => undefined,
    onTxTaken: () => undefined,
    onWaiting: () => undefined,
    disk: { crowded: false, room: async () => undefined },
  });
  const connections = new Map<string, Connection>();
  const accept = (host: string) => (connection: Connection) => {
    called.push(host);
    connections.set(host, connection);
    links.add(connection, { inbound: true, greeted: () => undefined, closed: () => undefined });
  };
  for (const host of hosts) void wires.host(host).listen({ host, port: PARAMS.port }, accept(host));
  const asked: string[] = [];
  const names = {
    resolve: async (name: string) => {
      asked.push(name);
      return named;
    },
  };
  const errors: string[] = [];
  const log = {
    ...noLog,
    error: (event: string) => void errors.push(event),
    warn: (event: string) => void errors.push(event),
  };
  const parts = { folder, clock, random: systemRandom, network: wires.host("here"), log, names };
  const open = (params: typeof PARAMS | typeof CHAINS.regtest = PARAMS) => openBaseNode({ ...parts, params });
  const openLight = () => openCompactNode({ ...parts, params: PARAMS, fallbackFeerate: satPerKw(253) });
  const peers = async (node: BaseNode): Promise<readonly string[]> => {
    const answer = await node.peers();
    return answer.ok ? answer.value.map(({ address }) => address) : [];
  };
  /** From now on nobody serves any. */
  const stopFilters = (): void => void Object.assign(sync, { filters: undefined });
  /** All of them have found a block. */
  const mine = (): void => {
    give(far, buildBlock(far));
    followFilters(index, far.brain.chain, 1000);
    links.perform(announceTip(sync));
  };
  return { mine, folder, clock, called, asked, errors, open, openLight, peers, links, stopFilters, connections };
}
export const readText = (folder: string): string => readFileSync(join(folder, "addresses.txt"), "utf8");
export const group = (address: string): string => address.split(".").slice(0, 2).join(".");
export const hostsOf = (a: number, groups: number, each: number): readonly string[] =>
  Array.from({ length: groups * each }, (_, index) => `${a}.${index % groups}.1.${Math.floor(index / groups) + 1}`);
