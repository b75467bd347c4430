import type { BlockHash } from "../base/ids.ts";
import { present } from "../base/result.ts";
import { type BlockHeader, blockHashOf } from "../bitcoin/block.ts";
import { medianTimePast } from "../bitcoin/locks.ts";
import type { ChainParams } from "../bitcoin/params.ts";
import { type BlockTime, encodeCompact, hasProofOfWork, retarget, workOf } from "../bitcoin/pow.ts";
import { ancestorAt, faultInPlace, type HeaderFault, type HeaderNode, MEDIAN_TIME_BLOCKS } from "./headers.ts";

/**
 * Headers one after another that are checked like any others and not kept: however many there are, it holds a few numbers.
 * A chain shows by it how much work it has before it may take up memory.
 */
export class HeaderRun {
  readonly params: ChainParams;
  #last: BlockTime;
  /** The first block of the interval that the next header is in. */
  #first: BlockTime;
  /** The target that a network with easy late blocks goes back to. */
  #real: number;
  #hash: BlockHash;
  #work: bigint;
  readonly #times: number[];

  /** Of headers on top of `from`, which is kept already. */
  constructor(params: ChainParams, from: HeaderNode) {
    const { retargetBlocks } = params.pace;
    this.params = params;
    this.#last = timeOf(from);
    this.#first = timeOf(at(from, from.height - (from.height % retargetBlocks)));
    this.#real = realBits(params, from);
    this.#hash = from.hash;
    this.#work = from.work;
    this.#times = [];
    for (let node: HeaderNode | undefined = from; node && this.#times.length < MEDIAN_TIME_BLOCKS; node = node.previous)
      this.#times.unshift(node.header.time);
  }
  get height(): number {
    return this.#last.height;
  }
  /** Of the newest header, in seconds since 1970-01-01 UTC. */
  get time(): number {
    return this.#last.time;
  }
  /** Of the newest header. */
  get hash(): BlockHash {
    return this.#hash;
  }
  /** Expected hashes of the whole chain up to the newest header. */
  get work(): bigint {
    return this.#work;
  }

  /**
   * The next header, or why there is none: then nothing has changed.
   * @param now  seconds since 1970-01-01 UTC
   */
  take(header: BlockHeader, now: number): HeaderFault | undefined {
    const { params } = this;
    if (header.previous !== this.#hash) return { code: "prev-blk-not-found" };
    const hash = blockHashOf(header);
    if (!hasProofOfWork(hash, header.bits, params)) return { code: "high-hash" };
    const { time, bits } = header;
    const place = {
      height: this.#last.height + 1,
      previousTime: this.#last.time,
      medianTime: medianTimePast(this.#times),
      bits: this.#nextBits(time),
    };
    const fault = faultInPlace(params, header, place, now);
    if (fault !== undefined) return fault;
    this.#last = { height: place.height, time, bits };
    this.#hash = hash;
    this.#work += workOf(bits);
    this.#times.push(time);
    if (this.#times.length > MEDIAN_TIME_BLOCKS) this.#times.shift();
    if (place.height % params.pace.retargetBlocks === 0) this.#first = this.#last;
    if (this.#first === this.#last || bits !== encodeCompact(params.powLimit)) this.#real = bits;
    return undefined;
  }

  /** As `nextBits` of `pow.ts` finds it by looking back. */
  #nextBits(time: number): number {
    const { params } = this;
    const { spacingS, retargetBlocks } = params.pace;
    const last = this.#last;
    if (params.retargeting === "never") return last.bits;
    if ((last.height + 1) % retargetBlocks === 0) return retarget(params, { first: this.#first, last });
    if (params.retargeting === "mainnet") return last.bits;
    return time > last.time + 2 * spacingS ? encodeCompact(params.powLimit) : this.#real;
  }
}

const timeOf = ({ height, header: { time, bits } }: HeaderNode): BlockTime => ({ height, time, bits });
const at = (node: HeaderNode, height: number): HeaderNode => present(ancestorAt(node, height), "a height below");

/** The last target of the interval that was not allowed for being late, or the one of its first block. */
function realBits({ powLimit, pace }: ChainParams, from: HeaderNode): number {
  const limit = encodeCompact(powLimit);
  let node = from;
  while (node.header.bits === limit && node.height % pace.retargetBlocks !== 0) node = at(node, node.height - 1);
  return node.header.bits;
}
