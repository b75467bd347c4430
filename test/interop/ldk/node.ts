import * as ldk from "lightningdevkit";
import type { RpcPlace } from "../../../src/adapters/chain/bitcoind/rpc-client.ts";
import { toHex } from "../../../src/base/bytes.ts";
import { FollowedChain } from "./chain.ts";
import type { LdkSettings } from "./defaults.ts";
import { answerEvent, type Said } from "./events.ts";
import { LdkNet } from "./net.ts";
import { assemble, type LdkParts, MANAGER } from "./parts.ts";
import { FolderStore } from "./store.ts";

const TURN_MS = 5;
/** How often a node that is measured writes what only a restart would need. */
const WRITE_MS = 1_000;

/** A whole LDK node that follows a Bitcoin node and keeps itself in a folder. */
export class LdkNode {
  readonly parts: LdkParts;
  readonly net: LdkNet;
  readonly chain: FollowedChain;
  readonly #store: FolderStore;
  readonly #handler: ldk.EventHandler;
  #turns: NodeJS.Timeout | undefined;
  #turnsSoon = false;
  #writtenAt = 0;

  private constructor(parts: LdkParts, chain: FollowedChain, store: FolderStore) {
    this.parts = parts;
    this.chain = chain;
    this.#store = store;
    this.net = new LdkNet(parts.peers, parts.settings.grouped ? () => this.soon() : () => {});
    this.#handler = ldk.EventHandler.new_impl({
      handle_event: (event) => {
        answerEvent(parts, event);
        return ldk.Result_NoneReplayEventZ.constructor_ok();
      },
    });
  }
  /** New, or as the folder has it. */
  static async open(
    folder: string,
    place: RpcPlace,
    settings: LdkSettings,
    say: (said: Said) => void,
  ): Promise<LdkNode> {
    const chain = new FollowedChain(place);
    const store = new FolderStore(folder);
    const node: LdkNode = new LdkNode(
      await assemble({ store, chain, settings, say, turn: () => node.turn() }),
      chain,
      store,
    );
    await node.sync();
    node.#turns = setInterval(() => node.turn(), TURN_MS);
    return node;
  }
  get nodeId(): string {
    return toHex(this.parts.manager.get_our_node_id());
  }
  /** Hears of all blocks, and has given to the Bitcoin node what follows from them. */
  async sync(): Promise<number> {
    const height = await this.chain.sync();
    this.turn();
    await this.parts.broadcasts();
    return height;
  }
  /** Everything that waits is done, and the state written. Forwards are not held back for the batch that LDK advises. */
  turn(): void {
    const { manager, monitor, peers } = this.parts;
    manager.process_pending_htlc_forwards();
    manager.as_EventsProvider().process_pending_events(this.#handler);
    monitor.as_EventsProvider().process_pending_events(this.#handler);
    peers.process_events();
    this.#write();
  }
  #write(): void {
    const { manager, settings } = this.parts;
    const now = performance.now();
    if (settings.grouped && now - this.#writtenAt < WRITE_MS) return;
    this.#writtenAt = now;
    if (manager.get_and_clear_needs_persistence()) this.#store.put(MANAGER, manager.write());
  }
  /** Once for all that comes until then. */
  soon(): void {
    if (this.#turnsSoon) return;
    this.#turnsSoon = true;
    setImmediate(() => {
      this.#turnsSoon = false;
      this.turn();
    });
  }
  /** All that is kept of it, as it is at this moment. */
  copy(to: string): void {
    this.turn();
    this.#store.copy(to);
  }
  stop(): void {
    clearInterval(this.#turns);
    this.net.stop();
    this.chain.stop();
    this.#store.put(MANAGER, this.parts.manager.write());
  }
}
