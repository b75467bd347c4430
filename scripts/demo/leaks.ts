import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { packetBodies, webSocketMessages } from "./websocket.ts";

/** Everything that was said between the daemons, as it was captured. */
export interface Capture {
  /** Of each file, its bytes; of a WebSocket also what its masked frames say. */
  readonly bytes: readonly { readonly file: string; readonly data: Buffer }[];
  /** The JSON of all socket.io packets. */
  readonly packets: readonly unknown[];
}

export async function readCapture(folder: string): Promise<Capture> {
  const bytes: { file: string; data: Buffer }[] = [];
  const packets: unknown[] = [];
  for (const file of (await readdir(folder)).sort()) {
    const data = await readFile(join(folder, file));
    bytes.push({ file, data });
    const messages = webSocketMessages(data);
    if (messages.length === 0) continue;
    bytes.push({ file, data: Buffer.from(messages.join("\n")) });
    packets.push(...packetBodies(messages));
  }
  return { bytes, packets };
}

/** How many of the secrets stand in the capture, in any form in which bytes are written down. */
export function countLeaks(capture: Capture, secrets: readonly Uint8Array[]): number {
  let leaked = 0;
  for (const secret of secrets) {
    const raw = Buffer.from(secret);
    const forms = [
      raw,
      Buffer.from(raw.toString("hex")),
      Buffer.from(raw.toString("hex").toUpperCase()),
      Buffer.from(raw.toString("base64").replace(/=+$/, "")),
      Buffer.from(raw.toString("base64url")),
    ];
    if (capture.bytes.some(({ data }) => forms.some((form) => data.includes(form)))) leaked++;
  }
  return leaked;
}
