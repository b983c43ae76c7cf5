import { expect, test } from "vitest";
import { unservedEmbedding } from "./doctor_memory.ts";

test.each([
  [{}, null],
  [{ FACTORY_EMBEDDING_MODEL: "e", LLM_PROXY_BASE_URL: "http://proxy" }, null],
  [{ FACTORY_EMBEDDING_MODEL: "gloo/e", GLOO_API_KEY: "k" }, null],
  [{ FACTORY_EMBEDDING_MODEL: "e", GLOO_API_KEY: "k" }, /nothing serves FACTORY_EMBEDDING_MODEL=e/],
  [{ FACTORY_EMBEDDING_MODEL: "e", ANTHROPIC_API_KEY: "k" }, /nothing serves/],
])("%j", (env, said) => {
  const found = unservedEmbedding(env);
  if (said === null) expect(found).toBeNull();
  else expect(found).toMatch(said);
});
