import type { Execution, FunctionPath, UdfType } from "../engine/types.ts";

/** An execution whose database answers nothing. `answer` decides about asynchronous syscalls. */
export class FakeExecution implements Execution {
  readonly id = "execution";
  readonly path: FunctionPath;
  readonly udfType: UdfType;
  readonly now: number | null;
  readonly env = {};
  done = false;
  readonly logs: string[] = [];
  readonly syscalls: string[] = [];
  answer = async (op: string, _args: string): Promise<string> =>
    op.endsWith("queryStreamNext") ? '{"value":null,"done":true}' : "null";

  constructor(path: FunctionPath, udfType: UdfType) {
    this.path = path;
    this.udfType = udfType;
    this.now = udfType === "query" || udfType === "mutation" ? 1_700_000_000_000 : null;
  }
  syscall(op: string): string {
    this.syscalls.push(op);
    return '{"queryId":1}';
  }
  asyncSyscall(op: string, args: string): Promise<string> {
    this.syscalls.push(op);
    return this.answer(op, args);
  }
  jsSyscall(): Promise<unknown> {
    return Promise.resolve(null);
  }
  log(level: string, text: string): void {
    this.logs.push(`${level} ${text}`);
  }
}

/** `module:name` */
export function path(name: string, component = ""): FunctionPath {
  const [module, exported] = name.split(":");
  return { component, module: module!, name: exported! };
}
