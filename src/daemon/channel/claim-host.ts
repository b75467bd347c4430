import {
  byUrgency,
  type ChannelSigner,
  type Claim,
  claimFeerate,
  claimInput,
  claimWeight,
  inputWeight,
  lockScript,
  parentDeficit,
  presignedTx,
  RELAY_FEERATE_MIN,
  sweepTx,
  witnessOf,
} from "../../../channels/index.ts";
import { type ChannelId, outpointKey, type Txid } from "../../base/ids.ts";
import { assert, present } from "../../base/result.ts";
import { type BlockHeight, type Sat, type SatPerKw, satPerKw, ZERO_SAT } from "../../base/units.ts";
import { type Tx, txidOf, weightOf } from "../../bitcoin/tx.ts";
import type { NodeContext } from "../context.ts";
import type { Turn } from "../turn.ts";
import { type Complete, type PathOf, pathIn } from "../wallet/attach.ts";
import { waitingOn } from "../wallet/chained.ts";
import type { WalletHost } from "../wallet/host.ts";
import { LIFT_LABEL } from "../wallet/state.ts";
import { ClaimChain } from "./claim-chain.ts";
import { type UnpaidClaim, UnpaidClaims, unpaid } from "./unpaid-claims.ts";

/** A claim whose transaction is out, not yet mined. */
interface Flight {
  readonly txid: Txid;
  readonly feerate: SatPerKw;
}
/** What a channel claims now, and with which keys. */
interface Wanted {
  readonly signer: ChannelSigner;
  readonly claims: readonly Claim[];
}
/** What has come of a channel's claims, by outpoint: what is out, and for what there was no coin. */
const noneMade = () => ({ flights: new Map<string, Flight>(), short: new Map<string, UnpaidClaim>() });
/** A transaction replaces its forerunner only for clearly more: each replacement is relayed once more. Policy, not protocol. */
const RAISE_PERCENT = 125;
/** And for as much more as that costs, or nodes do not take it: 1 sat for each virtual byte. BIP 125 §Implementation Details. */
const RAISE_LEAST = RELAY_FEERATE_MIN;
const isRaised = (feerate: SatPerKw, before: SatPerKw): boolean =>
  feerate * 100 >= before * RAISE_PERCENT && feerate >= before + RAISE_LEAST;
/** Between two blocks what is out is said again so often: a rival may have taken its place and gone again. */
const AGAIN_MS = 45_000;
/** A script that a wallet key can spend, and its length: what a second stage pays is longer. */
const P2WSH_OUTPUT_WEIGHT = 4 * (8 + 1 + 34);

/**
 * Turns the claims of channels into transactions, one for each, and raises their fees as deadlines come near. Nothing
 * here is kept on disk: channels say at each block what they claim, and the wallet knows what is out for it already.
 */
export class ClaimHost {
  readonly #ctx: NodeContext;
  readonly #wallet: WalletHost;
  readonly #height: () => BlockHeight;
  readonly #flying = new Map<ChannelId, Map<string, Flight>>();
  readonly #wanted = new Map<ChannelId, Wanted>();
  /** By outpoint: where claims pay to. */
  readonly #sweepScripts = new Map<string, Uint8Array>();
  readonly #unpaid: UnpaidClaims;
  readonly #chain = new ClaimChain();
  /** Of the channel whose claims are being made. */
  #short = new Map<string, UnpaidClaim>();
  #isWaiting = false;

  constructor(ctx: NodeContext, wallet: WalletHost, height: () => BlockHeight) {
    this.#ctx = ctx;
    this.#wallet = wallet;
    this.#height = height;
    this.#unpaid = new UnpaidClaims(ctx);
  }
  /** What the wallet lacks for the fees of claims, in sat. */
  get missing(): Sat {
    return this.#unpaid.missing;
  }

  /** All that a channel claims from now on. Acted on at the end of the turn, when the whole block has been heard. */
  take(turn: Turn, channel: ChannelId, wanted: Wanted): void {
    if (this.#wanted.size === 0) turn.next((later) => this.#settle(later));
    this.#wanted.set(channel, wanted);
  }

  /**
   * Blocks that held these transactions have left the best chain: what was made for an output of theirs, perhaps mined in the
   * same blocks, is given up unless the channel claims it still. Ends what the wallet would wait for if they never come back.
   */
  parentsGone(turn: Turn, channel: ChannelId, parents: readonly Txid[]): void {
    turn.next((later) => {
      const flights = this.#flying.get(channel);
      for (const { txid, on } of waitingOn(this.#wallet.state(), parents))
        if (!on.some((outpoint) => flights?.has(outpointKey(outpoint)))) this.#wallet.giveUp(later, txid);
    });
  }

  /** Of all channels together: where coins are scarce, what is lost first gets one first, whosever it is. */
  #settle(turn: Turn): void {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (const [channel, { claims }] of wanted) this.#giveUpSettled(turn, channel, claims);
    const due = wanted
      .flatMap(([channel, { signer, claims }]) => claims.map((claim) => ({ channel, signer, claim })))
      .sort((one, other) => byUrgency(one.claim, other.claim));
    this.#wallet.takeBack(
      turn,
      due.map(({ claim }) => claim.outpoint),
    );
    const made = new Map(wanted.map(([channel]) => [channel, noneMade()]));
    const make = ({ channel, signer, claim }: (typeof due)[number], known: Flight | undefined): void => {
      const { flights, short } = present(made.get(channel), "a channel that claims");
      const before = this.#underWay(known) ?? this.#known(claim);
      const key = outpointKey(claim.outpoint);
      this.#short = short;
      short.delete(key);
      const flight = this.#fly(turn, channel, signer, claim, before);
      if (flight === undefined) flights.delete(key);
      else flights.set(key, flight);
    };
    for (const one of due) make(one, this.#flying.get(one.channel)?.get(outpointKey(one.claim.outpoint)));
    // What took the place of another has thrown out what was built on that, be it what is lost first.
    for (const one of due) {
      const flight = made.get(one.channel)?.flights.get(outpointKey(one.claim.outpoint));
      if (flight !== undefined && this.#underWay(flight) === undefined) make(one, undefined);
    }
    for (const [channel, { flights, short }] of made) {
      this.#unpaid.hear(turn, channel, [...short.values()]);
      if (flights.size === 0) this.#flying.delete(channel);
      else this.#flying.set(channel, flights);
    }
    this.#chain.forgetGone((txid) => this.#wallet.isPublished(txid));
    this.#sayAgainLater();
  }
  #giveUpSettled(turn: Turn, channel: ChannelId, claims: readonly Claim[]): void {
    const claimed = new Set(claims.map(({ outpoint }) => outpointKey(outpoint)));
    for (const [key, { txid }] of this.#flying.get(channel) ?? [])
      if (!claimed.has(key)) this.#wallet.giveUp(turn, txid);
  }
  /** As long as anything is out; a node that has stopped runs no turn, and with it ends this. */
  #sayAgainLater(): void {
    if (this.#isWaiting || this.#flying.size === 0) return;
    this.#isWaiting = true;
    this.#ctx.clock.after(AGAIN_MS, () =>
      this.#ctx.turns.run((turn) => {
        this.#isWaiting = false;
        for (const flights of this.#flying.values())
          for (const { txid } of flights.values()) this.#wallet.again(turn, txid);
        this.#sayAgainLater();
      }),
    );
  }
  /** One whose coins were spent otherwise can never be mined: the wallet has abandoned it, and another one is made. */
  #underWay(flight: Flight | undefined): Flight | undefined {
    return flight !== undefined && this.#wallet.isPublished(flight.txid) ? flight : undefined;
  }
  /** From before a restart. What an anchor pays for counts with it, as it did then. */
  #known({ outpoint, parent = { weight: 0, fee: ZERO_SAT } }: Claim): Flight | undefined {
    const known = this.#wallet.unconfirmedSpender(outpoint);
    if (known === undefined) return undefined;
    const weight = BigInt(weightOf(known.tx) + parent.weight);
    return { txid: known.txid, feerate: satPerKw(Number(((known.fee + parent.fee) * 1000n) / weight)) };
  }

  #fly(
    turn: Turn,
    channel: ChannelId,
    signer: ChannelSigner,
    claim: Claim,
    flight: Flight | undefined,
  ): Flight | undefined {
    const feerate = claimFeerate(claim, this.#height(), this.#wallet.feerate());
    const lift = flight === undefined ? ZERO_SAT : this.#chain.lift(this.#wallet.state(), claim, flight.txid, feerate);
    const isKept = claim.presigned || lift === undefined;
    if (flight !== undefined && (isKept || !isRaised(liftedBy(lift, claim, feerate), flight.feerate))) {
      this.#wallet.again(turn, flight.txid);
      return flight;
    }
    if (claim.parent !== undefined && parentDeficit(claim, feerate) === 0n) return flight;
    const complete: Complete = (tx, pathOf) => signed(signer, claim, tx, pathOf);
    const made = claim.presigned
      ? this.#present(turn, claim, complete)
      : isSelfPaying(claim)
        ? this.#sweep(turn, claim, feerate, complete, flight)
        : this.#attach(turn, claim, { feerate, lift: lift ?? ZERO_SAT }, complete, flight);
    if (made === undefined) {
      // Better what is out than nothing.
      if (flight !== undefined) this.#wallet.again(turn, flight.txid);
      return flight;
    }
    this.#tell(turn, channel, claim, made);
    return this.#known(claim) ?? { txid: made, feerate };
  }
  /** As both have signed it: it pays what it pays. */
  #present(turn: Turn, claim: Claim, complete: Complete): Txid {
    const { tx, fee } = presignedTx(claim);
    const whole = complete(tx, pathIn(this.#wallet.state()));
    this.#wallet.adopt(turn, whole, fee, LABEL[claim.why]);
    return txidOf(whole);
  }
  #sweep(
    turn: Turn,
    claim: Claim,
    feerate: SatPerKw,
    complete: Complete,
    instead: Flight | undefined,
  ): Txid | undefined {
    const fits = sweepTx(claim, PLACEHOLDER, feerate);
    if (fits === undefined) return undefined;
    if (instead !== undefined) this.#wallet.giveUp(turn, instead.txid);
    const script = this.#sweepScript(turn, claim);
    const swept = sweepTx(claim, script, feerate);
    assert(swept !== undefined, "the script of a key hash has one length");
    const tx = complete(swept.tx, pathIn(this.#wallet.state()));
    this.#wallet.adopt(turn, tx, swept.fee, LABEL[claim.why]);
    return txidOf(tx);
  }
  /** The address for what an output of a channel holds: the same however often its transaction is made anew. */
  #sweepScript(turn: Turn, { outpoint, why }: Claim): Uint8Array {
    const key = outpointKey(outpoint);
    const known = this.#sweepScripts.get(key);
    if (known !== undefined) return known;
    const script = this.#wallet.newScript(turn, LABEL[why], { branch: "change" });
    this.#sweepScripts.set(key, script);
    return script;
  }
  #attach(
    turn: Turn,
    claim: Claim,
    { feerate, lift }: { readonly feerate: SatPerKw; readonly lift: Sat },
    complete: Complete,
    instead: Flight | undefined,
  ): Txid | undefined {
    const { output, locktime, why } = claim;
    const input = claimInput(claim);
    const weight = inputWeight(claim) + (output === undefined ? 0 : P2WSH_OUTPUT_WEIGHT);
    const owed = parentDeficit(claim, feerate);
    const spends = { amount: claim.amount, script: lockScript(claim.lock) };
    const attachment = { input, spends, output, locktime, weight, owed, lift, feerate, label: LABEL[why] };
    const attached = this.#wallet.attach(turn, attachment, complete, instead?.txid);
    if (attached.ok) return txidOf(attached.value);
    this.#short.set(outpointKey(claim.outpoint), unpaid(claim, attached.error, feerate));
    return undefined;
  }
  #tell(turn: Turn, channelId: ChannelId, { why, amount }: Claim, txid: Txid): void {
    const type = why === "penalty" ? "channel.penalty_broadcast" : "channel.claim_broadcast";
    this.#ctx.events.record(turn, type, { channelId, why, txid, amountSat: amount.toString() });
  }
}

/** Of the right length, to see whether anything would be left. */
const PLACEHOLDER = new Uint8Array(22);
/** The feerate with what it pays for others. */
const liftedBy = (lift: Sat, claim: Claim, feerate: SatPerKw): SatPerKw =>
  satPerKw(feerate + Number((lift * 1000n) / BigInt(claimWeight(claim) + (claim.parent?.weight ?? 0))));
const isSelfPaying = ({ output, parent }: Claim): boolean => output === undefined && parent === undefined;

const LABEL: { readonly [W in Claim["why"]]: string } = {
  to_local: "channel closed: own balance",
  to_remote: "channel closed: own balance",
  htlc_timeout: "channel closed: payment taken back",
  htlc_success: "channel closed: payment received",
  penalty: "channel closed: penalty",
  anchor: LIFT_LABEL,
};

/** The claim's own input, always the first. */
function signed(signer: ChannelSigner, claim: Claim, tx: Tx, pathOf: PathOf): Tx {
  const { amount, lock, key } = claim;
  const signature = signer.signClaim(
    { tx, index: 0, amount, lock, key },
    tx.outputs.map(({ script }) => pathOf(script)),
  );
  assert(signature.ok, "a claim asks for nothing that the signer refuses");
  const [first, ...others] = tx.inputs;
  assert(first !== undefined, "a claim has an input");
  return { ...tx, inputs: [{ ...first, witness: witnessOf(claim, signature.value) }, ...others] };
}
