/**
 * The record as chains of hashes, one a subject: whoever changes, removes or inserts a row breaks its chain, and everybody who has the
 * rows can see where. Roots over the newest rows of many chains, themselves a chain, keep a chain's end from being cut off unseen.
 * docs/audit.md describes the same for people who check an export without this code.
 */
import { sha256Hex } from "./sha256.ts";

export interface ChainedEvent {
  subject: string;
  /** 1, 2, 3 … within the subject. */
  seq: number;
  /** Hash of the row before; empty for the first. */
  prev: string;
  at: number;
  kind: string;
  personId: string | null;
  person: string | null;
  handle: string | null;
  channel: string | null;
  /** Canonical JSON text. */
  detail: string;
  hash: string;
}

/** Where a chain stood at a moment. */
export interface Claim {
  subject: string;
  seq: number;
  hash: string;
}

export interface ChainRoot {
  seq: number;
  prev: string;
  at: number;
  /** Sorted by subject. */
  leaves: Claim[];
  /** Merkle root of the leaves. */
  root: string;
  hash: string;
}

/** Of everything but the hash itself. A list of texts, whole numbers and nulls has one JSON form only (RFC 8785). */
export async function eventHash(event: Omit<ChainedEvent, "hash">): Promise<string> {
  const { subject, seq, prev, at, kind, personId, person, handle, channel, detail } = event;
  return await sha256Hex(JSON.stringify([subject, seq, prev, at, kind, personId, person, handle, channel, detail]));
}

export const rootHash = (root: Pick<ChainRoot, "seq" | "prev" | "at" | "root">): Promise<string> =>
  sha256Hex(JSON.stringify([root.seq, root.prev, root.at, root.root]));

/** Pairs from the left; one left over goes up as it is. No leaves: the hash of nothing. */
export async function merkleRoot(leaves: readonly Claim[]): Promise<string> {
  let level = await Promise.all(
    leaves.map(({ subject, seq, hash }) => sha256Hex(JSON.stringify([subject, seq, hash]))),
  );
  if (level.length === 0) return await sha256Hex("");
  while (level.length > 1) {
    const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, at) => level.slice(2 * at, 2 * at + 2));
    level = await Promise.all(pairs.map(([left, right]) => (right === undefined ? left! : sha256Hex(left! + right))));
  }
  return level[0]!;
}

export interface Fault {
  /** The chain; `roots` for the chain of roots. */
  subject: string;
  seq: number;
  message: string;
}

export const faultText = ({ subject, seq, message }: Fault): string => `row ${seq} of ${subject}: ${message}`;

/**
 * Checks a record in one pass: first what is claimed of it (roots in their order, heads), then every event in the order in which they
 * were written, then `end`. Each returns the first thing wrong, or null. Rows that came after the claims were read do no harm.
 */
export class ChainCheck {
  private readonly tips = new Map<string, { seq: number; hash: string }>();
  private readonly claims = new Map<string, Map<number, string>>();
  private lastRoot: ChainRoot | null = null;
  events = 0;
  roots = 0;
  get chains(): number {
    return this.tips.size;
  }

  async root(root: ChainRoot): Promise<Fault | null> {
    const fault = (message: string): Fault => ({ subject: "roots", seq: root.seq, message });
    if (root.seq !== (this.lastRoot?.seq ?? 0) + 1) return fault("the root before it is missing");
    if ((await merkleRoot(root.leaves)) !== root.root) return fault("its leaves do not give its root");
    if ((await rootHash(root)) !== root.hash) return fault("its content does not match its hash");
    if (root.prev !== (this.lastRoot?.hash ?? "")) return fault("it does not continue the root before it");
    this.lastRoot = root;
    this.roots++;
    for (const leaf of root.leaves) {
      const found = this.claim(leaf);
      if (found !== null) return found;
    }
    return null;
  }

  claim({ subject, seq, hash }: Claim): Fault | null {
    const known = this.claims.get(subject) ?? new Map<number, string>();
    const before = known.get(seq);
    if (before !== undefined && before !== hash) return { subject, seq, message: "two hashes are claimed for it" };
    this.claims.set(subject, known.set(seq, hash));
    return null;
  }

  async event(event: ChainedEvent): Promise<Fault | null> {
    const { subject, seq } = event;
    const tip = this.tips.get(subject) ?? { seq: 0, hash: "" };
    if (seq > tip.seq + 1) return { subject, seq: tip.seq + 1, message: "it is missing" };
    if (seq <= tip.seq) return { subject, seq, message: "there are two of it, or the order was changed" };
    if ((await eventHash(event)) !== event.hash)
      return { subject, seq, message: "its content does not match its hash" };
    if (event.prev !== tip.hash) return { subject, seq, message: `it does not continue row ${tip.seq}` };
    const claimed = this.claims.get(subject)?.get(seq);
    if (claimed !== undefined && claimed !== event.hash) {
      return { subject, seq, message: "it is not the row that a root was made of" };
    }
    this.tips.set(subject, { seq, hash: event.hash });
    this.events++;
    return null;
  }

  /** Nothing that was claimed may be missing. */
  end(): Fault | null {
    for (const [subject, known] of this.claims) {
      const last = Math.max(...known.keys());
      const tip = this.tips.get(subject)?.seq ?? 0;
      if (last > tip) return { subject, seq: tip + 1, message: "it is missing" };
    }
    return null;
  }
}

/** One line of an export (docs/audit.md): what anybody needs to check the record without this program. */
export type AuditLine =
  | {
      type: "root";
      seq: number;
      prev: string;
      at: number;
      leaves: [string, number, string][];
      root: string;
      hash: string;
    }
  | { type: "head"; subject: string; seq: number; hash: string }
  | ({ type: "event" } & ChainedEvent);
