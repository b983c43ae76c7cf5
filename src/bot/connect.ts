/** First contact with a backend: it answers, it takes our token, and it is of this version. */
import { FactoryError } from "../contract/errors.ts";
import { type Backend, connectBackend, functions, within } from "./backend.ts";
import { BackendUnreachable, type Whereabouts } from "./unreachable.ts";

/** Rows as this version reads them; `convex/system.ts` has the same number. */
export const SCHEMA_VERSION = 1;
/** A machine that is busy takes its time after a crash; one where nobody listens says so at once. */
const PROBE_MS = 15_000;
const HELLO_MS = 15_000;

export interface ConnectOptions {
  url: string;
  /** The data folder whose bot it is; absent or null: CONVEX_URL names it. */
  dataDir?: string | null;
  /** It has said itself that it answers. */
  isUp?: boolean;
  token: () => Promise<string>;
  timeoutMs: number | null;
  isStarting?: () => boolean;
  log?: (level: "debug" | "warn", text: string) => void;
}

export async function connect(options: ConnectOptions): Promise<Backend> {
  const { url, dataDir = null } = options;
  if (options.isUp !== true) await probe({ url, dataDir });
  const backend = connectBackend(options);
  try {
    const hello = await within(HELLO_MS, backend.query(functions.system.ping, {}), backend);
    if (hello.schemaVersion !== SCHEMA_VERSION) {
      throw new FactoryError(
        "conflict",
        `the backend at ${options.url} has schema version ${hello.schemaVersion}, this program needs ${SCHEMA_VERSION}`,
        { field: "CONVEX_URL", remedy: "deploy the convex/ folder of this version, or run the version that fits" },
      );
    }
    return backend;
  } catch (thrown) {
    await backend.close();
    if (thrown instanceof FactoryError && thrown.info.code === "unauthenticated") {
      throw new FactoryError("unauthenticated", `the backend at ${options.url} does not accept this gateway's key`, {
        field: "FACTORY_GATEWAY_JWKS",
        remedy: "set what `factory deploy-env` prints on the backend, or use the data folder whose bot runs there",
        cause: thrown,
      });
    }
    throw thrown;
  }
}

/** A websocket tries for ever; a plain request says at once that nobody is there. Resolves with the backend's version text. */
export async function probe(at: Whereabouts): Promise<string> {
  try {
    const response = await fetch(`${at.url}/version`, { signal: AbortSignal.timeout(PROBE_MS) });
    return (await response.text()).trim();
  } catch (thrown) {
    const { name, cause } = thrown as { name?: string; cause?: { code?: string; message?: string } };
    const reason = name === "TimeoutError" ? `no answer within ${PROBE_MS / 1000} s` : (cause?.code ?? cause?.message);
    throw new BackendUnreachable(at, reason ?? (thrown instanceof Error ? thrown.message : String(thrown)), thrown);
  }
}
