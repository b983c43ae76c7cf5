/** HTTP actions: the app's `http.ts` routes. */
import { Call } from "./call.ts";
import { EngineError } from "./errors.ts";
import type { ResolvedFunction } from "./functions.ts";
import type { Host } from "./host.ts";
import { withLimit } from "./timers.ts";
import type { RequestInfo } from "./txn.ts";

/**
 * Answers 404 when no route fits. The call goes on until the response's body is read to its end, because a streaming response may
 * still write to the database.
 */
export async function runHttpAction(
  host: Host,
  request: Request,
  info: RequestInfo,
  limitMs: number,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  const target = await host.executor.routeHttp("", request.method, pathname);
  if (target === null) return new Response("No matching routes found", { status: 404 });
  const path = { component: target.component, module: "http", name: `${target.method} ${target.routePath}` };
  const fn: ResolvedFunction = {
    path,
    name: path.name,
    info: { udfType: "httpAction", visibility: "public", args: { type: "any" }, returns: { type: "any" } },
    args: null,
    returns: null,
  };
  const call = new Call(host, fn, "httpAction", info, target.component === "" ? info.identity : null, null, null);
  try {
    const response = await withLimit(host.executor.invokeHttp(target, call, request), limitMs, () => {
      return new EngineError(`Function execution timed out (maximum duration: ${limitMs / 1000}s)`);
    });
    return finishWithBody(response, call);
  } catch (thrown) {
    call.finish(false);
    throw thrown;
  }
}

function finishWithBody(response: Response, call: Call): Response {
  if (response.body === null) {
    call.finish(true);
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          call.finish(true);
          controller.close();
        } catch (thrown) {
          call.finish(false);
          controller.error(thrown);
        }
      },
      async cancel(reason) {
        call.finish(false);
        await reader.cancel(reason);
      },
    },
    // Nothing is pulled before the client asks for it.
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
