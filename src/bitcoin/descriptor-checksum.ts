/** In three groups of 32, so that slips of a hand touch as few symbols as possible. BIP 380 §Character Set. */
const CHARACTERS =
  "0123456789()[],'/*abcdefgh@:$%{}" + "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" + 'ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0xf5_dee5_1989n, 0xa9_fdca_3312n, 0x1b_ab10_e32dn, 0x37_06b1_677an, 0x64_4d62_6ffdn];
const CHECKSUM_LENGTH = 8;

const PLACE = new Map([...CHARACTERS].map((character, place) => [character, place]));

/**
 * The eight characters that follow `#` behind a descriptor; `script` is what stands before it. Undefined when it holds a
 * character that no descriptor may hold. BIP 380 §Checksum.
 */
export function descriptorChecksum(script: string): string | undefined {
  let state = 1n;
  const take = (symbol: number): void => {
    state = stepped(state, BigInt(symbol));
  };
  let groups = 0;
  let pending = 0;
  for (const character of script) {
    const place = PLACE.get(character);
    if (place === undefined) return undefined;
    take(place & 31);
    groups = groups * 3 + (place >> 5);
    if (++pending < 3) continue;
    take(groups);
    groups = 0;
    pending = 0;
  }
  if (pending > 0) take(groups);
  for (let i = 0; i < CHECKSUM_LENGTH; i++) take(0);
  state ^= 1n;
  const symbolAt = (place: number): string =>
    SYMBOLS.charAt(Number((state >> BigInt(5 * (CHECKSUM_LENGTH - 1 - place))) & 31n));
  return Array.from({ length: CHECKSUM_LENGTH }, (_, place) => symbolAt(place)).join("");
}

/** One symbol more, in the field of the code: 40 bits of state. */
function stepped(state: bigint, symbol: bigint): bigint {
  const top = state >> 35n;
  let next = ((state & 0x7_ffff_ffffn) << 5n) ^ symbol;
  for (const [bit, generator] of GENERATOR.entries()) if ((top >> BigInt(bit)) & 1n) next ^= generator;
  return next;
}

/** With its checksum behind it. Undefined as `descriptorChecksum`. */
export function withChecksum(script: string): string | undefined {
  const checksum = descriptorChecksum(script);
  return checksum === undefined ? undefined : `${script}#${checksum}`;
}
