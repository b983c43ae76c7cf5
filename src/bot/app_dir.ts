import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The product's own folder: `convex/`, `workflows/` and `.env` lie in it, wherever the command was typed. */
export const APP_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
