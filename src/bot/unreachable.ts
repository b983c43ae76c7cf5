/** That a backend cannot be reached, said by what the person here knows it by: their data folder, or the address they have set. */
import { FactoryError } from "../contract/errors.ts";

export interface Whereabouts {
  url: string;
  /** The data folder whose bot it is; null: CONVEX_URL names it. */
  dataDir: string | null;
}

export class BackendUnreachable extends FactoryError {
  constructor({ url, dataDir }: Whereabouts, reason: string, cause?: unknown) {
    const [message, field, remedy] =
      dataDir === null
        ? [
            `the backend at ${url} does not answer: ${reason}`,
            "CONVEX_URL",
            "check that this address is right and that the deployment there runs; without CONVEX_URL the bot of FACTORY_DATA_DIR is used",
          ]
        : [
            `the bot of the data folder ${dataDir} does not answer at ${url}: ${reason}`,
            "FACTORY_DATA_DIR",
            "start the bot with `npm start`; if it runs, its log says what keeps it",
          ];
    super("backend_unavailable", message, { field, remedy, cause });
  }
}
