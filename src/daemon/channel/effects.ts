import { type Effect, explain } from "../../../channels/index.ts";
import { utf8 } from "../../base/bytes.ts";
import { assert, present, unreachable } from "../../base/result.ts";
import { KEY } from "../records.ts";
import { peerLane, type Turn } from "../turn.ts";
import { keptFor } from "../wallet/faults.ts";
import { FUNDING_LABEL } from "../wallet/state.ts";
import { answer } from "./answers.ts";
import { broadcast } from "./broadcast.ts";
import { reserveOf } from "./closing-reserve.ts";
import { performFundingEffect } from "./funding.ts";
import type { ChannelHost } from "./host.ts";
import { refusalText } from "./refusal-text.ts";
import { agreedScript, type ChannelEntry, paramsOf } from "./table.ts";
import { watch, watchOutputs } from "./watches.ts";
import { bind, propose } from "./words.ts";

/** Carries out one effect of a channel. Total: a new effect does not compile before it has a place here. */
export function performChannelEffect(host: ChannelHost, turn: Turn, entry: ChannelEntry, effect: Effect): void {
  const { listener } = host.parts;
  switch (effect.tag) {
    case "Propose":
      return propose(host, turn, entry, effect.message);
    case "Bind":
      if (effect.message.name === "shutdown" || effect.message.name === "closing_complete") answer(turn, entry);
      return bind(host, turn, entry, effect.message);
    case "NeedSignatures":
      return signFor(host, turn, entry, effect.request);
    case "NeedAnnouncementSignatures":
      return announceFor(host, turn, entry, effect.announcement);
    case "SignSoon":
      return signSoon(host, entry);
    case "TimeQuiescence":
      return timeQuiescence(host, entry);
    case "FundingHeld":
      if (entry.batch === undefined) return host.apply(turn, entry, { tag: "FundingAllSigned" });
      return turn.next((later) => entry.batch?.signed(host, later, entry));
    case "NeedFunding":
    case "NeedCloseScript":
      return turn.next((later) => fromWallet(host, later, entry, effect));
    case "NeedContribution":
    case "NeedConfirmation":
    case "NeedFundingWitnesses":
    case "ReleaseCoins":
    case "ReleaseFunding":
    case "GiveUpFunding":
    case "FundingReplaced":
    case "TimeSignatures":
      return performFundingEffect(host, turn, entry, effect);
    case "WatchFunding":
      return watch(host, turn, entry, effect);
    case "WatchOutputs":
      return watchOutputs(host, turn, entry, effect.outputs);
    case "Claims": {
      const { channelId } = present(paramsOf(entry.state), "only a funded channel claims");
      return host.parts.claims.take(turn, channelId, { signer: entry.signer, claims: effect.claims });
    }
    case "NeedRevokedHtlcs":
      return host.apply(turn, entry, { tag: "RevokedHtlcs", ...host.revoked(entry, effect.number) });
    case "Broadcast":
    case "Rebroadcast":
      return broadcast(host, turn, entry, effect);
    case "Refused":
      return turn.next((later) => listener.offerRefused(later, effect.origin, effect.reason));
    case "HtlcCommitted":
      return turn.next((later) => listener.htlcCommitted(later, effect.htlc));
    case "HtlcSettled":
      return turn.next((later) => listener.htlcSettled(later, effect.origin, effect));
    case "HtlcFailed":
      return turn.next((later) => listener.htlcFailed(later, effect.origin, effect.failure));
    case "RevokedHtlcs":
      return host.keepRevoked(turn, entry, effect);
    default:
      return performNews(host, turn, entry, effect);
  }
}
type News = Extract<
  Effect,
  {
    tag:
      | "CommandRefused"
      | "Ready"
      | "NotReady"
      | "Announced"
      | "SendWarning"
      | "SendError"
      | "PeerWarned"
      | "NotifyUpdated"
      | "Quiescent"
      | "SpliceSigned"
      | "NegotiationFailed"
      | "Forget"
      | "ChannelFailed"
      | "Breach"
      | "UnknownSpend"
      | "Closed";
  }
>;

/** What people and peers are told, and what the table of channels learns. */
function performNews(host: ChannelHost, turn: Turn, entry: ChannelEntry, effect: News): void {
  const { ctx, listener } = host.parts;
  const id = paramsOf(entry.state)?.channelId ?? entry.temporaryId;
  switch (effect.tag) {
    case "CommandRefused":
      return answer(turn, entry, refusalText(effect.reason));
    case "Ready": {
      const isNews = effect.names.every((name) => host.table.byScid(name) !== entry);
      for (const name of effect.names) host.table.nameShort(entry, name);
      return turn.next((later) => listener.ready(later, entry, isNews));
    }
    case "NotReady":
      return turn.next((later) => listener.gone(later, entry));
    case "Announced":
      return turn.next((later) => listener.announced(later, entry, effect.announcement));
    case "SendWarning":
      host.tell(turn, entry.peer, { name: "warning", channel_id: effect.channelId, data: utf8(effect.text) });
      if (effect.disconnect) turn.afterwards(peerLane(entry.peer), () => host.parts.peers().hangUp(entry.peer));
      return undefined;
    case "SendError":
      if (entry.state.tag !== "Failed") answer(turn, entry, effect.text);
      return host.tell(turn, entry.peer, { name: "error", channel_id: effect.channelId, data: utf8(effect.text) });
    case "PeerWarned":
      return host.peerLog.warn(entry.peer, "peer warned", { channel: id, text: effect.text });
    case "NotifyUpdated":
    case "Quiescent":
      return undefined;
    case "SpliceSigned":
      ctx.events.record(turn, "channel.splice_signed", { channelId: id, txid: effect.txid });
      // Whoever asks for one while the peer makes another has to wait for it.
      return effect.isOurs ? answer(turn, entry) : undefined;
    case "NegotiationFailed":
      host.peerLog.info(entry.peer, "a funding transaction came to nothing", { channel: id, reason: effect.reason });
      answer(turn, entry, effect.reason);
      return entry.batch?.failed(host, turn, entry, effect.reason);
    case "ChannelFailed":
      if (effect.cause.tag === "requested") answer(turn, entry);
      else answer(turn, entry, `the channel failed: ${effect.cause.tag}`);
      if (effect.cause.tag === "data_lost") {
        ctx.log.error("our record of a channel is an old one", { peer: entry.peer, channel: id });
        host.keyIndexes.skip(turn);
      }
      ctx.events.record(turn, "channel.closing", { channelId: id, cause: effect.cause.tag, failed: true });
      return turn.next((later) => listener.gone(later, entry));
    case "Breach":
    case "UnknownSpend":
      return raiseAlarm(host, turn, entry, effect);
    case "Closed":
      ctx.events.record(turn, "channel.closed", { channelId: id, txid: effect.txid, height: effect.height });
      if ("commitments" in entry.state || entry.state.tag === "Restored")
        host.ended.put(turn, id, explain(host.env(entry), entry.state));
      return turn.next((later) => listener.gone(later, entry));
    case "Forget":
      return forget(host, turn, entry, effect.reason);
    default:
      return unreachable(effect);
  }
}

/** Somebody takes what is ours, or tries to. */
function raiseAlarm(
  { parts: { ctx } }: ChannelHost,
  turn: Turn,
  { state, peer }: ChannelEntry,
  effect: Extract<News, { tag: "Breach" | "UnknownSpend" }>,
): void {
  const { txid } = effect;
  const channelId = paramsOf(state)?.channelId;
  const known = { peer, channel: channelId, txid };
  if (effect.tag === "UnknownSpend") {
    ctx.log.error("a channel's money is spent by a transaction that we know nothing of", known);
    return ctx.events.record(turn, "channel.unknown_spend", { channelId, txid });
  }
  ctx.log.error("the peer has published a revoked commitment", known);
  ctx.events.record(turn, "channel.breach_detected", { channelId, txid, number: effect.number.toString() });
}

/** HTLCs wait no longer than that for somebody's silence. BOLT 2 §Channel Quiescence. */
const QUIESCENCE_MS_MAX = 60_000;
function timeQuiescence(host: ChannelHost, entry: ChannelEntry): void {
  const { clock, turns } = host.parts.ctx;
  entry.cancelQuiescence();
  entry.cancelQuiescence = clock.after(QUIESCENCE_MS_MAX, () =>
    turns.run((turn) => host.apply(turn, entry, { tag: "QuiescenceTimedOut" })),
  );
}

/** Once all that came in with one commitment is decided: each commitment signs every HTLC in it once more. */
function signSoon(host: ChannelHost, entry: ChannelEntry): void {
  const id = present(paramsOf(entry.state), "only a funded channel signs").channelId;
  host.parts.ctx.turns.soon((later) =>
    host.parts.listener.isDeciding(id) ? signSoon(host, entry) : host.apply(later, entry, { tag: "Sign" }),
  );
}

function signFor(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  request: Extract<Effect, { tag: "NeedSignatures" }>["request"],
): void {
  const signed = entry.signer.sign(request);
  if (!signed.ok) return host.apply(turn, entry, { tag: "SigningRefused", refusal: signed.error });
  host.apply(turn, entry, { tag: "Signatures", signatures: signed.value });
}

function announceFor(host: ChannelHost, turn: Turn, entry: ChannelEntry, announcement: Uint8Array): void {
  const signed = entry.signer.announce(announcement);
  assert(signed.ok, "what a channel announces is itself");
  host.apply(turn, entry, { tag: "AnnouncementSignatures", ...signed.value });
}

/** Where our part of a mutual close goes: where we have promised it, or else to an address of the wallet. */
export const closeScript = ({ parts }: ChannelHost, turn: Turn, { state }: ChannelEntry): Uint8Array =>
  agreedScript(state) ?? parts.wallet.newScript(turn, "channel closed", { branch: "change" });

function fromWallet(
  host: ChannelHost,
  turn: Turn,
  entry: ChannelEntry,
  effect: Extract<Effect, { tag: "NeedFunding" | "NeedCloseScript" }>,
): void {
  const { wallet } = host.parts;
  if (effect.tag === "NeedCloseScript") {
    const script = closeScript(host, turn, entry);
    return host.apply(turn, entry, { tag: "Shutdown", script, feerate: wallet.feerate() });
  }
  if (entry.batch !== undefined) return entry.batch.needs(host, turn, entry, effect);
  // This channel too may have to be closed against the peer's will.
  assert(entry.state.tag === "WaitForFundingTx", "only an opener needs funding");
  const { format } = entry.state.proposal.params.type;
  const keep = reserveOf(host.table.settled(), host.parts.ctx.policy.channel, [format]);
  const feerate = entry.fundingFeerate ?? wallet.feerate();
  const output = { amount: effect.amount, script: effect.script };
  const funded = wallet.fund(turn, output, { label: FUNDING_LABEL, keep, feerate });
  if (!funded.ok) {
    const { needed, available } = funded.error;
    const reason = `insufficient funds: needs ${needed} sat${keptFor(keep)}, ${available} sat can be spent`;
    entry.lacksCoins = true;
    return host.apply(turn, entry, { tag: "AbortOpening", reason });
  }
  entry.fundingTxid = funded.value.txid;
  host.apply(turn, entry, { tag: "FundingTx", tx: funded.value.tx, vout: funded.value.vout });
}

function forget(host: ChannelHost, turn: Turn, entry: ChannelEntry, reason: string): void {
  const { ctx, listener } = host.parts;
  const params = paramsOf(entry.state);
  if (params !== undefined) {
    turn.put(KEY.channel(params.channelId), undefined);
    host.parts.backup.forgotten(turn, params.channelId);
    for (const { key } of ctx.store.range(KEY.revokedOf(params.channelId))) turn.put(key, undefined);
    ctx.log.info("channel forgotten", { channel: params.channelId, reason });
  }
  turn.next((later) => listener.gone(later, entry));
  host.drop(turn, entry, reason);
}
