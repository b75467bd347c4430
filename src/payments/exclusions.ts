import type { Blame, Edge, Exclusions, Route, RouteHop } from "../../routing/index.ts";
import { present, unreachable } from "../base/result.ts";

/**
 * What the next search has to leave out beside what it left out before; undefined when no other route can help, because
 * the payee itself has answered (or, over a single hop, only it can have).
 */
export function excludeBlamed(excluded: Exclusions, route: Route, blame: Blame): Exclusions | undefined {
  switch (blame.tag) {
    case "Payee":
      return undefined;
    case "Edge":
      return { ...excluded, edges: [...excluded.edges, blame.edge] };
    case "Node":
      return { ...excluded, nodes: [...excluded.nodes, blame.nodeId] };
    case "Unknown": {
      const edges = forwardedEdges(route);
      return edges.length === 0 ? undefined : { ...excluded, edges: [...excluded.edges, ...edges] };
    }
    default:
      return unreachable(blame);
  }
}
/** Every channel of a route but our own. */
function forwardedEdges({ hops }: Route): readonly Edge[] {
  return hops.slice(1).map((hop: RouteHop, at) => ({
    from: present(hops[at], "the hop before").nodeId,
    shortChannelId: hop.shortChannelId,
  }));
}
