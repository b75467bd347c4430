export interface FilmPage {
  /** The viewer's own daemon, which serves the page. */
  readonly url: string;
  readonly site: string;
  readonly stream: string;
  /** Of a login link. */
  readonly code: string;
}
/** The address of the page that plays a film. The code stands behind `#`, which browsers send to nobody. */
export const pageLink = ({ url, site, stream, code }: FilmPage): string =>
  `${url}/demo/video?${new URLSearchParams({ site, stream })}#login=${code}`;

/** The address of the page that shows the chain of the daemon at `url`. */
export const explorerLink = ({ url, code }: { readonly url: string; readonly code: string }): string =>
  `${url}/chain#login=${code}`;
