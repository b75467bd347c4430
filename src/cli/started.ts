import { join } from "node:path";
import type { Config } from "../daemon/config.ts";
import { WORDS } from "./words.ts";

export interface Started {
  readonly nodeId: string;
  readonly api: string;
  readonly peerPort: number;
}

/** What a person is told once a daemon serves: where it is, what to keep, and how it ends. A program gets one line of JSON. */
export function startedText(
  { nodeId, api, peerPort }: Started,
  { alias, network, datadir, signer }: Pick<Config, "alias" | "network" | "datadir" | "signer">,
): string {
  const keep = signer === "" ? join(datadir, WORDS) : `with the signer at ${signer}`;
  return [
    `${alias} serves on ${network}. Stop: Ctrl-C`,
    `node    ${nodeId}@127.0.0.1:${peerPort}`,
    `API     ${api}, described at ${api}/openapi.json`,
    `folder  ${datadir}`,
    `words   ${keep}: write them down, every key comes from them`,
  ].join("\n");
}
