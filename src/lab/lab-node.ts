import { type ChannelSecrets, channelSecrets } from "../../channels/index.ts";
import type { MemoryDisk } from "../adapters/memory/store.ts";
import type { NodeId } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { CHAINS } from "../bitcoin/params.ts";
import type { NodePolicy } from "../daemon/context.ts";
import { type Keychain, keychainOf } from "../daemon/keychain.ts";
import { createNode } from "../daemon/node.ts";
import type { NodeParts, SluiceNode } from "../daemon/node-parts.ts";
import type { BaseNode } from "../ports/base-node.ts";
import type { Log } from "../ports/log.ts";
import type { Network } from "../ports/network.ts";
import type { Store } from "../ports/store.ts";
import type { Clock, Random } from "../ports/world.ts";
import type { Recorder } from "./recorder.ts";
import { type SignerHome, signersOf } from "./signers.ts";
import type { Rule } from "./violation.ts";

/** The port on which every node of a world waits for peers. */
export const PORT = 9735;

/** What a world gives to one of its nodes. */
export interface LabNodeParts {
  readonly name: string;
  /** BIP 39 words. */
  readonly words: string;
  /** Asked for at each start. */
  readonly policy: () => NodePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: MemoryDisk;
  /** The host's sockets, and how they die. */
  readonly network: Network;
  readonly unplug: () => void;
  readonly chain: () => BaseNode;
  readonly recorder: (keychain: Keychain) => Recorder;
  readonly report: (rule: Rule, detail: string) => void;
  /** Planted bugs stand between the node and its recorded store. */
  readonly plant: (store: Store) => Store;
}

interface Life {
  over: boolean;
  node: SluiceNode | undefined;
  readonly chain: BaseNode;
}

/** One machine of a world: a disk that stays, and a node that runs on it, dies and runs again. */
export class LabNode {
  readonly name: string;
  readonly id: NodeId;
  readonly recorder: Recorder;
  readonly disk: MemoryDisk;
  readonly #parts: LabNodeParts;
  readonly #keychain: Keychain;
  readonly #signers: SignerHome;
  #life: Life | undefined;

  constructor(parts: LabNodeParts) {
    this.#keychain = keychainOf(parts.words, "regtest");
    this.#signers = signersOf(parts.words, this.#keychain);
    this.#parts = parts;
    this.name = parts.name;
    this.id = this.#keychain.nodeId;
    this.disk = parts.disk;
    this.recorder = parts.recorder(this.#keychain);
  }
  /** BIP 39 words of the node. */
  get words(): string {
    return this.#parts.words;
  }
  /** For a thief: no node gives them to anybody. */
  channelSecrets(index: number): ChannelSecrets {
    return channelSecrets(this.#keychain.channelSeed(index));
  }
  get isUp(): boolean {
    return this.#life?.node !== undefined;
  }
  /** The running node. */
  get node(): SluiceNode {
    return present(this.#life?.node, `${this.name} is running`);
  }

  /** Starts from what is on the disk, and with what else a data folder may hold. */
  async start(more: Pick<NodeParts, "backupFile" | "wordsWereUsed"> = {}): Promise<void> {
    const chain = this.#watched(this.#parts.chain());
    const life: Life = { over: false, node: undefined, chain };
    this.#life = life;
    try {
      life.node = await createNode({ ...this.#partsOf(life), ...more });
    } catch (error) {
      this.#parts.report("no_halt", `does not start: ${String(error)}`);
    }
  }
  #watched(chain: BaseNode): BaseNode {
    return {
      ...chain,
      broadcast: (tx) => {
        this.recorder.broadcasts(tx);
        return chain.broadcast(tx);
      },
    };
  }
  #partsOf(life: Life): NodeParts {
    const { name, policy, clock, random, network, disk, plant, report } = this.#parts;
    return {
      alias: name,
      version: "simulated",
      params: CHAINS.regtest,
      signer: this.#signers.open(),
      policy: policy(),
      clock: {
        now: () => clock.now(),
        after: (delayMs, task) =>
          clock.after(delayMs, () => {
            if (!life.over) task();
          }),
      },
      random,
      store: plant(this.recorder.store(disk.open())),
      chain: life.chain,
      network,
      links: { open: () => Promise.reject(new Error("no streams in this world")) },
      log: SILENT,
      streamFolders: NO_FOLDERS,
      observe: (peer, bytes) => {
        if (!life.over) this.recorder.leaves(peer, bytes);
      },
      listen: { host: name, port: PORT },
      onHalt: (error) => {
        if (!life.over) report("no_halt", error.stack ?? String(error));
      },
    };
  }

  /** Power off. Of the groups that the disk has not acknowledged the first `keep` are on it. */
  crash(keep: number): void {
    const life = this.#life;
    if (life === undefined) return;
    life.over = true;
    this.#life = undefined;
    const kept = this.recorder.pending - this.disk.pending + keep;
    this.disk.crash(keep);
    this.recorder.crashed(kept);
    this.#parts.unplug();
    life.node?.crash();
    this.#signers.leave();
    void life.chain.stop();
  }
  /** Stops in good order. */
  async stop(): Promise<void> {
    await this.#life?.node?.shutdown();
    this.#signers.leave();
  }
}

const nothing = (): void => undefined;
const SILENT: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
const NO_FOLDERS: NodeParts["streamFolders"] = {
  make: () => Promise.reject(new Error("no streams in this world")),
  folder: (stream) => stream,
};
