import { lstatSync } from "node:fs";
import { type ChannelKeys, type ChannelSigner, keyCache, type SigningRequest } from "../../../channels/index.ts";
import { idBytes } from "../../base/ids.ts";
import { assert, err, ok, present } from "../../base/result.ts";
import { decode, encode } from "../../codec/codec.ts";
import type { Signer } from "../../ports/signer.ts";
import { Refused } from "../sentences.ts";
import { type Line, openLine, SignerGone } from "./line.ts";
import { type Answer, answer, PROTOCOL, type Question, question } from "./questions.ts";

/** Policy, not protocol: an answer takes well under a millisecond; one that takes so long does not come. */
const ANSWER_MS_MAX = 10_000;
/** Points of commitments that are fetched at once, and how many are kept. */
const POINTS_AT_ONCE = 32;
const POINTS_KEPT = 64;
const NUMBERS = 1n << 48n;

export interface SocketSignerOptions {
  /** Of the socket. */
  readonly path: string;
  readonly network: string;
  /** Told once, when the signer is gone: nothing can be signed any more, and the node has to stop. */
  readonly onGone: (error: Error) => void;
  /** Also stand still while the signer writes. For worlds whose time is not the clock's; else the node goes on meanwhile. */
  readonly keepsAtOnce?: boolean;
  readonly answerMsMax?: number;
}
export interface SocketSigner extends Signer {
  close(): void;
}

/** Words of the signer that are shown to people. */
const sentence = (path: string, detail: string): string =>
  detail === "ECONNREFUSED" ? `No signer listens on ${path}.` : `The signer at ${path} is of no use: ${detail}.`;

/** The signer behind a socket, after a wait for its greeting. Throws `Refused` when none is there, or none that this node may use. */
export function openSocketSigner(options: SocketSignerOptions): SocketSigner {
  const { path, network, onGone, answerMsMax = ANSWER_MS_MAX } = options;
  checkSocket(path);
  let isOpen = false;
  const line = openLine(path, answerMsMax, (gone) => {
    if (isOpen) onGone(new Refused(sentence(path, gone.message)));
  });
  try {
    const hello = asked(line, { tag: "hello", protocol: PROTOCOL, network });
    if (hello.tag !== "hello")
      throw new Refused(sentence(path, "detail" in hello ? hello.detail : "it does not greet"));
    isOpen = true;
    return new Connected(line, hello, options);
  } catch (error) {
    line.close();
    throw error instanceof SignerGone ? new Refused(sentence(path, error.message)) : error;
  }
}

/** Node does not say who is at the other end of a socket; who may listen there is said by its file. */
function checkSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new Refused(`No signer listens on ${path}.`);
  if (!found.isSocket()) throw new Refused(`${path} is no socket.`);
  const isOurs = process.getuid === undefined || found.uid === process.getuid();
  if (!isOurs || (found.mode & 0o077) !== 0)
    throw new Refused(`${path} is open to others than this user: its mode has to be 0600.`);
}

function read(bytes: Uint8Array): Answer {
  const answered = decode(answer, bytes);
  if (!answered.ok) throw new SignerGone(`no answer: ${answered.error.message}`);
  return answered.value;
}
const asked = (line: Line, value: Question): Answer => read(line.ask(encode(question, value)));

class Connected implements SocketSigner {
  readonly nodeId: Signer["nodeId"];
  readonly nodeKey: Signer["nodeKey"];
  readonly streamMaster: Uint8Array;
  readonly backupKey: Uint8Array;
  readonly hasSigned: boolean;
  readonly accounts: Signer["accounts"];
  readonly #line: Line;
  readonly #keepsAtOnce: boolean;
  /** Something has been asked since the last mark that may have changed what the signer remembers. */
  #changed = false;
  #mark = 0;
  #kept = 0;

  constructor(line: Line, hello: Extract<Answer, { readonly tag: "hello" }>, { keepsAtOnce }: SocketSignerOptions) {
    const { nodeId, streamMaster, backupKey, hasSigned, p2wpkh, p2tr } = hello;
    this.#line = line;
    this.#keepsAtOnce = keepsAtOnce ?? false;
    this.nodeId = nodeId;
    this.streamMaster = streamMaster;
    this.backupKey = backupKey;
    this.hasSigned = hasSigned;
    this.accounts = { p2wpkh, p2tr };
    this.nodeKey = {
      publicKey: idBytes(nodeId),
      ecdh: (point) => {
        if (point.length !== 33) return undefined;
        return expected(asked(line, { tag: "ecdh", point }), "shared").secret;
      },
    };
  }
  signAsNode(digest: Uint8Array): ReturnType<Signer["signAsNode"]> {
    return expected(asked(this.#line, { tag: "sign_as_node", digest }), "node_signature");
  }
  readonly signWallet: Signer["signWallet"] = (request) => {
    const answered = asked(this.#line, { tag: "sign_wallet", ...request });
    if (answered.tag === "not_our_coin") return err({ code: "not_our_coin", index: answered.index });
    return ok(expected(answered, "witnesses").witnesses);
  };
  channel(index: number, remembered: Parameters<Signer["channel"]>[1]): ReturnType<Signer["channel"]> {
    this.#changed = true;
    const answered = asked(this.#line, { tag: "open", index, remembered });
    if (answered.tag === "old_record") return err({ code: "old_record", detail: answered.detail });
    const { basepoints } = expected(answered, "opened");
    return ok(this.#channel(index, { ...basepoints, ...this.#keysOf(index), derived: keyCache() }));
  }
  #channel(index: number, keys: ChannelKeys): ChannelSigner {
    const line = this.#line;
    return {
      keys,
      sign: (request: SigningRequest) => {
        this.#changed = true;
        const answered = asked(line, { tag: "sign", index, request });
        if (answered.tag === "signing_refused") return err(answered.refusal);
        return ok(expected(answered, "signed").signatures);
      },
      signClaim: (request, pays) => {
        const answered = asked(line, { tag: "claim", index, request, pays });
        return answered.tag === "claim_refused" ? err(answered.refusal) : ok(expected(answered, "claimed").signature);
      },
      announce: (announcement) => {
        const answered = asked(line, { tag: "announce", index, announcement });
        if (answered.tag === "not_our_announcement") return err({ code: "not_our_announcement" });
        const { nodeSignature, bitcoinSignature } = expected(answered, "announced");
        return ok({ nodeSignature, bitcoinSignature });
      },
    };
  }
  #keysOf(index: number): Pick<ChannelKeys, "commitmentPoint" | "commitmentSecret"> {
    const points = new Map<bigint, Uint8Array>();
    const fetch = (from: bigint): void => {
      const count = Number(from + BigInt(POINTS_AT_ONCE) > NUMBERS ? NUMBERS - from : BigInt(POINTS_AT_ONCE));
      const { points: fetched } = expected(asked(this.#line, { tag: "points", index, from, count }), "points");
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
        return expected(asked(this.#line, { tag: "secret", index, number }), "secret").secret;
      },
    };
  }

  forget(index: number): void {
    this.#line.tell(encode(question, { tag: "forget", index }));
  }
  mark(): number {
    if (!this.#changed) return this.#mark;
    this.#changed = false;
    this.#mark++;
    this.#line.tell(encode(question, { tag: "mark", mark: this.#mark }));
    return this.#mark;
  }
  async keep(mark: number): Promise<void> {
    if (mark <= this.#kept) return;
    const body = encode(question, { tag: "keep", mark });
    expected(read(this.#keepsAtOnce ? this.#line.ask(body) : await this.#line.askLater(body)), "kept");
    this.#kept = mark;
  }
  close(): void {
    this.#line.close();
  }
}

/** The answer that belongs to the question; the others are an end of it. */
function expected<T extends Answer["tag"]>(answered: Answer, tag: T): Extract<Answer, { readonly tag: T }> {
  if (answered.tag === tag) return answered as Extract<Answer, { readonly tag: T }>;
  throw new SignerGone("detail" in answered ? answered.detail : `it answers ${answered.tag} in place of ${tag}`);
}
