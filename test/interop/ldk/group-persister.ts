import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import * as ldk from "lightningdevkit";

interface Update {
  readonly of: ldk.OutPoint;
  readonly id: bigint;
  readonly bytes: Uint8Array;
}

/**
 * Writes what LDK's monitors learn as our store does: what comes while a sync runs shares the next one. LDK goes on with other
 * things meanwhile, and is told when an update is durable. For measuring; nothing is ever read again.
 */
export class GroupPersister {
  readonly persist: ldk.Persist;
  readonly #file: Promise<FileHandle>;
  readonly #durable: (updates: readonly Pick<Update, "of" | "id">[]) => void;
  #waiting: Update[] = [];
  #isWriting = false;

  constructor(folder: string, durable: (updates: readonly Pick<Update, "of" | "id">[]) => void) {
    this.#file = open(join(folder, "updates"), "a");
    this.#durable = durable;
    this.persist = ldk.Persist.new_impl({
      persist_new_channel: (of, monitor) =>
        this.#take({ of, id: monitor.get_latest_update_id(), bytes: monitor.write() }),
      update_persisted_channel: (of, update: ldk.ChannelMonitorUpdate | null, monitor) =>
        update === null
          ? ldk.ChannelMonitorUpdateStatus.LDKChannelMonitorUpdateStatus_Completed
          : this.#take({ of, id: monitor.get_latest_update_id(), bytes: update.write() }),
      archive_persisted_channel: () => {},
    });
  }
  async close(): Promise<void> {
    await (await this.#file).close();
  }
  #take(update: Update): ldk.ChannelMonitorUpdateStatus {
    this.#waiting.push(update);
    if (!this.#isWriting) {
      this.#isWriting = true;
      setImmediate(() => void this.#write());
    }
    return ldk.ChannelMonitorUpdateStatus.LDKChannelMonitorUpdateStatus_InProgress;
  }
  async #write(): Promise<void> {
    const file = await this.#file;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await file.writev(group.map(({ bytes }) => bytes));
      await file.datasync();
      this.#durable(group);
    }
    this.#isWriting = false;
  }
}
