import type { FundedState } from "../../channels/index.ts";
import { present } from "../../src/base/result.ts";
import { keychainOf } from "../../src/daemon/keychain.ts";
import { stateAt } from "../../src/lab/settle.ts";
import { drawTopology, setUp } from "../../src/lab/setup.ts";
import { createWorld } from "../../src/lab/world.ts";

/** Both ends of a channel as two disks hold it, opened in a world of two. */
export interface OpenedChannel {
  readonly local: FundedState;
  readonly remote: FundedState;
  /** Of the keys of the local end. */
  readonly seed: Uint8Array;
}

export async function openChannel(): Promise<OpenedChannel> {
  const world = createWorld({ seed: 1, nodes: 2 });
  const edges = drawTopology(world);
  await setUp(world, edges);
  const edge = present(edges[0], "two nodes have one channel");
  const local = present(stateAt(edge.opener, edge), "the opener has it on disk");
  const remote = present(stateAt(edge.accepter, edge), "the accepter has it on disk");
  for (const node of world.nodes) node.crash(0);
  const seed = keychainOf(edge.opener.words, "regtest").channelSeed(local.params.keyIndex);
  return { local, remote, seed };
}
