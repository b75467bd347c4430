import type { BlockHash } from "../base/ids.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import type { SluiceClient } from "./client.ts";
import { failed } from "./exit.ts";
import { depthInHeaders } from "./proof-file.ts";

/**
 * Blocks that stand on a block, itself counted, in a file of headers or the best chain of the daemon. Ends the command when
 * it is in neither.
 * @param headers  the file; undefined asks the daemon
 */
export async function depthOfBlock(
  headers: string | undefined,
  client: () => Promise<SluiceClient>,
  block: BlockHash,
  params: ChainParams,
): Promise<number> {
  const depth =
    headers === undefined
      ? await depthAtDaemon(await client(), block, params)
      : await depthInHeaders(headers, block, params);
  if (depth) return depth;
  throw failed(`The proof holds, but its block ${block} is not in that chain.`);
}

/** 0 when the daemon's best chain does not hold the block. */
async function depthAtDaemon(client: SluiceClient, block: BlockHash, { network }: ChainParams): Promise<number> {
  const chain = await client.chain();
  if (chain.network !== network) throw failed(`The proof is of ${network}, the daemon of ${chain.network}.`);
  return (await client.header(block)).confirmations;
}
