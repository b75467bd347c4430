import { type ChannelSigner, isFresh } from "../../../channels/index.ts";
import { assert, present, unreachable } from "../../base/result.ts";
import type { Signer } from "../../ports/signer.ts";
import type { Answer, Question } from "./questions.ts";

/** Policy, not protocol: more channels than any node has open in one life. */
const CHANNELS_MAX = 1_000_000;
/** Policy, not protocol: a node writes one group at a time. What waits for the disk is held until it is there. */
const MARKS_MAX = 64;
/** What commitments have numbers of: 48 bits. */
const NUMBERS = 1n << 48n;

/** Answers one node's questions out of a signer, one after the other. Throws for what no honest node asks. */
export class Answering {
  readonly #signer: Signer;
  readonly #channels = new Map<number, ChannelSigner>();
  /** Of which there is a record, or for which something was given that may not be contradicted: not forgotten in this life. */
  readonly #bound = new Set<number>();
  /** What the signer called the moment of each `mark`, oldest first: their numbers begin again one day. */
  readonly #marks = new Map<number, number>();

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** `keep`, `mark` and `forget` are answered by `kept`, `marked` and `forgotten`. */
  answer(question: Exclude<Question, { readonly tag: "hello" | "keep" | "mark" | "forget" }>): Answer {
    switch (question.tag) {
      case "ecdh":
        return { tag: "shared", secret: this.#signer.nodeKey.ecdh(question.point) };
      case "sign_as_node":
        return { tag: "node_signature", ...this.#signer.signAsNode(question.digest) };
      case "sign_wallet": {
        const signed = this.#signer.signWallet(question);
        if (!signed.ok) return { tag: "not_our_coin", index: signed.error.index };
        return { tag: "witnesses", witnesses: signed.value };
      }
      case "open":
        return this.#open(question);
      default:
        return this.#ofChannel(question, present(this.#channels.get(question.index), "a channel is opened first"));
    }
  }
  forgotten(index: number): void {
    if (this.#bound.has(index)) return;
    this.#signer.forget(index);
    this.#channels.delete(index);
  }
  marked(mark: number): void {
    assert(this.#marks.size < MARKS_MAX, "marks are kept");
    assert(!this.#marks.has(mark), "a mark is set once");
    this.#marks.set(mark, this.#signer.mark());
  }
  /** Throws at once where nothing was marked; what rejects is the disk alone. */
  kept(mark: number): Promise<void> {
    const known = present(this.#marks.get(mark), "what is kept was marked");
    return this.#signer.keep(known).then(() => this.#forgetBefore(mark));
  }
  #forgetBefore(mark: number): void {
    if (!this.#marks.has(mark)) return;
    for (const earlier of this.#marks.keys()) {
      if (earlier === mark) break;
      this.#marks.delete(earlier);
    }
  }

  #open({ index, remembered }: Extract<Question, { readonly tag: "open" }>): Answer {
    const known = this.#channels.get(index);
    // A backup that comes later may tell of a channel whose index a node without data has used again: claims need no more.
    if (known !== undefined && remembered === undefined) return { tag: "opened", basepoints: known.keys };
    assert(known === undefined, "a channel is opened once");
    assert(this.#channels.size < CHANNELS_MAX, "so many channels have no node");
    const opened = this.#signer.channel(index, remembered);
    if (!opened.ok) return { tag: "old_record", detail: opened.error.detail };
    this.#channels.set(index, opened.value);
    if (remembered !== undefined && !isFresh(remembered)) this.#bound.add(index);
    return { tag: "opened", basepoints: opened.value.keys };
  }
  #ofChannel(
    question: Extract<Question, { readonly tag: "points" | "secret" | "sign" | "claim" | "announce" }>,
    channel: ChannelSigner,
  ): Answer {
    switch (question.tag) {
      case "points": {
        const { from, count } = question;
        assert(from + BigInt(count) <= NUMBERS, "a commitment number has 48 bits");
        const numbers = Array.from({ length: count }, (_, at) => from + BigInt(at));
        return { tag: "points", points: numbers.map((number) => channel.keys.commitmentPoint(number)) };
      }
      case "secret":
        assert(question.number < NUMBERS, "a commitment number has 48 bits");
        this.#bound.add(question.index);
        return { tag: "secret", secret: channel.keys.commitmentSecret(question.number) };
      case "sign": {
        this.#bound.add(question.index);
        const signed = channel.sign(question.request);
        return signed.ok
          ? { tag: "signed", signatures: signed.value }
          : { tag: "signing_refused", refusal: signed.error };
      }
      case "claim": {
        const signed = channel.signClaim(question.request, question.pays);
        return signed.ok
          ? { tag: "claimed", signature: signed.value }
          : { tag: "claim_refused", refusal: signed.error };
      }
      case "announce": {
        const signed = channel.announce(question.announcement);
        return signed.ok ? { tag: "announced", ...signed.value } : { tag: "not_our_announcement" };
      }
      default:
        return unreachable(question);
    }
  }
}
