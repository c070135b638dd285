/**
 * How much a transport still holds of what it was handed, asked for as seldom as may be: asking before every frame of a few
 * hundred bytes was a twentieth of the processor's work at 50 events a second to 1 000 clients.
 */

/**
 * What may be handed over unasked once the transport was found to hold nothing: a client that stops reading is noticed by
 * so many bytes later.
 */
export const UNASKED_MAX_BYTES = 4 * 1024;

/** What is asked. */
export interface Buffering {
  /** Bytes handed over and not yet taken by the peer's side. */
  buffered(): number;
}

/** See the file comment. */
export class BufferedProbe {
  readonly #transport: Buffering;
  /** Handed over since nothing was held; the bound itself while something is. */
  #unaskedBytes = UNASKED_MAX_BYTES;

  constructor(transport: Buffering) {
    this.#transport = transport;
  }

  /** So many bytes were handed over. */
  handed(bytes: number): void {
    this.#unaskedBytes += bytes;
  }

  /** Bytes held; 0 also when too little was handed over to be worth the question. */
  roughly(): number {
    return this.#unaskedBytes < UNASKED_MAX_BYTES ? 0 : this.exactly();
  }

  /** Bytes held now. */
  exactly(): number {
    const bytes = this.#transport.buffered();
    this.#unaskedBytes = bytes === 0 ? 0 : UNASKED_MAX_BYTES;
    return bytes;
  }
}
