import {
  ANCHORS,
  type ChannelEnv,
  type ChannelInput,
  type ChannelMessage,
  type ChannelState,
  channelKeys,
  channelSecrets,
  DEFAULT_POLICY,
  type Effect,
  FRESH,
  FRESH_MEMORY,
  type FundedState,
  type IncomingHtlc,
  markRevoked,
  sign,
  step,
} from "../../channels/index.ts";
import { type ChannelId, channelId, type NodeId } from "../../src/base/ids.ts";
import { assert, present } from "../../src/base/result.ts";
import { type Msat, msat, type Sat, sat, satPerKw } from "../../src/base/units.ts";
import { CHAINS } from "../../src/bitcoin/params.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1 } from "../../src/crypto/secp256k1.ts";
import type { LabNode } from "../../src/lab/lab-node.ts";
import type { World } from "../../src/lab/world.ts";
import { featureBits, OFFERED } from "../../src/wire/features.ts";
import { signedDigest } from "../../src/wire/gossip.ts";
import type { WireMessage } from "../../src/wire/registry.ts";
import { fundingTx, SCRIPT } from "../support/channel-fixtures.ts";
import { type Stranger, soon } from "./small-world.ts";

/** What the host of a puppet may change before it is said. */
export interface Strings {
  /** Instead of what the machine says; nothing at all when undefined. */
  readonly say?: (message: WireMessage) => WireMessage | undefined;
  readonly seed?: string;
}

/** One end of a channel in the hands of a stranger: it knows the whole protocol, and says what its strings make of it. */
export class Puppet {
  readonly #world: World;
  readonly #stranger: Stranger;
  readonly #node: NodeId;
  readonly #secrets;
  readonly #keys;
  readonly incoming: IncomingHtlc[] = [];
  readonly effects: Effect[] = [];
  say: NonNullable<Strings["say"]>;
  state: ChannelState = FRESH;
  memory = FRESH_MEMORY;

  constructor(
    world: World,
    stranger: Stranger,
    node: LabNode,
    { say = (message) => message, seed = "" }: Strings = {},
  ) {
    this.#world = world;
    this.#stranger = stranger;
    this.#node = node.id;
    this.#secrets = channelSecrets(sha256(new TextEncoder().encode(`puppet ${stranger.id} ${seed}`)));
    this.#keys = channelKeys(this.#secrets);
    this.say = say;
    stranger.hears((message) => {
      if (this.#concerns(message)) this.give({ tag: "PeerMessage", message: message as ChannelMessage });
    });
  }
  get funded(): FundedState {
    assert("commitments" in this.state, `the puppet is funded, not ${this.state.tag}`);
    return this.state;
  }
  get id(): ChannelId {
    return this.funded.params.channelId;
  }
  #concerns(message: WireMessage): boolean {
    const { state } = this;
    if (message.name === "open_channel") return state.tag === "Fresh";
    if ("temporary_channel_id" in message) return true;
    return "channel_id" in message && "params" in state && "channelId" in state.params
      ? state.params.channelId === message.channel_id
      : "channel_id" in message && state.tag !== "Fresh";
  }
  #env(): ChannelEnv {
    return {
      chainHash: CHAINS.regtest.genesisHash,
      height: this.#world.chain.brain.chain.tip.height,
      feerate: satPerKw(1_000),
      policy: DEFAULT_POLICY,
      localNodeId: this.#stranger.id,
      remoteNodeId: this.#node,
      features: featureBits(OFFERED.init),
      keys: this.#keys,
      alias: undefined,
      keyIndex: 0,
      isUnheard: false,
    };
  }

  give(input: ChannelInput): void {
    const transition = step(this.#env(), this.state, input);
    if (transition.kind !== "stay") this.state = transition.next;
    for (const effect of transition.effects) this.#perform(effect);
  }
  /** The funding transaction is as deep as the chain says. */
  confirm(): void {
    const { txid, vout } = this.funded.params.funding;
    const found = present(this.#world.chain.whole.transaction(txid), "the funding transaction is known");
    const { block, index } = present(found.confirmed, "the funding transaction is confirmed");
    this.give({ tag: "FundingConfirmed", height: block.height, txIndex: index, output: found.tx.outputs[vout] });
  }

  #perform(effect: Effect): void {
    this.effects.push(effect);
    switch (effect.tag) {
      case "Propose":
      case "Bind": {
        if (effect.message.name === "revoke_and_ack") {
          const marked = markRevoked(this.memory, this.funded.commitments.local.number - 1n);
          if (marked.ok) this.memory = marked.value;
        }
        return this.#speak(effect.message);
      }
      case "SendError":
      case "SendWarning": {
        const name = effect.tag === "SendError" ? "error" : "warning";
        return this.#speak({ name, channel_id: effect.channelId, data: new TextEncoder().encode(effect.text) });
      }
      case "HtlcCommitted":
        this.incoming.push(effect.htlc);
        return;
      case "SignSoon":
        this.#world.clock.after(0, () => this.give({ tag: "Sign" }));
        return;
      default:
        this.#answer(effect);
    }
  }
  #speak(message: WireMessage): void {
    const said = this.say(message);
    if (said !== undefined) this.#stranger.say(said);
  }
  #answer(effect: Effect): void {
    if (effect.tag === "NeedSignatures") {
      const signed = sign(this.#secrets, this.memory, effect.request);
      if (!signed.ok) return this.give({ tag: "SigningRefused", refusal: signed.error });
      this.memory = signed.value.memory;
      return this.give({ tag: "Signatures", signatures: signed.value.signatures });
    }
    if (effect.tag === "NeedFunding") {
      return this.give({ tag: "FundingTx", tx: fundingTx({ amount: effect.amount, script: effect.script }), vout: 1 });
    }
    if (effect.tag === "NeedCloseScript") {
      return this.give({ tag: "Shutdown", script: SCRIPT.b, feerate: satPerKw(500) });
    }
    if (effect.tag === "NeedAnnouncementSignatures") {
      const bitcoinSignature = secp256k1.sign(
        signedDigest("channel_announcement", effect.announcement),
        this.#secrets.funding,
      );
      this.give({ tag: "AnnouncementSignatures", nodeSignature: bitcoinSignature, bitcoinSignature });
    }
  }
}

export const openInput = (
  temporaryId: number,
  { capacity = sat(500_000n), push = msat(0n) }: { readonly capacity?: Sat; readonly push?: Msat } = {},
): ChannelInput => ({
  tag: "Open",
  temporaryChannelId: channelId(sha256(Uint8Array.of(temporaryId))),
  capacity,
  push,
  feerate: satPerKw(2_500),
  announce: false,
  type: ANCHORS,
});

/** A channel that the node has funded, half of it pushed to the puppet, both ends ready. */
export async function fundedBy(
  world: World,
  node: LabNode,
  stranger: Stranger,
  terms: { readonly capacity?: Sat; readonly push?: Msat; readonly strings?: Strings } = {},
): Promise<Puppet> {
  const puppet = new Puppet(world, stranger, node, terms.strings);
  const { capacity = sat(400_000n), push = msat(200_000_000n) } = terms;
  const opened = await soon(
    world,
    node.node.openChannel({ nodeId: stranger.id, capacity, push, announce: false }),
    60_000,
  );
  if (!opened.ok) throw new Error(opened.error.detail);
  for (let block = 0; block < 4; block++) {
    world.chain.mine(1);
    await world.pass(200);
  }
  puppet.confirm();
  await world.until(() => puppet.state.tag === "Normal" && isActive(node, puppet.id), 10_000);
  assert(puppet.state.tag === "Normal" && isActive(node, puppet.id), "the puppet's channel is ready at both ends");
  return puppet;
}
const isActive = (node: LabNode, id: ChannelId): boolean =>
  node.node.channels().some((channel) => channel.id === id && channel.active);
