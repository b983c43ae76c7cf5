/**
 * What an adapter may ask of the backend: to draw a modal or a home page (every answer is for one person), and to know from when on
 * and where to fetch what was said while nobody listened.
 */
import type { ApprovalCard } from "./approval.ts";

export interface WorkflowForm {
  name: string;
  title: string;
  description: string | null;
  /** JSON schema as JSON text; null: it takes no input. */
  inputs: string | null;
}

export interface HomeView {
  /** null: nobody here has this handle; nothing else is shown then. */
  person: string | null;
  /** Open for this person, newest first, with their codes. */
  questions: ApprovalCard[];
  /** This person's newest runs. `status` is a line for people: "waiting for an answer to …". */
  runs: { runId: string; title: string; status: string; startedAt: number }[];
}

export interface Lookups {
  /** The question as it stands, with this person's code; null: there is none, or nobody here has the handle. */
  card(handle: string, approvalId: string): Promise<ApprovalCard | null>;
  /** null: no workflow of that name is installed, or nobody here has the handle. */
  workflow(handle: string, name: string): Promise<WorkflowForm | null>;
  /** What can be started, by name, at most 100; empty when nobody here has the handle. */
  workflows(handle: string): Promise<{ name: string; title: string }[]>;
  home(handle: string): Promise<HomeView>;
  /** For a platform with pages that stay open. */
  homes?: OpenHomes;
  history: InboundHistory;
}

/** Pages that people have opened and may still look at. Of the adapter's own channel. */
export interface OpenHomes {
  /** Kept over restarts; beyond 50 the one opened longest ago is forgotten. */
  opened(handle: string): Promise<void>;
  /** The newest first. */
  list(): Promise<string[]>;
  /** Shows the page as it is now and whenever it has changed, until the result is called. */
  watch(handle: string, show: (home: HomeView) => void, failed: (error: Error) => void): () => void;
}

/** Of the adapter's own channel. */
export interface InboundHistory {
  /**
   * Everything sent before this moment (ms, the platform's clock) has been received or fetched; null: never fetched. The watermark
   * alone does not say so: something may come live while what was missed is still being fetched.
   */
  caughtUpTo(): Promise<number | null>;
  /** Never moves backwards. Said when a fetch is complete. */
  markCaughtUp(at: number): Promise<void>;
  /**
   * Where something may stand that no list of the platform's names: threads of conversations, receipts of open questions, handles of
   * people who may have written privately. Newest (handles: any), at most 200 each.
   */
  knownPlaces(): Promise<{ threads: string[]; receipts: string[]; handles: string[] }>;
}
