import {
  type ChannelKeys,
  type ChannelPolicy,
  type ChannelSecrets,
  type ChannelSigner,
  type ChannelState,
  type Claim,
  type CommitmentHtlc,
  channelKeys,
  channelSecrets,
  DEFAULT_POLICY,
  type Effect,
  FRESH,
  FRESH_MEMORY,
  type FundedState,
  type HtlcOrigin,
  type IncomingHtlc,
  localChannelSigner,
  type SignerMemory,
  type WatchedOutput,
} from "../../channels/index.ts";
import { type NodeId, nodeId } from "../../src/base/ids.ts";
import { assert } from "../../src/base/result.ts";
import type { BlockHeight } from "../../src/base/units.ts";
import type { Tx } from "../../src/bitcoin/tx.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import { CHAIN, HEIGHT, type Name, originKey, SCRIPT } from "./channel-fixtures.ts";
import { DualWallet } from "./dual-wallet.ts";
import { areElsewhere, channelElsewhere } from "./signers.ts";

/** One side of a pair: its keys, its state, its disk, and what it was asked to do. */
export class Party {
  readonly name: Name;
  readonly secrets: ChannelSecrets;
  readonly nodeSecret: Uint8Array;
  readonly nodeId: NodeId;
  signer: ChannelSigner;
  policy: ChannelPolicy = { ...DEFAULT_POLICY };
  height: BlockHeight = HEIGHT;
  state: ChannelState = FRESH;
  disk: Uint8Array | undefined;
  memory: SignerMemory = FRESH_MEMORY;
  /** From which height on it waits for the other to close: on its disk too. */
  closeAwaited: BlockHeight | undefined;
  /** Everything asked for, oldest first. */
  log: Effect[] = [];
  signSoon = 0;
  /** Called for every transition. */
  commits = 0;
  readonly incoming = new Map<bigint, IncomingHtlc>();
  readonly ends = new Map<string, "settled" | "failed">();
  broadcasts: Tx[] = [];
  revokedRecords = 0;
  /** What was written of revoked commitments, by number. */
  readonly revoked = new Map<bigint, readonly CommitmentHtlc[]>();
  /** What it claims now, and which outputs it wants to hear of. */
  claims: readonly Claim[] = [];
  readonly watched: WatchedOutput[] = [];
  closeScript: Uint8Array;
  readonly wallet: DualWallet;
  /** What it says of the peer's coins; undefined while it is looking. */
  seesConfirmed: boolean | undefined = true;
  autoSign = true;
  /** Its funding transaction is that of other channels too, whose peers have not signed. */
  isShared = false;

  constructor(name: Name) {
    this.name = name;
    this.secrets = channelSecrets(sha256(new TextEncoder().encode(`party ${name}`)));
    this.nodeSecret = sha256(new TextEncoder().encode(`node ${name}`));
    this.nodeId = nodeId(secp256k1.publicKey(this.nodeSecret));
    this.signer = this.newSigner();
    this.closeScript = SCRIPT[name];
    this.wallet = new DualWallet(name);
  }
  /** Its keys, in hands that give away any secret. */
  get keys(): ChannelKeys {
    const { commitmentSecret } = channelKeys(this.secrets);
    return { ...this.signer.keys, commitmentSecret };
  }
  get funded(): FundedState {
    assert("commitments" in this.state, `${this.name} is funded, not ${this.state.tag}`);
    return this.state;
  }
  tags(): readonly string[] {
    return this.log.map((effect) => effect.tag);
  }
  take<T extends Effect["tag"]>(tag: T): readonly Extract<Effect, { tag: T }>[] {
    return this.log.filter((effect): effect is Extract<Effect, { tag: T }> => effect.tag === tag);
  }
  /** An offered HTLC has come to an end: it has one. */
  end(origin: HtlcOrigin, end: "settled" | "failed"): void {
    const key = originKey(origin);
    const before = this.ends.get(key);
    assert(before === undefined || before === end, `${key} ended as ${before}, then as ${end}`);
    this.ends.set(key, end);
  }
  /** What a host only keeps. */
  note(effect: Effect): void {
    switch (effect.tag) {
      case "HtlcCommitted":
        this.incoming.set(effect.htlc.id, effect.htlc);
        return;
      case "HtlcSettled":
        return this.end(effect.origin, "settled");
      case "HtlcFailed":
        return this.end(effect.origin, "failed");
      case "Broadcast":
      case "Rebroadcast":
        this.broadcasts.push(effect.tx);
        return;
      case "RevokedHtlcs":
        this.revokedRecords++;
        this.revoked.set(effect.number, effect.htlcs);
        return;
      case "Claims":
        this.claims = effect.claims;
        return;
      case "WatchOutputs":
        this.watched.push(...effect.outputs);
        return;
      default:
    }
  }
  revokedAt(number: bigint) {
    return { number, htlcs: this.revoked.get(number) ?? [] };
  }
  /** As after a start: it remembers what `memory` says. */
  newSigner(): ChannelSigner {
    const seed = sha256(new TextEncoder().encode(`party ${this.name}`));
    if (areElsewhere) return channelElsewhere(this.name, { nodeSecret: this.nodeSecret, seed }, this.memory);
    const memory = {
      get: () => this.memory,
      set: (next: SignerMemory) => {
        this.memory = next;
      },
    };
    return localChannelSigner(
      this.secrets,
      { nodeSecret: this.nodeSecret, chainHash: CHAIN, payTo: () => SCRIPT.a },
      memory,
    );
  }
}
