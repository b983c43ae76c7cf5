/** Discord's published OpenAPI specification as a check of request bodies, for the simulator. `specs/discord-rest.json` is what matters of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { BodyCheck } from "../src/simulator/discord/index.ts";

interface Spec {
  paths: Record<string, Record<string, { requestBody?: { content?: Record<string, { schema?: object }> } }>>;
}

/** Reading takes a moment: once for a test file. */
export function createDiscordSpecCheck(): BodyCheck {
  const spec = JSON.parse(readFileSync(join(import.meta.dirname, "specs", "discord-rest.json"), "utf8")) as Spec;
  // Formats such as int64 and nonce are Discord's own.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false });
  ajv.addSchema({ $id: "discord", ...spec });
  const known = new Map<string, ValidateFunction | null>();

  function validatorOf(route: string): ValidateFunction | null {
    const before = known.get(route);
    if (before !== undefined) return before;
    const [method = "", path = ""] = route.split(" ");
    // The simulator calls a webhook's two ids as the specification does; an interaction's channel has other names there.
    const pointer = `/paths/${path.replaceAll("~", "~0").replaceAll("/", "~1")}/${method.toLowerCase()}/requestBody/content/application~1json/schema`;
    const there =
      spec.paths[path]?.[method.toLowerCase()]?.requestBody?.content?.["application/json"]?.schema !== undefined;
    const made = there ? ajv.compile({ $ref: `discord#${encodeURI(pointer)}` }) : null;
    known.set(route, made);
    return made;
  }

  return (route, body) => {
    const validate = validatorOf(route);
    if (validate === null || validate(body)) return [];
    return (validate.errors ?? []).slice(0, 5).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  };
}
