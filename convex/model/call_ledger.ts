/**
 * The tool calls of one answer, told apart. A model gives each call an id of its own; some proxies call all of them `call_0`, and some
 * models say a call again. What is kept about a call is kept under a key: the id, and for another call with the same id a key made of it.
 */
export interface OpenCall {
  /** The key: all that is kept about the call is kept under it. In the thread stands `idOfKey`. */
  toolCallId: string;
  toolName: string;
  input: unknown;
  /** It was said before, with the same id, tool and input, and this was its result: it is not done again. */
  earlier?: string;
}

const NUMBERED = /~\d+$/;

/** An id that looks like a made key gets a number too, so that no two calls share a key. */
const keyFor = (id: string, number: number): string => (number === 1 && !NUMBERED.test(id) ? id : `${id}~${number}`);

/** The id as the model gave it. */
export const idOfKey = (key: string): string => key.replace(NUMBERED, "");

interface Known {
  key: string;
  toolName: string;
  input: string;
  result?: string;
}

export class CallLedger {
  readonly #known = new Map<string, Known[]>();
  readonly #open: { id: string; known: Known; input: unknown }[] = [];

  /** In the order of the thread. */
  call(id: string, toolName: string, input: unknown): void {
    const known = this.#known.get(id) ?? [];
    const text = JSON.stringify(input ?? null);
    let same = known.find((one) => one.toolName === toolName && one.input === text);
    if (same === undefined) {
      same = { key: keyFor(id, known.length + 1), toolName, input: text };
      this.#known.set(id, [...known, same]);
    }
    if (!this.#open.some((one) => one.known === same)) this.#open.push({ id, known: same, input });
  }

  /** The key of the call whose first result it is; null: the result of none, or one more. */
  result(id: string, toolName: string, text: string): string | null {
    const of = this.#open.filter((one) => one.id === id);
    const closed = of.find(({ known }) => known.toolName === toolName) ?? of[0];
    if (closed === undefined) return null;
    this.#open.splice(this.#open.indexOf(closed), 1);
    const first = closed.known.result === undefined;
    closed.known.result ??= text;
    return first ? closed.known.key : null;
  }

  open(): OpenCall[] {
    return this.#open.map(({ known: { key, toolName, result }, input }) => ({
      ...{ toolCallId: key, toolName, input },
      ...(result === undefined ? {} : { earlier: result }),
    }));
  }
}
