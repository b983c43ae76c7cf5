import { PassThrough } from "node:stream";
import { createTerminalAdapter } from "../../channels/index.ts";
import { adapterSuite } from "./adapter_suite.ts";

const platform = "a terminal has no ids and keeps nothing: it has neither retries nor a history";

adapterSuite("terminal", {
  async open() {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = "";
    output.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const read = (place: string) => (place === "terminal:ana" ? shown.split("\n") : []);
    return {
      create: () =>
        createTerminalAdapter({
          ...{ input, output, interactive: false, user: "ana", historyFile: null, env: {}, greeting: [] },
          onEnd: () => {},
        }),
      ...{ place: "terminal:ana", handle: "terminal:ana", shared: null, nowhere: null },
      say: (text) => void input.write(`${text}\n`),
      command: (name, text) => input.write(`/${name} ${text}\n`),
      ...{ read, readAsOther: () => [], press: null, loseNextAnswer: null, redeliver: null },
      dispose: async () => {},
    };
  },
  leaveOut: {
    "what the backend could not store comes again": platform,
    "what was said while nobody listened is fetched, once": platform,
    "a post whose answer was lost is found, not doubled": platform,
  },
});
