import { expect } from "chai";
import { assertConserved } from "../../channels/commitments.ts";
import {
  attemptMemoryOf,
  type ChannelEnv,
  type ChannelInput,
  type ChannelMessage,
  closeAwaited,
  type DurableState,
  decodeChannel,
  type Effect,
  encodeChannel,
  type IncomingHtlc,
  signerMemoryOf,
  step,
  type Transition,
} from "../../channels/index.ts";
import { assert, present } from "../../src/base/result.ts";
import { blockHeight, type CltvExpiry, msat, type SatPerKw, satPerKw } from "../../src/base/units.ts";
import { type Tx, type TxOut, txidOf } from "../../src/bitcoin/tx.ts";
import { featureBits } from "../../src/wire/features.ts";
import { decodeMessage, encodeMessage } from "../../src/wire/registry.ts";
import {
  ALIAS,
  CHAIN,
  EXPIRY,
  fundingTx,
  HEIGHT,
  hashOf,
  type Name,
  ONION,
  other,
  preimageOfHash,
} from "./channel-fixtures.ts";
import { Party } from "./channel-party.ts";
import { hostAnswers } from "./host-answers.ts";

export interface Fault {
  /** The write is lost, or done and nothing after it. */
  readonly crash: "before_write" | "after_write";
}

/** Two live channel machines in memory, joined by queues of encoded messages; every commit goes through the codec. */
export class Pair {
  readonly parties: { readonly a: Party; readonly b: Party } = { a: new Party("a"), b: new Party("b") };
  /** Frames on their way to each. */
  readonly queues: { readonly a: Uint8Array[]; readonly b: Uint8Array[] } = { a: [], b: [] };
  connected = true;
  /** Whether every record is read back and compared with the state it was made of. */
  compare = true;
  /** What both offer. */
  features: readonly number[] = [0, 8, 12, 14, 22, 34, 44];
  /** What both estimators say. */
  estimate: SatPerKw | undefined = satPerKw(1000);
  /** Whether both have begun a moment ago and not heard of each other since. */
  unheard = false;
  /** Makes the funding transaction; the output stands second. */
  fund: (output: TxOut) => Tx = fundingTx;
  /** Of every frame ever sent, in order. */
  readonly trace: { readonly from: Name; readonly message: ChannelMessage }[] = [];
  /** Throws a crash at the next commit of a party. */
  nextFault: { readonly party: Name; readonly fault: Fault } | undefined;

  env(name: Name): ChannelEnv {
    const party = this.parties[name];
    return {
      chainHash: CHAIN,
      height: party.height,
      feerate: this.estimate,
      policy: party.policy,
      localNodeId: party.nodeId,
      remoteNodeId: this.parties[other(name)].nodeId,
      features: featureBits(this.features),
      keys: party.signer.keys,
      alias: ALIAS[name],
      keyIndex: 0,
      isUnheard: this.unheard,
    };
  }

  give(name: Name, input: ChannelInput): Transition {
    const party = this.parties[name];
    const transition = step(this.env(name), party.state, input);
    if (transition.kind === "stay") {
      for (const effect of transition.effects) this.perform(party, effect);
      return transition;
    }
    if (transition.kind === "advance") party.state = transition.next;
    else if (!this.write(party, transition.next)) return transition;
    this.check(party);
    for (const effect of transition.effects) this.perform(party, effect);
    return transition;
  }

  /** As the disk gives it back; false when a planned crash stops everything here. */
  private write(party: Party, next: DurableState): boolean {
    const fault = this.nextFault?.party === party.name ? this.nextFault.fault : undefined;
    if (fault?.crash === "before_write") {
      this.nextFault = undefined;
      this.crash(party.name);
      return false;
    }
    party.commits++;
    party.disk = encodeChannel(next);
    party.closeAwaited = closeAwaited(party.height, next, party.closeAwaited);
    if (!this.compare) {
      party.state = next;
      return true;
    }
    const read = decodeChannel(party.disk);
    assert(read.ok, `the record of ${next.tag} decodes`);
    const link = "link" in next ? { link: next.link } : {};
    party.state = { ...read.value, ...link } as DurableState;
    expect(party.state).to.deep.equal(next);
    if (fault?.crash === "after_write") {
      this.nextFault = undefined;
      this.crash(party.name);
      return false;
    }
    return true;
  }

  private check(party: Party): void {
    if ("commitments" in party.state) assertConserved(party.state.params, party.state.commitments);
  }

  private perform(party: Party, effect: Effect): void {
    party.log.push(effect);
    switch (effect.tag) {
      case "Propose":
      case "Bind":
        return this.send(party.name, effect.message);
      case "SendWarning":
      case "SendError": {
        const name = effect.tag === "SendError" ? "error" : "warning";
        const data = new TextEncoder().encode(effect.text);
        this.send(party.name, { name, channel_id: effect.channelId, data });
        if (effect.tag === "SendWarning" && effect.disconnect) this.disconnect();
        return;
      }
      default:
        party.note(effect);
        hostAnswers(this, party, effect);
    }
  }
  send(from: Name, message: ChannelMessage): void {
    if (!this.connected) return;
    const frame = encodeMessage(message);
    this.trace.push({ from, message });
    this.queues[other(from)].push(frame);
  }

  /** Delivers the oldest frame on its way to `to`. False when there is none. */
  deliver(to: Name): boolean {
    const frame = this.queues[to].shift();
    if (frame === undefined) return false;
    const decoded = decodeMessage(frame);
    assert(decoded.ok && decoded.value.name !== "unknown", "what was encoded decodes");
    this.give(to, { tag: "PeerMessage", message: decoded.value as ChannelMessage });
    return true;
  }
  /** Gives one party its turn of the loop. */
  signTurn(name: Name): boolean {
    const party = this.parties[name];
    if (party.signSoon === 0) return false;
    party.signSoon = 0;
    this.give(name, { tag: "Sign" });
    return true;
  }

  /** Until nothing is on its way and nobody has anything to sign. */
  settle(limit = 10_000): void {
    for (let i = 0; i < limit; i++) {
      if (this.deliver("a") || this.deliver("b")) continue;
      if (this.signTurn("a")) continue;
      if (this.signTurn("b")) continue;
      return;
    }
    throw new Error("the pair does not come to rest");
  }

  disconnect(): void {
    if (!this.connected) return;
    this.connected = false;
    this.queues.a.length = 0;
    this.queues.b.length = 0;
    for (const name of ["a", "b"] as const) this.give(name, { tag: "Disconnected" });
  }
  connect(): void {
    if (this.connected) return;
    this.connected = true;
    for (const name of ["a", "b"] as const) {
      this.parties[name].signSoon = 0;
      this.give(name, { tag: "Connected" });
    }
  }
  /** Back from disk: what was not written never was. */
  crash(name: Name): void {
    const party = this.parties[name];
    this.load(name, present(party.disk, "there is something on disk"));
    this.disconnect();
    this.give(name, { tag: "Resume" });
  }
  load(name: Name, disk: Uint8Array): void {
    const party = this.parties[name];
    const read = decodeChannel(disk);
    assert(read.ok, "the record decodes");
    party.state = read.value;
    party.signSoon = 0;
    if ("commitments" in read.value) party.memory = signerMemoryOf(read.value);
    if (read.value.tag === "WaitForFundingSignatures") party.memory = attemptMemoryOf(read.value);
    party.signer = party.newSigner();
  }

  offer(from: Name, amount: bigint, tick = this.ticks++, expiry: CltvExpiry = EXPIRY): Transition {
    return this.give(from, {
      tag: "OfferHtlc",
      amount: msat(amount),
      paymentHash: hashOf(tick),
      expiry,
      onion: ONION,
      origin: { tag: "payment", paymentId: `p${tick}`, attempt: 0 },
    });
  }
  ticks = 0;
  fulfill(name: Name, htlc: IncomingHtlc): Transition {
    return this.give(name, { tag: "FulfillHtlc", id: htlc.id, preimage: preimageOfHash(htlc.paymentHash) });
  }
  fail(name: Name, id: bigint): Transition {
    return this.give(name, { tag: "FailHtlc", id, reason: new Uint8Array(292).fill(1) });
  }
  block(height: number): void {
    for (const name of ["a", "b"] as const) {
      this.parties[name].height = blockHeight(height);
      this.give(name, { tag: "BlockConnected", height: blockHeight(height) });
      const { closeAwaited: since } = this.parties[name];
      if (since !== undefined) this.give(name, { tag: "CloseAwaited", since });
    }
  }
  /** Mines the funding transaction and buries it. */
  confirm(depth = 6): void {
    const funding = fundedOutput(this);
    for (const name of ["a", "b"] as const) {
      this.parties[name].height = blockHeight(HEIGHT + depth);
      this.give(name, { tag: "FundingConfirmed", height: blockHeight(HEIGHT + 1), txIndex: 1, output: funding });
    }
    this.settle();
  }
}
export function fundedOutput(pair: Pair): TxOut {
  const tx = (pair.parties.a.funded.funding.tx ?? pair.parties.a.broadcasts[0]) as Tx;
  assert(txidOf(tx) === pair.parties.a.funded.params.funding.txid, "the funding transaction is the one agreed on");
  return tx.outputs[1] as TxOut;
}
