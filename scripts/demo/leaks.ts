import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Packet, packetsOf, webSocketMessages } from "./websocket.ts";

/** Everything that was said between the daemons, as it was captured. */
export interface Capture {
  /** Of each file, its bytes; of a WebSocket also what its masked frames say. */
  readonly bytes: readonly { readonly file: string; readonly data: Buffer }[];
  /** What was asked over socket.io, with the answer if it came. */
  readonly exchanges: readonly Exchange[];
}
export interface Exchange {
  readonly name: string;
  readonly body: unknown;
  readonly answer: unknown;
}

export async function readCapture(folder: string): Promise<Capture> {
  const bytes: { file: string; data: Buffer }[] = [];
  const exchanges: Exchange[] = [];
  const answers = new Map<string, readonly Packet[]>();
  for (const file of (await readdir(folder)).sort()) {
    const data = await readFile(join(folder, file));
    bytes.push({ file, data });
    const messages = webSocketMessages(data);
    if (messages.length === 0) continue;
    bytes.push({ file, data: Buffer.from(messages.join("\n")) });
    // Files of one connection have one name but for the direction; "down" sorts before "up".
    const [connection = "", direction] = file.split(".");
    const packets = packetsOf(messages);
    if (direction === "down") answers.set(connection, packets);
    else exchanges.push(...exchangesOf(packets, answers.get(connection) ?? []));
  }
  return { bytes, exchanges };
}
function exchangesOf(requests: readonly Packet[], answers: readonly Packet[]): readonly Exchange[] {
  const answerTo = new Map(answers.map(({ id, body }) => [id, (body as readonly unknown[])[0]]));
  return requests.flatMap(({ id, body }): Exchange[] => {
    const [name, asked] = body as readonly unknown[];
    return typeof name === "string" ? [{ name, body: asked, answer: answerTo.get(id) }] : [];
  });
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
