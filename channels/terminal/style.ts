import { styleText } from "node:util";

export type Paint = "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta";

/** Whether colours are wanted is decided once, by who opens the terminal; here it is only obeyed. */
export const painter =
  (colours: boolean) =>
  (paint: Paint | Paint[], text: string): string =>
    colours && text !== "" ? styleText(paint, text, { validateStream: false }) : text;

/** The convention of https://no-color.org and of terminals that cannot. */
export function wantsColours(output: { isTTY?: boolean }, env: Record<string, string | undefined>): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "" && env.FORCE_COLOR !== "0") return true;
  return output.isTTY === true && env.TERM !== "dumb";
}
