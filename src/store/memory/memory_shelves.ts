/** Notes, control, folds, tickets and universes, in memory. */
import type { ControlStore, FoldStore, NoteStore, ShelfStore } from "../../feed/store.ts";
import { COMMANDS_WAITING_MAX, commandsWaiting } from "../control_limit.ts";
import { checkFoldSave } from "../fold_limit.ts";
import type { MemoryState } from "./memory_state.ts";

/** Notes of `state`. */
export const memoryNotes = (state: MemoryState): NoteStore => ({
  writeNote: (name, text, ttlMs, signal) => state.run(signal, () => state.notes.set(name, text, ttlMs)),
  readNote: (name, signal) => state.run(signal, () => state.notes.get(name)),
  readNotes: (prefix, limit, signal) => state.run(signal, () => state.notes.withPrefix(prefix, limit)),
  deleteNote: (name, signal) => state.run(signal, () => state.notes.delete(name)),
});

/** Commands and answers of `state`. */
export const memoryControl = (state: MemoryState): ControlStore => ({
  sendCommand: (text, signal) =>
    state.run(signal, () => {
      if (state.commands.length >= COMMANDS_WAITING_MAX) throw commandsWaiting();
      state.commands.push(text);
    }),
  takeCommands: (limit, signal) => state.run(signal, () => state.commands.splice(0, limit)),
  writeAnswer: (id, text, ttlMs, signal) => state.run(signal, () => state.answers.set(id, text, ttlMs)),
  readAnswer: (id, signal) => state.run(signal, () => state.answers.get(id)),
});

/** Folds of `state`. */
export const memoryFolds = (state: MemoryState): FoldStore => ({
  saveFold: (stream, fence, changed, cursor, signal) =>
    state.run(signal, () => {
      checkFoldSave(stream, changed);
      if (fence !== state.fence) return false;
      const fold = state.folds.get(stream) ?? { cursor: undefined, states: new Map<string, string>() };
      state.folds.set(stream, fold);
      for (const [symbol, text] of changed) {
        if (text === undefined) fold.states.delete(symbol);
        else fold.states.set(symbol, text);
      }
      fold.cursor = cursor;
      return true;
    }),
  loadFold: (stream, signal) =>
    state.run(signal, () => {
      const fold = state.folds.get(stream);
      return { cursor: fold?.cursor, states: new Map(fold?.states) };
    }),
});

/** Tickets and universes of `state`. */
export const memoryShelf = (state: MemoryState): ShelfStore => ({
  putTicket: (id, text, ttlMs, signal) => state.run(signal, () => state.tickets.set(id, text, ttlMs)),
  takeTicket: (id, signal) =>
    state.run(signal, () => {
      const text = state.tickets.get(id);
      state.tickets.delete(id);
      return text;
    }),
  readUniverse: (key, signal) => state.run(signal, () => [...state.universes.get(key) ?? []].sort()),
});
