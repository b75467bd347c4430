/** The build without captions, DRM and alternative audio has the same types, and names none. */
declare module "hls.js/light" {
  import Hls from "hls.js";

  export { Events, LoadStats } from "hls.js";
  export { Hls as default };
}
