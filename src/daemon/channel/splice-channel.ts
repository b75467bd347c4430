import { err, type Result } from "../../base/result.ts";
import { scriptOfAddress } from "../../bitcoin/address.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import { type Asked, ask, told } from "./asks.ts";
import type { ChannelInfo, SpliceCommand } from "./info.ts";

/** How long somebody waits for silence, for a peer's answers and for coins before a splice is given up. Policy, not protocol. */
const SPLICING_MS_MAX = 60_000;

/**
 * Puts coins into a channel or takes some out, or puts another splice in the place of one that waits; answers when the
 * transaction is on its way.
 */
export async function spliceChannel(
  hosts: Hosts,
  { id, direction, amount, address, feerate }: SpliceCommand,
): Promise<Result<ChannelInfo, CommandFault>> {
  const { ctx, channels, peers, wallet } = hosts;
  const entry = channels.table.byId(id);
  if (entry === undefined) return err({ code: "not_found", detail: "no such channel" });
  if (entry.asked !== undefined) return err({ code: "channel_busy", detail: "something is asked of the channel" });
  if (peers.session(entry.peer) === undefined)
    return err({ code: "peer_unreachable", detail: "the peer is not connected" });
  if (direction === "in" && address !== undefined)
    return err({ code: "bad_request", detail: "what goes in comes from the wallet", pointer: "/address" });
  const given = address === undefined ? undefined : scriptOfAddress(address, ctx.params);
  if (given !== undefined && !given.ok)
    return err({ code: "bad_request", detail: `not an address of ${ctx.params.network}`, pointer: "/address" });
  let isRefused = false;
  const asked = await new Promise<Asked>((resolve) => {
    ctx.turns.run((turn) => {
      ask(hosts, SPLICING_MS_MAX, entry, resolve, () => {
        const reason = "the peer did not answer in time";
        ctx.turns.run((later) => channels.apply(later, entry, { tag: "AbortOpening", reason }));
        entry.asked?.({ tag: "refused", detail: reason });
      });
      const random = (): bigint => ctx.random.bytes(8).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
      const script = given?.value ?? (direction === "out" ? wallet.newScript(turn, "spliced out") : undefined);
      const change =
        script === undefined ? ({ tag: "in", amount } as const) : ({ tag: "out", amount, script } as const);
      const serials = { input: random(), output: random(), own: random() };
      const request = { change, feerate: feerate ?? wallet.feerate(), serials };
      channels.apply(turn, entry, { tag: "Splice", request });
      isRefused = entry.asked === undefined;
    });
  });
  if (isRefused && asked.outcome.tag === "refused") return err({ code: "not_possible", detail: asked.outcome.detail });
  return told(hosts, asked);
}
