import { RpcClient, type RpcPlace } from "../../../src/adapters/chain/bitcoind/rpc-client.ts";
import { systemClock } from "../../../src/adapters/system.ts";
import { fromHex } from "../../../src/base/bytes.ts";

const HEADER_BYTES = 80;
/** Display order, as in `previousblockhash`, at its place in a header. */
const PREVIOUS = { from: 4, to: 36 };

/** What is told of every block, in the order of the chain. */
export interface ChainListener {
  connected(block: Uint8Array, height: number): void;
  disconnected(header: Uint8Array, height: number): void;
}
interface Followed {
  readonly hash: string;
  readonly header: Uint8Array;
}

/** The best chain of a node that answers Bitcoin Core's JSON-RPC, as LDK wants to hear of it. */
export class FollowedChain {
  readonly #rpc: RpcClient;
  readonly #listeners: ChainListener[] = [];
  /** From the height at which following began. */
  readonly #blocks: Followed[] = [];
  #base = 0;

  constructor(place: RpcPlace) {
    this.#rpc = new RpcClient({ ...place, clock: systemClock });
  }
  async ask<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const answer = await this.#rpc.call(method, ...params);
    if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.value as T;
  }
  get height(): number {
    return this.#base + this.#blocks.length - 1;
  }
  /** Follows from this block on, which itself is taken as known. */
  async beginAt(height: number): Promise<Followed> {
    const hash = await this.ask<string>("getblockhash", height);
    const header = fromHex(await this.ask<string>("getblockheader", hash, false));
    this.#base = height;
    const begun = { hash, header };
    this.#blocks.push(begun);
    return begun;
  }
  listen(listener: ChainListener): void {
    this.#listeners.push(listener);
  }
  unlisten(listener: ChainListener): void {
    this.#listeners.splice(this.#listeners.indexOf(listener), 1);
  }
  /** Until our best block is the node's; the answer is its height. */
  async sync(): Promise<number> {
    for (;;) {
      const best = await this.ask<string>("getbestblockhash");
      if (best === this.#blocks.at(-1)?.hash) return this.height;
      await this.#follow(best);
    }
  }
  stop(): void {
    this.#rpc.close();
  }

  async #follow(best: string): Promise<void> {
    const missing: { readonly hash: string; readonly block: Uint8Array }[] = [];
    let hash = best;
    let at = this.#blocks.findIndex((known) => known.hash === hash);
    while (at < 0) {
      const block = fromHex(await this.ask<string>("getblock", hash, 0));
      missing.unshift({ hash, block });
      hash = Buffer.from(block.subarray(PREVIOUS.from, PREVIOUS.to)).reverse().toString("hex");
      at = this.#blocks.findIndex((known) => known.hash === hash);
      if (at < 0 && missing.length > this.#blocks.length + 10_000)
        throw new Error("the chain forks before our first block");
    }
    while (this.#blocks.length > at + 1) {
      const height = this.height;
      const { header } = this.#blocks.pop() as Followed;
      for (const listener of this.#listeners) listener.disconnected(header, height);
    }
    for (const { hash: next, block } of missing) {
      this.#blocks.push({ hash: next, header: block.slice(0, HEADER_BYTES) });
      for (const listener of this.#listeners) listener.connected(block, this.height);
    }
  }
}
