/**
 * The messages of a captured WebSocket connection, one direction: what stands behind the HTTP upgrade, unmasked. Empty
 * when the bytes are no upgraded connection. Only what socket.io sends is read: unfragmented text frames.
 */
export function webSocketMessages(bytes: Buffer): readonly string[] {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0 || !/upgrade: *websocket/i.test(bytes.subarray(0, head).toString("latin1"))) return [];
  const messages: string[] = [];
  for (let at = head + 4; at + 2 <= bytes.length; ) {
    const frame = readFrame(bytes, at);
    if (frame === undefined) break;
    messages.push(frame.payload.toString("utf8"));
    at = frame.end;
  }
  return messages;
}

function readFrame(bytes: Buffer, start: number): { readonly payload: Buffer; readonly end: number } | undefined {
  const second = bytes.readUInt8(start + 1);
  let at = start + 2;
  let length = second & 0x7f;
  if (length === 126) {
    if (at + 2 > bytes.length) return undefined;
    length = bytes.readUInt16BE(at);
    at += 2;
  } else if (length === 127) {
    if (at + 8 > bytes.length) return undefined;
    length = Number(bytes.readBigUInt64BE(at));
    at += 8;
  }
  const masked = (second & 0x80) !== 0;
  const mask = masked ? bytes.subarray(at, at + 4) : undefined;
  if (masked) at += 4;
  if (at + length > bytes.length) return undefined;
  const payload = Buffer.from(bytes.subarray(at, at + length));
  if (mask !== undefined)
    for (let i = 0; i < length; i++) payload[i] = (payload[i] as number) ^ (mask[i % 4] as number);
  return { payload, end: at + length };
}

/** One socket.io packet: an event, or the answer to the event of that id. */
export interface Packet {
  readonly id: number | undefined;
  readonly body: unknown;
}
/** The packets with JSON in them: numbers and namespace in front are read away. */
export function packetsOf(messages: readonly string[]): readonly Packet[] {
  return messages.flatMap((message): Packet[] => {
    const [, id, body] = /^4\d(?:\/[^,]*,)?(\d*)(\[.*)$/s.exec(message) ?? [];
    if (body === undefined) return [];
    return [{ id: id === undefined || id === "" ? undefined : Number(id), body: JSON.parse(body) }];
  });
}
