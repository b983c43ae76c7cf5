import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The product's own folder: `convex/`, `workflows/` and `.env` lie in it, wherever the command was typed. */
export const APP_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * What is made from the product's own files, once for all data folders; where it cannot be written a start takes longer, nothing more.
 * Beside the packages, because whoever could change it could change those too.
 */
export const CACHE_DIR = join(APP_DIR, "node_modules", ".cache", "factory-manager");
