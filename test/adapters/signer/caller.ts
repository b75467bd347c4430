import { createConnection, type Socket } from "node:net";
import { memoryDisk } from "../../../src/adapters/memory/store.ts";
import { FrameReader, frameBytes } from "../../../src/adapters/signer/frames.ts";
import { type Answer, answer, PROTOCOL, type Question, question } from "../../../src/adapters/signer/questions.ts";
import type { SignerService } from "../../../src/adapters/signer/server.ts";
import { CHAINS } from "../../../src/bitcoin/params.ts";
import { decode, encode } from "../../../src/codec/codec.ts";
import { keychainOf } from "../../../src/daemon/keychain.ts";
import { localSigner } from "../../../src/daemon/signer/local-signer.ts";
import { keptMemories } from "../../../src/daemon/signer/memories.ts";
import { WORDS } from "../../contract/signer.ts";

export const HELLO = { tag: "hello", protocol: PROTOCOL, network: "regtest" } as const satisfies Question;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const keychain = keychainOf(WORDS, "regtest");

/** A signer of these words, to be served there. */
export const serviceAt = (path: string): SignerService => ({
  path,
  network: "regtest",
  open: () => localSigner(keychain, CHAINS.regtest, keptMemories(memoryDisk().open())),
  log: SILENT,
  onHalt: (error) => {
    throw error;
  },
});

/** Whoever comes to the socket: what it is told, and whether it was parted with. */
export class Caller {
  readonly heard: Answer[] = [];
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly over: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(path: string) {
    this.#socket = createConnection(path);
    this.#socket.on("error", () => {});
    this.over = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.on("data", (bytes: Buffer) => {
      for (const { body } of this.#reader.read(bytes) ?? []) {
        const answered = decode(answer, body);
        if (answered.ok) this.heard.push(answered.value);
      }
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }
  ask(value: Question, id = 2): void {
    this.raw(frameBytes({ id, body: encode(question, value) }));
  }
  async answers(count: number): Promise<readonly Answer[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.heard;
  }
  close(): void {
    this.#socket.destroy();
  }
}
