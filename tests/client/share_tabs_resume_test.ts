/** What the tab that leads does for one that goes on where it stood: begins there, so that nothing in between is left out. */
import { assertEquals } from "@std/assert";
import type { Link, LinkContext } from "../../src/client/link.ts";
import type { ServerMessage } from "../../src/client/message.ts";
import { type ChannelLike, shareTabs } from "../../src/client/share_tabs.ts";
import type { Want } from "../../src/client/wants.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { manualPlatform } from "./fake_platform.ts";

const wanting = (...symbols: string[]): Want => ({
  symbols,
  mode: "all",
  maxHz: undefined,
  fields: undefined,
  snapshot: false,
});

/** A leader that stands at tick-4 and follows MSFT; gives where each connection of it began, and what it said to others. */
function aLeader() {
  const said: unknown[] = [];
  const channel: ChannelLike = {
    onmessage: null,
    postMessage: (note) => void said.push(note),
    close: () => {},
  };
  const begun: string[] = [];
  const open = (context: LinkContext): Link => {
    const want = context.wants().get("tick");
    begun.push(`${want?.symbols} ${context.cursorOf(["tick"])}`);
    return { update: () => {}, ping: () => {}, authenticate: () => true, close: () => {} };
  };
  const share = shareTabs("test", { channel: () => channel, lock: (_name, _signal, hold) => hold() });
  share(open)(
    {
      platform: manualPlatform(new ManualClock()),
      base: "http://edge",
      token: undefined,
      wants: () => new Map([["tick", wanting("MSFT")]]),
      cursorOf: () => "tick:k0000001-4",
      pollIntervalMs: 1000,
    },
    { onMessage: () => {}, onGarbage: () => {}, onDown: () => {} },
  );
  const hear = (tab: string, symbol: string, cursor: string) =>
    channel.onmessage?.({
      data: { kind: "wants", tab, isNew: true, wants: [["tick", wanting(symbol)]], cursor },
    });
  const gaps = () =>
    said.filter((note) => {
      const { message } = Object(note) as { readonly message?: ServerMessage };
      return message?.type === "gap";
    }).length;
  return { begun, hear, gaps };
}

const pure = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

pure(
  "symbols of a tab that stands where the leader does are asked for from there, not added where the server is",
  () => {
    const { begun, hear, gaps } = aLeader();
    hear("a", "MSFT", "tick:k0000001-4");
    assertEquals(begun, ["MSFT tick:k0000001-4"]);
    hear("b", "AAPL", "tick:k0000001-4");
    assertEquals([begun.slice(1), gaps()], [["AAPL,MSFT tick:k0000001-4"], 0]);
  },
);

pure(
  "a tab that stands behind is begun for where it is, and one ahead where the leader is, without a gap",
  () => {
    const { begun, hear, gaps } = aLeader();
    hear("a", "MSFT", "tick:k0000001-2");
    hear("b", "AAPL", "tick:k0000001-9");
    assertEquals([begun.slice(1), gaps()], [["MSFT tick:k0000001-2", "AAPL,MSFT tick:k0000001-2"], 0]);
    hear("c", "MSFT", "tick:k0000002-1");
    assertEquals(gaps(), 1);
  },
);

pure("a tab that asks for all that is held has the connection begin there", () => {
  const { begun, hear, gaps } = aLeader();
  hear("a", "MSFT", "earliest");
  assertEquals([begun.slice(1), gaps()], [["MSFT earliest"], 0]);
});
