import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as ldk from "lightningdevkit";

const notFound = ldk.IOError.LDKIOError_NotFound;
/** A folder of files, one a key. Its copy is an old state that LDK can be started from again. */
export class FolderStore implements ldk.KVStoreInterface {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }
  get(key: string): Uint8Array | undefined {
    try {
      return new Uint8Array(readFileSync(join(this.folder, key)));
    } catch {
      return undefined;
    }
  }
  put(key: string, bytes: Uint8Array): void {
    writeFileSync(join(this.folder, key), bytes);
  }
  copy(to: string): void {
    cpSync(this.folder, to, { recursive: true });
  }

  read(primary: string, secondary: string, key: string): ldk.Result_CVec_u8ZIOErrorZ {
    const found = this.get(nameOf(primary, secondary, key));
    return found === undefined
      ? ldk.Result_CVec_u8ZIOErrorZ.constructor_err(notFound)
      : ldk.Result_CVec_u8ZIOErrorZ.constructor_ok(found);
  }
  write(primary: string, secondary: string, key: string, bytes: Uint8Array): ldk.Result_NoneIOErrorZ {
    this.put(nameOf(primary, secondary, key), bytes);
    return ldk.Result_NoneIOErrorZ.constructor_ok();
  }
  remove(primary: string, secondary: string, key: string, _lazy: boolean): ldk.Result_NoneIOErrorZ {
    rmSync(join(this.folder, nameOf(primary, secondary, key)), { force: true });
    return ldk.Result_NoneIOErrorZ.constructor_ok();
  }
  list(primary: string, secondary: string): ldk.Result_CVec_StrZIOErrorZ {
    const prefix = nameOf(primary, secondary, "");
    const names = readdirSync(this.folder).filter((name) => name.startsWith(prefix));
    return ldk.Result_CVec_StrZIOErrorZ.constructor_ok(names.map((name) => name.slice(prefix.length)));
  }
}
const nameOf = (primary: string, secondary: string, key: string): string => `${primary}+${secondary}+${key}`;
