import { hasFeature } from "../../src/wire/features.ts";

const OPTION_SHUTDOWN_ANYSEGWIT = 26;

/**
 * Whether a mutual close may pay to this script: a witness program, of version 1 to 16 only where both sides know
 * option_shutdown_anysegwit. BOLT 2 §Closing Initiation: shutdown.
 */
export function isShutdownScript(script: Uint8Array, features: Uint8Array): boolean {
  const [version, length] = script;
  if (version === undefined || length === undefined || length !== script.length - 2) return false;
  if (version === 0) return length === 20 || length === 32;
  return (
    version >= 0x51 && version <= 0x60 && length >= 2 && length <= 40 && hasFeature(features, OPTION_SHUTDOWN_ANYSEGWIT)
  );
}
