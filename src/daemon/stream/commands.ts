import { toHex } from "../../base/bytes.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { isMsat } from "../../base/units.ts";
import { newListing, WINDOW_UNITS_DEFAULT } from "../../streams/catalogue.ts";
import { slotKey } from "../../streams/keys.ts";
import type { CommandFault } from "../commands.ts";
import { ANSWER_LANE } from "../context.ts";
import type { Hosts } from "../hosts.ts";
import type { StreamFolders } from "../node-parts.ts";
import type { StreamInfo, StreamRequest } from "../views.ts";

/** Puts a folder of ready HLS on sale: encrypted, each segment under a key of its own, in a folder that anyone may read. */
export async function addStream(
  hosts: Hosts,
  folders: StreamFolders,
  request: StreamRequest,
): Promise<Result<StreamInfo, CommandFault>> {
  const { ctx, site } = hosts;
  const id = `str_${toHex(ctx.random.bytes(8))}`;
  const secret = site.contentSecret(id);
  const packaged = await folders.make(id, request.source, (slot) => slotKey(secret, id, slot));
  if (!packaged.ok) {
    return err({ code: "bad_request", detail: `not a stream: ${JSON.stringify(packaged.error)}`, pointer: "/source" });
  }
  const { title, source, priceMsatPerSecond, freeSeconds } = request;
  const dearest = priceMsatPerSecond * BigInt(packaged.value.unitSeconds) * BigInt(WINDOW_UNITS_DEFAULT);
  if (!isMsat(dearest)) {
    const detail = "what is bought at once would cost more than there is";
    return err({ code: "bad_request", detail, pointer: "/priceMsatPerSecond" });
  }
  const listing = newListing(
    { id, title, source, priceMsatPerSecond, freeSeconds, ...packaged.value },
    ctx.clock.now(),
  );
  return new Promise((resolve) => {
    ctx.turns.run((turn) => {
      site.streams.put(turn, id, listing);
      turn.afterwards(ANSWER_LANE, () => resolve(ok(infoOf(listing))));
    });
  });
}

export const streamInfos = ({ site }: Hosts): readonly StreamInfo[] =>
  site.streams.list().map(({ value }) => infoOf(value));

function infoOf(listing: StreamInfo): StreamInfo {
  const { id, title, units, unitSeconds, pricePerUnit, freeUnits, windowUnits, sessions, earned } = listing;
  return { id, title, units, unitSeconds, pricePerUnit, freeUnits, windowUnits, sessions, earned };
}
