import { err, ok, type Result } from "../../base/result.ts";
import type { CommandFault } from "../commands.ts";
import type { Hosts } from "../hosts.ts";
import type { ChannelInfo } from "./info.ts";
import type { ChannelEntry, Outcome } from "./table.ts";
import { channelInfo } from "./views.ts";

/** What has become of a channel that somebody waits for. */
export interface Asked {
  readonly entry: ChannelEntry;
  readonly outcome: Outcome;
}
/** Somebody waits for the outcome; after a while without one `late` is called. */
export function ask(
  { ctx }: Hosts,
  limitMs: number,
  entry: ChannelEntry,
  resolve: (asked: Asked) => void,
  late: () => void,
): void {
  const asked = (outcome: Outcome): void => {
    cancel();
    if (entry.asked === asked) entry.asked = undefined;
    resolve({ entry, outcome });
  };
  entry.asked = asked;
  entry.lacksCoins = false;
  const cancel = ctx.clock.after(limitMs, () => {
    if (entry.asked === asked) late();
  });
}
/** Who is to blame, once the peer has been asked. */
export const refusalCode = ({ entry }: Asked): CommandFault["code"] =>
  entry.lacksCoins ? "insufficient_balance" : "peer_refused";
/** The answer to whoever waited. */
export function told(hosts: Hosts, asked: Asked): Result<ChannelInfo, CommandFault> {
  const { entry, outcome } = asked;
  if (outcome.tag === "refused") return err({ code: refusalCode(asked), detail: outcome.detail });
  const info = channelInfo(hosts.channels, entry);
  return info === undefined ? err({ code: "not_possible", detail: "the channel is gone" }) : ok(info);
}
