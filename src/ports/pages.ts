/** A file that browsers load to show a page. */
export interface PageFile {
  /** As in `Content-Type`. */
  readonly type: string;
  readonly bytes: Uint8Array;
}
/** All of them by the path of their address. The same at every call; rejects when they cannot be read, and may be asked again. */
export type PageFiles = () => Promise<ReadonlyMap<string, PageFile>>;
