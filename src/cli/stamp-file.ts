import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { parseHex } from "../base/bytes.ts";
import type { DocumentProof } from "../chain/notary.ts";
import { usage } from "./exit.ts";
import { jsonOf, textOf } from "./proof-file.ts";

/** What `notary stamp` leaves beside a document. */
export interface Stamp {
  readonly network: string;
  /** Of the document. */
  readonly sha256: string;
  readonly index: number;
  readonly branch: readonly string[];
  /** Of the transaction that holds the root. */
  readonly txid: string;
  /** That it is in its block, as `chain prove` tells it; null until it is mined and somebody has asked. */
  readonly proof: unknown;
}
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const stampFile = z.object({
  network: z.string(),
  sha256: hash,
  index: z.int().min(0),
  branch: z.array(hash).max(32),
  txid: hash,
  proof: z.unknown(),
});

export const stampPathOf = (file: string): string => `${file}.stamp`;

/** Ends the command with a sentence when the file is none. */
export async function readStamp(path: string): Promise<Stamp> {
  const read = stampFile.safeParse(jsonOf(await textOf(path)));
  if (!read.success) throw usage(`${path} is not a stamp.`, "make one by: notary stamp <file>");
  return { ...read.data, proof: read.data.proof ?? null };
}
/** @param flag  `wx` fails when the file is there already */
export async function writeStamp(path: string, stamp: Stamp, flag: "w" | "wx"): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(stamp)}\n`, { flag });
  } catch (error) {
    throw usage(`${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? "for whatever reason"}.`);
  }
}
export const placeOf = ({ index, branch }: Stamp): DocumentProof => ({
  index,
  branch: branch.map((text) => parseHex(text) ?? new Uint8Array(0)),
});

/** SHA-256 of a file of any size. */
export async function sha256OfFile(path: string): Promise<Uint8Array> {
  const digest = createHash("sha256");
  try {
    await pipeline(createReadStream(path), digest);
  } catch (error) {
    throw usage(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "for whatever reason"}.`);
  }
  return Uint8Array.from(digest.digest());
}
