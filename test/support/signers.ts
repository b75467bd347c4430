import { type ChildProcess, fork } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelSigner, SignerMemory } from "../../channels/index.ts";
import {
  openSocketSigner,
  type SocketSigner,
  type SocketSignerOptions,
} from "../../src/adapters/signer/socket-signer.ts";
import { assert } from "../../src/base/result.ts";
import type { SignerHome } from "../../src/lab/signers.ts";
import type { Signer } from "../../src/ports/signer.ts";
import { CHAIN } from "./channel-fixtures.ts";
import type { SignerKeys, SignerOrder } from "./signer-process.ts";

/** `TEST_SIGNER=process` puts the keys of every node and channel of the tests into another process, behind a socket. */
export const areElsewhere = process.env["TEST_SIGNER"] === "process";

/** For Node, in front of a program that a test starts and that makes worlds: their keys are elsewhere too. */
export const ELSEWHERE_TOO: readonly string[] = areElsewhere
  ? ["--import", new URL("hooks.ts", import.meta.url).href]
  : [];

/** The first time a process has to start for it. */
const LISTENING_MS_MAX = 60_000;
/** A process with signers. */
interface SignersHost {
  readonly child: ChildProcess;
  readonly folder: string;
  made: number;
}
let common: SignersHost | undefined;

/** A process for signers. What it is told before it has come up waits for it. */
export function signersHost(): SignersHost {
  const child = fork(join(import.meta.dirname, "signer-process.ts"), {
    execArgv: ["--import", "tsx", "--conditions=source"],
    serialization: "advanced",
  });
  child.unref();
  child.channel?.unref();
  const folder = mkdtempSync(join(tmpdir(), "sluice-signers-"));
  process.once("exit", () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, folder, made: 0 };
}
/** One process for all signers of this one, which is started when somebody needs it: that may be while files are loaded. */
const commonHost = (): SignersHost => {
  common ??= signersHost();
  return common;
};

interface Home extends SignerHome {
  readonly path: string;
  open(options?: Partial<SocketSignerOptions>): SocketSigner;
}
/** A home in another process: the common one, or one of this test's own. */
export function elsewhere(keys: SignerKeys, host = commonHost()): Home {
  const path = join(host.folder, `${++host.made}`);
  host.child.send({ path, keys } satisfies SignerOrder);
  const lock = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + LISTENING_MS_MAX;
  while (!existsSync(`${path}.ready`)) {
    assert(performance.now() < deadline, "the signer listens in time");
    Atomics.wait(lock, 0, 0, 1);
  }
  let open: SocketSigner | undefined;
  const leave = (): void => {
    open?.close();
    open = undefined;
  };
  return {
    path,
    leave,
    open: (options) => {
      leave();
      const onGone = (error: Error): void => {
        throw error;
      };
      open = openSocketSigner({ path, network: "regtest", onGone, keepsAtOnce: true, ...options });
      return open;
    },
  };
}

const channels = new Map<string, { readonly signer: Signer; made: number }>();
/** A signer of the same channel each time, in the other process; each remembers for itself. */
export function channelElsewhere(
  name: string,
  { nodeSecret, seed: channelSeed }: { readonly nodeSecret: Uint8Array; readonly seed: Uint8Array },
  remembered: SignerMemory,
): ChannelSigner {
  const known = channels.get(name) ?? {
    signer: elsewhere({ tag: "channel", nodeSecret, channelSeed, chainHash: CHAIN }).open(),
    made: 0,
  };
  channels.set(name, known);
  const opened = known.signer.channel(known.made++, remembered);
  assert(opened.ok, "a channel that nobody has asked about");
  return opened.value;
}
