import type { SluiceClient } from "./client.ts";
import { failed } from "./exit.ts";

/** 0 when the daemon's best chain does not hold the block. */
export async function depthAtDaemon(client: SluiceClient, block: string, network: string): Promise<number> {
  const chain = await client.chain();
  if (chain.network !== network) throw failed(`The proof is of ${network}, the daemon of ${chain.network}.`);
  return (await client.header(block)).confirmations;
}
