import type { Result } from "../base/result.ts";
import { type Codec, decode, type Fields, lent, type StructOf, struct } from "../codec/codec.ts";
import type { ByteReader, DecodeError } from "../codec/io.ts";
import { type StreamOf, type Tlvs, tlvStream } from "../codec/tlv.ts";

/** What one declaration gives: type number, codec, and the lists that tests and the registry read. */
export interface Message<N extends string, F extends Fields, R extends Tlvs> {
  readonly name: N;
  readonly type: number;
  readonly fields: F;
  readonly tlvs: R | undefined;
  /** Of the payload: the bytes behind the 2-byte type. */
  readonly codec: Codec<ValueOfMessage<N, F, R>>;
}
type ValueOfMessage<N extends string, F extends Fields, R extends Tlvs> = { readonly name: N } & StructOf<F> &
  StreamOf<R>;
/** The value of a declared message: its `name`, its fields and, where present, its TLV records, under the BOLT's own names. */
export type MessageOf<M> = M extends Message<infer N, infer F, infer R> ? ValueOfMessage<N, F, R> : never;
// biome-ignore lint/suspicious/noExplicitAny: any declared message.
export type AnyMessage = Message<string, any, any>;

/**
 * Declares a message of the BOLTs. Without `tlvs` whatever follows the fields is ignored when read (BOLT 1
 * §Lightning Message Format); with them it must be a valid stream.
 */
export function message<const N extends string, F extends Fields, R extends Tlvs = Record<never, never>>(
  name: N,
  type: number,
  fields: F,
  tlvs?: R,
): Message<N, F, R> {
  const body = struct(fields);
  const stream = tlvs === undefined ? undefined : tlvStream(tlvs);
  const codec: Codec<ValueOfMessage<N, F, R>> = {
    shape: body.shape,
    write: (writer, value) => {
      body.write(writer, value);
      stream?.write(writer, value);
    },
    read: (reader: ByteReader) => {
      const fixed = body.read(reader);
      if (stream === undefined) reader.bytes(reader.remaining);
      const extension = stream === undefined ? {} : stream.read(reader);
      return { name, ...fixed, ...extension } as ValueOfMessage<N, F, R>;
    },
  };
  return { name, type, fields, tlvs, codec };
}

/** Type and payload, as they go into one transport frame. BOLT 1 §Lightning Message Format. */
export function frame<N extends string, F extends Fields, R extends Tlvs>(
  declared: Message<N, F, R>,
  value: ValueOfMessage<N, F, R>,
): Uint8Array {
  return lent((writer) => {
    writer.u16(declared.type);
    declared.codec.write(writer, value);
    return writer.finishBriefly();
  });
}

/** The value of a payload (without its type), or why it is not one. */
export const decodePayload = <N extends string, F extends Fields, R extends Tlvs>(
  declared: Message<N, F, R>,
  payload: Uint8Array,
): Result<ValueOfMessage<N, F, R>, DecodeError> => decode(declared.codec, payload);
