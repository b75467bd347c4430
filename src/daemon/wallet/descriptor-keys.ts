import { HDKey } from "@scure/bip32";
import { present } from "../../base/result.ts";
import type { ExtendedKey } from "../../bitcoin/descriptor.ts";
import type { DeriveKey } from "../../bitcoin/descriptor-script.ts";
import { TEST_VERSIONS } from "../keychain.ts";

/** Derives public keys, remembering each way that it has gone. For as long as one descriptor is worked on. */
export function publicDerivation(): DeriveKey {
  const parents = new Map<string, HDKey>();
  const parentOf = (key: ExtendedKey): HDKey => {
    const name = [key.xpub, ...key.path].join("/");
    const parent = parents.get(name) ?? followed(key);
    parents.set(name, parent);
    return parent;
  };
  return (key, index) => {
    const parent = parentOf(key);
    const { publicKey } = key.ranged ? parent.deriveChild(index) : parent;
    return present(publicKey, "an extended public key is one");
  };
}

function followed({ xpub, path }: ExtendedKey): HDKey {
  const root = xpub.startsWith("t") ? HDKey.fromExtendedKey(xpub, TEST_VERSIONS) : HDKey.fromExtendedKey(xpub);
  return path.reduce((key, step) => key.deriveChild(step), root);
}
