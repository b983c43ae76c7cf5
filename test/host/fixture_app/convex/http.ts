import { httpActionGeneric, httpRouter } from "convex/server";

const http = httpRouter();

http.route({
  path: "/echo",
  method: "POST",
  handler: httpActionGeneric(async (_ctx, request) => {
    const body = await request.json();
    return Response.json({ isRequest: request instanceof Request, isObject: body instanceof Object, body });
  }),
});

/** Writes while its body is being read, and so after the handler has returned. */
http.route({
  pathPrefix: "/stream/",
  method: "GET",
  handler: httpActionGeneric(async (_ctx, request) => {
    const encoder = new TextEncoder();
    let n = 0;
    const body = new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (n === 3) return controller.close();
        controller.enqueue(encoder.encode(`${new URL(request.url).pathname} ${n++}\n`));
      },
    });
    return new Response(body, { headers: { "content-type": "text/plain" } });
  }),
});

export default http;
