import type { Result } from "../base/result.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import type { BaseNode } from "../ports/base-node.ts";
import type { Log } from "../ports/log.ts";
import type { Address, Network } from "../ports/network.ts";
import type { Signer } from "../ports/signer.ts";
import type { Store } from "../ports/store.ts";
import type { StreamLinks } from "../ports/stream-link.ts";
import type { Clock, Random } from "../ports/world.ts";
import type { BackupFile } from "./backup/host.ts";
import type { NodeCommands } from "./commands.ts";
import type { NodePolicy } from "./context.ts";
import type { Observe } from "./peer/session.ts";

/** What a node is made of: its keys, its policy, and the world through its ports. */
export interface NodeParts {
  readonly alias: string;
  readonly version: string;
  readonly params: ChainParams;
  /** Every key of the node. */
  readonly signer: Signer;
  /** These words were there before, and the store was not: others may know what they own. */
  readonly wordsWereUsed?: boolean;
  /** The static backup beside the store; none in a world without files. */
  readonly backupFile?: BackupFile;
  readonly policy: NodePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: Store;
  readonly chain: BaseNode;
  readonly network: Network;
  readonly links: StreamLinks;
  readonly log: Log;
  readonly streamFolders: StreamFolders;
  /** Given by the simulator alone: hears what the node says. */
  readonly observe?: Observe;
  /** Where to wait for peers; none without it. */
  readonly listen: Address | undefined;
  /** Told once when the disk refuses a group or a step throws: nothing is sent any more, and only a restart helps. */
  readonly onHalt: (error: Error) => void;
}

/** Where packaged streams are kept and served from. */
export interface StreamFolders {
  /** Packages a folder of ready HLS under the stream's id. */
  make(
    stream: string,
    source: string,
    keyOf: (slot: number) => Uint8Array,
  ): Promise<Result<{ readonly units: number; readonly unitSeconds: number }, object>>;
  folder(stream: string): string;
}

/** A running node. */
export interface SluiceNode extends NodeCommands {
  /** The site's end of namespace `/stream`: one request of a viewer's node, and the answer to it. */
  readonly siteRequest: (connection: string, name: string, body: unknown) => Promise<unknown>;
  readonly siteClosed: (connection: string) => void;
  /** The folder with a stream's playlist and encrypted segments. */
  readonly streamFolder: (stream: string) => string | undefined;
  /** As a crash: nothing more is written, sent or told. What the store does not hold is gone. */
  readonly crash: () => void;
}
