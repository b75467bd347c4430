import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { type EmbeddedNode, openBaseNode } from "../../src/adapters/chain/embedded/base-node.ts";
import type { DiskOptions } from "../../src/adapters/chain/embedded/storage.ts";
import { systemRandom } from "../../src/adapters/system.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { type RpcLimits, type RpcServer, serveBitcoinRpc } from "../../src/bitcoin-rpc/server.ts";
import { publicDerivation } from "../../src/daemon/wallet/descriptor-keys.ts";
import type { Network } from "../../src/ports/network.ts";
import { noLog, removeFolder, type TestClock, tempFolder, testClock, testNetwork } from "../adapters/chain/world.ts";

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}
/** An embedded node that answers Bitcoin Core's JSON-RPC. */
export interface RpcWorld {
  readonly node: EmbeddedNode;
  readonly clock: TestClock;
  readonly network: Network;
  readonly folder: string;
  readonly port: number;
  readonly cookie: () => string;
  readonly stopped: () => number;
  /** One HTTP request with the cookie. */
  post(body: string, headers?: Readonly<Record<string, string>>, method?: string): Promise<Answered>;
  /** The result of a call, or its error as `[code, message]`. */
  call(method: string, ...params: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}
const cookie = (folder: string): string => readFileSync(join(folder, ".cookie"), "utf8");
export async function rpcWorld(limits: Partial<RpcLimits> = {}, disk: DiskOptions = {}): Promise<RpcWorld> {
  const folder = tempFolder();
  const clock = testClock();
  const network = testNetwork(clock);
  const base = { clock, random: systemRandom, log: noLog };
  const node = openBaseNode({ ...base, folder: join(folder, "chain"), params: CHAINS.regtest, network, disk });
  let stopped = 0;
  const server: RpcServer = await serveBitcoinRpc({
    ...base,
    node,
    derive: publicDerivation,
    version: "0.1.0",
    published: [],
    address: { host: "127.0.0.1", port: 0 },
    cookiePath: join(folder, ".cookie"),
    limits,
    stop: () => void stopped++,
  });
  const post: RpcWorld["post"] = (body, headers = {}, method = "POST") =>
    new Promise((resolve, reject) => {
      const authorization = `Basic ${Buffer.from(cookie(folder)).toString("base64")}`;
      const asked = request(
        { host: "127.0.0.1", port: server.port, method, headers: { authorization, ...headers } },
        (response) => {
          const pieces: Buffer[] = [];
          response.on("data", (piece: Buffer) => pieces.push(piece));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(pieces).toString("utf8"),
            }),
          );
          response.on("error", reject);
        },
      );
      asked.on("error", reject);
      asked.end(body);
    });
  return {
    node,
    clock,
    network,
    folder,
    port: server.port,
    cookie: () => cookie(folder),
    stopped: () => stopped,
    post,
    call: async (method, ...params) => {
      const { text } = await post(JSON.stringify({ method, params, id: 1 }));
      const { result, error } = JSON.parse(text);
      return error === null ? result : [error.code, error.message];
    },
    close: async () => {
      await server.close();
      await node.stop();
      removeFolder(folder);
    },
  };
}
