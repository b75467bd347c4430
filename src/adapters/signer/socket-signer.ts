import { dirname } from "node:path";
import { type ChannelKeys, type ChannelSigner, keyCache, type SigningRequest } from "../../../channels/index.ts";
import { idBytes } from "../../base/ids.ts";
import { assert, err, ok, present } from "../../base/result.ts";
import { decode, encode } from "../../codec/codec.ts";
import type { Signer } from "../../ports/signer.ts";
import { type Line, openLine, SignerGone } from "./line.ts";
import { checkFolder, checkSocket } from "./permissions.ts";
import { type Answer, answer, PROTOCOL, type Question, question } from "./questions.ts";

/** Policy, not protocol: an answer takes well under a millisecond; one that takes so long does not come. */
const ANSWER_MS_MAX = 10_000;
/** Policy, not protocol: keeping waits for a disk, which may be slow; one that takes so long does not write. */
const KEEP_MS_MAX = 60_000;
/** Points of commitments that are fetched at once, and how many are kept. */
const POINTS_AT_ONCE = 32;
const POINTS_KEPT = 64;
const NUMBERS = 1n << 48n;
/** Marks have 32 bits on the way: a busy node comes to the end of them in weeks, and begins again. */
const MARKS = 2 ** 32;

export interface SocketSignerOptions {
  /** Of the socket. */
  readonly path: string;
  readonly network: string;
  /** Told once, when the signer is gone: nothing can be signed any more, and the node has to stop. */
  readonly onGone: (error: Error) => void;
  /** Also stand still while the signer writes. For worlds whose time is not the clock's; else the node goes on meanwhile. */
  readonly keepsAtOnce?: boolean;
  readonly answerMsMax?: number;
  readonly keepMsMax?: number;
}
export interface SocketSigner extends Signer {
  close(): void;
}

/** The signer behind a socket, after a wait for its greeting. Throws `Refused` when none is there, or none that this node may use. */
export function openSocketSigner(options: SocketSignerOptions): SocketSigner {
  const { path, network, onGone, answerMsMax = ANSWER_MS_MAX } = options;
  checkSocket(path);
  checkFolder(dirname(path));
  let isOpen = false;
  const line = openLine(path, (gone) => {
    if (isOpen) onGone(gone);
  });
  try {
    const asking = new Asking(line, answerMsMax);
    const hello = asking.expect("hello", { tag: "hello", protocol: PROTOCOL, network });
    isOpen = true;
    return new Connected(asking, hello, options);
  } catch (error) {
    line.close();
    throw error;
  }
}

/** Questions and answers in place of bytes. Throws `SignerGone` for whatever is no answer to the question. */
class Asking {
  readonly line: Line;
  readonly #msMax: number;

  constructor(line: Line, msMax: number) {
    this.line = line;
    this.#msMax = msMax;
  }
  ask(value: Question, msMax = this.#msMax): Answer {
    return this.#read(this.line.ask(encode(question, value), msMax));
  }
  /** The answer that belongs to the question, when there is but one. */
  expect<T extends Answer["tag"]>(tag: T, value: Question): Extract<Answer, { readonly tag: T }> {
    return this.expected(tag, this.ask(value));
  }
  expected<T extends Answer["tag"]>(tag: T, answered: Answer): Extract<Answer, { readonly tag: T }> {
    if (answered.tag === tag) return answered as Extract<Answer, { readonly tag: T }>;
    const detail = "detail" in answered ? answered.detail : `it answers ${answered.tag} in place of ${tag}`;
    throw new SignerGone(this.line.path, detail);
  }
  async askLater(value: Question, msMax: number): Promise<Answer> {
    return this.#read(await this.line.askLater(encode(question, value), msMax));
  }
  tell(value: Question): void {
    this.line.tell(encode(question, value));
  }
  #read(bytes: Uint8Array): Answer {
    const answered = decode(answer, bytes);
    if (!answered.ok) throw new SignerGone(this.line.path, `no answer: ${answered.error.message}`);
    return answered.value;
  }
}

class Connected implements SocketSigner {
  readonly nodeId: Signer["nodeId"];
  readonly nodeKey: Signer["nodeKey"];
  readonly streamMaster: Uint8Array;
  readonly backupKey: Uint8Array;
  readonly hasSigned: boolean;
  readonly accounts: Signer["accounts"];
  readonly #asking: Asking;
  readonly #options: SocketSignerOptions;
  /** Something has been asked since the last mark that may have changed what the signer remembers. */
  #changed = false;
  #mark = 0;
  #kept = 0;

  constructor(asking: Asking, hello: Extract<Answer, { readonly tag: "hello" }>, options: SocketSignerOptions) {
    const { nodeId, streamMaster, backupKey, hasSigned, p2wpkh, p2tr } = hello;
    this.#asking = asking;
    this.#options = options;
    this.nodeId = nodeId;
    this.streamMaster = streamMaster;
    this.backupKey = backupKey;
    this.hasSigned = hasSigned;
    this.accounts = { p2wpkh, p2tr };
    this.nodeKey = {
      publicKey: idBytes(nodeId),
      ecdh: (point) => {
        if (point.length !== 33) return undefined;
        return this.#asking.expect("shared", { tag: "ecdh", point }).secret;
      },
    };
  }
  signAsNode(digest: Uint8Array): ReturnType<Signer["signAsNode"]> {
    return this.#asking.expect("node_signature", { tag: "sign_as_node", digest });
  }
  readonly signWallet: Signer["signWallet"] = (request) => {
    const answered = this.#asking.ask({ tag: "sign_wallet", ...request });
    if (answered.tag === "not_our_coin") return err({ code: "not_our_coin", index: answered.index });
    return ok(this.#asking.expected("witnesses", answered).witnesses);
  };
  channel(index: number, remembered: Parameters<Signer["channel"]>[1]): ReturnType<Signer["channel"]> {
    this.#changed = true;
    const answered = this.#asking.ask({ tag: "open", index, remembered });
    if (answered.tag === "old_record") return err({ code: "old_record", detail: answered.detail });
    const { basepoints } = this.#asking.expected("opened", answered);
    return ok(this.#channel(index, { ...basepoints, ...this.#keysOf(index), derived: keyCache() }));
  }
  #channel(index: number, keys: ChannelKeys): ChannelSigner {
    return {
      keys,
      sign: (request: SigningRequest) => {
        this.#changed = true;
        const answered = this.#asking.ask({ tag: "sign", index, request });
        if (answered.tag === "signing_refused") return err(answered.refusal);
        return ok(this.#asking.expected("signed", answered).signatures);
      },
      signClaim: (request, pays) => {
        const answered = this.#asking.ask({ tag: "claim", index, request, pays });
        return answered.tag === "claim_refused"
          ? err(answered.refusal)
          : ok(this.#asking.expected("claimed", answered).signature);
      },
      announce: (announcement) => {
        const answered = this.#asking.ask({ tag: "announce", index, announcement });
        if (answered.tag === "not_our_announcement") return err({ code: "not_our_announcement" });
        const { nodeSignature, bitcoinSignature } = this.#asking.expected("announced", answered);
        return ok({ nodeSignature, bitcoinSignature });
      },
    };
  }
  #keysOf(index: number): Pick<ChannelKeys, "commitmentPoint" | "commitmentSecret"> {
    const points = new Map<bigint, Uint8Array>();
    const fetch = (from: bigint): void => {
      const count = Number(from + BigInt(POINTS_AT_ONCE) > NUMBERS ? NUMBERS - from : BigInt(POINTS_AT_ONCE));
      const { points: fetched } = this.#asking.expect("points", { tag: "points", index, from, count });
      for (const oldest of points.keys()) if (points.size > POINTS_KEPT - count) points.delete(oldest);
      for (const [at, point] of fetched.entries()) points.set(from + BigInt(at), point);
    };
    return {
      commitmentPoint: (number) => {
        assert(number >= 0n && number < NUMBERS, "a commitment number has 48 bits");
        if (!points.has(number)) fetch(number);
        return present(points.get(number), "points come as they were asked for");
      },
      commitmentSecret: (number) => {
        this.#changed = true;
        return this.#asking.expect("secret", { tag: "secret", index, number }).secret;
      },
    };
  }

  forget(index: number): void {
    this.#asking.tell({ tag: "forget", index });
  }
  mark(): number {
    if (!this.#changed) return this.#mark;
    this.#changed = false;
    this.#mark++;
    this.#asking.tell({ tag: "mark", mark: this.#mark % MARKS });
    return this.#mark;
  }
  async keep(mark: number): Promise<void> {
    if (mark <= this.#kept) return;
    const { keepsAtOnce = false, keepMsMax = KEEP_MS_MAX } = this.#options;
    const keep = { tag: "keep", mark: mark % MARKS } as const;
    this.#asking.expected(
      "kept",
      keepsAtOnce ? this.#asking.ask(keep, keepMsMax) : await this.#asking.askLater(keep, keepMsMax),
    );
    this.#kept = mark;
  }
  close(): void {
    this.#asking.line.close();
  }
}
