/** The answer of an http action, whose call goes on while its body is read. */
import { type Call, calls } from "./call.ts";

/** Finishes the call when the body ends, fails or is cancelled; at once when there is none. The body is pulled inside of the call. */
export function followResponse(response: Response, call: Call): Response {
  if (!(response instanceof Response)) throw new Error("An HTTP action must return a Response.");
  if (response.body === null) {
    call.finish();
    return response;
  }
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await calls.run(call, () => reader.read());
          if (!done) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        call.finish();
      },
      async cancel(reason) {
        try {
          await calls.run(call, () => reader.cancel(reason));
        } finally {
          call.finish();
        }
      },
    },
    // Nothing is pulled before the client asks for it.
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
