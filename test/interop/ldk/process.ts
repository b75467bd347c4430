import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { initializeWasmFromBinary } from "lightningdevkit";
import type { RpcPlace } from "../../../src/adapters/chain/bitcoind/rpc-client.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { COMMANDS } from "./commands.ts";
import type { LdkSettings } from "./defaults.ts";
import { LdkNode } from "./node.ts";

/** One LDK node in a process of its own: its WASM memory is shared by everything in the process, and a panic ends it. */
const WASM = fileURLToPath(new URL("../node_modules/lightningdevkit/liblightningjs.wasm", import.meta.url));

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly given: never;
}
export interface StartAsked {
  readonly folder: string;
  readonly place: RpcPlace;
  readonly settings: LdkSettings;
}
export interface StartedLdk {
  readonly nodeId: string;
  /** What its id is made of, for who wants to listen to it. */
  readonly secret: string;
  readonly port: number;
}
let node: LdkNode | undefined;

async function start({ folder, place, settings }: StartAsked): Promise<StartedLdk> {
  // The bindings greet on standard output.
  console.log = () => {};
  await initializeWasmFromBinary(new Uint8Array(await readFile(WASM)));
  node = await LdkNode.open(folder, place, settings, (said) => process.send?.({ said }));
  const { nodeId, net, parts } = node;
  return { nodeId, secret: toHex(parts.keys.get_node_secret_key()), port: await net.listen() };
}
async function answer({ name, given }: Asked): Promise<unknown> {
  if (name === "start") return start(given);
  if (node === undefined) throw new Error("not started");
  if (name === "stop") return node.stop();
  return (COMMANDS[name as keyof typeof COMMANDS] as (on: LdkNode, given: unknown) => unknown)(node, given);
}
process.on("message", (asked: Asked) => {
  answer(asked).then(
    (value) => process.send?.({ id: asked.id, value }),
    (error: unknown) => process.send?.({ id: asked.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
