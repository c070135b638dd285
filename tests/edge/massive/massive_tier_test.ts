/** A program that says `auth` again while it follows. */
import { assertEquals } from "@std/assert";
import { anonymous } from "../../../src/edge/admit/principal.ts";
import { massiveScene } from "./massive_scene.ts";

Deno.test({
  name: "a program that says another token while it follows is served at that token's pace",
  permissions: "none",
  fn: async () => {
    const tokens = [anonymous("premium"), anonymous("standard")];
    const { rig, say, end } = massiveScene({
      authenticate: () => Promise.resolve(tokens.shift() ?? anonymous("standard")),
    });
    await say("auth", "first");
    await say("subscribe", "T.*");
    const { schedule, feeds } = rig.edge.core;
    const intervals = () => {
      const feed = feeds.get("tick");
      return feed && [...schedule.followersOf(feed)].map(({ selection }) => selection.intervalMs);
    };
    assertEquals(intervals(), [25]);
    await say("auth", "second");
    assertEquals(intervals(), [100]);
    await end();
  },
});
