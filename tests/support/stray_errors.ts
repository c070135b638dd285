/** Loaded before the program: what nobody catches, a while after it has started. */
const AFTER_MS = 1_500;

const later = (work: () => void) => Deno.unrefTimer(setTimeout(work, AFTER_MS));
later(() => void Promise.reject(new Error("PLANTED rejection")));
later(() => {
  throw new Error("PLANTED throw");
});
