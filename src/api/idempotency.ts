import { parseUtf8, toHex, utf8 } from "../base/bytes.ts";
import { err, ok, present, type Result } from "../base/result.ts";
import { decode, encode, struct } from "../codec/codec.ts";
import { rest, u8, u64 } from "../codec/primitives.ts";
import { sha256 } from "../crypto/hash.ts";
import { type Store, StoreCorrupt, type StoreRecord } from "../ports/store.ts";
import type { Clock } from "../ports/world.ts";
import type { ApiFault } from "./faults.ts";
import type { Repeat } from "./route.ts";

/**
 * A POST that carries an `Idempotency-Key` is answered once; later ones with the key get the same answer, also after a
 * restart. Without it a client whose connection broke could not ask again without paying again.
 */
export interface Idempotency {
  /** What to do with a request: run it and then `keep` or `drop`, or give the answer that was kept. */
  begin(request: KeyedRequest): Promise<Result<Begun, ApiFault>>;
  close(): void;
}
export interface KeyedRequest {
  readonly tokenId: string;
  readonly key: string;
  /** Equal for equal requests: method, path and body. */
  readonly fingerprint: string;
  readonly repeat: Repeat;
}
export type Begun =
  | { readonly tag: "replay"; readonly answer: KeptAnswer }
  | {
      readonly tag: "run";
      /** Resolves once the answer is durable: it may leave then. */
      keep(answer: KeptAnswer): Promise<void>;
      /** The request changed nothing and may be made again. */
      drop(): Promise<void>;
      /** The request broke midway: nobody knows what it did. */
      abandon(): void;
    };
export interface KeptAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly contentType: string;
  readonly body: string;
}
interface Kept {
  readonly fingerprint: string;
  /** Null while the request runs. */
  readonly answer: KeptAnswer | null;
}

/** Where the answers lie in the store: those kept for a day apart, so that tidying up reads no other. */
const FOR_A_DAY = "idem/day/";
const FOR_EVER = "idem/ever/";
const DAY_MS = 24 * 60 * 60 * 1000;
const TIDY_EVERY_MS = 60 * 60 * 1000;
/** In one group, so that tidying never blocks the store for long. */
const TIDY_RECORDS_MAX = 1000;
const KEY_FORM = /^[\x21-\x7e]{1,128}$/;
export const isIdempotencyKey = (key: string): boolean => KEY_FORM.test(key);

const VERSION = 1;
const record = struct({ version: u8, created_at: u64, body: rest });

export function createIdempotency(store: Store, clock: Clock): Idempotency {
  const running = new Set<string>();
  const read = (key: string): Kept | undefined => {
    const value = store.get(key);
    if (value === undefined) return undefined;
    const { kept, createdAt } = parse(key, value);
    return key.startsWith(FOR_A_DAY) && createdAt + DAY_MS <= clock.now() ? undefined : kept;
  };
  const write = (key: string, kept: Kept): Promise<void> => {
    const body = utf8(JSON.stringify(kept));
    return store.append([{ key, value: encode(record, { version: VERSION, created_at: BigInt(clock.now()), body }) }]);
  };
  const stopTidying = tidyHourly(store, clock);
  return {
    async begin({ tokenId, key, fingerprint, repeat }) {
      const name = `${tokenId}/${toHex(sha256(utf8(key)))}`;
      if (running.has(name)) return err(STILL_RUNNING);
      const kept = read(FOR_EVER + name) ?? read(FOR_A_DAY + name);
      if (kept !== undefined && kept.fingerprint !== fingerprint) return err(MISMATCH);
      if (kept !== undefined)
        return kept.answer === null ? err(OUTCOME_UNKNOWN) : ok({ tag: "replay", answer: kept.answer });
      const place = `${repeat === "harmless" ? FOR_A_DAY : FOR_EVER}${name}`;
      const during = (write: Promise<void>): Promise<void> => write.finally(() => running.delete(name));
      running.add(name);
      // The mark is durable before anything moves: it is all that a restart finds of a request that was cut off.
      if (repeat === "costly") {
        const mark = write(place, { fingerprint, answer: null });
        await mark.catch((cause: unknown) => during(Promise.reject(cause)));
      }
      return ok({
        tag: "run",
        keep: (answer) => during(write(place, { fingerprint, answer })),
        drop: () => during(repeat === "costly" ? store.append([{ key: place, value: undefined }]) : Promise.resolve()),
        abandon: () => void running.delete(name),
      });
    },
    close: stopTidying,
  };
}

/** Removes answers older than a day. The answer stops it. */
function tidyHourly(store: Store, clock: Clock): () => void {
  let cancel = clock.after(TIDY_EVERY_MS, tidy);
  function tidy(): void {
    const old: StoreRecord[] = [];
    for (const { key, value } of store.range(FOR_A_DAY)) {
      if (parse(key, value).createdAt + DAY_MS <= clock.now()) old.push({ key, value: undefined });
      if (old.length === TIDY_RECORDS_MAX) break;
    }
    // A store that fails says so to everyone who appends; here nothing is lost by it.
    if (old.length > 0) void store.append(old).catch(() => undefined);
    cancel = clock.after(TIDY_EVERY_MS, tidy);
  }
  return () => cancel();
}

function parse(key: string, value: Uint8Array): { readonly createdAt: number; readonly kept: Kept } {
  const decoded = decode(record, value);
  if (!decoded.ok || decoded.value.version !== VERSION) throw new StoreCorrupt(key, "not an answer to an API request");
  const kept = JSON.parse(present(parseUtf8(decoded.value.body), "answers are written as UTF-8")) as Kept;
  return { createdAt: Number(decoded.value.created_at), kept };
}

const STILL_RUNNING: ApiFault = {
  code: "IDEMPOTENCY_RUNNING",
  detail: "A request with this idempotency key has not been answered yet.",
  retryAfterSeconds: 1,
};
const MISMATCH: ApiFault = {
  code: "IDEMPOTENCY_MISMATCH",
  detail: "This idempotency key was used for a request of another method, path or body.",
};
const OUTCOME_UNKNOWN: ApiFault = {
  code: "OUTCOME_UNKNOWN",
  detail: "The node stopped while it ran the first request with this key, which may have taken effect.",
  hint: "look whether it did, and use a new key only if not",
};
