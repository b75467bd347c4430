import type { Result } from "../../../base/result.ts";
import { isPublicNetwork, isPublicPlace } from "../../../chain/addresses/place.ts";
import { SEEDS } from "../../../chain/addresses/seeds.ts";
import type { Sync } from "../../../chain/sync/peer.ts";
import type { DialFault } from "../../../ports/base-node.ts";
import type { Address, Names, Network } from "../../../ports/network.ts";
import type { Clock } from "../../../ports/world.ts";
import type { AddressFile } from "./address-file.ts";
import { Dialler } from "./dialler.ts";
import type { Links } from "./links.ts";
import { Outbound } from "./outbound.ts";
import { placeOf } from "./places.ts";

export interface NeighboursOptions {
  readonly sync: Sync;
  readonly links: Links;
  readonly file: AddressFile;
  readonly network: Network;
  readonly clock: Clock;
  /** For seeds of networks of strangers; none are asked without it. */
  readonly names?: Names | undefined;
  /** Whether who was parted with for this reason is not called again, though the operator has named it. */
  readonly isFinal?: (reason: string) => boolean;
}

/** With whom the node is connected: those that the operator names, those that call, and on networks of strangers some of them. */
export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #dialler: Dialler;
  readonly #outbound: Outbound | undefined;

  constructor(options: NeighboursOptions) {
    this.#options = options;
    const { sync, links, network, clock, file, names, isFinal } = options;
    const { params } = sync.brain.chain;
    const dialler = new Dialler({ links, network, clock, ...(isFinal && { isFinal }) });
    this.#dialler = dialler;
    this.#outbound = isPublicNetwork(params.network)
      ? new Outbound({
          ...{ sync, links, network, clock, file, names },
          seeds: SEEDS[params.network],
          port: params.port,
          discouraged: dialler.discouraged,
          areNamed: () => dialler.hasTargets,
        })
      : undefined;
  }

  get address(): Address | undefined {
    return this.#dialler.address;
  }
  /** Where everybody can reach us, peers are told of it. */
  async listen(address: Address): Promise<Address> {
    const { sync } = this.#options;
    const used = await this.#dialler.listen(address);
    const place = placeOf(used.host, used.port);
    sync.own = place && isPublicPlace(place) ? place : undefined;
    return used;
  }
  connect(address: Address): Promise<Result<void, DialFault>> {
    return this.#dialler.connect(address);
  }
  /** Once, whatever becomes of it. */
  connectOnce(address: Address): Promise<Result<void, DialFault>> {
    return this.#dialler.connectOnce(address);
  }
  /** Is not dialled again once the connection is lost. False for one that the operator has not named. */
  forget(address: Address): boolean {
    return this.#dialler.forget(address);
  }
  isNamed(address: Address): boolean {
    return this.#dialler.isNamed(address);
  }
  async stop(): Promise<void> {
    const kept = this.#outbound?.stop();
    this.#options.links.close();
    await kept;
    await this.#dialler.stop();
  }
}
