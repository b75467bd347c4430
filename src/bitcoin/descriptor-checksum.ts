/** In three groups of 32, so that slips of a hand touch as few symbols as possible. BIP 380 §Character Set. */
const CHARACTERS =
  "0123456789()[],'/*abcdefgh@:$%{}" + "IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" + 'ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const GENERATOR = [0xf5_dee5_1989, 0xa9_fdca_3312, 0x1b_ab10_e32d, 0x37_06b1_677a, 0x64_4d62_6ffd];
const CHECKSUM_LENGTH = 8;

/** By the number of the character; -1 for what is none. */
const PLACE = new Int8Array(128).fill(-1);
[...CHARACTERS].forEach((character, place) => {
  PLACE[character.charCodeAt(0)] = place;
});

/**
 * The 40 bits of the code's state are held in two halves, which fit the arithmetic of small numbers: the outputs of a block have
 * millions of characters. What five bits that leave at the top come back as is known beforehand.
 */
const HALF_BITS = 20;
const HALF = 2 ** HALF_BITS;
const LEAVING_BITS = 5;
const KEPT = 2 ** (HALF_BITS - LEAVING_BITS);
const backAs = (halfOf: (generator: number) => number): Int32Array =>
  Int32Array.from({ length: 2 ** LEAVING_BITS }, (_, top) =>
    GENERATOR.reduce((sum, generator, bit) => ((top >> bit) & 1 ? sum ^ halfOf(generator) : sum), 0),
  );
const BACK_HIGH = backAs((generator) => Math.floor(generator / HALF));
const BACK_LOW = backAs((generator) => generator % HALF);

/**
 * The eight characters that follow `#` behind a descriptor; `script` is what stands before it. Undefined when it holds a
 * character that no descriptor may hold. BIP 380 §Checksum.
 */
export function descriptorChecksum(script: string): string | undefined {
  let [high, low] = [0, 1];
  const take = (symbol: number): void => {
    const top = high >> (HALF_BITS - LEAVING_BITS);
    high = ((high % KEPT) << LEAVING_BITS) | (low >> (HALF_BITS - LEAVING_BITS));
    high ^= BACK_HIGH[top] as number;
    low = ((low % KEPT) << LEAVING_BITS) ^ symbol ^ (BACK_LOW[top] as number);
  };
  let groups = 0;
  let pending = 0;
  for (let at = 0; at < script.length; at++) {
    const place = PLACE[script.charCodeAt(at)] ?? -1;
    if (place < 0) return undefined;
    take(place & 31);
    groups = groups * 3 + (place >> 5);
    if (++pending < 3) continue;
    take(groups);
    groups = 0;
    pending = 0;
  }
  if (pending > 0) take(groups);
  for (let i = 0; i < CHECKSUM_LENGTH; i++) take(0);
  const symbolsOf = (half: number): string =>
    [15, 10, 5, 0].map((bits) => SYMBOLS.charAt((half >> bits) & 31)).join("");
  return symbolsOf(high) + symbolsOf(low ^ 1);
}

/** With its checksum behind it. Undefined as `descriptorChecksum`. */
export function withChecksum(script: string): string | undefined {
  const checksum = descriptorChecksum(script);
  return checksum === undefined ? undefined : `${script}#${checksum}`;
}
