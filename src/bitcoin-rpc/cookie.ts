import { timingSafeEqual } from "node:crypto";
import { chmod, rm, writeFile } from "node:fs/promises";
import { toHex, utf8 } from "../base/bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import type { Random } from "../ports/world.ts";

const USER = "__cookie__";
const SECRET_BYTES = 32;

/** The password of one run, in a file that this user alone can read. */
export interface Cookie {
  /** Whether an `Authorization` header says it. */
  admits(header: string | undefined): boolean;
  remove(): Promise<void>;
}
/** Writes a new one over that of an earlier run. Rejects with the system's error. */
export async function writeCookie(path: string, random: Random): Promise<Cookie> {
  const credentials = `${USER}:${toHex(random.bytes(SECRET_BYTES))}`;
  await rm(path, { force: true });
  await writeFile(path, credentials, { mode: 0o600, flag: "wx" });
  await chmod(path, 0o600);
  const wanted = sha256(utf8(`Basic ${Buffer.from(credentials).toString("base64")}`));
  return {
    // Hashes are compared, so that neither length nor time tell anything.
    admits: (header) => header !== undefined && timingSafeEqual(sha256(utf8(header)), wanted),
    remove: () => rm(path, { force: true }),
  };
}
