/** Things to do at later steps of the simulation, in the order they were put there within a step. */
export class Agenda<T> {
  readonly #byStep = new Map<number, T[]>();

  /** Puts an item on a step's list. */
  add(step: number, item: T): void {
    const items = this.#byStep.get(step);
    if (items) items.push(item);
    else this.#byStep.set(step, [item]);
  }

  /** Takes everything of a step off the agenda. */
  take(step: number): readonly T[] {
    const items = this.#byStep.get(step);
    if (!items) return [];
    this.#byStep.delete(step);
    return items;
  }
}
