/** People and their times, as callers outside the backend get them. */
export interface Person {
  personId: string;
  name: string;
  roles: string[];
  handles: string[];
  preferredHandle: string | null;
  /** Those of `handles` that are not used: opted out, or replaced by a newer number. */
  suspended: string[];
  /** `22:00-07:00 Europe/Berlin`; null: none. */
  quiet: string | null;
}

/** On call for a role. */
export interface Shift {
  role: string;
  name: string;
  from: number;
  until: number;
}
