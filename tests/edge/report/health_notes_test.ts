import { assert, assertEquals } from "@std/assert";
import {
  IngestNoteReader,
  NOTES_FRESH_MS,
  NOTES_PEEK_FRESH_MS,
  NOTES_READ_LIMIT_MS,
  NOTES_WAIT_MS,
} from "../../../src/edge/report/health_notes.ts";
import type { NoteStore } from "../../../src/feed/store.ts";
import { A_MONDAY } from "../../support/event_factory.ts";
import { anIngestHealth, aPlan } from "../../support/ingest_health_factory.ts";
import { ManualClock } from "../../support/manual_clock.ts";

/** Notes in a map; `hang` leaves every read open until it is aborted. */
class ScriptedNotes implements NoteStore {
  readonly notes = new Map<string, string>();
  mode: "answer" | "hang" | "fail" = "answer";
  reads = 0;
  open = 0;

  readNote(name: string, signal?: AbortSignal): Promise<string | undefined> {
    this.reads++;
    if (this.mode === "fail") return Promise.reject(new Error("unreachable"));
    if (this.mode === "answer") return Promise.resolve(this.notes.get(name));
    this.open++;
    return new Promise((_, reject) =>
      signal?.addEventListener("abort", () => {
        this.open--;
        reject(signal.reason);
      }, { once: true })
    );
  }
  writeNote = () => Promise.reject(new Error("not used"));
  readNotes = () => Promise.reject(new Error("not used"));
  deleteNote = () => Promise.reject(new Error("not used"));
}

function setUp() {
  const store = new ScriptedNotes();
  const clock = new ManualClock(A_MONDAY);
  return { store, clock, reader: new IngestNoteReader(store, clock) };
}

const pure = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

pure("read() gives what ingest published", async () => {
  const { store, reader } = setUp();
  using _reader = reader;
  store.notes.set("health:ingest", JSON.stringify(anIngestHealth()));
  store.notes.set("plan", JSON.stringify(aPlan()));
  const notes = await reader.read();
  assertEquals(notes.ingest, anIngestHealth());
  assertEquals(notes.plan, aPlan());
  assertEquals(notes.storeSilentMs, 0);
});

pure("read() asks the store at most once per freshness time, whoever asks how often", async () => {
  const { store, clock, reader } = setUp();
  using _reader = reader;
  for (let n = 0; n < 50; n++) await reader.read();
  assertEquals(store.reads, 2);
  await clock.advance(NOTES_FRESH_MS);
  await Promise.all(Array.from({ length: 50 }, () => reader.read()));
  assertEquals(store.reads, 4);
});

pure(
  "peek() has the store asked once a heartbeat's interval, however many clients are beaten for",
  async () => {
    const { store, clock, reader } = setUp();
    using _reader = reader;
    for (let second = 0; second < 60; second++) {
      for (let client = 0; client < 100; client++) reader.peek();
      await clock.advance(1_000);
    }
    assertEquals(store.reads, 2 * 60_000 / NOTES_PEEK_FRESH_MS);
  },
);

pure("read() answers with what is known when the store hangs, and tells how long", async () => {
  const { store, clock, reader } = setUp();
  using _reader = reader;
  store.notes.set("health:ingest", JSON.stringify(anIngestHealth()));
  await reader.read();
  store.mode = "hang";
  await clock.advance(NOTES_FRESH_MS);
  const pending = reader.read();
  await clock.advance(NOTES_WAIT_MS);
  const notes = await pending;
  assertEquals(notes.ingest, anIngestHealth());
  assertEquals(notes.storeSilentMs, NOTES_WAIT_MS);
  await clock.advance(60_000);
  assertEquals(reader.peek().storeSilentMs, NOTES_WAIT_MS + 60_000);
  assert(store.open <= 2, "one refresh at a time");
});

pure("a refresh that hangs is given up and the next one finds the store again", async () => {
  const { store, clock, reader } = setUp();
  using _reader = reader;
  store.mode = "hang";
  reader.peek();
  await clock.advance(NOTES_READ_LIMIT_MS);
  assertEquals(store.open, 0);
  store.mode = "answer";
  assertEquals((await reader.read()).storeSilentMs, 0);
});

pure("a failing store is told by its silence, never by a rejection", async () => {
  const { store, clock, reader } = setUp();
  using _reader = reader;
  store.mode = "fail";
  await reader.read();
  await clock.advance(9_000);
  assertEquals((await reader.read()).storeSilentMs, 9_000);
});

pure("notes of another release or of nobody are as good as none", async () => {
  for (const text of ["", "nonsense", "[]", '{"at":1}', "null"]) {
    const { store, reader } = setUp();
    using _reader = reader;
    store.notes.set("health:ingest", text);
    store.notes.set("plan", text);
    const notes = await reader.read();
    assertEquals([notes.ingest, notes.plan, notes.planRead], [undefined, undefined, true]);
  }
});

pure("a report's age is told by our own clock once it has moved under our eyes", async () => {
  const { store, clock, reader } = setUp();
  using _reader = reader;
  const hourAgo = A_MONDAY - 3_600_000;
  store.notes.set("health:ingest", JSON.stringify(anIngestHealth({ at: hourAgo })));
  assertEquals((await reader.read()).reportAgeMs, 3_600_000);
  // Its clock is an hour behind: the report goes on, so it is alive.
  store.notes.set("health:ingest", JSON.stringify(anIngestHealth({ at: hourAgo + 5_000 })));
  await clock.advance(5_000);
  assertEquals((await reader.read()).reportAgeMs, 0);
  await clock.advance(80_000);
  assertEquals((await reader.read()).reportAgeMs, 80_000);
});

pure("disposing ends an open read and starts no other", async () => {
  const { store, clock, reader } = setUp();
  store.mode = "hang";
  reader.peek();
  reader[Symbol.dispose]();
  await clock.advance(1);
  assertEquals([store.open, clock.pending], [0, 0]);
  reader.peek();
  assertEquals(store.reads, 2);
});

pure(
  "a store that never answered has been silent since the start, not since somebody first asked",
  async () => {
    const { store, clock, reader } = setUp();
    using _reader = reader;
    store.mode = "fail";
    await clock.advance(8_000);
    assertEquals((await reader.read()).storeSilentMs, 8_000);
  },
);
