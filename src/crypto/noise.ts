import { assert } from "../base/result.ts";
import { ACT_BYTES, type ActFault, answer, initiate, type NoiseSecrets, type SessionKeys } from "./noise-handshake.ts";
import { openHeader, PACKET_HEADER_BYTES, sealPackets } from "./noise-packets.ts";

export type { NoiseSecrets } from "./noise-handshake.ts";

/** Why a connection is of no more use. After any of them no byte is sent. BOLT 8 §Handshake Exchange. */
export type NoiseFault =
  | { readonly code: ActFault | "bad_ciphertext"; readonly act: 1 | 2 | 3 }
  /** A packet that its sender did not make, or that did not arrive as sent. */
  | { readonly code: "bad_length" | "bad_message" };

export type NoiseState =
  | { readonly tag: "Handshake" }
  /** `remote`: 33 bytes, the node id that the other side has proven. */
  | { readonly tag: "Open"; readonly remote: Uint8Array }
  | { readonly tag: "Failed"; readonly fault: NoiseFault };

/** What some received bytes led to: the answer to send, and the messages that are complete, in order. */
export interface Received {
  readonly send: Uint8Array;
  readonly messages: readonly Uint8Array[];
  readonly state: NoiseState;
}
/** What the next `needed` bytes are. */
interface Stage {
  readonly needed: number;
  readonly read: (session: Session, bytes: Uint8Array) => void;
}

/**
 * One connection's encryption, without any input or output of its own: bytes in, in whatever pieces they arrive; bytes and
 * messages out. It holds at most one incomplete packet (65,551 bytes). BOLT 8 §Authenticated Key Agreement Handshake.
 */
export interface NoiseSession {
  readonly state: NoiseState;
  /** Takes bytes of the connection. Messages that came complete before a fault are still given. Never throws. */
  receive(bytes: Uint8Array): Received;
  /** The packets of all messages in one buffer. Only while `Open`: throws otherwise, as that is a bug of ours. */
  send(messages: readonly Uint8Array[]): Uint8Array;
}

const NOTHING = new Uint8Array(0);

class Session implements NoiseSession {
  state: NoiseState = { tag: "Handshake" };
  keys: SessionKeys | undefined;
  /** Filled while one `receive` runs. */
  answer: Uint8Array = NOTHING;
  messages: Uint8Array[] = [];
  stage: Stage;
  #held = NOTHING;
  #heldBytes = 0;
  constructor(stage: Stage) {
    this.stage = stage;
  }
  receive(bytes: Uint8Array): Received {
    this.answer = NOTHING;
    this.messages = [];
    let at = 0;
    while (at < bytes.length && this.state.tag !== "Failed") {
      const { needed } = this.stage;
      if (this.#heldBytes === 0 && bytes.length - at >= needed) {
        this.stage.read(this, bytes.subarray(at, at + needed));
        at += needed;
      } else at += this.#hold(bytes.subarray(at), needed);
    }
    return { send: this.answer, messages: this.messages, state: this.state };
  }
  /** Keeps a copy of what belongs to an incomplete piece; reads it once it is whole. Answers how much it took. */
  #hold(bytes: Uint8Array, needed: number): number {
    if (this.#heldBytes === 0) this.#held = new Uint8Array(needed);
    const taken = Math.min(bytes.length, needed - this.#heldBytes);
    this.#held.set(bytes.subarray(0, taken), this.#heldBytes);
    this.#heldBytes += taken;
    if (this.#heldBytes === needed) {
      const whole = this.#held;
      this.#held = NOTHING;
      this.#heldBytes = 0;
      this.stage.read(this, whole);
    }
    return taken;
  }
  send(messages: readonly Uint8Array[]): Uint8Array {
    assert(this.state.tag === "Open" && this.keys !== undefined, "messages are sent after the handshake");
    return sealPackets(this.keys.sending, messages);
  }
  open(keys: SessionKeys): void {
    this.keys = keys;
    this.state = { tag: "Open", remote: keys.remote };
    this.stage = header;
  }
  fail(fault: NoiseFault): void {
    this.state = { tag: "Failed", fault };
    this.keys = undefined;
  }
}

/** BOLT 8 §Receiving and Decrypting Messages. */
const header: Stage = {
  needed: PACKET_HEADER_BYTES,
  read: (session, bytes) => {
    const following = openHeader((session.keys as SessionKeys).receiving, bytes);
    if (following === undefined) session.fail({ code: "bad_length" });
    else session.stage = body(following);
  },
};
const body = (needed: number): Stage => ({
  needed,
  read: (session, bytes) => {
    const message = (session.keys as SessionKeys).receiving.open(bytes);
    if (message === undefined) return session.fail({ code: "bad_message" });
    session.messages.push(message);
    session.stage = header;
  },
});

/**
 * The side that dialled. `send` is act one and must go out first.
 *
 * @param remote 33 bytes: the id of the node that should be there
 * @returns undefined when `remote` is no point of the curve
 */
export function noiseInitiator(
  secrets: NoiseSecrets,
  remote: Uint8Array,
): { readonly session: NoiseSession; readonly send: Uint8Array } | undefined {
  const begun = initiate(secrets, remote);
  if (begun === undefined) return undefined;
  const session = new Session({
    needed: ACT_BYTES.two,
    read: (self, bytes) => {
      const finished = begun.finish(bytes);
      if (!finished.ok) return self.fail({ code: finished.error, act: 2 });
      self.answer = finished.value.actThree;
      self.open(finished.value.keys);
    },
  });
  return { session, send: begun.actOne };
}

/** The side that was dialled. It learns who called only when act three has come. */
export function noiseResponder(secrets: NoiseSecrets): NoiseSession {
  return new Session({
    needed: ACT_BYTES.one,
    read: (self, bytes) => {
      const answered = answer(secrets, bytes);
      if (!answered.ok) return self.fail({ code: answered.error, act: 1 });
      self.answer = answered.value.actTwo;
      self.stage = {
        needed: ACT_BYTES.three,
        read: (again, actThree) => {
          const finished = answered.value.finish(actThree);
          if (finished.ok) again.open(finished.value);
          else again.fail({ code: finished.error, act: 3 });
        },
      };
    },
  });
}
