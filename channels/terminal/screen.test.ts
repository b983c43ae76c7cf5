import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import { createScreen } from "./screen.ts";

/** As much of a terminal as readline and the screen use; what scrolls off the top is kept. */
class Glass extends Writable {
  columns: number;
  isTTY = true;
  rows: string[] = [""];
  x = 0;
  y = 0;
  constructor(columns: number) {
    super({ decodeStrings: false });
    this.columns = columns;
  }
  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal reads control characters
    for (const [token] of String(chunk).matchAll(/\u001b\[[0-9;?]*[A-Za-z]|[\s\S]/g)) this.#obey(token);
    done();
  }
  #obey(token: string) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
    const sequence = /^\u001b\[(\d*)(?:;(\d*))?([A-Za-z])$/.exec(token);
    if (sequence) {
      const count = Number(sequence[1] || 1);
      const kind = sequence[3];
      if (kind === "A") this.y = Math.max(0, this.y - count);
      else if (kind === "B") this.y = Math.min(this.rows.length - 1, this.y + count);
      else if (kind === "C") this.x += count;
      else if (kind === "D") this.x = Math.max(0, this.x - count);
      else if (kind === "G") this.x = count - 1;
      else if (kind === "J") {
        this.rows.length = this.y + 1;
        this.rows[this.y] = this.rows[this.y]!.slice(0, this.x);
      } else if (kind === "K") this.rows[this.y] = this.rows[this.y]!.slice(0, this.x);
      return;
    }
    if (token === "\r") this.x = 0;
    else if (token === "\n") {
      this.x = 0;
      this.#down();
    } else {
      if (this.x >= this.columns) {
        this.x = 0;
        this.#down();
      }
      const row = this.rows[this.y]!.padEnd(this.x);
      this.rows[this.y] = row.slice(0, this.x) + token + row.slice(this.x + 1);
      this.x++;
    }
  }
  #down() {
    this.y++;
    if (this.y >= this.rows.length) this.rows.push("");
  }
  text() {
    return this.rows
      .map((row) => row.trimEnd())
      .join("\n")
      .trimEnd();
  }
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "screen-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(columns = 40, historyFile: string | null = null) {
  const input = new PassThrough();
  const output = new Glass(columns);
  const lines: string[] = [];
  const ends: string[] = [];
  const screen = createScreen(
    { input, output, prompt: "> ", historyFile, leaveHint: "again to leave" },
    { line: (text) => void lines.push(text), end: () => void ends.push("end") },
  );
  const type = async (text: string) => {
    input.write(text);
    await turn();
    await turn();
  };
  return { screen, output, lines, ends, type };
}

describe("the prompt stays usable", () => {
  test("a message appears above what is being typed", async () => {
    const { screen, output, type, lines } = open();
    await type("half a tho");
    screen.print(["a message", "of two lines"]);
    expect(output.text()).toBe("a message\nof two lines\n> half a tho");
    await type("ught\r");
    expect(lines).toEqual(["half a thought"]);
    expect(output.text()).toBe("a message\nof two lines\n> half a thought\n>");
  });

  test("also when what is being typed takes several rows, with the cursor in the middle", async () => {
    const { screen, output, type, lines } = open(20);
    await type("abcdefghijklmnopqrstuvwxyz0123456789");
    await type("\u001b[D\u001b[D");
    screen.print(["message"]);
    expect(output.text()).toBe("message\n> abcdefghijklmnopqr\nstuvwxyz0123456789");
    await type("!\r");
    expect(lines).toEqual(["abcdefghijklmnopqrstuvwxyz01234567!89"]);
  });
});

describe("a growing message", () => {
  test("grows in its place, above the prompt", async () => {
    const { screen, output, type } = open();
    await type("typing");
    screen.grow("a", ["Hel"], false);
    screen.grow("a", ["Hello,"], false);
    screen.grow("a", ["Hello,", "wor"], false);
    screen.grow("a", ["Hello,", "world."], true);
    screen.print(["next"]);
    expect(output.text()).toBe("Hello,\nworld.\nnext\n> typing");
  });

  test("interrupted by another one, it is taken back and comes whole below", () => {
    const { screen, output } = open();
    screen.print(["before"]);
    screen.grow("a", ["one", "tw"], false);
    screen.print(["news"]);
    expect(output.text()).toBe("before\nnews\n>");
    screen.grow("a", ["one", "tw"], false);
    screen.print(["more news"]);
    screen.grow("a", ["one", "two", "three"], true);
    expect(output.text()).toBe("before\nnews\nmore news\none\ntwo\nthree\n>");
  });

  test("interrupted by a text that is whole, it is taken back as well", () => {
    const { screen, output } = open();
    screen.grow("a", ["I"], false);
    screen.grow("b", ["Deploy completed"], true);
    expect(output.text()).toBe("Deploy completed\n>");
    screen.grow("a", ["I did not understand"], true);
    expect(output.text()).toBe("Deploy completed\nI did not understand\n>");
  });

  test("another one that begins to grow meanwhile waits for its end, or comes when it is whole", () => {
    const { screen, output } = open();
    screen.grow("a", ["one"], false);
    screen.grow("b", ["tw"], false);
    expect(output.text()).toBe("one\n>");
    screen.grow("a", ["one."], true);
    screen.grow("b", ["two"], false);
    screen.grow("c", ["three"], true);
    screen.grow("b", ["two."], true);
    expect(output.text()).toBe("one.\nthree\ntwo.\n>");
  });

  test("a long one that is interrupted stays, and its last line is repeated below", () => {
    const { screen, output } = open();
    const long = Array.from({ length: 9 }, (_, at) => `line ${at}`);
    screen.grow("a", long, false);
    screen.print(["news"]);
    screen.grow("a", [...long, "end"], true);
    expect(output.text()).toBe([...long, "news", "line 8", "end", ">"].join("\n"));
  });

  test("interrupted by what is typed, its last line is repeated below", async () => {
    const { screen, output, type } = open();
    screen.grow("a", ["one", "tw"], false);
    await type("hm\r");
    screen.grow("a", ["one", "two"], false);
    screen.print(["news"]);
    screen.grow("a", ["one", "two", "three"], true);
    expect(output.text()).toBe("one\ntw\n> hm\nnews\ntwo\nthree\n>");
  });

  test("whatever its steps, the final text is there complete, once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 1, maxLength: 6 }),
        fc.nat(4),
        (lines, step) => {
          const { screen, output } = open();
          const whole = lines.join("\n");
          for (let end = 1; end < whole.length; end += step + 1)
            screen.grow("a", whole.slice(0, end).split("\n"), false);
          screen.grow("a", lines, true);
          expect(output.text()).toBe(`${whole}\n>`);
          screen.close();
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("leaving", () => {
  test("Ctrl-C on a typed line clears it, on an empty line asks, and again leaves", async () => {
    const { output, type, ends, lines } = open();
    await type("oops");
    await type("\u0003");
    expect(output.text()).toBe(">");
    await type("\u0003");
    expect(ends).toEqual([]);
    expect(output.text()).toContain("again to leave");
    await type("\u0003");
    expect(ends).toEqual(["end"]);
    expect(lines).toEqual([]);
  });

  test("Ctrl-D leaves, once", async () => {
    const { type, ends, screen } = open();
    await type("\u0004");
    screen.close();
    expect(ends).toEqual(["end"]);
  });
});

test("typed lines are kept for the next session, for the owner only", async () => {
  const file = join(folder, "history");
  const first = open(40, file);
  await first.type("one\r");
  await first.type("two\r");
  first.screen.close();
  expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  const second = open(40, file);
  await second.type("\u001b[A\u001b[A\r");
  expect(second.lines).toEqual(["one"]);
});
