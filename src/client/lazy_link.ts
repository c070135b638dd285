/** A link whose code is loaded at its first use. A load that fails is a connection that fails: tried again like any other. */
import { networkDown } from "./failure.ts";
import type { Link, OpenLink } from "./link.ts";

/** Loads what is not needed to begin with. */
export const loadFallbacks = () => import("./fallback_links.ts");

/** An opener that loads its own code first. */
export const openLazily = (pick: "openSse" | "openPoll"): OpenLink => (context, handlers) => {
  let link: Link | undefined;
  let isClosed = false;
  loadFallbacks().then(
    (loaded) => {
      if (!isClosed) link = loaded[pick](context, handlers);
    },
    () => isClosed || handlers.onDown(networkDown(context.base)),
  );
  return {
    update: () => link?.update(),
    ping: () => link?.ping(),
    authenticate: (token) => link?.authenticate(token) ?? false,
    close() {
      isClosed = true;
      link?.close();
    },
  };
};
