import type { OpenChannelInput, OpenDualInput } from "../../../channels/index.ts";
import { channelId } from "../../base/ids.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { SatPerKw } from "../../base/units.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import { type Asked, ask, refusalCode } from "../channel/asks.ts";
import type { BatchRequest, ChannelInfo } from "../channel/info.ts";
import { bothFund, commitmentFeerate, dualId, OPENING_MS_MAX, typeFor } from "../channel/open-channel.ts";
import type { ChannelEntry } from "../channel/table.ts";
import { channelInfo } from "../channel/views.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { BATCH_FAILED, BatchOpening } from "./opening.ts";

/**
 * Opens several channels that one transaction funds; answers when it is on its way. Nothing is broadcast before the peer
 * of each has signed, and if one opening comes to nothing none of them is (RELIABILITY U12). Where every peer can fund channels
 * together it is constructed with all of them at once, unless one of them would have a part in it or something is pushed.
 */
export async function openChannels(
  hosts: Hosts,
  request: BatchRequest,
  together = request.channels.every(({ nodeId, push }) => push === 0n && bothFund(hosts, nodeId)),
): Promise<Result<readonly ChannelInfo[], CommandFault>> {
  const { ctx, channels, wallet } = hosts;
  const { channels: requests, feerate = wallet.feerate() } = request;
  const openings = requests.map((request) => openingOf(hosts, request));
  const wrong = openings.findIndex((opening) => !opening.ok);
  const first = openings[wrong];
  if (first !== undefined && !first.ok) return err(at(wrong, first.error));
  let wantsAlone = (): boolean => false;
  let refusedHere: readonly boolean[] = [];
  const asked = await new Promise<readonly Asked[]>((resolve) => {
    ctx.turns.run((turn) => {
      const entries = requests.map(({ nodeId }) =>
        channels.begin(turn, nodeId, together ? dualId : channelId(ctx.random.bytes(32))),
      );
      const batch = new BatchOpening(entries, feerate);
      wantsAlone = () => batch.construction.wantsAlone;
      const answers = entries.map((entry) => {
        const reason = "the peer did not answer in time";
        const late = () => ctx.turns.run((later) => channels.apply(later, entry, { tag: "AbortOpening", reason }));
        return new Promise<Asked>((told) => ask(hosts, OPENING_MS_MAX, entry, told, late));
      });
      void Promise.all(answers).then(resolve);
      for (const [index, entry] of entries.entries()) {
        const opening = openings[index];
        if (batch.isOver || opening?.ok !== true) continue;
        channels.apply(turn, entry, openingInput(entry, opening.value, together ? feerate : undefined));
        if (entry.state.tag === "Fresh") channels.drop(turn, entry, "refused by our own rules");
      }
      refusedHere = entries.map(({ asked }) => asked === undefined);
    });
  });
  return wantsAlone() ? openChannels(hosts, request, false) : outcomeOf(hosts, asked, refusedHere);
}
/** With a feerate for the funding transaction the peer constructs it with us. */
function openingInput(
  { temporaryId: temporaryChannelId }: ChannelEntry,
  { capacity, push, ...opening }: BatchedOpening,
  fundingFeerate: SatPerKw | undefined,
): OpenChannelInput | OpenDualInput {
  return fundingFeerate === undefined
    ? { tag: "Open", temporaryChannelId, capacity, push, ...opening }
    : { tag: "OpenDual", temporaryChannelId, contribution: capacity, fundingFeerate, ...opening };
}

/** @param refusedHere  of each, whether it was refused before any peer could say something */
function outcomeOf(
  hosts: Hosts,
  asked: readonly Asked[],
  refusedHere: readonly boolean[],
): Result<readonly ChannelInfo[], CommandFault> {
  const refusals = asked.map(({ outcome }) => (outcome.tag === "refused" ? outcome.detail : undefined));
  // The one that failed, not those that were given up with it.
  const own = refusals.findIndex((detail) => detail !== undefined && !detail.startsWith(BATCH_FAILED));
  const index = own < 0 ? refusals.findIndex((detail) => detail !== undefined) : own;
  const [detail, failed] = [refusals[index], asked[index]];
  if (detail !== undefined && failed !== undefined) {
    const code = refusedHere[index] === true ? "not_possible" : refusalCode(failed);
    return err({ code, detail, pointer: `/channels/${index}` });
  }
  const infos = asked.flatMap(({ entry }) => channelInfo(hosts.channels, entry) ?? []);
  return infos.length === asked.length ? ok(infos) : err({ code: "not_possible", detail: "a channel is gone" });
}

function openingOf(hosts: Hosts, request: BatchRequest["channels"][number]) {
  const { ctx, peers } = hosts;
  const { nodeId, capacity, push, announce, closeAddress } = request;
  if (peers.session(nodeId) === undefined) {
    return err({ code: "peer_unreachable", detail: "connect to the peer first", pointer: "/peer" } as const);
  }
  const type = typeFor(hosts, request);
  if (!type.ok) return type;
  const script = closeAddress === undefined ? ok(undefined) : scriptOfAddress(closeAddress, ctx.params);
  if (!script.ok) {
    const detail = `not an address of ${ctx.params.network}`;
    return err({ code: "bad_request", detail, pointer: "/closeAddress" } as const);
  }
  const feerate = commitmentFeerate(hosts);
  return ok({ capacity, push, announce, feerate, type: type.value, shutdownScript: script.value });
}

type BatchedOpening = Extract<ReturnType<typeof openingOf>, { readonly ok: true }>["value"];

const at = (index: number, fault: CommandFault): CommandFault => ({
  ...fault,
  pointer: `/channels/${index}${"pointer" in fault ? (fault.pointer ?? "") : ""}`,
});
