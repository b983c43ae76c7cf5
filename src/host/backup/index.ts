/** Copies of a data folder. Used from another process than the host's; see archive.ts for the format. */
export { type BackupOptions, type BackupReport, backup } from "./backup.ts";
export { type ExportOptions, type ExportReport, exportForConvex } from "./export.ts";
export { type RestoreOptions, type RestoreReport, restore } from "./restore.ts";
