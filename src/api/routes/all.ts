import type { Route } from "../route.ts";
import { backupRoutes } from "./backups.ts";
import { chainRoutes } from "./chain.ts";
import { channelRoutes, peerRoutes } from "./channels.ts";
import { explorerRoutes } from "./explorer.ts";
import { graphRoutes } from "./graph.ts";
import { labelRoutes } from "./labels.ts";
import { loginRoutes } from "./logins.ts";
import { nodeRoutes } from "./node.ts";
import { invoiceRoutes, paymentRoutes } from "./payments.ts";
import { psbtRoutes } from "./psbts.ts";
import { streamRoutes, subscriptionRoutes } from "./streams.ts";
import { walletRoutes } from "./wallet.ts";
import { watchRoutes } from "./watches.ts";

/** Everything that can be asked, what is asked most often first: Express tries one after the other. */
export const ROUTES: readonly Route[] = [
  ...subscriptionRoutes,
  ...paymentRoutes,
  ...invoiceRoutes,
  ...nodeRoutes,
  ...channelRoutes,
  ...peerRoutes,
  ...streamRoutes,
  ...walletRoutes,
  ...psbtRoutes,
  ...watchRoutes,
  ...labelRoutes,
  ...backupRoutes,
  ...chainRoutes,
  ...explorerRoutes,
  ...graphRoutes,
  ...loginRoutes,
];
