/** Hands the requests that platforms make to the adapters that asked for them. */
import type { ChannelAdapter, WebhookReply } from "../contract/adapter.ts";
import type { HttpRequest, Routes } from "./http.ts";

/** Adapters' routes as the HTTP server's; each is called with the raw request. */
export function webhookRoutes(adapters: readonly ChannelAdapter[]): Routes {
  const routes: Routes = {};
  for (const { webhooks } of adapters) {
    for (const [route, answer] of Object.entries(webhooks ?? {})) {
      routes[route] = async (request: HttpRequest): Promise<WebhookReply> => {
        const { method, path, url, headers, body } = request;
        return await answer({ method, path, search: url.search, headers, body });
      };
    }
  }
  return routes;
}
