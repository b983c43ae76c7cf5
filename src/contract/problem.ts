/** What is wrong with a file that a person wrote, and where. */
export interface Problem {
  file: string;
  /** From 1. */
  line: number;
  column: number;
  message: string;
  remedy: string;
}

/** As people read it. */
export const problemLine = ({ file, line, column, message, remedy }: Problem): string =>
  `${file}:${line}:${column} ${message} (${remedy})`;
