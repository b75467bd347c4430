import type { NodeId } from "../../base/ids.ts";
import type { WireMessage } from "../../wire/registry.ts";
import type { ChannelEntry } from "../channel/table.ts";

/** For which of its channels each peer has begun a batch: nothing may come between its messages. BOLT 2 §Batching channel messages. */
export class Batches {
  readonly #begun = new Map<NodeId, ChannelEntry>();

  /** To be told of each message of a peer's channel that was taken. */
  note(peer: NodeId, entry: ChannelEntry, message: WireMessage): void {
    if (message.name === "start_batch") this.#begun.set(peer, entry);
  }
  /** The channel whose batch is broken by a message for `by`, if one is. */
  brokenBy(peer: NodeId, by: ChannelEntry | undefined): ChannelEntry | undefined {
    if (this.#begun.size === 0) return undefined;
    const entry = this.#begun.get(peer);
    if (entry === undefined) return undefined;
    const { state } = entry;
    const isOpen = "link" in state && state.link.tag === "online" && state.link.batch !== undefined;
    if (isOpen && by === entry) return undefined;
    this.#begun.delete(peer);
    return isOpen ? entry : undefined;
  }
  forget(peer: NodeId): void {
    this.#begun.delete(peer);
  }
}
