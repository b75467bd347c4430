import { io } from "socket.io-client";

export interface EventsHeard {
  readonly onConnection: (connected: boolean) => void;
  /** Something happened to this session. */
  readonly onSession: (id: string) => void;
}

/** Follows what happens to sessions, over socket.io: the cookie opens it. It connects again by itself. */
export function followSessions({ onConnection, onSession }: EventsHeard): void {
  const socket = io("/events", { transports: ["websocket"] });
  socket.on("connect", () => {
    socket.emit("subscribe", { types: ["stream.*"] }, () => onConnection(true));
  });
  socket.on("disconnect", () => onConnection(false));
  socket.on("connect_error", () => onConnection(false));
  socket.on("event", ({ data }: { readonly data?: { readonly session?: unknown } }) => {
    if (typeof data?.session === "string") onSession(data.session);
  });
}
